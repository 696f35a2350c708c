/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* A copy in which each byte that is not part of valid UTF-8, and each byte of a control character (also of
 * those from U+0080 to U+009F) or a noncharacter, is '?'. So any name from outside can be a string of D-Bus,
 * which refuses what is not UTF-8, and be shown on a terminal. NULL: out of memory. */
char *text_clean(const char *s);
