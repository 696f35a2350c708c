/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/text.h"

#include <string.h>

/* The bytes that follow the first one, and the least character that needs them; -1: none begins so. */
static int sequence(uint8_t first, uint32_t *ret_bits, uint32_t *ret_min) {
        static const uint32_t min[] = { 0, 0x80, 0x800, 0x10000 };
        int more = first < 0x80   ? 0
                   : first < 0xc2 ? -1
                   : first < 0xe0 ? 1
                   : first < 0xf0 ? 2
                   : first < 0xf5 ? 3
                                  : -1;

        if (more < 0)
                return -1;
        *ret_bits = more == 0 ? first : first & (0x3fU >> more);
        *ret_min = min[more];
        return more;
}

static bool is_shown(uint32_t c) {
        return c >= 0x20 && (c < 0x7f || c > 0x9f) && (c < 0xd800 || c > 0xdfff) &&
               (c < 0xfdd0 || c > 0xfdef) && (c & 0xfffe) != 0xfffe && c <= 0x10ffff;
}

/* The length of the character that s begins with; 0 if it is none that may stay. */
static size_t character(const char *s) {
        uint32_t c, min;
        int more = sequence((uint8_t) *s, &c, &min);

        if (more < 0)
                return 0;
        for (int i = 1; i <= more; i++) {
                if (((uint8_t) s[i] & 0xc0) != 0x80)
                        return 0;
                c = c << 6 | ((uint8_t) s[i] & 0x3f);
        }
        return c >= min && is_shown(c) ? (size_t) more + 1 : 0;
}

char *text_clean(const char *s) {
        char *clean = strdup(s);

        for (char *p = clean; p && *p;) {
                size_t n = character(p);

                if (n == 0)
                        *p = '?';
                p += MAX(n, 1U);
        }
        return clean;
}
