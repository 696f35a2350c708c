/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/macro.h"

/* Groups as directories, on either version of cgroups. Names are single ones, without a slash; a link is
 * never followed. */

/* Opens the group by a path such as process_read_group() gives: "/" is the root itself. */
int group_open(int root_fd, const char *path);

/* 1 if it was made, 0 if it was there. */
int group_make(int parent_fd, const char *name);

/* 0 also if there is none. -EBUSY while processes or groups are in it; version 1's memory controller says so
 * for a moment after the last process, too. */
int group_remove(int parent_fd, const char *name);

/* Moves a process with all its threads into the group. -ESRCH if there is no such process any more, -ENODEV
 * if the group has been removed; the kernel says -EINVAL to a real-time process in a cpu group without
 * real-time budget, -EBUSY to any in a group of the unified tree that has controllers turned on for its
 * children. */
int group_attach(int group_fd, pid_t pid);

/* The PIDs in the group itself, not in groups below it, in no order. The caller frees it. */
int group_list(int group_fd, pid_t **ret, size_t *ret_count);

/* Whether there is no process in the group itself; 1, 0, or a negative errno. */
int group_is_empty(int group_fd);

/* The unified tree's cgroup.subtree_control: whether the controller is on for the groups below; 1, 0, or a
 * negative errno. */
int group_controls(int group_fd, const char *controller);

/* Turns it on or off. -ENOENT if the controller is not to be had here; -EINVAL for cpu while there are
 * real-time processes and the kernel groups these; -EBUSY while processes are in the group itself. */
int group_control(int group_fd, const char *controller, bool on);

/* Writes a number into one of the group's files. */
int group_set(int group_fd, const char *file, uint64_t value);

/* Understands the text of cgroup.procs. 0 or -EBADMSG, or -ENOMEM. Processes that cannot be named here,
 * which the kernel writes as 0, are left out. The caller frees *ret. */
int group_procs_parse(const char *text, size_t length, pid_t **ret, size_t *ret_count);
