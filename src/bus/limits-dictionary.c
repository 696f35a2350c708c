/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/limits-dictionary.h"

#include <string.h>

#define SCALE_SUFFIX "Scale"
#define PERMYRIAD    UINT64_C(10000)

/* What is allowed, for whoever gave something else. */
#define KEYS                                                                                             \
        "CPUQuotaPerSecUSec, CPUWeight, MemoryMax, MemoryHigh, MemorySwapMax (type t), MemoryMaxScale, " \
        "MemoryHighScale and MemorySwapMaxScale (type u)"

/* What the caller sent is said again unless it is long. */
static const char *shown(const char *key) {
        return strlen(key) <= 64 ? key : "That key";
}

static bool is_scale(const char *key, Limit limit) {
        const char *name = limit_to_string(limit);
        size_t length = strlen(name);

        return (LIMIT_MASK_MEMORY & 1U << limit) && strncmp(key, name, length) == 0 &&
               strcmp(key + length, SCALE_SUFFIX) == 0;
}

static int find_key(const char *key, LimitSetting *ret) {
        for (Limit limit = 0; limit < _LIMIT_COUNT; limit++) {
                bool scale = is_scale(key, limit);

                if (scale || strcmp(key, limit_to_string(limit)) == 0) {
                        *ret = (LimitSetting){ .limit = limit, .of_ram = scale };
                        return 0;
                }
        }
        return -EINVAL;
}

/* The nearest 1/10000, which is as fine as the configuration has it; systemd does the same. */
static uint64_t scale_to_permyriad(uint32_t scale) {
        return (scale * PERMYRIAD + UINT32_MAX / 2) / UINT32_MAX;
}

static int read_value(sd_bus_message *m, LimitSetting *setting) {
        uint32_t scale;
        int r;

        if (!setting->of_ram)
                return sd_bus_message_read(m, "v", "t", &setting->value);
        r = sd_bus_message_read(m, "v", "u", &scale);
        if (r >= 0)
                setting->value = scale_to_permyriad(scale);
        return r;
}

static bool has_type(sd_bus_message *m, const char *type) {
        const char *contents;

        return sd_bus_message_peek_type(m, NULL, &contents) > 0 && strcmp(contents, type) == 0;
}

static int read_entry(sd_bus_message *m, LimitMask *seen, LimitSetting *ret, sd_bus_error *error) {
        const char *key;
        int r = sd_bus_message_read(m, "s", &key);

        if (r < 0)
                return r;
        if (find_key(key, ret) < 0)
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                         "%s is no limit; allowed are " KEYS ".", shown(key));
        if (*seen & 1U << ret->limit)
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "%s is given twice.",
                                         limit_to_string(ret->limit));
        *seen |= 1U << ret->limit;
        if (!has_type(m, ret->of_ram ? "u" : "t"))
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "%s has to be of type %s.", key,
                                         ret->of_ram ? "u" : "t");
        return read_value(m, ret);
}

int limits_dictionary_read(sd_bus_message *m, LimitSetting ret[static _LIMIT_COUNT], size_t *ret_n,
                           sd_bus_error *error) {
        LimitMask seen = 0;
        size_t n = 0;
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                LimitSetting setting;

                r = read_entry(m, &seen, &setting, error);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
                ret[n++] = setting; /* never more than there are limits: none is there twice */
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;
        if (n == 0)
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
                                        "No limit is given; allowed are " KEYS ".");
        *ret_n = n;
        return 0;
}
