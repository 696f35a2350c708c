/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "place/record.h"

/* user.slice and user-UID.slice, made and removed in every hierarchy of the tree. Nothing else is made,
 * removed or written to, but for cgroup.subtree_control of the root and of user.slice in a unified tree. */
typedef struct Groups {
        const CgroupTree *tree; /* not owned */
        Record record;
        bool dirty; /* the record is not written yet */
} Groups;

/* What could not be done, for a message. */
typedef struct PlaceFailure {
        SliceName group;        /* "/", "user.slice" or a slice; "": the record in the runtime directory */
        const char *hierarchy;  /* in this one, as in CgroupHierarchy; static or the tree's. NULL: in any */
        const char *controller; /* turning this one on; NULL: making or removing the group */
} PlaceFailure;

/* Reads the record, and finds out what there is of it and besides it. The tree, the open "/proc" (used for
 * this call only) and the runtime directory stay the caller's. *ret is to be freed by groups_done(), also on
 * failure. */
int groups_open(const CgroupTree *tree, int proc_fd, int runtime_fd, Groups *ret, unsigned *ret_skipped);
void groups_done(Groups *groups);

/* Makes user.slice and turns on the controllers. On failure *ret_failure says at what. -EOPNOTSUPP if the
 * unified tree does not have a controller to turn on. */
int groups_prepare(Groups *groups, PlaceFailure *ret_failure);

/* The user's slice; if there is none, it is made: last in the hierarchy in which slices are seen, so that
 * who sees it finds it everywhere. `origin` has a path for each hierarchy, or NULL: where the process was
 * that it is made for. */
int groups_make(Groups *groups, uid_t uid, char *const *origin, PlaceSlice **ret, PlaceFailure *ret_failure);

/* Removes the slice where it is ours; first in the hierarchy in which slices are seen. 0, and `slice` is
 * gone, or -EBUSY: it is not empty, try again later. */
int groups_remove(Groups *groups, PlaceSlice *slice);

/* A slice's group in the hierarchy: a descriptor of the caller's, for what is below it. */
int groups_open_slice(const Groups *groups, uid_t uid, size_t hierarchy);

/* Writes the record if it has to be. */
int groups_sync(Groups *groups);

/* Removes user.slice if it is ours, and turns off what groups_prepare() has turned on. -EBUSY if something
 * is left in it. */
int groups_finish(Groups *groups, PlaceFailure *ret_failure);

/* Whose slice a path is in or below; -ENOENT if in none. */
int groups_slice_of_path(const char *path, uid_t *ret);
