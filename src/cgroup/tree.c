/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cgroup/tree.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

struct CgroupTree {
        int root_fd;
        int user_slice_fd; /* -1: there was none */
        ino_t user_slice_inode;
};

int cgroup_tree_open(const char *path, CgroupTree **ret) {
        _cleanup_(cgroup_tree_freep) CgroupTree *tree = malloc(sizeof *tree);
        int r;

        if (!tree)
                return -ENOMEM;
        *tree = (CgroupTree){ .root_fd = -1, .user_slice_fd = -1 };
        tree->root_fd = open(path ? path : CGROUP_TREE_DEFAULT_PATH, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (tree->root_fd < 0)
                return -errno;
        r = cgroup_tree_refresh(tree);
        if (r < 0 && r != -ENOENT)
                return r;
        *ret = TAKE_PTR(tree);
        return 0;
}

CgroupTree *cgroup_tree_free(CgroupTree *tree) {
        if (!tree)
                return NULL;
        safe_close(tree->root_fd);
        safe_close(tree->user_slice_fd);
        free(tree);
        return NULL;
}

int cgroup_tree_is_unified(const CgroupTree *tree) {
        struct statfs fs;

        if (fstatfs(tree->root_fd, &fs) < 0)
                return -errno;
        return fs.f_type == CGROUP2_SUPER_MAGIC;
}

int cgroup_tree_root_fd(const CgroupTree *tree) {
        return tree->root_fd;
}

int cgroup_tree_user_slice_fd(const CgroupTree *tree) {
        return tree->user_slice_fd;
}

int cgroup_tree_refresh(CgroupTree *tree) {
        _cleanup_close_ int fd = -1;
        struct stat st;

        fd = openat(tree->root_fd, CGROUP_USER_SLICE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0) {
                int r = -errno;

                if (r == -ENOENT)
                        tree->user_slice_fd = safe_close(tree->user_slice_fd);
                return r;
        }
        if (fstat(fd, &st) < 0)
                return -errno;
        if (tree->user_slice_fd >= 0 && st.st_ino == tree->user_slice_inode)
                return 0;
        safe_close(tree->user_slice_fd);
        tree->user_slice_fd = TAKE_FD(fd);
        tree->user_slice_inode = st.st_ino;
        return 1;
}
