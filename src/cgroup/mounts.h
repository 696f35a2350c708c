/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/macro.h"

/* Where the kernel's cgroup hierarchies are mounted, as /proc/self/mountinfo tells (proc(5)): version 1's
 * controllers at any path, together or apart, and the unified hierarchy. */

#define CGROUP_TREE_DEFAULT_PATH "/sys/fs/cgroup"

/* The controllers of version 1 that are used here. */
typedef enum Controller {
        CONTROLLER_CPU,     /* quota, weight, throttling */
        CONTROLLER_CPUACCT, /* CPU time used */
        CONTROLLER_MEMORY,
        CONTROLLER_CPUSET,
        _CONTROLLER_COUNT,
} Controller;

/* "cpu", "cpuacct", "memory", "cpuset". */
const char *controller_to_string(Controller controller);

typedef struct CgroupMount {
        char *path;   /* absolute; NULL: not mounted */
        char *root;   /* the group that is seen there, "/" but in containers; a group's path in
                       * /proc/PID/cgroup begins with it */
        dev_t device; /* of the file system, as st_dev of all that is in it */
} CgroupMount;

typedef struct CgroupMounts {
        CgroupMount unified; /* cgroup2 */
        CgroupMount systemd; /* version 1's hierarchy name=systemd, which has no controller */
        CgroupMount legacy[_CONTROLLER_COUNT]; /* version 1; the same path for those mounted together */
} CgroupMounts;

/* Understands the text of mountinfo, which need not end with NUL. What is not a cgroup mount is skipped,
 * whatever it holds. Of several mounts of one hierarchy the first that shows its root counts, and else the
 * first of all. 0, or -ENOMEM, or -EBADMSG for a line that the kernel does not write; *ret is empty then. */
int cgroup_mounts_parse(const char *text, size_t length, CgroupMounts *ret);

/* The same from "self/mountinfo" below an open "/proc". */
int cgroup_mounts_read(int proc_fd, CgroupMounts *ret);

/* Leaves out each mount that its path does not lead to, since something else is mounted over it or over a
 * directory on the way: what is found there is none of the kernel's, whatever it looks like. They are told
 * one by one before that, by the names of /proc/PID/cgroup ("cgroup2", "cpu"). */
typedef void (*CgroupMountHandler)(const char *name, const char *path, void *userdata);
void cgroup_mounts_drop_hidden(CgroupMounts *mounts, CgroupMountHandler hidden, void *userdata);

/* Frees what is in it, not the struct itself, and leaves it empty. */
void cgroup_mounts_done(CgroupMounts *mounts);

/* Whether version 1 has one of the controllers that limits need. */
bool cgroup_mounts_are_legacy(const CgroupMounts *mounts);

/* Whether limits go into the unified tree: it is at the usual path, or version 1 has no controller of ours.
 * A hybrid host has one too, beside version 1's controllers. Neither legacy nor unified: there is no tree.
 */
bool cgroup_mounts_are_unified(const CgroupMounts *mounts);
