/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* How many bytes (1 - 4) the printable UTF-8 character at *s has; 0 if there is none: the end, a control
 * character of ASCII or Latin-1 (terminals obey the latter too), an overlong or a broken sequence. `s` is
 * ended by NUL; nothing behind that is read. */
size_t utf8_printable(const char *s);
