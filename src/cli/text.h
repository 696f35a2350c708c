/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/terminal.h"

/* Text from outside, for people's eyes. Names of users, messages of the service and paths may hold anything;
 * nothing of that reaches the terminal but characters that can be seen. */

/* Of one piece of text. What is longer is cut, with an ellipsis. */
#define TEXT_BYTES_MAX 4096U

/* Control characters, invisible characters, those that change the direction of writing, what is not valid
 * UTF-8, and in other locales all but ASCII become "\xNN", byte by byte; a backslash becomes "\\", so that
 * nothing can pretend to be one of these. NULL is "". Returns NULL if there is no memory. */
char *text_escape(const Terminal *terminal, const char *s);

/* The columns that text takes, which text_escape() returned. */
size_t text_width(const Terminal *terminal, const char *s);

/* Cuts such text to so many columns, the last of which then are an ellipsis. Returns a copy, or NULL if
 * there is no memory. */
char *text_cut(const Terminal *terminal, const char *s, size_t columns);
