/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cgroup/host-use.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* What was not idle, added up from look to look, so that CPUs may come and go in between. */
typedef struct BusyCounter {
        int fd; /* -1: this host has no such counter */
        int (*parse)(const char *text, uint64_t *ret);
        bool started;
        usec_t last;
        uint64_t last_idle;
        int64_t busy; /* may step back by a hundredth of a second, which is how fine the files are */
        int64_t told; /* never does */
} BusyCounter;

struct HostUse {
        CapacityReader *capacity;
        BusyCounter uptime, stat;

        /* Where the root group's counter stands for both */
        bool root_read;
        usec_t root_at;
        uint64_t root_usage;
};

/* Hundredths of a second, written as seconds with two digits behind the point. */
static int parse_seconds(const char *s, uint64_t *ret) {
        uint64_t seconds, hundredths;
        int n = 0;

        if (sscanf(s, "%20" SCNu64 ".%2" SCNu64 "%n", &seconds, &hundredths, &n) != 2 || n == 0 ||
            seconds > UINT64_MAX / USEC_PER_SEC - 1)
                return -EBADMSG;
        *ret = seconds * USEC_PER_SEC + hundredths * (USEC_PER_SEC / 100);
        return 0;
}

int host_idle_parse_uptime(const char *text, uint64_t *ret) {
        const char *second = strchr(text, ' ');

        return second ? parse_seconds(second + 1, ret) : -EBADMSG;
}

int host_idle_parse_stat(const char *text, uint64_t *ret) {
        uint64_t user, nice, system, idle, iowait, hertz = (uint64_t) sysconf(_SC_CLK_TCK), ticks;

        if (strncmp(text, "cpu ", 4) != 0 ||
            sscanf(text + 4, "%20" SCNu64 " %20" SCNu64 " %20" SCNu64 " %20" SCNu64 " %20" SCNu64, &user,
                   &nice, &system, &idle, &iowait) != 5)
                return -EBADMSG;
        if (__builtin_add_overflow(idle, iowait, &ticks) ||
            __builtin_mul_overflow(ticks, USEC_PER_SEC / hertz, ret))
                return -EBADMSG;
        return 0;
}

/* The first line is all that is wanted; the rest may be long. */
static int read_idle(const BusyCounter *counter, uint64_t *ret) {
        char text[512];
        ssize_t n = pread(counter->fd, text, sizeof text - 1, 0);

        if (n < 0)
                return -errno;
        text[n] = '\0';
        return counter->parse(text, ret);
}

static int busy_counter_read(BusyCounter *counter, usec_t now, unsigned cpus, uint64_t *ret) {
        uint64_t idle;
        int r = read_idle(counter, &idle);

        if (r < 0)
                return r;
        /* Idle time that went backwards is a kernel's mistake: that look counts for nothing. */
        if (counter->started && now >= counter->last && idle >= counter->last_idle)
                counter->busy +=
                        (int64_t) ((now - counter->last) * cpus) - (int64_t) (idle - counter->last_idle);
        counter->started = true;
        counter->last = now;
        counter->last_idle = idle;
        counter->told = MAX(counter->told, counter->busy);
        *ret = (uint64_t) counter->told;
        return 0;
}

/* A look comes right after a glance, at the same time, and needs no read of its own. */
static int read_root(HostUse *use, usec_t now, uint64_t *ret) {
        if (!use->root_read || use->root_at != now) {
                int r = capacity_read_host_usage(use->capacity, &use->root_usage);

                use->root_read = r >= 0;
                use->root_at = now;
                if (r < 0)
                        return r;
        }
        *ret = use->root_usage;
        return 0;
}

int host_use_glance(HostUse *use, usec_t now, unsigned online_cpus, uint64_t *ret) {
        if (use->uptime.fd < 0)
                return read_root(use, now, ret);
        return busy_counter_read(&use->uptime, now, online_cpus, ret);
}

int host_use_read(HostUse *use, usec_t now, unsigned online_cpus, uint64_t *ret) {
        if (use->stat.fd < 0)
                return read_root(use, now, ret);
        return busy_counter_read(&use->stat, now, online_cpus, ret);
}

static bool has_file(const CgroupTree *tree, const char *name) {
        return faccessat(cgroup_tree_root_fd(tree), name, F_OK, 0) >= 0;
}

/* The root of all groups lacks a file that all others have, or has one in version 1 that no other has. */
static bool tree_is_whole_host(const CgroupTree *tree) {
        if (cgroup_tree_is_legacy(tree))
                return has_file(tree, "release_agent");
        return cgroup_tree_is_unified(tree) > 0 && !has_file(tree, "cgroup.events") && errno == ENOENT;
}

static int open_counter(int proc_fd, const char *name, BusyCounter *counter) {
        counter->fd = openat(proc_fd, name, O_RDONLY | O_CLOEXEC);
        return counter->fd < 0 ? -errno : 0;
}

int host_use_open(int proc_fd, const CgroupTree *tree, CapacityReader *capacity, HostUse **ret) {
        _cleanup_(host_use_freep) HostUse *use = calloc(1, sizeof *use);
        int r;

        if (!use)
                return -ENOMEM;
        use->capacity = capacity;
        use->uptime = (BusyCounter){ .fd = -1, .parse = host_idle_parse_uptime };
        use->stat = (BusyCounter){ .fd = -1, .parse = host_idle_parse_stat };
        if (tree_is_whole_host(tree)) {
                r = open_counter(proc_fd, "uptime", &use->uptime);
                if (r >= 0)
                        r = open_counter(proc_fd, "stat", &use->stat);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(use);
        return 0;
}

HostUse *host_use_free(HostUse *use) {
        if (!use)
                return NULL;
        safe_close(use->uptime.fd);
        safe_close(use->stat.fd);
        free(use);
        return NULL;
}
