/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/time-util.h"
#include "cgroup/flat-keyed.h"
#include "cgroup/slice-files-internal.h"
#include "cgroup/v1.h"

/* A number of 64 bits and a newline, with room to spare */
#define NUMBER_MAX 32

static int parse_throttling(const char *text, size_t length, CpuStat *stat) {
        nsec_t throttled = 0;
        const FlatKey keys[] = {
                { "nr_periods", &stat->nr_periods },
                { "nr_throttled", &stat->nr_throttled },
                { "throttled_time", &throttled },
        };
        int r = flat_keyed_parse(text, length, keys, ELEMENTSOF(keys));

        stat->throttled_usec = throttled / NSEC_PER_USEC;
        return r < 0 ? r : 0;
}

static int read_cpu_usage(SliceFiles *files, CpuStat *ret) {
        char buffer[NUMBER_MAX];
        nsec_t usage;
        ssize_t n;
        int r;

        n = slice_files_read_held(files, HELD_CPU_USAGE, CONTROLLER_CPUACCT, "cpuacct.usage", buffer,
                                  sizeof buffer);
        if (n < 0)
                return (int) n;
        r = parse_single_value(buffer, (size_t) n, &usage);
        if (r < 0)
                return r;
        *ret = (CpuStat){ .usage_usec = usage / NSEC_PER_USEC };
        return 0;
}

/* A kernel without bandwidth control has no cpu.stat, and nothing is throttled. */
static int read_cpu(SliceFiles *files, CpuStat *ret) {
        char buffer[SMALL_FILE_MAX];
        CpuStat stat;
        ssize_t n;
        int r;

        r = read_cpu_usage(files, &stat);
        if (r < 0)
                return r;
        n = slice_files_read_held(files, HELD_CPU_STAT, CONTROLLER_CPU, "cpu.stat", buffer, sizeof buffer);
        if (n >= 0)
                r = parse_throttling(buffer, (size_t) n, &stat);
        else if (n != -ENODATA)
                r = (int) n;
        if (r < 0)
                return r;
        *ret = stat;
        return 0;
}

static int read_quota(const SliceFiles *files, uint64_t *ret) {
        char buffer[SMALL_FILE_MAX];
        uint64_t period;
        ssize_t n;
        int r;

        n = slice_files_read_by_name(files, CONTROLLER_CPU, "cpu.cfs_quota_us", buffer, sizeof buffer);
        if (n < 0)
                return (int) n;
        if (cpu_cfs_quota_is_none(buffer, (size_t) n)) {
                *ret = LIMIT_UNSET;
                return 0;
        }
        r = slice_files_read_value(files, CONTROLLER_CPU, "cpu.cfs_period_us", &period);
        return r < 0 ? r : cpu_cfs_quota_parse(buffer, (size_t) n, period, ret);
}

static int read_weight(const SliceFiles *files, uint64_t *ret) {
        uint64_t shares;
        int r = slice_files_read_value(files, CONTROLLER_CPU, "cpu.shares", &shares);

        if (r >= 0)
                *ret = cpu_weight_from_shares(shares);
        return r;
}

static int read_memory_limit(const SliceFiles *files, const char *name, uint64_t *ret) {
        uint64_t bytes;
        int r = slice_files_read_value(files, CONTROLLER_MEMORY, name, &bytes);

        if (r >= 0)
                *ret = memory_limit_from_v1(bytes, (uint64_t) sysconf(_SC_PAGESIZE));
        return r;
}

/* Version 1 limits memory and swap together. */
static int read_swap_limit(const SliceFiles *files, uint64_t *ret) {
        uint64_t both, memory;
        int r = read_memory_limit(files, "memory.memsw.limit_in_bytes", &both);

        if (r < 0)
                return r;
        if (both == LIMIT_UNSET) {
                *ret = LIMIT_UNSET;
                return 0;
        }
        r = read_memory_limit(files, "memory.limit_in_bytes", &memory);
        if (r < 0)
                return r;
        /* The two are not read at one instant. */
        *ret = both - MIN(memory, both);
        return 0;
}

static int read_limit(const SliceFiles *files, Limit limit, uint64_t *ret) {
        switch (limit) {
        case LIMIT_CPU_QUOTA:
                return read_quota(files, ret);
        case LIMIT_CPU_WEIGHT:
                return read_weight(files, ret);
        case LIMIT_MEMORY_MAX:
                return read_memory_limit(files, "memory.limit_in_bytes", ret);
        case LIMIT_MEMORY_HIGH:
                return read_memory_limit(files, "memory.soft_limit_in_bytes", ret);
        case LIMIT_MEMORY_SWAP_MAX:
                return read_swap_limit(files, ret);
        default:
                return -EINVAL;
        }
}

const SliceFilesOps slice_files_legacy = {
        .memory_current = "memory.usage_in_bytes",
        .memory_peak = "memory.max_usage_in_bytes",
        .stat_inactive_file = "total_inactive_file",
        .stat_file = "total_cache",
        .stat_shmem = "total_shmem",
        .stat_swapcached = "total_swapcached",
        .read_cpu = read_cpu,
        .read_cpu_usage = read_cpu_usage,
        .throttling_apart = true,
        .read_limit = read_limit,
};
