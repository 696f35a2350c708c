/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/text.h"

#include <string.h>

#include "basic/utf8.h"

#define LANGUAGE_MAX 16U
#define LETTERS      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* U+FDD0 to U+FDEF, and the last two of each 65536; sd-bus refuses them. The character is a valid one. */
static bool is_noncharacter(const char *text, size_t length) {
        const unsigned char *s = (const unsigned char *) text;

        if (length == 3)
                return s[0] == 0xef &&
                       ((s[1] == 0xb7 && s[2] >= 0x90 && s[2] <= 0xaf) || (s[1] == 0xbf && s[2] >= 0xbe));
        return length == 4 && (s[1] & 0x0f) == 0x0f && s[2] == 0xbf && s[3] >= 0xbe;
}

char *text_clean(const char *s) {
        char *clean = strdup(s);

        for (char *p = clean; p && *p;) {
                size_t n = utf8_printable(p);

                if (n == 0 || is_noncharacter(p, n)) {
                        *p = '?';
                        n = 1;
                }
                p += n;
        }
        return clean;
}

int memstream_close(FILE *f) {
        bool failed = ferror(f);

        return fclose(f) != 0 || failed ? -ENOMEM : 0;
}

bool language_is_valid(const char *s) {
        size_t length = strspn(s, LETTERS);

        if (length < 2 || strlen(s) > LANGUAGE_MAX)
                return false;
        if (s[length] == '_') {
                size_t more = strspn(s + length + 1, LETTERS);

                return more >= 2 && s[length + 1 + more] == '\0';
        }
        return s[length] == '\0';
}
