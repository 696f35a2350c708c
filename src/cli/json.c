/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/json.h"

#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

json_object *json_number(uint64_t number) {
        return number == UINT64_MAX ? NULL : json_object_new_uint64(number);
}

/* Bytes of the UTF-8 character at `s`, 0 if it is none (too long a form, a surrogate, above U+10FFFF). */
static size_t utf8_length(const unsigned char *s) {
        static const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 };
        size_t n = *s < 0x80 ? 1 : *s >> 5 == 6 ? 2 : *s >> 4 == 14 ? 3 : *s >> 3 == 30 ? 4 : 0;
        unsigned c;

        if (n < 2)
                return n;
        c = *s & (0xffU >> (n + 1));
        for (size_t i = 1; i < n; i++) {
                if (s[i] >> 6 != 2)
                        return 0;
                c = c << 6 | (s[i] & 0x3fU);
        }
        return c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0 : n;
}

json_object *json_text(const char *s) {
        _cleanup_free_ char *text = NULL;
        char *to;

        if (!s)
                return NULL;
        text = to = malloc(3 * strlen(s) + 1);
        if (!text)
                return NULL;
        while (*s) {
                size_t n = utf8_length((const unsigned char *) s);

                to = n ? mempcpy(to, s, n) : mempcpy(to, REPLACEMENT, strlen(REPLACEMENT));
                s += n ? n : 1;
        }
        return json_object_new_string_len(text, (int) (to - text));
}

int json_add(json_object *object, const char *name, json_object *value) {
        if (json_object_object_add_ex(object, name, value, JSON_C_OBJECT_KEY_IS_CONSTANT) < 0) {
                json_object_put(value);
                return -ENOMEM;
        }
        return 0;
}

int json_print(const json_object *object, JsonMode mode, FILE *out) {
        int flags = JSON_C_TO_STRING_NOSLASHESCAPE |
                    (mode == JSON_PRETTY ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED
                                         : JSON_C_TO_STRING_PLAIN);
        const char *text = json_object_to_json_string_ext((json_object *) object, flags);

        if (!text)
                return -ENOMEM;
        fprintf(out, "%s\n", text);
        return 0;
}
