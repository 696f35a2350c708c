/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "place/placer-private.h"

#include <fcntl.h>
#include <string.h>

#include "cgroup/group.h"

/* A look at a process takes some 3 µs. This much time for each until the next look keeps all of them
 * together at a quarter of a per cent of a CPU, however many processes there are. */
#define PACE_USEC USEC_PER_MSEC

/* What is forked between a change of UID and the move is found by a sweep of the group that it was in. */
#define SWEEP_AFTER_MOVE_USEC (100 * USEC_PER_MSEC)
#define SWEEP_USEC            (500 * USEC_PER_MSEC)

#define SCAN_USEC             (5 * USEC_PER_SEC)
#define SCAN_WITH_EVENTS_USEC (30 * USEC_PER_SEC)
#define SCAN_PACE_USEC        (5 * PACE_USEC)

#define EMPTIES_USEC      (2 * USEC_PER_SEC)
#define EMPTIES_PACE_USEC (20 * USEC_PER_MSEC)

/* A number comes back when all others have been used; not often while we look. */
#define REPLACED_MAX 3

static const Home unknown;
const Home *const PLACER_UNKNOWN = &unknown;

int placer_new(const CgroupTree *tree, int proc_fd, int runtime_fd, const PlacerHandlers *handlers,
               Placer **ret, unsigned *ret_skipped) {
        _cleanup_(placer_freep) Placer *p = calloc(1, sizeof *p);
        int r;

        if (!p)
                return -ENOMEM;
        p->handlers = *handlers;
        p->proc_fd = proc_fd;
        p->use = UINT64_MAX;
        r = groups_open(tree, proc_fd, runtime_fd, &p->groups, ret_skipped);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(p);
        return 0;
}

static void forget_sources(Placer *p) {
        for (size_t i = 0; i < p->n_sources; i++)
                free(p->source[i]);
        p->n_sources = 0;
}

Placer *placer_free(Placer *placer) {
        if (!placer)
                return NULL;
        forget_sources(placer);
        groups_done(&placer->groups);
        free(placer);
        return NULL;
}

/* ---- one process ---- */

void placer_tell_failed(Placer *p, const PlaceFailure *failure, int error) {
        if (!p->told_failed)
                p->handlers.failed(failure, error, p->handlers.userdata);
        p->told_failed = true;
}

static void tell_refused(Placer *p, PlacerRefusal kind, const Process *process, const char *hierarchy,
                         int error) {
        if (!p->told_refused[kind])
                p->handlers.refused(kind, process, hierarchy, error, p->handlers.userdata);
        p->told_refused[kind] = true;
}

static void tell_kernel_refused(Placer *p, const Process *process, size_t hierarchy, int error) {
        const CgroupTree *tree = p->groups.tree;
        const CgroupHierarchy *h = cgroup_tree_hierarchy(tree, hierarchy);
        bool realtime = error == -EINVAL && h == cgroup_tree_of_controller(tree, CONTROLLER_CPU);

        tell_refused(p, realtime ? PLACER_REFUSED_REALTIME : PLACER_REFUSED_OTHER, process, h->name, error);
}

/* What the process has forked before it was moved is where it was. Too many such groups are looked through
 * together with everything else. */
static void note_source(Placer *p, const ProcessGroups *from) {
        const char *path = from->path[cgroup_tree_count(p->groups.tree) - 1];

        if (!path || (!p->events && strcmp(path, "/") == 0))
                return; /* the root is looked through anyway */
        for (size_t i = 0; i < p->n_sources; i++)
                if (strcmp(p->source[i], path) == 0)
                        return;
        if (p->n_sources < ELEMENTSOF(p->source) && (p->source[p->n_sources] = strdup(path)))
                p->n_sources++;
        else if (p->events)
                placer_lost(p); /* else it will be, soon enough */
}

/* A slice that somebody has removed is made again, once. */
static int move_to_slice(Placer *p, const Process *process, uid_t uid, const ProcessGroups *from,
                         size_t *ret_hierarchy) {
        PlaceFailure failure;
        PlaceSlice *slice;
        int r = 0;

        for (unsigned i = 0; i < 2; i++) {
                r = groups_make(&p->groups, uid, from->path, &slice, &failure);
                if (r < 0) {
                        placer_tell_failed(p, &failure, r);
                        return -ECANCELED;
                }
                p->told_failed = false;
                r = move_in(&p->groups, slice, process->pid, from, ret_hierarchy);
                if (r > 0)
                        place_slice_in_use(slice);
                if (r != -ENODEV && r != -ENOENT)
                        return r;
                slice->present = false;
        }
        return r;
}

