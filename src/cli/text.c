/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/text.h"

#include <string.h>
#include <wchar.h>

#include "basic/utf8.h"

/* The character at `s`. Returns its bytes, 0 if it is none that may be shown. */
static size_t character(const Terminal *terminal, const char *s, int *ret_width) {
        mbstate_t state = {};
        wchar_t c;
        size_t n;

        if (!terminal->utf8) {
                *ret_width = 1;
                return *s >= ' ' && *s <= '~';
        }
        n = utf8_printable(s);
        if (n == 0 || mbrtowc(&c, s, n, &state) != n)
                return 0;
        *ret_width = wcwidth(c);
        /* Zero wide without being a mark on the letter before: joiners, and what turns the direction. */
        if (*ret_width < 0 || c == 0xad || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
            (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) || c >= 0xe0000)
                return 0;
        return n;
}

static char *append(const Terminal *terminal, char *to, const char **from) {
        int width;
        size_t n = character(terminal, *from, &width);

        if (n == 0) {
                to += snprintf(to, 5, "\\x%02x", (unsigned char) *(*from)++);
                return to;
        }
        if (**from == '\\')
                *to++ = '\\';
        memcpy(to, *from, n);
        *from += n;
        return to + n;
}

char *text_escape(const Terminal *terminal, const char *s) {
        size_t length = s ? strnlen(s, TEXT_BYTES_MAX) : 0;
        char *text = malloc(4 * length + 8), *to = text;
        const char *from = s;

        if (!text)
                return NULL;
        while (from < s + length)
                to = append(terminal, to, &from);
        strcpy(to, s && *from ? glyph(terminal, GLYPH_ELLIPSIS) : "");
        return text;
}

size_t text_width(const Terminal *terminal, const char *s) {
        size_t sum = 0;

        while (*s) {
                int width = 1;
                size_t n = character(terminal, s, &width);

                s += n ? n : 1;
                sum += (size_t) width;
        }
        return sum;
}

char *text_cut(const Terminal *terminal, const char *s, size_t columns) {
        const char *ellipsis = glyph(terminal, GLYPH_ELLIPSIS), *p = s;
        size_t taken = text_width(terminal, ellipsis);
        char *text;

        if (text_width(terminal, s) <= columns)
                return strdup(s);
        if (taken > columns)
                return strndup("...", columns); /* no room for more than that */
        while (*p) {
                int width = 1;
                size_t n = character(terminal, p, &width);

                if (taken + (size_t) width > columns)
                        break;
                taken += (size_t) width;
                p += n ? n : 1;
        }
        if (asprintf(&text, "%.*s%s", (int) (p - s), s, ellipsis) < 0)
                return NULL;
        return text;
}
