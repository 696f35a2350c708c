/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cgroup/capacity.h"

#include <fcntl.h>

#include "basic/fs.h"
#include "basic/time-util.h"
#include "cgroup/cpu-list.h"
#include "cgroup/cpu-stat.h"
#include "cgroup/flat-keyed.h"
#include "cgroup/v1.h"

/* A list of 8192 CPUs, each second one, takes some 20 kB; whoever has such a host sees -EFBIG. */
#define FILE_MAX 16384

struct CapacityReader {
        CgroupTree *tree; /* not owned */
        int online_fd;
        int root_usage_fd;
};

/* Which files tell it, by version. */
typedef struct CapacityFiles {
        Controller usage_controller;
        const char *usage, *cpuset, *quota;
} CapacityFiles;

static const CapacityFiles *files_of(const CgroupTree *tree) {
        static const CapacityFiles unified = {
                .usage_controller = CONTROLLER_CPU,
                .usage = "cpu.stat",
                .cpuset = "cpuset.cpus.effective",
                .quota = "cpu.max",
        };
        static const CapacityFiles legacy = {
                .usage_controller = CONTROLLER_CPUACCT,
                .usage = "cpuacct.usage",
                .cpuset = "cpuset.effective_cpus",
                .quota = "cpu.cfs_quota_us",
        };

        return cgroup_tree_is_legacy(tree) ? &legacy : &unified;
}

static int open_root_usage(const CgroupTree *tree) {
        const CapacityFiles *files = files_of(tree);
        const CgroupHierarchy *h = cgroup_tree_of_controller(tree, files->usage_controller);
        int fd = openat(h->root_fd, files->usage, O_RDONLY | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

int capacity_reader_open(int sysfs_fd, CgroupTree *tree, CapacityReader **ret) {
        _cleanup_(capacity_reader_freep) CapacityReader *reader = malloc(sizeof *reader);

        if (!reader)
                return -ENOMEM;
        *reader = (CapacityReader){ .tree = tree, .online_fd = -1, .root_usage_fd = -1 };
        reader->online_fd = openat(sysfs_fd, "devices/system/cpu/online", O_RDONLY | O_CLOEXEC);
        if (reader->online_fd < 0)
                return -errno;
        reader->root_usage_fd = open_root_usage(tree);
        if (reader->root_usage_fd < 0)
                return reader->root_usage_fd;
        *ret = TAKE_PTR(reader);
        return 0;
}

CapacityReader *capacity_reader_free(CapacityReader *reader) {
        if (!reader)
                return NULL;
        safe_close(reader->online_fd);
        safe_close(reader->root_usage_fd);
        free(reader);
        return NULL;
}

static int parse_usage(const CapacityReader *reader, const char *text, size_t length, uint64_t *ret_usec) {
        CpuStat stat;
        nsec_t nsec;
        int r;

        if (cgroup_tree_is_legacy(reader->tree)) {
                r = parse_single_value(text, length, &nsec);
                if (r >= 0)
                        *ret_usec = nsec / NSEC_PER_USEC;
                return r;
        }
        r = cpu_stat_parse(text, length, &stat);
        if (r >= 0)
                *ret_usec = stat.usage_usec;
        return r;
}

int capacity_read_host_usage(CapacityReader *reader, uint64_t *ret_usec) {
        char buffer[FILE_MAX];
        ssize_t n = read_attribute(reader->root_usage_fd, buffer, sizeof buffer);

        return n < 0 ? (int) n : parse_usage(reader, buffer, (size_t) n, ret_usec);
}

/* A group's file may be absent because its controller is off, or since the group itself just went. */
static ssize_t read_optional(int dirfd, const char *name, char *buffer, size_t size) {
        ssize_t n = dirfd < 0 ? -ENOENT : read_attribute_at(dirfd, name, buffer, size);

        return n == -ENOENT || n == -ENODEV ? 0 : n;
}

/* The cpuset that users run in. The root's one stands in where cpusets are not on in user.slice: they are
 * hierarchical, so nobody has more. Returns 0 if there is none at all, 1 if it was read. */
static int read_cpuset(const CgroupTree *tree, CpuList *ret) {
        const CgroupHierarchy *h = cgroup_tree_of_controller(tree, CONTROLLER_CPUSET);
        const int dirs[] = { h ? h->user_slice_fd : -1, h ? h->root_fd : -1 };
        char buffer[FILE_MAX];

        for (size_t i = 0; i < ELEMENTSOF(dirs); i++) {
                ssize_t n = read_optional(dirs[i], files_of(tree)->cpuset, buffer, sizeof buffer);
                int r;

                if (n == 0)
                        continue;
                if (n < 0)
                        return (int) n;
                r = cpu_list_parse(buffer, (size_t) n, ret);
                return r < 0 ? r : 1;
        }
        return 0;
}

/* Of one group; UINT64_MAX if it has none. */
static int read_group_quota(const CgroupTree *tree, int dirfd, uint64_t *ret) {
        char buffer[FILE_MAX], period_text[64];
        uint64_t period;
        ssize_t n;
        int r;

        *ret = UINT64_MAX;
        n = read_optional(dirfd, files_of(tree)->quota, buffer, sizeof buffer);
        if (n <= 0)
                return (int) n;
        if (!cgroup_tree_is_legacy(tree))
                return cpu_max_parse(buffer, (size_t) n, ret);
        if (cpu_cfs_quota_is_none(buffer, (size_t) n))
                return 0;
        r = (int) read_optional(dirfd, "cpu.cfs_period_us", period_text, sizeof period_text);
        if (r <= 0)
                return r;
        r = parse_single_value(period_text, (size_t) r, &period);
        return r < 0 ? r : cpu_cfs_quota_parse(buffer, (size_t) n, period, ret);
}

/* The smallest quota on the way from the root to user.slice. The host's root has none, but that of a
 * container may have one. */
static int read_quota(const CgroupTree *tree, uint64_t *ret) {
        const CgroupHierarchy *h = cgroup_tree_of_controller(tree, CONTROLLER_CPU);
        const int dirs[] = { h->user_slice_fd, h->root_fd };
        uint64_t smallest = UINT64_MAX;

        for (size_t i = 0; i < ELEMENTSOF(dirs); i++) {
                uint64_t quota;
                int r = read_group_quota(tree, dirs[i], &quota);

                if (r < 0)
                        return r;
                smallest = MIN(smallest, quota);
        }
        *ret = smallest;
        return 0;
}

int capacity_read(CapacityReader *reader, Capacity *ret) {
        char buffer[FILE_MAX];
        CpuList online, cpuset;
        Capacity capacity;
        ssize_t n;
        int r;

        n = read_attribute(reader->online_fd, buffer, sizeof buffer);
        if (n < 0)
                return (int) n;
        r = cpu_list_parse(buffer, (size_t) n, &online);
        if (r < 0)
                return r;
        r = read_cpuset(reader->tree, &cpuset);
        if (r < 0)
                return r;
        capacity.online_cpus = cpu_list_count_common(&online, &online);
        capacity.usable_cpus = r > 0 ? cpu_list_count_common(&online, &cpuset) : capacity.online_cpus;
        /* The two files are not read at one instant: a CPU that comes or goes in between may leave nothing
         * common for a moment. */
        if (capacity.usable_cpus == 0)
                capacity.usable_cpus = capacity.online_cpus;
        if (capacity.online_cpus == 0)
                return -EBADMSG;
        r = read_quota(reader->tree, &capacity.quota);
        if (r < 0)
                return r;
        capacity.cpu = MIN(capacity.usable_cpus * USEC_PER_SEC, capacity.quota);
        *ret = capacity;
        return 0;
}
