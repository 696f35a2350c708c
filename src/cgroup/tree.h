/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

#define CGROUP_TREE_DEFAULT_PATH "/sys/fs/cgroup"
#define CGROUP_USER_SLICE        "user.slice"

/* The unified hierarchy, by descriptors. A test gives a directory of its own. */
typedef struct CgroupTree CgroupTree;

/* Opens the tree; NULL is the usual path. It is well if there is no user.slice yet. Does not ask whether it
 * is a cgroup2 file system: that is the next function. */
int cgroup_tree_open(const char *path, CgroupTree **ret);

CgroupTree *cgroup_tree_free(CgroupTree *tree);
DEFINE_CLEANUP(CgroupTree *, cgroup_tree_free)

/* 1 if the tree is a cgroup2 file system, 0 if it is something else (a legacy or hybrid host has a tmpfs at
 * the usual path), or a negative errno. */
int cgroup_tree_is_unified(const CgroupTree *tree);

/* The root of the tree. The descriptor stays the tree's. */
int cgroup_tree_root_fd(const CgroupTree *tree);

/* user.slice, or -1 if it was not there at the last look. The descriptor stays the tree's and may be another
 * after cgroup_tree_refresh(). */
int cgroup_tree_user_slice_fd(const CgroupTree *tree);

/* Looks again whether user.slice is there and still the same. 1 if it is another than before (what was
 * opened relative to the old one is dead), 0 if it is the same, -ENOENT if there is none now. */
int cgroup_tree_refresh(CgroupTree *tree);
