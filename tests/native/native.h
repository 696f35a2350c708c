/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "unit/unit.h"

#include <sys/types.h>

#include "cgroup/process.h"

/* Tests on the real kernel, as root, on a host with version 1's hierarchies whose user.slice nobody else
 * has: only one at a time, and all that it makes is gone afterwards. The processes are of UIDs that are
 * nobody's. */

#define NATIVE_UID_FIRST 61000
#define NATIVE_UID_LAST  61199

/* Takes the lock, or waits for it, and opens the tree. 0, or 77 after a line that says why not here. */
int native_begin(void);
void native_end(void);

/* After native_begin() */
extern CgroupTree *native_tree;
extern int native_proc_fd;

/* A process of this user, which is NATIVE_UID_FIRST or a later one, or root, that does nothing. All are
 * killed and waited for by native_kill(). */
pid_t native_spawn(uid_t uid);
/* The same that calls `run` in the child, which does not return. */
pid_t native_spawn_to(void (*run)(void *argument), void *argument);
void native_kill(pid_t pid);
void native_kill_all(void);

/* Changes the UID for good, all three of it. */
void native_become(uid_t uid);

/* Whether the process is in the slice of the user in every hierarchy, or in none of any user's. */
bool native_is_in(pid_t pid, uid_t uid);
bool native_is_out(pid_t pid);
/* Whether it is where this process is, in every hierarchy. */
bool native_is_back(pid_t pid);

/* Removes what a test that failed has left: groups of these users, and user.slice. */
void native_remove_slices(void);

/* Whether there is a group of the user, or of user.slice for 0, in any hierarchy. */
bool native_has_slice(uid_t uid);