/* The slice that it is in, by the last hierarchy; -ENOENT: in none. */
static int slice_it_is_in(const Placer *p, const ProcessGroups *from, uid_t *ret) {
        const char *path = from->path[cgroup_tree_count(p->groups.tree) - 1];

        return path ? groups_slice_of_path(path, ret) : -ENOENT;
}

static bool may_be_subordinate(const Placer *p, uid_t uid) {
        return uid >= PLACER_SUBORDINATE_MIN && p->handlers.has_name &&
               !p->handlers.has_name(uid, p->handlers.userdata);
}

static bool may_have_slice(Placer *p, const Process *process, uid_t uid, const ProcessGroups *from) {
        const PlaceSlice *slice = record_find(&p->groups.record, uid);
        uid_t other;

        if (!may_be_subordinate(p, uid))
                return true;
        if (slice_it_is_in(p, from, &other) >= 0 && other != uid)
                return false;
        if ((slice && slice->present) || p->groups.record.n_slices < PLACER_NAMELESS_SLICES)
                return true;
        tell_refused(p, PLACER_REFUSED_NAMELESS, process, "", -EUSERS);
        return false;
}

/* A mount may show a part of the hierarchy only. Whoever is elsewhere is none of the processes that are
 * shared out here, and there would be no way back. */
static bool is_seen(Placer *p, const Process *process, const ProcessGroups *from) {
        for (size_t i = 0; i < cgroup_tree_count(p->groups.tree); i++)
                if (!from->path[i]) {
                        tell_refused(p, PLACER_REFUSED_UNSEEN, process,
                                     cgroup_tree_hierarchy(p->groups.tree, i)->name, -EXDEV);
                        return false;
                }
        return true;
}

static int put_in(Placer *p, const Process *process, uid_t uid, const ProcessGroups *from, usec_t now) {
        size_t hierarchy = 0;
        int r;

        if (refused_stands(&p->refused, process, now) || !is_seen(p, process, from) ||
            !may_have_slice(p, process, uid, from))
                return 0;
        r = move_to_slice(p, process, uid, from, &hierarchy);
        if (r < 0 && r != -ESRCH && r != -ECANCELED) {
                refused_add(&p->refused, process, now);
                tell_kernel_refused(p, process, hierarchy, r);
        }
        return r;
}

/* Whose it is. -EPERM: to be left alone. Most of what is root's is root's own, and need not be asked. */
static int find_user(const Placer *p, int fd, const Process *process, bool *ret_inner, uid_t *ret) {
        *ret = process->uid;
        *ret_inner = (process->uid != 0 || process->nested) && process_users_owner(fd, p->proc_fd, ret) > 0;
        return process->nested && !*ret_inner ? -EPERM : 0;
}

/* *ret_replaced: it ended under our hands, and the number that was moved may be another's by now. */
static int consider(Placer *p, pid_t pid, const Home *home, usec_t now, bool *ret_replaced) {
        _cleanup_(process_groups_done) ProcessGroups from = {};
        _cleanup_close_ int fd = process_open(p->proc_fd, pid);
        bool managed, inner;
        uid_t uid, slice;
        Process process;
        int r;

        if (fd < 0 || process_read(fd, &process) < 0 || process.pid != pid || process.kernel ||
            process.dead || find_user(p, fd, &process, &inner, &uid) < 0)
                return 0;
        managed = p->handlers.is_managed(uid, p->handlers.userdata);
        if (home != PLACER_UNKNOWN && (home ? managed && home->uid == uid : !managed))
                return 0;
        r = process_read_groups(fd, p->groups.tree, from.path);
        if (r < 0 || (inner && !managed && (slice_it_is_in(p, &from, &slice) < 0 || slice != uid)))
                return 0;
        r = managed ? put_in(p, &process, uid, &from, now) : move_out(&p->groups, pid, &from);
        if (r > 0)
                note_source(p, &from);
        *ret_replaced = r > 0 && faccessat(fd, "stat", F_OK, 0) < 0;
        return r > 0;
}

int placer_consider(Placer *p, pid_t pid, const Home *home, usec_t now) {
        bool replaced = false;
        int moved = consider(p, pid, home, now, &replaced);

        for (unsigned i = 0; replaced && i < REPLACED_MAX; i++) {
                replaced = false;
                (void) consider(p, pid, PLACER_UNKNOWN, now, &replaced);
        }
        return moved;
}

/* ---- when ---- */

