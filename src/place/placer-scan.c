/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A scan looks at every process on the host, a sweep at those in the groups that users' processes come from:
 * the root and where some were found since the last sweep. Both go by what is cheap to know of most
 * processes, which slice they are in and their effective UID, and read no more of those that are at home. */

#include "place/placer-private.h"

#include "basic/fs.h"
#include "cgroup/group.h"

/* A slice stays for a moment after its last process: the next one may be about to start. */
#define EMPTY_USEC (3 * USEC_PER_SEC)

/* To read what /proc tells of a process takes so many times as long as to see whose it seems to be. Most of
 * those that are read are the kernel's threads, of which there is not much to be read. */
#define CLOSE_LOOK 4

typedef struct Homes {
        Home *home;
        size_t count, allocated;
} Homes;

static void homes_done(Homes *homes) {
        free(homes->home);
}

static size_t last_hierarchy(const Placer *p) {
        return cgroup_tree_count(p->groups.tree) - 1;
}

static int compare_homes(const void *a, const void *b) {
        pid_t x = ((const Home *) a)->pid, y = ((const Home *) b)->pid;

        return (x > y) - (x < y);
}

static int add_homes(Homes *homes, const pid_t *pids, size_t count, uid_t uid) {
        if (homes->count + count > homes->allocated) {
                size_t allocated = MAX(homes->allocated * 2, homes->count + count);
                Home *home = reallocarray(homes->home, allocated, sizeof *home);

                if (!home)
                        return -ENOMEM;
                homes->home = home;
                homes->allocated = allocated;
        }
        for (size_t i = 0; i < count; i++)
                homes->home[homes->count++] = (Home){ pids[i], uid };
        return 0;
}

/* Without the list of a slice its processes are looked at one by one, which only takes longer. */
static void read_homes(Placer *p, Homes *ret) {
        const Record *record = &p->groups.record;

        for (size_t i = 0; i < record->n_slices; i++) {
                PlaceSlice *slice = record->slice[i];
                _cleanup_close_ int fd =
                        slice->present ? groups_open_slice(&p->groups, slice->uid, last_hierarchy(p)) : -1;
                _cleanup_free_ pid_t *pids = NULL;
                size_t count = 0;

                if (fd >= 0 && group_list(fd, &pids, &count) >= 0)
                        (void) add_homes(ret, pids, count, slice->uid);
                if (count == 0 && !slice->empty)
                        place_slice_in_use(slice); /* somebody has taken all out, without their running */
        }
        if (ret->count > 0)
                qsort(ret->home, ret->count, sizeof *ret->home, compare_homes);
}

static const Home *find_home(const Homes *homes, pid_t pid) {
        const Home key = { .pid = pid };

        return homes->count > 0 ? bsearch(&key, homes->home, homes->count, sizeof key, compare_homes) : NULL;
}

static DIR *open_proc(const Placer *p) {
        int fd = group_open(p->proc_fd, "/");
        DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

        if (!dir)
                safe_close(fd);
        return dir;
}

static int look(Placer *p, const Homes *homes, pid_t pid, usec_t now) {
        const Home *home = find_home(homes, pid);
        uid_t owner;

        if (p->thorough)
                return placer_consider(p, pid, PLACER_UNKNOWN, now);
        if (home && process_owner(p->proc_fd, pid, &owner) >= 0 && owner == home->uid &&
            p->handlers.is_managed(owner, p->handlers.userdata))
                return 0;
        return placer_consider(p, pid, home, now);
}

size_t placer_scan(Placer *p, usec_t now, size_t *ret_moved) {
        _cleanup_(homes_done) Homes homes = {};
        _cleanup_(closedirp) DIR *dir = open_proc(p);
        size_t looked = 0, moved = 0;
        pid_t pid;

        if (!dir)
                return 0;
        if (!p->thorough)
                read_homes(p, &homes);
        while ((pid = process_next(dir)) > 0) {
                moved += look(p, &homes, pid, now) > 0;
                looked++;
        }
        *ret_moved = moved;
        return looked;
}

