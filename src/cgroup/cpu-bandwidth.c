/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cgroup/cpu-bandwidth.h"

#include <string.h>

#include "basic/parse.h"
#include "basic/time-util.h"

#define QUOTA_MIN_USEC  UINT64_C(1000)
#define PERIOD_MIN_USEC UINT64_C(1000)
#define PERIOD_MAX_USEC UINT64_C(1000000)

static uint64_t quota_in(uint64_t usec_per_sec, uint64_t period) {
        unsigned __int128 quota =
                ((unsigned __int128) usec_per_sec * period + USEC_PER_SEC / 2) / USEC_PER_SEC;

        return quota > UINT64_MAX ? UINT64_MAX : (uint64_t) quota;
}

static bool is_exact(uint64_t usec_per_sec, uint64_t period) {
        return period >= PERIOD_MIN_USEC && period <= PERIOD_MAX_USEC &&
               (unsigned __int128) usec_per_sec * period % USEC_PER_SEC == 0;
}

int cpu_bandwidth_for(uint64_t usec_per_sec, uint64_t standing_period, CpuBandwidth *ret) {
        uint64_t period =
                is_exact(usec_per_sec, standing_period) ? standing_period : CPU_PERIOD_DEFAULT_USEC;

        if (usec_per_sec == 0)
                return -ERANGE;
        if (quota_in(usec_per_sec, period) < QUOTA_MIN_USEC)
                period = MAX(CPU_PERIOD_DEFAULT_USEC,
                             (QUOTA_MIN_USEC * USEC_PER_SEC + usec_per_sec - 1) / usec_per_sec);
        if (period > PERIOD_MAX_USEC)
                return -ERANGE;
        *ret = (CpuBandwidth){ .quota = quota_in(usec_per_sec, period), .period = period };
        return 0;
}

uint64_t cpu_max_period(const char *text, size_t length) {
        const char *blank = memchr(text, ' ', length);
        uint64_t period;

        if (!blank || text[length - 1] != '\n' ||
            parse_digits(blank + 1, length - (size_t) (blank - text) - 2, &period) < 0)
                return 0;
        return period;
}
