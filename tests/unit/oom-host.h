/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A host for the out-of-memory watch: slices in a temporary directory, a kernel that kills in them, and
 * lines that the kernel writes. */

#include <inttypes.h>
#include <systemd/sd-event.h>

#include "basic/time-util.h"
#include "cgroup-fixture.h"
#include "cgroup/memory-events.h"
#include "watch/oom.h"

#define HOST_BOOT   "0123456789abcdef0123456789abcdef"
#define HOST_EVENTS 512
#define HOST_LINES  512

typedef struct OomHost {
        Fixture tree;
        int state_fd;
        int vmstat_fd; /* of a legacy host */
        CgroupTree *cgroups;
        sd_event *event;
        OomWatch *watch;
        bool keep;
        uint64_t acknowledged; /* before the start */
        MemoryEvents root;

        OomEvent told[HOST_EVENTS];
        usec_t told_at[HOST_EVENTS];
        size_t n_told;

        char lines[HOST_LINES][1024];
        size_t n_lines, n_read;
        usec_t not_before;
        int lines_error;
        bool polling;
} OomHost;

static inline int host_poll(void *userdata, usec_t not_before, usec_t now, OomVictims *victims) {
        OomHost *h = userdata;

        h->polling = true;
        h->not_before = not_before;
        if (h->lines_error < 0)
                return h->lines_error;
        for (; h->n_read < h->n_lines; h->n_read++)
                oom_victims_feed(victims, h->lines[h->n_read], strlen(h->lines[h->n_read]), now);
        return 0;
}

static inline void host_release(void *userdata) {
        OomHost *h = userdata;

        h->polling = false;
}

static inline void host_told(const OomEvent *event, void *userdata) {
        OomHost *h = userdata;

        assert_true(h->n_told < HOST_EVENTS);
        h->told_at[h->n_told] = now_monotonic();
        h->told[h->n_told++] = *event;
}

/* memory.events of user.slice, or of a slice in it. */
static inline void host_write_events(OomHost *h, const char *slice, const MemoryEvents *e) {
        fixture_printf(&h->tree, fixture_name("user.slice/%s/memory.events", slice ? slice : "."),
                       "low 0\nhigh %" PRIu64 "\nmax %" PRIu64 "\noom %" PRIu64 "\noom_kill %" PRIu64
                       "\noom_group_kill 0\n",
                       e->high, e->max, e->oom, e->oom_kill);
}

static inline void host_write_local(OomHost *h, const char *slice, uint64_t oom) {
        fixture_printf(&h->tree, fixture_name("user.slice/%s/memory.events.local", slice ? slice : "."),
                       "low 0\nhigh 0\nmax 0\noom %" PRIu64 "\noom_kill 0\n", oom);
}

/* A slice with the memory controller and a limit of 64 MiB. */
static inline void host_make_slice(OomHost *h, const char *slice) {
        fixture_mkdir(&h->tree, fixture_name("user.slice/%s", slice));
        host_write_local(h, slice, 0);
        host_write_events(h, slice, &(MemoryEvents){});
        fixture_write(&h->tree, fixture_name("user.slice/%s/cpu.stat", slice), "usage_usec 0\n");
        fixture_write(&h->tree, fixture_name("user.slice/%s/memory.max", slice), "67108864\n");
        fixture_write(&h->tree, fixture_name("user.slice/%s/memory.current", slice), "60000000\n");
        fixture_write(&h->tree, fixture_name("user.slice/%s/memory.peak", slice), "67108864\n");
}

static inline void host_remove_slice(OomHost *h, const char *slice) {
        fixture_remove(&h->tree, fixture_name("user.slice/%s", slice));
}

/* The kernel counts in user.slice. */
static inline void host_count_root(OomHost *h, uint64_t kills) {
        h->root.oom_kill += kills;
        h->root.oom += kills;
        host_write_events(h, NULL, &h->root);
}

/* The slice's counters from now on. */
static inline void host_set(OomHost *h, const char *slice, uint64_t kills, uint64_t oom, uint64_t local) {
        host_write_local(h, slice, local);
        host_write_events(h, slice, &(MemoryEvents){ .max = oom * 7, .oom = oom, .oom_kill = kills });
}

