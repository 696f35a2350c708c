/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cgroup/slice-files-internal.h"

static int read_cpu(SliceFiles *files, CpuStat *ret) {
        char buffer[SMALL_FILE_MAX];
        ssize_t n = slice_files_read_held(files, HELD_CPU_STAT, CONTROLLER_CPU, "cpu.stat", buffer,
                                          sizeof buffer);

        return n < 0 ? (int) n : cpu_stat_parse(buffer, (size_t) n, ret);
}

/* The same file has all. */
static int read_cpu_usage(SliceFiles *files, CpuStat *ret) {
        int r = read_cpu(files, ret);

        return r < 0 ? r : 1;
}

static int read_limit(const SliceFiles *files, Limit limit, uint64_t *ret) {
        static const struct {
                Controller controller;
                const char *name;
        } values[_LIMIT_COUNT] = {
                [LIMIT_CPU_WEIGHT] = { CONTROLLER_CPU, "cpu.weight" },
                [LIMIT_MEMORY_MAX] = { CONTROLLER_MEMORY, "memory.max" },
                [LIMIT_MEMORY_HIGH] = { CONTROLLER_MEMORY, "memory.high" },
                [LIMIT_MEMORY_SWAP_MAX] = { CONTROLLER_MEMORY, "memory.swap.max" },
        };
        char buffer[SMALL_FILE_MAX];
        ssize_t n;

        if (limit != LIMIT_CPU_QUOTA)
                return slice_files_read_value(files, values[limit].controller, values[limit].name, ret);
        n = slice_files_read_by_name(files, CONTROLLER_CPU, "cpu.max", buffer, sizeof buffer);
        return n < 0 ? (int) n : cpu_max_parse(buffer, (size_t) n, ret);
}

const SliceFilesOps slice_files_unified = {
        .memory_current = "memory.current",
        .memory_peak = "memory.peak",
        .stat_inactive_file = "inactive_file",
        .stat_file = "file",
        .stat_shmem = "shmem",
        .stat_swapcached = "swapcached",
        .read_cpu = read_cpu,
        .read_cpu_usage = read_cpu_usage,
        .read_limit = read_limit,
};
