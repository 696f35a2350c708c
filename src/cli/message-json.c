/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/message-json.h"

#include <string.h>

static int read_value(sd_bus_message *m, char type, const char *contents, json_object **ret);

static int read_text(sd_bus_message *m, char type, json_object **ret) {
        const char *s;
        int r = sd_bus_message_read_basic(m, type, &s);

        if (r < 0)
                return r;
        *ret = json_text(s);
        return *ret ? 0 : -ENOMEM;
}

static int read_basic(sd_bus_message *m, char type, json_object **ret) {
        union {
                uint8_t y;
                int b;
                int16_t n;
                uint16_t q;
                int32_t i;
                uint32_t u;
                int64_t x;
                uint64_t t;
                double d;
        } v;
        int r;

        if (strchr("sog", type))
                return read_text(m, type, ret);
        if (!strchr("ybnqiuxtd", type))
                return -EBADMSG;
        r = sd_bus_message_read_basic(m, type, &v);
        if (r < 0)
                return r;
        switch (type) {
        case 'b':
                *ret = json_object_new_boolean(v.b);
                break;
        case 't':
                *ret = json_number(v.t);
                return 0; /* NULL is null */
        case 'd':
                *ret = json_object_new_double(v.d);
                break;
        default:
                *ret = json_object_new_int64(type == 'y'   ? v.y
                                             : type == 'n' ? v.n
                                             : type == 'q' ? v.q
                                             : type == 'i' ? v.i
                                             : type == 'u' ? v.u
                                                           : v.x);
        }
        return *ret ? 0 : -ENOMEM;
}

/* The key is text, also where it is a number. */
static int read_entry(sd_bus_message *m, json_object *object) {
        _cleanup_json_ json_object *key = NULL, *value = NULL;
        const char *contents;
        char type;
        int r = sd_bus_message_peek_type(m, &type, &contents);

        if (r > 0)
                r = read_value(m, type, contents, &key);
        if (r >= 0)
                r = sd_bus_message_peek_type(m, &type, &contents);
        if (r > 0)
                r = read_value(m, type, contents, &value);
        if (r < 0)
                return r;
        return json_object_object_add(object, json_object_get_string(key), TAKE_PTR(value)) < 0 ? -ENOMEM
                                                                                                : 0;
}

static int read_dictionary(sd_bus_message *m, const char *entry, json_object **ret) {
        _cleanup_json_ json_object *object = json_object_new_object();
        _cleanup_free_ char *contents = strndup(entry + 1, strlen(entry) - 2); /* without the braces */
        int r = sd_bus_message_enter_container(m, 'a', entry);

        if (!object || !contents)
                return -ENOMEM;
        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', contents)) > 0) {
                r = read_entry(m, object);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r >= 0)
                *ret = TAKE_PTR(object);
        return r;
}

static int read_container(sd_bus_message *m, char type, const char *contents, json_object **ret) {
        _cleanup_json_ json_object *values = NULL;
        int r;

        if (type == 'a' && *contents == '{')
                return read_dictionary(m, contents, ret);
        r = sd_bus_message_enter_container(m, type, contents);
        if (r >= 0)
                r = message_to_json(m, &values);
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;
        if (type == 'v')
                *ret = json_object_get(json_object_array_get_idx(values, 0));
        else
                *ret = TAKE_PTR(values);
        return 0;
}

static int read_value(sd_bus_message *m, char type, const char *contents, json_object **ret) {
        return contents ? read_container(m, type, contents, ret) : read_basic(m, type, ret);
}

int message_to_json(sd_bus_message *m, json_object **ret) {
        _cleanup_json_ json_object *values = json_object_new_array();
        const char *contents;
        char type;
        int r;

        if (!values)
                return -ENOMEM;
        while ((r = sd_bus_message_peek_type(m, &type, &contents)) > 0) {
                json_object *value = NULL;

                r = read_value(m, type, contents, &value);
                if (r < 0)
                        return r;
                if (json_object_array_add(values, value) < 0) {
                        json_object_put(value);
                        return -ENOMEM;
                }
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(values);
        return 0;
}
