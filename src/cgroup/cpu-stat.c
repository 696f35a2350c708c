/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cgroup/cpu-stat.h"

#include <string.h>

#include "basic/parse.h"
#include "basic/time-util.h"
#include "cgroup/flat-keyed.h"

int cpu_stat_parse(const char *text, size_t length, CpuStat *ret) {
        CpuStat stat = {};
        const FlatKey keys[] = {
                { "usage_usec", &stat.usage_usec },
                { "nr_periods", &stat.nr_periods },
                { "nr_throttled", &stat.nr_throttled },
                { "throttled_usec", &stat.throttled_usec },
        };
        int found = flat_keyed_parse(text, length, keys, ELEMENTSOF(keys));

        if (found < 0)
                return found;
        if (!(found & 1))
                return -EBADMSG;
        *ret = stat;
        return 0;
}

int cpu_max_parse(const char *text, size_t length, uint64_t *ret_usec_per_sec) {
        const char *blank = memchr(text, ' ', length);
        uint64_t quota = UINT64_MAX, period;
        unsigned __int128 scaled;
        size_t quota_length;

        if (!blank || text[length - 1] != '\n')
                return -EBADMSG;
        quota_length = (size_t) (blank - text);
        if (parse_digits(blank + 1, length - quota_length - 2, &period) < 0 || period == 0)
                return -EBADMSG;
        if (quota_length == 3 && memcmp(text, "max", 3) == 0) {
                *ret_usec_per_sec = UINT64_MAX;
                return 0;
        }
        if (parse_digits(text, quota_length, &quota) < 0)
                return -EBADMSG;
        scaled = ((unsigned __int128) quota * USEC_PER_SEC + period / 2) / period;
        if (scaled >= UINT64_MAX)
                return -EBADMSG;
        *ret_usec_per_sec = (uint64_t) scaled;
        return 0;
}
