/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/json.h"

#include <string.h>

#include "basic/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd"

json_object *json_number(uint64_t number) {
        return number == UINT64_MAX ? NULL : json_object_new_uint64(number);
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
                /* Control characters of ASCII are escaped by JSON. */
                size_t n = (signed char) *s >= 0 ? 1 : utf8_printable(s);

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