static inline void host_line(OomHost *h, const char *slice, int pid, const char *comm) {
        snprintf(h->lines[h->n_lines++], sizeof h->lines[0],
                 "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
                 "oom_memcg=/user.slice/%s,task_memcg=/user.slice/%s/a.scope,task=%s,pid=%d,uid=1000",
                 slice, slice, comm, pid);
}

/* Opens a watch on the host and starts it; returns what the start returned. */
static inline int host_watch(OomHost *h) {
        const OomLineSource source = { host_poll, host_release, h };
        const OomWatchArgs args = {
                .event = h->event,
                .tree = h->cgroups,
                .state_dirfd = h->state_fd,
                .boot = HOST_BOOT,
                .source = &source,
                .keep = h->keep,
                .vmstat_fd = h->vmstat_fd,
                .handler = host_told,
                .userdata = h,
        };

        assert_int_equal(oom_watch_new(&args, &h->watch), 0);
        if (h->acknowledged > 0)
                oom_watch_acknowledge(h->watch, h->acknowledged);
        return oom_watch_start(h->watch);
}

/* The service is killed and started again. */
static inline int host_watch_again(OomHost *h) {
        h->watch = oom_watch_free(h->watch);
        return host_watch(h);
}

/* Lets the loop run until so many events were told in all, at most for the time given. */
static inline void host_run(OomHost *h, size_t events, usec_t time) {
        usec_t end = now_monotonic() + time, now;

        while (h->n_told < events && (now = now_monotonic()) < end)
                assert_true(sd_event_run(h->event, end - now) >= 0);
}

/* Lets the loop run that long, and no event may be told. */
static inline void host_run_quiet(OomHost *h, usec_t time) {
        size_t before = h->n_told;

        host_run(h, HOST_EVENTS + 1, time);
        assert_int_equal(h->n_told, before);
}

/* Waits for the first event: one kill in the slice, soon, of the victim that host_line() has told of. */
static inline void host_expect_kill(OomHost *h, const char *slice, usec_t begin, int pid, const char *comm) {
        const OomEvent *event = &h->told[0];

        host_run(h, 1, 2 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 1);
        assert_true(h->told_at[0] - begin < USEC_PER_SEC);
        assert_string_equal(event->slice, slice);
        assert_int_equal(event->kills, 1);
        assert_int_equal(event->n_victims, 1);
        assert_int_equal(event->victims[0].pid, pid);
        assert_string_equal(event->victims[0].comm, comm);
}

/* At the limit that the slices of these hosts have, and not long ago. */
static inline void host_expect_at_limit(const OomEvent *event) {
        assert_int_equal(event->cause, OOM_CAUSE_SLICE);
        assert_false(event->late);
        assert_true(event->memory_max_known);
        assert_int_equal(event->memory_max, 67108864);
        assert_int_equal(event->memory_current, 60000000);
        assert_int_equal(event->memory_peak, 67108864);
}

/* No cgroups yet. */
static inline OomHost *host_new(void) {
        OomHost *h = calloc(1, sizeof *h);

        if (!h || fixture_open(&h->tree) < 0 || sd_event_new(&h->event) < 0)
                return NULL;
        h->vmstat_fd = -1;
        fixture_mkdir(&h->tree, "state");
        h->state_fd = openat(h->tree.fd, "state", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return h->state_fd < 0 ? NULL : h;
}

static inline int host_setup(void **state) {
        OomHost *h = host_new();

        if (!h)
                return -1;
        fixture_mkdir(&h->tree, "user.slice");
        fixture_write(&h->tree, "user.slice/cpu.stat", "usage_usec 0\n");
        host_write_local(h, NULL, 0);
        host_write_events(h, NULL, &h->root);
        if (cgroup_tree_open(h->tree.path, &h->cgroups) < 0)
                return -1;
        *state = h;
        return 0;
}

static inline int host_teardown(void **state) {
        OomHost *h = *state;

        oom_watch_free(h->watch);
        cgroup_tree_free(h->cgroups);
        sd_event_unref(h->event);
        safe_close(h->state_fd);
        safe_close(h->vmstat_fd);
        fixture_close(&h->tree);
        free(h);
        return 0;
}