static void sweep_soon(Placer *p, usec_t now) {
        p->sweep_at = MAX(MIN(p->sweep_at, now + SWEEP_AFTER_MOVE_USEC), p->may_sweep_at);
}

static void run_scan(Placer *p, usec_t now) {
        size_t moved = 0, looked = placer_scan(p, now, &moved);

        p->thorough = false;
        p->may_scan_at = now + looked * PACE_USEC;
        p->scan_at = now + MAX(p->events ? SCAN_WITH_EVENTS_USEC : SCAN_USEC, looked * SCAN_PACE_USEC);
        /* Which were forked before they were moved is found by looking once more. */
        if (moved > 0)
                sweep_soon(p, now);
}

/* Goes on until nothing is found; without events always. */
static void run_sweep(Placer *p, usec_t now) {
        size_t moved = 0, looked = placer_sweep(p, now, &moved);

        p->may_sweep_at = now + looked * PACE_USEC;
        p->sweep_at = p->events ? USEC_INFINITY : now + MAX(SWEEP_USEC, looked * PACE_USEC);
        if (moved > 0)
                sweep_soon(p, now);
        else if (p->events)
                forget_sources(p);
}

static void run_empties(Placer *p, usec_t now) {
        placer_remove_empties(p, now);
        p->empties_at = now + MAX(EMPTIES_USEC, p->groups.record.n_slices * EMPTIES_PACE_USEC);
}

usec_t placer_run(Placer *placer, usec_t now) {
        if (now >= placer->scan_at)
                run_scan(placer, now);
        if (now >= placer->sweep_at)
                run_sweep(placer, now);
        if (now >= placer->empties_at)
                run_empties(placer, now);
        if (groups_sync(&placer->groups) < 0)
                placer_tell_failed(placer, &(PlaceFailure){}, -EIO);
        return placer_due(placer);
}

usec_t placer_due(const Placer *placer) {
        return MIN(MIN(placer->scan_at, placer->sweep_at), placer->empties_at);
}

int placer_start(Placer *placer, bool events, usec_t now) {
        PlaceFailure failure;
        int r;

        r = groups_prepare(&placer->groups, &failure);
        if (r < 0) {
                placer_tell_failed(placer, &failure, r);
                return r;
        }
        placer->events = events;
        placer->thorough = true;
        placer->scan_at = placer->empties_at = now;
        placer->sweep_at = events ? USEC_INFINITY : now;
        (void) placer_run(placer, now);
        return 0;
}

void placer_look(Placer *placer, pid_t pid, usec_t now) {
        if (placer_consider(placer, pid, PLACER_UNKNOWN, now) > 0)
                sweep_soon(placer, now);
}

void placer_lost(Placer *placer) {
        placer->scan_at = MIN(placer->scan_at, placer->may_scan_at);
}

void placer_rescan(Placer *placer) {
        placer->thorough = true;
        refused_clear(&placer->refused);
        placer_lost(placer);
}

/* ---- the end ---- */

bool placer_is_clean(const Placer *placer) {
        const Record *record = &placer->groups.record;
        unsigned any = record->made | record->on_root | record->on_user_slice;

        for (size_t i = 0; i < record->n_slices; i++)
                any |= record->slice[i]->made;
        return any == 0;
}

/* The first failure is the one that is told: what follows may only follow from it. Returns it. */
static int fail_at_slice(PlaceFailure *failure, const PlaceSlice *slice, int first, int error) {
        if (first < 0)
                return first;
        *failure = (PlaceFailure){};
        slice_name_for_uid(failure->group, slice->uid);
        return error;
}

int placer_release(Placer *placer, PlaceFailure *ret_failure) {
        Record *record = &placer->groups.record;
        PlaceFailure failure;
        int r = 0, q;

        for (size_t i = 0; i < record->n_slices; i++) {
                q = move_all_out(&placer->groups, record->slice[i]);
                if (q < 0)
                        r = fail_at_slice(ret_failure, record->slice[i], r, q);
        }
        for (size_t i = record->n_slices; i-- > 0;) {
                PlaceSlice *slice = record->slice[i];

                if (slice->made == 0)
                        continue;
                if (slice->present && placer->handlers.before_remove) {
                        SliceName name;

                        placer->handlers.before_remove(slice_name_for_uid(name, slice->uid),
                                                       placer->handlers.userdata);
                }
                q = groups_remove(&placer->groups, slice);
                if (q < 0)
                        r = fail_at_slice(ret_failure, slice, r, q);
        }
        q = groups_finish(&placer->groups, &failure);
        if (q < 0 && r >= 0) {
                *ret_failure = failure;
                r = q;
        }
        return r;
}
