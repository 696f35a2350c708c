/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/limit-argument.h"

#include <string.h>

#include "basic/parse.h"

#define SIZES "a size such as 8G, a percentage of the memory up to 100%, or infinity"

static const struct {
        const char *name;
        const char *allowed;
} keys[_LIMIT_COUNT] = {
        [LIMIT_CPU_QUOTA] = { "CPUQuota", "a whole percentage of one CPU such as 150%, or infinity" },
        [LIMIT_CPU_WEIGHT] = { "CPUWeight", "a whole number from 1 to 10000" },
        [LIMIT_MEMORY_MAX] = { "MemoryMax", SIZES },
        [LIMIT_MEMORY_HIGH] = { "MemoryHigh", SIZES },
        [LIMIT_MEMORY_SWAP_MAX] = { "MemorySwapMax", SIZES },
};

const char *limit_key(Limit limit) {
        return keys[limit].name;
}

/* 10000 permyriad of one CPU are 1000000 µs a second. */
#define USEC_PER_PERMYRIAD 100U
#define PERMYRIAD_MAX      10000U

static int parse_quota(const char *value, LimitSetting *ret) {
        uint64_t permyriad;
        int r;

        if (strcasecmp(value, "infinity") == 0) {
                ret->value = LIMIT_UNSET;
                return 0;
        }
        r = parse_permyriad(value, &permyriad);
        if (r < 0)
                return r;
        return __builtin_mul_overflow(permyriad, USEC_PER_PERMYRIAD, &ret->value) ? -ERANGE : 0;
}

static int parse_memory(const char *value, LimitSetting *ret) {
        int r;

        if (!strchr(value, '%'))
                return parse_size(value, &ret->value);
        r = parse_permyriad(value, &ret->value);
        if (r < 0)
                return r;
        ret->of_ram = true;
        return ret->value > PERMYRIAD_MAX ? -ERANGE : 0;
}

static int parse_value(const char *value, LimitSetting *ret) {
        if (*value == '\0') {
                ret->value = ret->limit == LIMIT_CPU_WEIGHT ? CPU_WEIGHT_DEFAULT : LIMIT_UNSET;
                return 0;
        }
        if (ret->limit == LIMIT_CPU_QUOTA)
                return parse_quota(value, ret);
        if (ret->limit == LIMIT_CPU_WEIGHT)
                return parse_u64(value, &ret->value);
        return parse_memory(value, ret);
}

int limit_argument_parse(const char *s, LimitSetting *ret, const char **ret_allowed) {
        const char *equals = strchr(s, '=');
        LimitSetting setting = {};
        int r;

        for (unsigned i = 0; equals && i < _LIMIT_COUNT; i++)
                if (strlen(keys[i].name) == (size_t) (equals - s) &&
                    strncmp(s, keys[i].name, (size_t) (equals - s)) == 0) {
                        setting.limit = (Limit) i;
                        r = parse_value(equals + 1, &setting);
                        if (r < 0)
                                *ret_allowed = keys[i].allowed;
                        else
                                *ret = setting;
                        return r;
                }
        *ret_allowed = "CPUQuota=, CPUWeight=, MemoryMax=, MemoryHigh= and MemorySwapMax=";
        return -ENOENT;
}
