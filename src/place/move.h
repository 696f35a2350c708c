/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cgroup/process.h"
#include "place/groups.h"

/* The groups of one process, by the number of the hierarchy, as process_read_group() gives them; NULL where
 * it is in none. */
typedef struct ProcessGroups {
        char *path[CGROUP_HIERARCHIES_MAX];
} ProcessGroups;

/* Frees what is in it. */
void process_groups_done(ProcessGroups *groups);

/* Moves the process into the slice, in the order of the hierarchies: what it forks meanwhile is in the slice
 * in the first ones and not in the last. So who is in the slice in the last hierarchy is in it everywhere.
 *
 * 1 if it was moved, 0 if it was there already. If the kernel refuses it in one hierarchy, it is put back in
 * those before: a negative errno, and *ret_hierarchy is the one. -ESRCH if it is gone. */
int move_in(const Groups *groups, const PlaceSlice *slice, pid_t pid, const ProcessGroups *from,
            size_t *ret_hierarchy);

/* Moves the process out of whichever slices of ours it is in, to where the slice's processes came from, or
 * to the root if that is not there any more. 1 if it was moved, 0 if it was in none, or a negative errno. */
int move_out(const Groups *groups, pid_t pid, const ProcessGroups *from);

/* The same with all processes that are in the slice itself. -EBUSY if some are left. */
int move_all_out(const Groups *groups, const PlaceSlice *slice);
