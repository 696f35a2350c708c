/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cgroup/capacity.h"

#include <fcntl.h>

#include "basic/fs.h"
#include "basic/time-util.h"
#include "cgroup/cpu-list.h"
#include "cgroup/cpu-stat.h"

/* A list of 8192 CPUs, each second one, takes some 20 kB; whoever has such a host sees -EFBIG. */
#define FILE_MAX 16384

struct CapacityReader {
        CgroupTree *tree; /* not owned */
        int online_fd;
        int root_cpu_stat_fd;
};

int capacity_reader_open(int sysfs_fd, CgroupTree *tree, CapacityReader **ret) {
        _cleanup_(capacity_reader_freep) CapacityReader *reader = malloc(sizeof *reader);

        if (!reader)
                return -ENOMEM;
        *reader = (CapacityReader){ .tree = tree, .online_fd = -1, .root_cpu_stat_fd = -1 };
        reader->online_fd = openat(sysfs_fd, "devices/system/cpu/online", O_RDONLY | O_CLOEXEC);
        if (reader->online_fd < 0)
                return -errno;
        reader->root_cpu_stat_fd = openat(cgroup_tree_root_fd(tree), "cpu.stat", O_RDONLY | O_CLOEXEC);
        if (reader->root_cpu_stat_fd < 0)
                return -errno;
        *ret = TAKE_PTR(reader);
        return 0;
}

CapacityReader *capacity_reader_free(CapacityReader *reader) {
        if (!reader)
                return NULL;
        safe_close(reader->online_fd);
        safe_close(reader->root_cpu_stat_fd);
        free(reader);
        return NULL;
}

int capacity_read_host_usage(CapacityReader *reader, uint64_t *ret_usec) {
        char buffer[FILE_MAX];
        CpuStat stat;
        ssize_t n;
        int r;

        n = read_fd(reader->root_cpu_stat_fd, buffer, sizeof buffer);
        if (n < 0)
                return (int) n;
        r = cpu_stat_parse(buffer, (size_t) n, &stat);
        if (r < 0)
                return r;
        *ret_usec = stat.usage_usec;
        return 0;
}

/* A group's file may be absent because its controller is off, or since the group itself just went. */
static ssize_t read_optional(int dirfd, const char *name, char *buffer, size_t size) {
        ssize_t n = dirfd < 0 ? -ENOENT : read_file_at(dirfd, name, buffer, size);

        return n == -ENOENT || n == -ENODEV ? 0 : n;
}

/* The cpuset that users run in. The root's one stands in where cpusets are not on in user.slice: they are
 * hierarchical, so nobody has more. Returns 0 if there is none at all, 1 if it was read. */
static int read_cpuset(CgroupTree *tree, CpuList *ret) {
        const int dirs[] = { cgroup_tree_user_slice_fd(tree), cgroup_tree_root_fd(tree) };
        char buffer[FILE_MAX];

        for (size_t i = 0; i < ELEMENTSOF(dirs); i++) {
                ssize_t n = read_optional(dirs[i], "cpuset.cpus.effective", buffer, sizeof buffer);
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

/* The smallest quota on the way from the root to user.slice. The host's root has no cpu.max, but that of a
 * container has. */
static int read_quota(CgroupTree *tree, uint64_t *ret) {
        const int dirs[] = { cgroup_tree_user_slice_fd(tree), cgroup_tree_root_fd(tree) };
        char buffer[FILE_MAX];
        uint64_t smallest = UINT64_MAX;

        for (size_t i = 0; i < ELEMENTSOF(dirs); i++) {
                ssize_t n = read_optional(dirs[i], "cpu.max", buffer, sizeof buffer);
                uint64_t quota;
                int r;

                if (n == 0)
                        continue;
                if (n < 0)
                        return (int) n;
                r = cpu_max_parse(buffer, (size_t) n, &quota);
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

        n = read_fd(reader->online_fd, buffer, sizeof buffer);
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
