/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

#include "basic/text.h"

/* A copy in which '?' stands for each byte that is not part of a printable character (utf8_printable()) or
 * belongs to a noncharacter such as U+FFFE. So any name from outside can be a string of D-Bus, which refuses
 * what is not UTF-8, and be shown on a terminal. NULL: out of memory. */
char *text_clean(const char *s);

/* Ends a stream of open_memstream(). Returns 0, or -ENOMEM if not all that was written is in the text, which
 * is the caller's to free either way. */
int memstream_close(FILE *f);

/* "de", "de_AT": letters with one '_' in between, as in the names of locales; at most 16 bytes. */
bool language_is_valid(const char *s);
