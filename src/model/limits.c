/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/limits.h"

#include <inttypes.h>
#include <string.h>

static const char *const names[_LIMIT_COUNT] = {
        [LIMIT_CPU_QUOTA] = "CPUQuotaPerSecUSec",  [LIMIT_CPU_WEIGHT] = "CPUWeight",
        [LIMIT_MEMORY_MAX] = "MemoryMax",          [LIMIT_MEMORY_HIGH] = "MemoryHigh",
        [LIMIT_MEMORY_SWAP_MAX] = "MemorySwapMax",
};

const char *limit_to_string(Limit limit) {
        return names[limit];
}

int limit_from_string(const char *s) {
        for (int i = 0; i < _LIMIT_COUNT; i++)
                if (strcmp(s, names[i]) == 0)
                        return i;
        return -EINVAL;
}

const char *limit_format(FormatBuffer buffer, Limit limit, uint64_t value) {
        if (limit == LIMIT_CPU_QUOTA)
                return format_cpu(buffer, value);
        if (limit != LIMIT_CPU_WEIGHT)
                return format_size(buffer, value);
        if (value == LIMIT_UNSET)
                return strcpy(buffer, "none");
        snprintf(buffer, FORMAT_MAX, "%" PRIu64, value);
        return buffer;
}

const char *limit_setting_format(FormatBuffer buffer, const LimitSetting *setting) {
        if (setting->of_ram)
                return format_permyriad(buffer, setting->value);
        if (setting->limit == LIMIT_CPU_QUOTA || setting->limit == LIMIT_CPU_WEIGHT)
                return limit_format(buffer, setting->limit, setting->value);
        return format_size_exact(buffer, setting->value);
}

void limits_copy(Limits *to, const Limits *from, LimitMask mask) {
        for (unsigned i = 0; i < _LIMIT_COUNT; i++)
                if (mask & 1U << i)
                        to->value[i] = from->value[i];
}

LimitMask limits_differ(const Limits *a, const Limits *b, LimitMask mask) {
        LimitMask differ = 0;

        for (unsigned i = 0; i < _LIMIT_COUNT; i++)
                if ((mask & 1U << i) && a->value[i] != b->value[i])
                        differ |= 1U << i;
        return differ;
}
