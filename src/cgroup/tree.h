/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cgroup/mounts.h"

#define CGROUP_USER_SLICE "user.slice"

/* The host's cgroups, by descriptors. A unified tree is one hierarchy for everything; a legacy one (version
 * 1) has a hierarchy for each controller, or for several that are mounted together, and in each of them its
 * own user.slice. A test gives directories of its own. */
typedef struct CgroupTree CgroupTree;

/* Opens a unified tree; NULL is the usual path. It is well if there is no user.slice yet. Does not ask
 * whether it is a cgroup2 file system: that is the next function. */
int cgroup_tree_open(const char *path, CgroupTree **ret);

/* 1 if the tree is a cgroup2 file system, 0 if it is something else (a legacy or hybrid host has a tmpfs at
 * the usual path), or a negative errno. */
int cgroup_tree_is_unified(const CgroupTree *tree);

/* Opens a legacy tree. `systemd`: it is systemd that makes slices, so they are seen to come and go in its
 * hierarchy name=systemd, and elsewhere only as far as their controllers are used. Otherwise they are seen
 * in that of the cpu controller. -ENXIO if a hierarchy that nothing goes without is not mounted: cpu,
 * cpuacct, and with systemd name=systemd. */
int cgroup_tree_open_legacy(const CgroupMounts *mounts, bool systemd, CgroupTree **ret);

CgroupTree *cgroup_tree_free(CgroupTree *tree);
DEFINE_CLEANUP(CgroupTree *, cgroup_tree_free)

bool cgroup_tree_is_legacy(const CgroupTree *tree);

/* name=systemd and each controller by itself: more hierarchies no tree has. */
#define CGROUP_HIERARCHIES_MAX (1 + _CONTROLLER_COUNT)

/* One hierarchy. All that is in it stays the tree's. */
typedef struct CgroupHierarchy {
        const char *name; /* as a line of /proc/PID/cgroup has it between the colons, or one of several:
                           * "" for the unified one, "name=systemd", "cpu" */
        char *root;       /* the group that root_fd shows, as /proc/PID/cgroup names it; "/" but in
                           * containers */
        int root_fd;
        int user_slice_fd; /* -1 if it was not there at the last look; another one after a refresh */
        uint64_t user_slice_inode;
} CgroupHierarchy;

/* The hierarchies in which a slice's processes are limited and counted, each once: the first is the one in
 * which slices are seen to come and go. The cpuset hierarchy of version 1 is not among them. */
size_t cgroup_tree_count(const CgroupTree *tree);
const CgroupHierarchy *cgroup_tree_hierarchy(const CgroupTree *tree, size_t i);

/* The hierarchy of a controller; NULL if it is not mounted, or is not version 1's in a legacy tree. */
const CgroupHierarchy *cgroup_tree_of_controller(const CgroupTree *tree, Controller controller);

/* The root of the hierarchy in which slices are seen. The descriptor stays the tree's. */
int cgroup_tree_root_fd(const CgroupTree *tree);

/* user.slice in it, or -1 if it was not there at the last look. The descriptor stays the tree's and may be
 * another after cgroup_tree_refresh(). */
int cgroup_tree_user_slice_fd(const CgroupTree *tree);

/* Looks again whether user.slice is there and still the same, in all hierarchies. Of the one in which slices
 * are seen: 1 if it is another than before (what was opened relative to the old one is dead), 0 if it is the
 * same, -ENOENT if there is none now. */
int cgroup_tree_refresh(CgroupTree *tree);
