/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "place/move.h"

#include "cgroup/group.h"

/* Who forks all the time has to be caught up with: each round takes all there are at that moment. */
#define ROUNDS_MAX 32

void process_groups_done(ProcessGroups *groups) {
        for (size_t i = 0; i < ELEMENTSOF(groups->path); i++)
                free(groups->path[i]);
        *groups = (ProcessGroups){};
}

static bool is_in(const char *path, uid_t uid) {
        uid_t found;

        return path && groups_slice_of_path(path, &found) >= 0 && found == uid;
}

/* To a path that was; the root takes whom nothing else does. */
static int attach_back(const Groups *groups, size_t i, const char *path, pid_t pid) {
        int root_fd = cgroup_tree_hierarchy(groups->tree, i)->root_fd;
        _cleanup_close_ int fd = path ? group_open(root_fd, path) : -1;
        int r = fd >= 0 ? group_attach(fd, pid) : -ENOENT;

        return r >= 0 || r == -ESRCH ? r : group_attach(root_fd, pid);
}

int move_in(const Groups *groups, const PlaceSlice *slice, pid_t pid, const ProcessGroups *from,
            size_t *ret_hierarchy) {
        unsigned moved = 0;

        for (size_t i = 0; i < cgroup_tree_count(groups->tree); i++) {
                _cleanup_close_ int fd = -1;
                int r;

                if (is_in(from->path[i], slice->uid))
                        continue;
                fd = groups_open_slice(groups, slice->uid, i);
                r = fd >= 0 ? group_attach(fd, pid) : fd;
                if (r < 0) {
                        for (size_t k = 0; k < i; k++)
                                if (moved & 1U << k)
                                        (void) attach_back(groups, k, from->path[k], pid);
                        *ret_hierarchy = i;
                        return r;
                }
                moved |= 1U << i;
        }
        return moved != 0;
}

/* A slice that somebody else has made is none of ours, and whom he has put there stays. */
static const PlaceSlice *our_slice(const Groups *groups, const char *path, size_t i) {
        const PlaceSlice *slice;
        uid_t uid;

        if (!path || groups_slice_of_path(path, &uid) < 0)
                return NULL;
        slice = record_find(&groups->record, uid);
        return slice && slice->made & 1U << i ? slice : NULL;
}

int move_out(const Groups *groups, pid_t pid, const ProcessGroups *from) {
        int moved = 0;

        for (size_t i = 0; i < cgroup_tree_count(groups->tree); i++) {
                const PlaceSlice *slice = our_slice(groups, from->path[i], i);
                int r;

                if (!slice)
                        continue;
                r = attach_back(groups, i, record_origin(slice, i), pid);
                if (r < 0)
                        return r;
                moved = 1;
        }
        return moved;
}

/* Returns how many were there. */
static int move_some_out(const Groups *groups, const PlaceSlice *slice, size_t i, int slice_fd) {
        _cleanup_free_ pid_t *pids = NULL;
        size_t count;
        int r;

        r = group_list(slice_fd, &pids, &count);
        if (r < 0)
                return r == -ENODEV ? 0 : r;
        for (size_t k = 0; k < count; k++) {
                r = attach_back(groups, i, record_origin(slice, i), pids[k]);
                if (r < 0 && r != -ESRCH)
                        return r;
        }
        return count > 0;
}

static int empty(const Groups *groups, const PlaceSlice *slice, size_t i) {
        _cleanup_close_ int fd = groups_open_slice(groups, slice->uid, i);

        if (fd < 0)
                return fd == -ENOENT ? 0 : fd;
        for (unsigned round = 0; round < ROUNDS_MAX; round++) {
                int r = move_some_out(groups, slice, i, fd);

                if (r <= 0)
                        return r;
        }
        return -EBUSY;
}

int move_all_out(const Groups *groups, const PlaceSlice *slice) {
        for (size_t i = 0; i < cgroup_tree_count(groups->tree); i++) {
                int r = slice->made & 1U << i ? empty(groups, slice, i) : 0;

                if (r < 0)
                        return r;
        }
        return 0;
}
