/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cgroup/tree.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

struct CgroupTree {
        bool legacy;
        CgroupHierarchy hierarchy[CGROUP_HIERARCHIES_MAX];
        size_t opened; /* of these, */
        size_t count;  /* the ones that are not the cpuset's alone, which comes last */
        const CgroupHierarchy *of_controller[_CONTROLLER_COUNT];
};

static CgroupTree *tree_new(bool legacy) {
        CgroupTree *tree = calloc(1, sizeof *tree);

        if (!tree)
                return NULL;
        tree->legacy = legacy;
        for (size_t i = 0; i < CGROUP_HIERARCHIES_MAX; i++)
                tree->hierarchy[i].root_fd = tree->hierarchy[i].user_slice_fd = -1;
        return tree;
}

static int open_hierarchy(CgroupTree *tree, const char *name, const char *path, const char *root) {
        CgroupHierarchy *h = &tree->hierarchy[tree->opened++];

        h->name = name;
        h->root_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (h->root_fd < 0)
                return -errno;
        h->root = strdup(root);
        return h->root ? 0 : -ENOMEM;
}

int cgroup_tree_open(const char *path, CgroupTree **ret) {
        _cleanup_(cgroup_tree_freep) CgroupTree *tree = tree_new(false);
        int r;

        if (!tree)
                return -ENOMEM;
        r = open_hierarchy(tree, "", path ?: CGROUP_TREE_DEFAULT_PATH, "/");
        if (r < 0)
                return r;
        tree->count = tree->opened;
        for (unsigned i = 0; i < _CONTROLLER_COUNT; i++)
                tree->of_controller[i] = &tree->hierarchy[0];
        r = cgroup_tree_refresh(tree);
        if (r < 0 && r != -ENOENT)
                return r;
        *ret = TAKE_PTR(tree);
        return 0;
}

/* Controllers that are mounted together are one hierarchy. */
static const CgroupHierarchy *find_opened(const CgroupTree *tree, int fd) {
        struct stat a, b;

        if (fstat(fd, &a) < 0)
                return NULL;
        for (size_t i = 0; i + 1 < tree->opened; i++)
                if (fstat(tree->hierarchy[i].root_fd, &b) >= 0 && a.st_dev == b.st_dev &&
                    a.st_ino == b.st_ino)
                        return &tree->hierarchy[i];
        return NULL;
}

static void close_hierarchy(CgroupHierarchy *h) {
        h->root_fd = safe_close(h->root_fd);
        h->user_slice_fd = safe_close(h->user_slice_fd);
        free(h->root);
        h->root = NULL;
}

static int open_controller(CgroupTree *tree, const CgroupMounts *mounts, Controller controller) {
        const CgroupMount *mount = &mounts->legacy[controller];
        CgroupHierarchy *h = &tree->hierarchy[tree->opened];
        const CgroupHierarchy *same;
        int r;

        if (!mount->path)
                return 0;
        r = open_hierarchy(tree, controller_to_string(controller), mount->path, mount->root);
        if (r < 0)
                return r;
        same = find_opened(tree, h->root_fd);
        if (same) {
                close_hierarchy(h);
                tree->opened--;
        }
        tree->of_controller[controller] = same ?: h;
        return 0;
}

int cgroup_tree_open_legacy(const CgroupMounts *mounts, bool systemd, CgroupTree **ret) {
        _cleanup_(cgroup_tree_freep) CgroupTree *tree = NULL;
        int r;

        if (!mounts->legacy[CONTROLLER_CPU].path || !mounts->legacy[CONTROLLER_CPUACCT].path ||
            (systemd && !mounts->systemd.path))
                return -ENXIO;
        tree = tree_new(true);
        if (!tree)
                return -ENOMEM;
        if (systemd) {
                r = open_hierarchy(tree, "name=systemd", mounts->systemd.path, mounts->systemd.root);
                if (r < 0)
                        return r;
        }
        for (unsigned i = 0; i < _CONTROLLER_COUNT; i++) {
                if (i == CONTROLLER_CPUSET)
                        tree->count = tree->opened;
                r = open_controller(tree, mounts, i);
                if (r < 0)
                        return r;
        }
        r = cgroup_tree_refresh(tree);
        if (r < 0 && r != -ENOENT)
                return r;
        *ret = TAKE_PTR(tree);
        return 0;
}

CgroupTree *cgroup_tree_free(CgroupTree *tree) {
        if (!tree)
                return NULL;
        for (size_t i = 0; i < CGROUP_HIERARCHIES_MAX; i++)
                close_hierarchy(&tree->hierarchy[i]);
        free(tree);
        return NULL;
}

bool cgroup_tree_is_legacy(const CgroupTree *tree) {
        return tree->legacy;
}

int cgroup_tree_is_unified(const CgroupTree *tree) {
        struct statfs fs;

        if (fstatfs(cgroup_tree_root_fd(tree), &fs) < 0)
                return -errno;
        return fs.f_type == CGROUP2_SUPER_MAGIC;
}

size_t cgroup_tree_count(const CgroupTree *tree) {
        return tree->count;
}

const CgroupHierarchy *cgroup_tree_hierarchy(const CgroupTree *tree, size_t i) {
        return &tree->hierarchy[i];
}

const CgroupHierarchy *cgroup_tree_of_controller(const CgroupTree *tree, Controller controller) {
        return tree->of_controller[controller];
}

int cgroup_tree_root_fd(const CgroupTree *tree) {
        return tree->hierarchy[0].root_fd;
}

int cgroup_tree_user_slice_fd(const CgroupTree *tree) {
        return tree->hierarchy[0].user_slice_fd;
}

/* Asked often and nearly always so: one system call. */
static bool is_still_there(const CgroupHierarchy *h) {
        struct stat st;

        return h->user_slice_fd >= 0 &&
               fstatat(h->root_fd, CGROUP_USER_SLICE, &st, AT_SYMLINK_NOFOLLOW) >= 0 &&
               st.st_ino == h->user_slice_inode;
}

static int refresh_hierarchy(CgroupHierarchy *h) {
        _cleanup_close_ int fd = -1;
        struct stat st;

        if (is_still_there(h))
                return 0;
        fd = openat(h->root_fd, CGROUP_USER_SLICE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0) {
                int r = -errno;

                if (r == -ENOENT)
                        h->user_slice_fd = safe_close(h->user_slice_fd);
                return r;
        }
        if (fstat(fd, &st) < 0)
                return -errno;
        safe_close(h->user_slice_fd);
        h->user_slice_fd = TAKE_FD(fd);
        h->user_slice_inode = st.st_ino;
        return 1;
}

int cgroup_tree_refresh(CgroupTree *tree) {
        for (size_t i = 1; i < tree->opened; i++)
                (void) refresh_hierarchy(&tree->hierarchy[i]);
        return refresh_hierarchy(&tree->hierarchy[0]);
}
