/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cgroup/v1.h"

#include <string.h>

#include "basic/parse.h"
#include "basic/time-util.h"
#include "model/limits.h"

#define SHARES_DEFAULT UINT64_C(1024)
#define SHARES_MIN     UINT64_C(2)
#define SHARES_MAX     (UINT64_C(1) << 18)

uint64_t cpu_shares_from_weight(uint64_t weight) {
        return CLAMP(weight * SHARES_DEFAULT / CPU_WEIGHT_DEFAULT, SHARES_MIN, SHARES_MAX);
}

uint64_t cpu_weight_from_shares(uint64_t shares) {
        uint64_t weight =
                (MIN(shares, SHARES_MAX) * CPU_WEIGHT_DEFAULT + SHARES_DEFAULT / 2) / SHARES_DEFAULT;

        return CLAMP(weight, CPU_WEIGHT_MIN, CPU_WEIGHT_MAX);
}

bool cpu_cfs_quota_is_none(const char *text, size_t length) {
        return length == 3 && memcmp(text, "-1\n", 3) == 0;
}

int cpu_cfs_quota_parse(const char *text, size_t length, uint64_t period, uint64_t *ret_usec_per_sec) {
        unsigned __int128 scaled;
        uint64_t quota;

        if (cpu_cfs_quota_is_none(text, length)) {
                *ret_usec_per_sec = UINT64_MAX;
                return 0;
        }
        if (length == 0 || text[length - 1] != '\n' || parse_digits(text, length - 1, &quota) < 0 ||
            period == 0)
                return -EBADMSG;
        scaled = ((unsigned __int128) quota * USEC_PER_SEC + period / 2) / period;
        if (scaled >= UINT64_MAX)
                return -EBADMSG;
        *ret_usec_per_sec = (uint64_t) scaled;
        return 0;
}

uint64_t memory_limit_from_v1(uint64_t bytes, uint64_t page_size) {
        return bytes >= INT64_MAX - INT64_MAX % page_size ? UINT64_MAX : bytes;
}
