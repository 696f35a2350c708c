/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>

#include "backend/cgroup1-internal.h"
#include "cgroup/cpu-bandwidth.h"
#include "cgroup/v1.h"

#define QUOTA_FILE  "cpu.cfs_quota_us"
#define PERIOD_FILE "cpu.cfs_period_us"
#define QUOTA_BIT   ((LimitMask) 1U << LIMIT_CPU_QUOTA)
#define WEIGHT_BIT  ((LimitMask) 1U << LIMIT_CPU_WEIGHT)

static void write_number(RawChange *change, Limit limit, int group_fd, const char *file, uint64_t number) {
        char text[24];

        snprintf(text, sizeof text, "%" PRIu64, number);
        raw_write_limit(change, limit, group_fd, file, text);
}

/* The kernel takes a quota only with its period, and none beyond the parent's share. So the one that makes
 * the share smaller comes first. */
static void write_bandwidth(RawChange *change, int group_fd, const CpuBandwidth *to,
                            uint64_t standing_period) {
        if (to->period > standing_period)
                write_number(change, LIMIT_CPU_QUOTA, group_fd, PERIOD_FILE, to->period);
        if (change->todo & QUOTA_BIT)
                write_number(change, LIMIT_CPU_QUOTA, group_fd, QUOTA_FILE, to->quota);
        if (change->todo & QUOTA_BIT && to->period < standing_period)
                write_number(change, LIMIT_CPU_QUOTA, group_fd, PERIOD_FILE, to->period);
}

static void write_quota(RawChange *change, int group_fd) {
        uint64_t quota = change->limits.value[LIMIT_CPU_QUOTA], period;
        CpuBandwidth bandwidth;
        int r = raw_read(group_fd, PERIOD_FILE, &period);

        if (r == -ENOENT && quota == LIMIT_UNSET)
                return; /* no bandwidth control, and so no quota */
        if (r == -ENOENT)
                raw_fail(change, QUOTA_BIT, -EOPNOTSUPP, QUOTA_FILE ": the kernel knows of no quotas");
        else if (r < 0)
                raw_fail(change, QUOTA_BIT, r, PERIOD_FILE ": cannot be read: %m");
        else if (quota == LIMIT_UNSET)
                raw_write_limit(change, LIMIT_CPU_QUOTA, group_fd, QUOTA_FILE, "-1");
        else if (cpu_bandwidth_for(quota, period, &bandwidth) < 0)
                raw_fail(change, QUOTA_BIT, -ERANGE,
                         QUOTA_FILE ": %" PRIu64 " µs a second is less than the kernel takes", quota);
        else
                write_bandwidth(change, group_fd, &bandwidth, period);
}

void cgroup1_write_cpu(RawChange *change, int group_fd) {
        uint64_t weight = change->limits.value[LIMIT_CPU_WEIGHT];

        if (change->todo & QUOTA_BIT)
                write_quota(change, group_fd);
        if (change->todo & WEIGHT_BIT)
                write_number(change, LIMIT_CPU_WEIGHT, group_fd, "cpu.shares",
                             cpu_shares_from_weight(weight == LIMIT_UNSET ? CPU_WEIGHT_DEFAULT : weight));
        change->todo &= ~LIMIT_MASK_CPU;
}
