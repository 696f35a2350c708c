/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/config.h"

/* More than this many problems are not listed: the last one says so, and is an error. */
#define PROBLEMS_MAX 1000

/* Adds a problem; `line` 0 means the whole file. `file` is blotted. Returns 0 or -ENOMEM. */
int problems_add(Problems *problems, ProblemLevel level, const char *file, unsigned line, const char *format,
                 ...) _printf_(5, 6);

/* Puts '?' for control characters and for what is not UTF-8, so that a text can go onto a terminal and over
 * the bus. Returns the text. */
char *blot(char *text);

/* Text from a file as it may stand in a message: at most 64 characters of it, with '?' for control
 * characters and for what is not UTF-8. In the caller's buffer, which is also returned. */
typedef char QuoteBuffer[64 * 4 + sizeof "…"];

const char *quote(QuoteBuffer buffer, const char *text);
