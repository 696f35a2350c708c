/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "backend/cgroup2.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "backend/raw.h"
#include "basic/fs.h"
#include "cgroup/cpu-bandwidth.h"

#define BIT(limit) ((LimitMask) 1U << (limit))

/* Two numbers of 64 bits */
#define VALUE_MAX 48

static const char *const files[_LIMIT_COUNT] = {
        [LIMIT_CPU_QUOTA] = "cpu.max",
        [LIMIT_CPU_WEIGHT] = "cpu.weight",
        [LIMIT_MEMORY_MAX] = "memory.max",
        [LIMIT_MEMORY_HIGH] = "memory.high",
        [LIMIT_MEMORY_SWAP_MAX] = "memory.swap.max",
};

static bool has_file(int group_fd, const char *file) {
        struct stat st;

        return fstatat(group_fd, file, &st, AT_SYMLINK_NOFOLLOW) >= 0;
}

/* The file is not there: says why. Where there is no file there is no limit either, so one is lifted. */
static void fail_absent(RawChange *change, Limit limit, int group_fd) {
        const char *controller = BIT(limit) & LIMIT_MASK_CPU ? "cpu" : "memory";

        if (!has_file(group_fd, "cgroup.procs"))
                raw_fail(change, BIT(limit), -ENOENT, "%s: %s is gone", files[limit], change->slice);
        else if (change->limits.value[limit] == LIMIT_UNSET)
                change->todo &= ~BIT(limit);
        else if (limit == LIMIT_MEMORY_SWAP_MAX && has_file(group_fd, files[LIMIT_MEMORY_MAX]))
                raw_fail(change, BIT(limit), -EOPNOTSUPP, "%s: the kernel does not account for swap",
                         files[limit]);
        else
                raw_fail(change, BIT(limit), -EOPNOTSUPP, "%s: the %s controller is off in %s", files[limit],
                         controller, change->slice);
}

static void write_limit(RawChange *change, Limit limit, int group_fd, const char *text) {
        if (has_file(group_fd, files[limit]))
                raw_write_limit(change, limit, group_fd, files[limit], text);
        else
                fail_absent(change, limit, group_fd);
}

static void write_quota(RawChange *change, int group_fd) {
        uint64_t quota = change->limits.value[LIMIT_CPU_QUOTA];
        char standing[VALUE_MAX], text[VALUE_MAX] = "max";
        CpuBandwidth bandwidth;
        ssize_t n;

        if (quota != LIMIT_UNSET) {
                n = read_file_at(group_fd, files[LIMIT_CPU_QUOTA], standing, sizeof standing);
                if (cpu_bandwidth_for(quota, n > 0 ? cpu_max_period(standing, (size_t) n) : 0, &bandwidth) <
                    0)
                        return raw_fail(change, BIT(LIMIT_CPU_QUOTA), -ERANGE,
                                        "cpu.max: %" PRIu64 " µs a second is less than the kernel takes",
                                        quota);
                snprintf(text, sizeof text, "%" PRIu64 " %" PRIu64, bandwidth.quota, bandwidth.period);
        }
        write_limit(change, LIMIT_CPU_QUOTA, group_fd, text);
        change->todo &= ~BIT(LIMIT_CPU_QUOTA);
}

static void write_weight(RawChange *change, int group_fd) {
        uint64_t weight = change->limits.value[LIMIT_CPU_WEIGHT];
        char text[VALUE_MAX];

        snprintf(text, sizeof text, "%" PRIu64, weight == LIMIT_UNSET ? CPU_WEIGHT_DEFAULT : weight);
        write_limit(change, LIMIT_CPU_WEIGHT, group_fd, text);
        change->todo &= ~BIT(LIMIT_CPU_WEIGHT);
}

static void write_bytes(RawChange *change, Limit limit, int group_fd, uint64_t bytes) {
        char text[VALUE_MAX] = "max";

        if (bytes != LIMIT_UNSET)
                snprintf(text, sizeof text, "%" PRIu64, bytes);
        write_limit(change, limit, group_fd, text);
}

/* memory.high and memory.max make the kernel reclaim in the writer's time, and beyond that memory.max makes
 * it kill. When a step has not brought use down, smaller ones do not help either. */
static RawOutcome lower(RawChange *change, Limit limit, int group_fd, uint64_t standing) {
        uint64_t target = change->limits.value[limit], in_use, next;

        if (limit == LIMIT_MEMORY_SWAP_MAX || raw_read(group_fd, "memory.current", &in_use) < 0 ||
            in_use > change->lowered)
                next = target;
        else
                next = raw_next_lower(standing, target, in_use);
        write_bytes(change, limit, group_fd, next);
        change->lowered = next;
        if (next == target || !(change->todo & BIT(limit))) {
                change->lowered = UINT64_MAX;
                change->todo &= ~BIT(limit);
        }
        return change->todo ? RAW_AGAIN : RAW_DONE;
}

/* What is raised comes first, and room in swap before all, so that nothing is reclaimed that may stay. Of
 * what is lowered memory.high comes first: it makes room without killing. */
static RawOutcome write_memory(RawChange *change, int group_fd) {
        static const Limit raising[] = { LIMIT_MEMORY_SWAP_MAX, LIMIT_MEMORY_MAX, LIMIT_MEMORY_HIGH };
        static const Limit lowering[] = { LIMIT_MEMORY_HIGH, LIMIT_MEMORY_MAX, LIMIT_MEMORY_SWAP_MAX };
        uint64_t standing[_LIMIT_COUNT];

        for (size_t i = 0; i < ELEMENTSOF(raising); i++) {
                Limit limit = raising[i];

                if (raw_read(group_fd, files[limit], &standing[limit]) < 0)
                        standing[limit] = LIMIT_UNSET;
                if (!(change->todo & BIT(limit)) || change->limits.value[limit] < standing[limit])
                        continue;
                write_bytes(change, limit, group_fd, change->limits.value[limit]);
                change->todo &= ~BIT(limit);
        }
        for (size_t i = 0; i < ELEMENTSOF(lowering); i++)
                if (change->todo & BIT(lowering[i]))
                        return lower(change, lowering[i], group_fd, standing[lowering[i]]);
        return RAW_DONE;
}

static RawOutcome step(_unused_ RawBackend *b, RawChange *change) {
        _cleanup_close_ int group_fd = raw_open_group(cgroup_tree_hierarchy(b->tree, 0), change->slice);

        if (group_fd < 0) {
                raw_fail(change, change->todo, group_fd, "%s: cannot open the group: %m", change->slice);
                return RAW_DONE;
        }
        if (change->todo & BIT(LIMIT_CPU_QUOTA))
                write_quota(change, group_fd);
        if (change->todo & BIT(LIMIT_CPU_WEIGHT))
                write_weight(change, group_fd);
        return write_memory(change, group_fd);
}

static Backend *cgroup2_free(Backend *backend) {
        RawBackend *b = (RawBackend *) backend;

        raw_done(b);
        free(b);
        return NULL;
}

int backend_cgroup2_new(const BackendHandlers *handlers, sd_event *event, const CgroupTree *tree,
                        Backend **ret) {
        static const BackendOps ops = {
                .name = "cgroup2",
                .needs_group = true,
                .set_limits = raw_set_limits,
                .free = cgroup2_free,
        };
        RawBackend *b = calloc(1, sizeof *b);
        int r;

        if (!b)
                return -ENOMEM;
        b->base.ops = &ops;
        b->step = step;
        r = raw_init(b, handlers, event, tree);
        if (r < 0) {
                cgroup2_free(&b->base);
                return r;
        }
        *ret = &b->base;
        return 0;
}
