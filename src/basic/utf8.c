/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/utf8.h"

size_t utf8_printable(const char *text) {
        const unsigned char *s = (const unsigned char *) text;
        size_t length = *s < 0x80 ? 1 : *s >= 0xc2 && *s < 0xe0 ? 2 : *s >= 0xe0 && *s < 0xf0 ? 3 : 4;

        if (*s < 0x20 || *s == 0x7f || (*s >= 0x80 && *s < 0xc2) || *s > 0xf4)
                return 0;
        for (size_t i = 1; i < length; i++)
                if ((s[i] & 0xc0) != 0x80)
                        return 0;
        if (length == 2 && *s == 0xc2 && s[1] < 0xa0) /* C1 controls */
                return 0;
        if ((*s == 0xe0 && s[1] < 0xa0) || (*s == 0xf0 && s[1] < 0x90) || (*s == 0xf4 && s[1] > 0x8f) ||
            (*s == 0xed && s[1] > 0x9f))
                return 0;
        return length;
}
