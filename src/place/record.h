/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/time-util.h"
#include "cgroup/tree.h"
#include "model/slice-name.h"

/* What this service has made in the cgroup tree since boot, and where processes were before: written down
 * before it is done, so that whoever comes after a crash takes it up and in the end takes it back, and never
 * removes what somebody else has made.
 *
 * The file has a line for each thing:
 *
 *   boot ID                          of another boot nothing counts
 *   made GROUP HIERARCHY             user.slice or user-UID.slice
 *   origin GROUP HIERARCHY PATH      where the first process of the slice came from
 *   on GROUP CONTROLLER              in cgroup.subtree_control of "/" or user.slice
 *
 * HIERARCHY is as in CgroupHierarchy, but "unified" for that one. Hierarchies are numbered as the tree has
 * them; a mask has bit i for number i. */

/* The controllers that are turned on in a unified tree; a mask has bit i for place_controllers[i]. */
#define PLACE_CONTROLLERS 2
extern const char *const place_controllers[PLACE_CONTROLLERS];

/* Small, since there is one for each slice, also of those that somebody else has made. */
typedef struct PlaceSlice {
        uid_t uid;
        uint8_t made; /* hierarchies in which its group is ours */
        bool present; /* there is a group, of ours or not; not in the file */
        bool empty;   /* it was, when it was looked at last; not in the file, as what follows */
        union {
                usec_t empty_since;
                uint64_t use; /* not empty: what had been used in it by then; UINT64_MAX: not known */
        };
        char **origin; /* for record_origin(); NULL: none is known */
} PlaceSlice;

_Static_assert(CGROUP_HIERARCHIES_MAX <= 8, "a bit for each hierarchy");

typedef struct Record {
        const CgroupTree *tree;          /* not owned */
        int dirfd;                       /* not owned */
        char boot_id[64];                /* "" if it cannot be had */
        unsigned made;                   /* hierarchies in which user.slice is ours */
        unsigned on_root, on_user_slice; /* controllers that were turned on by us */
        PlaceSlice **slice;              /* by UID; each stays where it is until it is dropped */
        size_t n_slices, allocated;
} Record;

/* Reads "groups" in the directory, which stays the caller's, as the tree does. Lines that are not ours are
 * skipped and counted. `proc_fd` is an open "/proc". *ret is always to be freed by record_done(). */
int record_read(const CgroupTree *tree, int proc_fd, int dirfd, Record *ret, unsigned *ret_skipped);
void record_done(Record *record);

/* Understands the text of the file. 0, or -ENOMEM. */
int record_parse(Record *record, const char *text, size_t length, unsigned *ret_skipped);

/* Writes the file; if there is nothing to say, removes it. */
int record_write(const Record *record);

/* NULL if there is none. */
PlaceSlice *record_find(const Record *record, uid_t uid);
/* The slice, or a new and empty one; NULL if there is no memory. */
PlaceSlice *record_get(Record *record, uid_t uid);
void record_drop(Record *record, PlaceSlice *slice);

/* Where the first process of the slice came from: a path below the hierarchy's root; NULL: not known. */
const char *record_origin(const PlaceSlice *slice, size_t hierarchy);
/* Takes a copy. -ENOMEM: it is what it was. */
int record_set_origin(PlaceSlice *slice, size_t hierarchy, const char *path);

/* There is a process in it now, or may be; what was used in it is not known. */
void place_slice_in_use(PlaceSlice *slice);
