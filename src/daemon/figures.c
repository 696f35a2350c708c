/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/figures.h"

#include <string.h>

#include "cgroup/process.h"

void figures_host(HostFigures *ret, void *userdata) {
        Manager *m = userdata;
        const Plan *plan = &m->plan;

        manager_look_if_stale(m);
        *ret = (HostFigures){
                .policy = m->host_config.share_policy,
                .cpus = manager_capacity_for_users(m),
                .budget = manager_budget(m),
                .level = plan->budget > 0 ? plan->level : LIMIT_UNSET,
                .use = plan->use,
                .outside = plan->outside,
                .contended = m->contended,
                .contended_since = m->contended_since,
                .active = plan->active,
                .observing = m->observe,
        };
}

/* How much of the whole is one slice's: by weight, but for SharePolicy=equal. */
static uint64_t part(const Manager *m, const ManagedSlice *slice) {
        return m->host_config.share_policy == SHARE_EQUAL ? 1 : managed_slice_weight(slice);
}

static bool takes_part(const ManagedSlice *slice) {
        return slice->files && !slice->exempt;
}

/* Who is not active would be beside the others who are. */
static uint64_t guaranteed(const Manager *m, const ManagedSlice *slice) {
        uint64_t own = part(m, slice), all = m->active_parts;

        if (!takes_part(slice))
                return 0;
        if (!slice->engine.active)
                all += own;
        /* 65536 CPUs and the largest weight come to less than 2^50. */
        return MIN(manager_budget(m) * own / MAX(all, own), managed_slice_standing_quota(slice));
}

void manager_take_figures(Manager *m) {
        ManagedSlice *slice;

        m->active_parts = 0;
        SLICE_FOREACH(slice, &m->slices)
                if (takes_part(slice) && slice->engine.active)
                        m->active_parts += part(m, slice);
        SLICE_FOREACH(slice, &m->slices) {
                Hold hold = managed_slice_hold(slice, m->host_config.share_policy, m->plan.contended,
                                               guaranteed(m, slice));

                if (hold == slice->hold)
                        continue;
                slice->hold = hold;
                slice->hold_since = m->realtime();
        }
}

/* What was only said while observing does not stand: the kernel has something else. */
static void standing_limits(const ManagedSlice *slice, Limits *ret) {
        Limits kernel;
        LimitMask present;

        *ret = LIMITS_UNSET;
        limits_copy(ret, &slice->set, slice->known);
        if (slice->pretended && slice_files_read_limits(slice->files, &kernel, &present) >= 0)
                limits_copy(ret, &kernel, slice->pretended);
}

/* No share lifts a CPUQuota=. */
static uint64_t share(const ManagedSlice *slice) {
        return slice->engine.share == LIMIT_UNSET
                       ? LIMIT_UNSET
                       : MIN(slice->engine.share, managed_slice_standing_quota(slice));
}

static int visit(const Manager *m, const ManagedSlice *slice, SliceVisitor visitor, void *visitor_userdata) {
        char group[sizeof "/" CGROUP_USER_SLICE "/" + SLICE_NAME_MAX];
        SliceFigures figures = {
                .name = slice->name,
                .uid = slice->user.uid,
                .user_name = slice->user.name,
                .group = group,
                .exempt = slice->exempt,
                .active = slice->engine.active,
                .throttled = slice->engine.throttled,
                .use = slice->engine.use,
                .share = share(slice),
                .guaranteed = guaranteed(m, slice),
                .hold = slice->hold,
                .hold_since = slice->hold_since,
                .configured = slice->exempt ? LIMITS_UNSET : slice->config.limits,
        };

        snprintf(group, sizeof group, "/" CGROUP_USER_SLICE "/%s", slice->name);
        standing_limits(slice, &figures.limits);
        return visitor(&figures, visitor_userdata);
}

int figures_slices(SliceVisitor visitor, void *visitor_userdata, void *userdata) {
        Manager *m = userdata;
        const ManagedSlice *slice;
        int r = 0;

        manager_look_if_stale(m);
        SLICE_FOREACH(slice, &m->slices) {
                if (slice->files)
                        r = visit(m, slice, visitor, visitor_userdata);
                if (r < 0)
                        return r;
        }
        return r;
}

static const ManagedSlice *find(const Manager *m, const char *name) {
        const ManagedSlice *slice = slice_table_find(&m->slices, name);

        return slice && slice->files ? slice : NULL;
}

int figures_slice(const char *name, SliceVisitor visitor, void *visitor_userdata, void *userdata) {
        Manager *m = userdata;
        const ManagedSlice *slice;

        manager_look_if_stale(m);
        slice = find(m, name);
        return slice ? visit(m, slice, visitor, visitor_userdata) : -ENOENT;
}

/* In a legacy tree each group counts its own. */
static uint64_t oom_kills(SliceFiles *files, bool legacy) {
        _cleanup_free_ OomGroup *group = NULL;
        MemoryEvents events;
        uint64_t sum = 0;
        size_t n;

        if (!legacy)
                return slice_files_read_memory_events(files, &events) < 0 ? UINT64_MAX : events.oom_kill;
        if (slice_files_read_oom_groups(files, &group, &n) < 0)
                return UINT64_MAX;
        for (size_t i = 0; i < n; i++)
                sum += group[i].kills;
        return sum;
}

int figures_usage(const char *name, SliceUsage *ret, void *userdata) {
        const Manager *m = userdata;
        const ManagedSlice *slice = find(m, name);
        MemoryUse memory = { .current = UINT64_MAX, .peak = UINT64_MAX };
        CpuStat cpu;
        bool counted;

        if (!slice)
                return -ENOENT;
        counted = slice_files_read_cpu(slice->files, &cpu) >= 0;
        (void) slice_files_read_memory(slice->files, &memory);
        *ret = (SliceUsage){
                .cpu_usage_nsec = counted ? cpu.usage_usec * NSEC_PER_USEC : UINT64_MAX,
                .cpu_throttled_usec = counted ? cpu.throttled_usec : UINT64_MAX,
                .memory_current = memory.current,
                .memory_peak = memory.peak,
                .oom_kills = oom_kills(slice->files, cgroup_tree_is_legacy(m->tree)),
        };
        return 0;
}

/* The name below user.slice in "/user.slice/user-1000.slice/session-1.scope". */
static int slice_of_group(const char *group, SliceName ret) {
        static const char prefix[] = "/" CGROUP_USER_SLICE "/";
        size_t length;

        if (strncmp(group, prefix, strlen(prefix)) != 0)
                return -ENOENT;
        group += strlen(prefix);
        length = strcspn(group, "/");
        if (length > SLICE_NAME_MAX)
                return -ENOENT;
        memcpy(ret, group, length);
        ret[length] = '\0';
        return 0;
}

int figures_slice_of_pid(pid_t pid, SliceName ret, void *userdata) {
        const Manager *m = userdata;
        _cleanup_close_ int fd = -1;
        _cleanup_free_ char *group = NULL;
        SliceName name;
        int r;

        if (pid <= 0)
                return -ESRCH;
        fd = process_open(m->proc_fd, pid);
        if (fd < 0)
                return fd;
        r = process_read_group(fd, cgroup_tree_hierarchy(m->tree, 0), &group);
        if (r >= 0)
                r = slice_of_group(group, name);
        if (r >= 0 && !find(m, name))
                r = -ENOENT;
        if (r < 0)
                return r;
        strcpy(ret, name);
        return 0;
}