/* Most in the root's group are the system's, and most in a slice are its user's. Who makes itself not
 * dumpable, as everybody may, seems to be root's: after a move such ones are looked at closely too. Where
 * the root's group is looked through all the time, that is left to the scans. */
static bool may_be_misplaced(const Placer *p, pid_t pid, bool in_slice, uid_t uid) {
        uid_t owner;

        if (process_owner(p->proc_fd, pid, &owner) < 0)
                return false;
        if (in_slice)
                return owner != uid;
        return owner == 0 ? p->events : p->handlers.is_managed(owner, p->handlers.userdata);
}

/* -ENOENT if the group is gone. */
static int sweep_group(Placer *p, const char *path, usec_t now, size_t *looked, size_t *moved) {
        const CgroupHierarchy *h = cgroup_tree_hierarchy(p->groups.tree, last_hierarchy(p));
        _cleanup_close_ int fd = group_open(h->root_fd, path);
        _cleanup_free_ pid_t *pids = NULL;
        bool in_slice;
        size_t count;
        uid_t uid = 0;
        int r;

        r = fd < 0 ? fd : group_list(fd, &pids, &count);
        if (r < 0)
                return r;
        in_slice = groups_slice_of_path(path, &uid) >= 0;
        for (size_t i = 0; i < count; i++)
                if (may_be_misplaced(p, pids[i], in_slice, uid)) {
                        *moved += placer_consider(p, pids[i], PLACER_UNKNOWN, now) > 0;
                        *looked += CLOSE_LOOK;
                }
        *looked += count;
        return 0;
}

size_t placer_sweep(Placer *p, usec_t now, size_t *ret_moved) {
        size_t looked = 0, moved = 0;

        if (!p->events)
                (void) sweep_group(p, "/", now, &looked, &moved);
        for (size_t i = p->n_sources; i-- > 0;)
                if (sweep_group(p, p->source[i], now, &looked, &moved) == -ENOENT) {
                        free(p->source[i]);
                        p->source[i] = p->source[--p->n_sources];
                }
        *ret_moved = moved;
        return looked;
}

/* ---- slices without processes ---- */

/* Whether somebody has run since *use, which is then what had been used by now: it is read before processes
 * are looked for, so that who ends in between counts the next time. */
static bool has_run(const Placer *p, const char *slice, uint64_t *use) {
        uint64_t before = *use;

        if (!p->handlers.read_use || p->handlers.read_use(slice, use, p->handlers.userdata) < 0) {
                *use = UINT64_MAX;
                return true;
        }
        return before == UINT64_MAX || *use != before;
}

static bool may_be_empty(const Placer *p, PlaceSlice *slice, bool any_has_run) {
        SliceName name;

        if (slice->empty)
                return true;
        return (any_has_run || slice->use == UINT64_MAX) &&
               has_run(p, slice_name_for_uid(name, slice->uid), &slice->use);
}

static bool is_empty(const Placer *p, const PlaceSlice *slice) {
        _cleanup_close_ int fd = groups_open_slice(&p->groups, slice->uid, last_hierarchy(p));

        return fd < 0 || group_is_empty(fd) > 0;
}

static void remove_if_empty(Placer *p, PlaceSlice *slice, usec_t now) {
        SliceName name;

        if (!is_empty(p, slice)) {
                if (slice->empty)
                        place_slice_in_use(slice);
                return;
        }
        if (!slice->empty) {
                slice->empty = true;
                slice->empty_since = now;
        }
        if (now - slice->empty_since < EMPTY_USEC)
                return;
        if (slice->present && p->handlers.before_remove)
                p->handlers.before_remove(slice_name_for_uid(name, slice->uid), p->handlers.userdata);
        /* The kernel holds a group for a moment after its last process; it is tried again next time. */
        (void) groups_remove(&p->groups, slice);
}

void placer_remove_empties(Placer *p, usec_t now) {
        bool any_has_run = has_run(p, NULL, &p->use);

        for (size_t i = p->groups.record.n_slices; i-- > 0;) {
                PlaceSlice *slice = p->groups.record.slice[i];

                if (slice->made != 0 && may_be_empty(p, slice, any_has_run))
                        remove_if_empty(p, slice, now);
        }
}
