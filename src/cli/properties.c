/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/properties.h"

#include <inttypes.h>
#include <string.h>
#include <sys/types.h>

#include "basic/text.h"

static void *field(const Property *property, void *object) {
        return (uint8_t *) object + property->offset;
}

static const void *const_field(const Property *property, const void *object) {
        return (const uint8_t *) object + property->offset;
}

void properties_init(const Property *table, void *object) {
        for (const Property *p = table; p->name; p++)
                switch (p->type) {
                case PROPERTY_STRING:
                        *(char **) field(p, object) = NULL;
                        break;
                case PROPERTY_BOOL:
                        *(bool *) field(p, object) = false;
                        break;
                case PROPERTY_UID:
                        *(uid_t *) field(p, object) = (uid_t) -1;
                        break;
                case PROPERTY_COUNT:
                        *(uint32_t *) field(p, object) = 0;
                        break;
                case PROPERTY_NUMBER:
                        *(uint64_t *) field(p, object) = UINT64_MAX;
                        break;
                case PROPERTY_TIMESTAMP:
                        *(uint64_t *) field(p, object) = 0;
                        break;
                case PROPERTY_LIMITS:
                        *(ConfiguredLimits *) field(p, object) =
                                (ConfiguredLimits){ .limits = LIMITS_UNSET };
                        break;
                }
}

void properties_done(const Property *table, void *object) {
        for (const Property *p = table; p->name; p++)
                if (p->type == PROPERTY_STRING)
                        free(*(char **) field(p, object));
        properties_init(table, object);
}

static int read_string(sd_bus_message *m, char **ret) {
        const char *s;
        char *copy;
        int r = sd_bus_message_read_basic(m, 's', &s);

        if (r < 0)
                return r;
        copy = strdup(s);
        if (!copy)
                return -ENOMEM;
        free(*ret);
        *ret = copy;
        return 0;
}

static int read_bool(sd_bus_message *m, bool *ret) {
        int value, r = sd_bus_message_read_basic(m, 'b', &value);

        if (r >= 0)
                *ret = value;
        return r;
}

static int read_limits(sd_bus_message *m, ConfiguredLimits *ret) {
        const char *name;
        uint64_t value;
        int r = sd_bus_message_enter_container(m, 'a', "{st}");

        while (r >= 0 && (r = sd_bus_message_read(m, "{st}", &name, &value)) > 0) {
                int limit = limit_from_string(name);

                if (limit < 0)
                        continue;
                ret->mask |= 1U << limit;
                ret->limits.value[limit] = value;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_value(sd_bus_message *m, const Property *property, void *object) {
        static const char *const types[] = {
                [PROPERTY_STRING] = "s",     [PROPERTY_BOOL] = "b",   [PROPERTY_UID] = "u",
                [PROPERTY_COUNT] = "u",      [PROPERTY_NUMBER] = "t", [PROPERTY_TIMESTAMP] = "t",
                [PROPERTY_LIMITS] = "a{st}",
        };
        const char *type = types[property->type];
        void *to = field(property, object);
        int r = sd_bus_message_enter_container(m, 'v', type);

        if (r < 0)
                return r == -ENXIO ? -EBADMSG : r;
        if (property->type == PROPERTY_STRING)
                r = read_string(m, to);
        else if (property->type == PROPERTY_BOOL)
                r = read_bool(m, to);
        else if (property->type == PROPERTY_LIMITS)
                r = read_limits(m, to);
        else
                r = sd_bus_message_read_basic(m, *type, to);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static const Property *find(const Property *table, const char *name) {
        for (const Property *p = table; p->name; p++)
                if (strcmp(p->name, name) == 0)
                        return p;
        return NULL;
}

int properties_read_one(sd_bus_message *m, const Property *table, const char *name, void *object) {
        const Property *property = find(table, name);

        return property ? read_value(m, property, object) : sd_bus_message_skip(m, "v");
}

int properties_read(sd_bus_message *m, const Property *table, void *object) {
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                const char *name;

                r = sd_bus_message_read_basic(m, 's', &name);
                if (r < 0)
                        break;
                r = properties_read_one(m, table, name, object);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static char *format_number(uint64_t number) {
        char *text;

        if (number == UINT64_MAX)
                return strdup("infinity");
        return asprintf(&text, "%" PRIu64, number) < 0 ? NULL : text;
}

static char *format_limits(const ConfiguredLimits *configured) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        const char *blank = "";
        FILE *stream = open_memstream(&text, &size);

        if (!stream)
                return NULL;
        for (unsigned i = 0; i < _LIMIT_COUNT; i++) {
                _cleanup_free_ char *value = NULL;

                if (!(configured->mask & 1U << i))
                        continue;
                value = format_number(configured->limits.value[i]);
                fprintf(stream, "%s%s=%s", blank, limit_to_string((Limit) i), value ? value : "");
                blank = " ";
        }
        return memstream_close(stream) < 0 ? NULL : TAKE_PTR(text);
}

char *property_format(const Property *property, const void *object) {
        const void *from = const_field(property, object);
        const char *s;

        switch (property->type) {
        case PROPERTY_STRING:
                s = *(char *const *) from;
                return strdup(s ? s : "");
        case PROPERTY_BOOL:
                return strdup(*(const bool *) from ? "yes" : "no");
        case PROPERTY_UID:
        case PROPERTY_COUNT:
                return format_number(*(const uint32_t *) from);
        case PROPERTY_LIMITS:
                return format_limits(from);
        case PROPERTY_NUMBER:
        case PROPERTY_TIMESTAMP:
                break;
        }
        return format_number(*(const uint64_t *) from);
}

static json_object *limits_to_json(const ConfiguredLimits *configured) {
        json_object *object = json_object_new_object();

        for (unsigned i = 0; object && i < _LIMIT_COUNT; i++)
                if (configured->mask & 1U << i && json_add(object, limit_to_string((Limit) i),
                                                           json_number(configured->limits.value[i])) < 0) {
                        json_object_put(object);
                        return NULL;
                }
        return object;
}

static json_object *value_to_json(const Property *property, const void *from) {
        switch (property->type) {
        case PROPERTY_STRING:
                return json_text(*(char *const *) from);
        case PROPERTY_BOOL:
                return json_object_new_boolean(*(const bool *) from);
        case PROPERTY_UID:
        case PROPERTY_COUNT:
                return json_number(*(const uint32_t *) from);
        case PROPERTY_LIMITS:
                return limits_to_json(from);
        case PROPERTY_NUMBER:
        case PROPERTY_TIMESTAMP:
                break;
        }
        return json_number(*(const uint64_t *) from);
}

int properties_to_json(const Property *table, const void *object, json_object *to) {
        int r = 0;

        for (const Property *p = table; p->name && r >= 0; p++)
                r = json_add(to, p->name, value_to_json(p, const_field(p, object)));
        return r;
}
