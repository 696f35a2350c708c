/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* State files of ours: lines of fields with a blank between them, numbers first, and a name, if there is
 * one, last. The readers cut up the text, which may be anything that ends with NUL, and leave *ret alone
 * where they return false. */

/* The next line, cut from the text; moves *text behind it. NULL where there is no newline any more: at the
 * end, or behind which the text was cut. */
char *take_line(char **text);

/* The next word, which ends with a blank or with the line; moves *line behind it, and to NULL behind the
 * last. False if *line is NULL. */
bool take_word(char **line, const char **ret);

/* A word of decimal digits alone, up to `max`. */
bool take_number(char **line, uint64_t max, uint64_t *ret);

/* The name that is the rest of the line, as write_name() writes it. False also if it does not fit with its
 * NUL, or `line` is NULL; then ret may have a part. */
bool take_name(const char *line, char *ret, size_t size);

/* With \xHH for each byte that is none of the visible ones of ASCII, and for the backslash. */
void write_name(FILE *f, const char *name);
