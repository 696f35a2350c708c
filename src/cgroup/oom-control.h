/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* Out of memory in version 1's memory hierarchy (Documentation/admin-guide/cgroup-v1/memory.rst, section 10;
 * mm/memcontrol-v1.c).
 *
 * memory.oom_control counts the kills whose victim was in that very group (oom_kill, Linux 4.13): not those
 * in groups below it, and a group that is removed takes its counter along. So a slice's kills are those of
 * all its groups, each told from the others by its inode number, which the kernel does not use twice until
 * the next boot. */

typedef struct OomGroup {
        uint64_t inode;
        uint64_t kills;
} OomGroup;

/* How far down, and how many groups, are looked at in one slice. */
#define OOM_GROUPS_MAX       4096
#define OOM_GROUPS_DEPTH_MAX 32

/* The number of kills, out of the text of memory.oom_control or of /proc/vmstat, which need not end with
 * NUL. -ENODATA if the kernel does not count them, -EBADMSG if it is not what the kernel writes. */
int oom_kill_parse(const char *text, size_t length, uint64_t *ret);

/* The same from an open /proc/vmstat: the kills on the whole host, in groups or not. */
int oom_kill_read_host(int vmstat_fd, uint64_t *ret);

/* The group of an O_PATH directory, first, and all groups below it. The caller frees *ret. Groups that go
 * away meanwhile are left out. -ENODEV or -ENOENT if the first one is gone; -E2BIG if they are more, or
 * deeper, than the numbers above say. */
int oom_groups_read(int dirfd, OomGroup **ret, size_t *ret_count);

/* Asks the kernel to add to the eventfd each time that memory runs out because of the limit of this group or
 * of one above it, shortly BEFORE something is killed; and once when the group is removed. It says nothing
 * of limits of groups below this one, nor when the host itself has no memory left. Ends when the eventfd is
 * closed; several groups may have the same one. -ENOENT or -ENODEV: no such group or no such file;
 * -EOPNOTSUPP: a real-time kernel. */
int oom_control_notify(int dirfd, int eventfd);
