/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cgroup/slice-files.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "cgroup/flat-keyed.h"
#include "cgroup/slice-files-internal.h"
#include "model/slice-name.h"

#define MEMORY_STAT_MAX 32768
/* A slice of a user, and a file in it, with room to spare */
#define MEMORY_PATH_MAX 512

static int open_directory(int parent_fd, const char *path) {
        int fd = openat(parent_fd, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

int slice_files_open(const CgroupTree *tree, const char *path, SliceFiles **ret) {
        _cleanup_close_ int fd = open_directory(cgroup_tree_root_fd(tree), path);
        struct stat st;
        SliceFiles *files;

        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        files = malloc(sizeof *files + strlen(path) + 1);
        if (!files)
                return -ENOMEM;
        *files = (SliceFiles){
                .ops = cgroup_tree_is_legacy(tree) ? &slice_files_legacy : &slice_files_unified,
                .tree = tree,
                .dir_fd = -1,
                .inode = st.st_ino,
        };
        strcpy(files->path, path);
        for (size_t i = 0; i < _HELD_COUNT; i++)
                files->held_fd[i] = -1;
        for (size_t i = 0; i < _CONTROLLER_COUNT; i++)
                files->controller_dir_fd[i] = -1;
        *ret = files;
        return 0;
}

int slice_files_open_user(const CgroupTree *tree, const char *name, SliceFiles **ret) {
        char path[sizeof CGROUP_USER_SLICE + 1 + SLICE_NAME_MAX];

        if (strlen(name) > SLICE_NAME_MAX)
                return -ENAMETOOLONG;
        snprintf(path, sizeof path, CGROUP_USER_SLICE "/%s", name);
        return slice_files_open(tree, path, ret);
}

/* What a function of slice-files.h ends with. */
static int leave(SliceFiles *files, int r) {
        if (!files->entered)
                return r;
        files->entered = false;
        files->dir_fd = safe_close(files->dir_fd);
        for (size_t i = 0; i < _CONTROLLER_COUNT; i++)
                files->controller_dir_fd[i] = safe_close(files->controller_dir_fd[i]);
        return r;
}

SliceFiles *slice_files_free(SliceFiles *files) {
        if (!files)
                return NULL;
        for (size_t i = 0; i < _HELD_COUNT; i++)
                safe_close(files->held_fd[i]);
        free(files);
        return NULL;
}

uint64_t slice_files_inode(const SliceFiles *files) {
        return files->inode;
}

/* Whether the directory of that name is the slice's: it may be another's by now. 0 or -ENODEV. */
static int check_there(const SliceFiles *files) {
        struct stat st;

        if (fstatat(cgroup_tree_root_fd(files->tree), files->path, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? -ENODEV : -errno;
        return st.st_ino == files->inode ? 0 : -ENODEV;
}

/* What was opened by the name belonged to the slice if that is there after it. */
static int open_ours(const SliceFiles *files, const CgroupHierarchy *h) {
        _cleanup_close_ int fd = open_directory(h->root_fd, files->path);
        int r = check_there(files);

        if (r < 0)
                return r;
        return fd == -ENOENT ? -ENODATA : TAKE_FD(fd);
}

static int enter(SliceFiles *files) {
        files->entered = true;
        if (files->dir_fd < 0)
                files->dir_fd = open_ours(files, cgroup_tree_hierarchy(files->tree, 0));
        return files->dir_fd;
}

/* Tells a file that is not there from a slice that is not there. */
static int absent_or_gone(const SliceFiles *files) {
        int r = check_there(files);

        return r < 0 ? r : -ENODATA;
}

static int enter_controller(SliceFiles *files, Controller controller) {
        const CgroupHierarchy *h = cgroup_tree_of_controller(files->tree, controller);
        int *fd = &files->controller_dir_fd[controller];

        if (!h)
                return -ENODATA;
        if (h == cgroup_tree_hierarchy(files->tree, 0))
                return enter(files);
        if (*fd >= 0)
                return *fd;
        files->entered = true;
        *fd = open_ours(files, h);
        return *fd;
}

int slice_files_open_directory(SliceFiles *files) {
        int fd = enter(files);

        if (fd >= 0)
                fd = TAKE_FD(files->dir_fd);
        return leave(files, fd);
}

int slice_files_open_controller(SliceFiles *files, Controller controller) {
        int fd = enter_controller(files, controller);

        if (fd >= 0)
                fd = fd == files->dir_fd ? TAKE_FD(files->dir_fd)
                                         : TAKE_FD(files->controller_dir_fd[controller]);
        return leave(files, fd);
}

/* ENOENT: not there when it was opened. ENODEV: gone between open and read. */
static bool is_absence(ssize_t error) {
        return error == -ENOENT || error == -ENODEV;
}

ssize_t slice_files_read_once(SliceFiles *files, Controller controller, const char *name, char *buffer,
                              size_t size) {
        int fd = enter_controller(files, controller);
        ssize_t n = fd < 0 ? fd : read_attribute_at(fd, name, buffer, size);

        return is_absence(n) ? absent_or_gone(files) : n;
}

static int open_held(SliceFiles *files, Controller controller, const char *name) {
        int fd = enter_controller(files, controller);

        if (fd < 0)
                return fd;
        fd = openat(fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
        return fd < 0 ? -errno : fd;
}

/* A controller's directory goes and comes back while the slice lives (systemd removes and makes it as it is
 * needed), which leaves a dead descriptor behind: it is opened once more. */
ssize_t slice_files_read_held(SliceFiles *files, HeldFile held, Controller controller, const char *name,
                              char *buffer, size_t size) {
        int *fd = &files->held_fd[held];
        ssize_t n = *fd >= 0 ? read_attribute(*fd, buffer, size) : -ENODEV;

        if (n != -ENODEV)
                return n;
        safe_close(*fd);
        *fd = open_held(files, controller, name);
        n = *fd < 0 ? *fd : read_attribute(*fd, buffer, size);
        if (n < 0)
                *fd = safe_close(*fd);
        return is_absence(n) ? absent_or_gone(files) : n;
}

int slice_files_read_value(SliceFiles *files, Controller controller, const char *name, uint64_t *ret) {
        char buffer[SMALL_FILE_MAX];
        ssize_t n = slice_files_read_once(files, controller, name, buffer, sizeof buffer);

        return n < 0 ? (int) n : parse_single_value(buffer, (size_t) n, ret);
}

int slice_files_read_memory_stat(SliceFiles *files, const FlatKey *keys, size_t n_keys) {
        _cleanup_free_ char *buffer = malloc(MEMORY_STAT_MAX);
        ssize_t n;

        if (!buffer)
                return -ENOMEM;
        n = slice_files_read_once(files, CONTROLLER_MEMORY, "memory.stat", buffer, MEMORY_STAT_MAX);
        return n < 0 ? (int) n : flat_keyed_parse(buffer, (size_t) n, keys, n_keys);
}

static int read_page_cache(SliceFiles *files, uint64_t *ret) {
        uint64_t file = 0, shmem = 0, swapcached = 0;
        const FlatKey keys[] = {
                { files->ops->stat_file, &file },
                { files->ops->stat_shmem, &shmem },
                { files->ops->stat_swapcached, &swapcached },
        };
        int r = slice_files_read_memory_stat(files, keys, ELEMENTSOF(keys));

        if (r < 0)
                return r;
        if (!(r & 1))
                return -ENODATA;
        /* What waits to be written to the swap, or has come from there, counts as a file as well
         * (mm/swap_state.c). The counters are not read at one instant. */
        file -= MIN(file, shmem);
        *ret = file - MIN(file, swapcached);
        return 0;
}

int slice_files_read_page_cache(SliceFiles *files, uint64_t *ret) {
        return leave(files, read_page_cache(files, ret));
}

int slice_files_read_cpu(SliceFiles *files, CpuStat *ret) {
        return leave(files, files->ops->read_cpu(files, ret));
}

void slice_files_let_go_throttling(SliceFiles *files) {
        if (files->ops->throttling_apart)
                files->held_fd[HELD_CPU_STAT] = safe_close(files->held_fd[HELD_CPU_STAT]);
}

int slice_files_read_cpu_usage(SliceFiles *files, CpuStat *ret) {
        slice_files_let_go_throttling(files);
        return leave(files, files->ops->read_cpu_usage(files, ret));
}

static int read_memory_events(SliceFiles *files, const char *name, MemoryEvents *ret) {
        char buffer[SMALL_FILE_MAX];
        ssize_t n = slice_files_read_once(files, CONTROLLER_MEMORY, name, buffer, sizeof buffer);

        return n < 0 ? (int) n : memory_events_parse(buffer, (size_t) n, ret);
}

int slice_files_read_memory_events(SliceFiles *files, MemoryEvents *ret) {
        return leave(files, read_memory_events(files, "memory.events", ret));
}

int slice_files_read_memory_events_local(SliceFiles *files, MemoryEvents *ret) {
        return leave(files, read_memory_events(files, "memory.events.local", ret));
}

static int read_oom_groups(SliceFiles *files, OomGroup **ret, size_t *ret_count) {
        int fd = enter_controller(files, CONTROLLER_MEMORY);
        int r = fd < 0 ? fd : oom_groups_read(fd, ret, ret_count);

        return is_absence(r) ? absent_or_gone(files) : r;
}

int slice_files_read_oom_groups(SliceFiles *files, OomGroup **ret, size_t *ret_count) {
        return leave(files, read_oom_groups(files, ret, ret_count));
}

int slice_files_read_memory(SliceFiles *files, MemoryUse *ret) {
        return leave(files, files->ops->read_memory(files, ret));
}

/* In one step from the root, since this is read of all slices in one go. */
int slice_files_read_memory_by_name(const SliceFiles *files, uint64_t *ret) {
        const CgroupHierarchy *h = cgroup_tree_of_controller(files->tree, CONTROLLER_MEMORY);
        char path[MEMORY_PATH_MAX], buffer[SMALL_FILE_MAX];
        ssize_t n;

        if (!h)
                return -ENODATA;
        if ((size_t) snprintf(path, sizeof path, "%s/%s", files->path, files->ops->memory_current) >=
            sizeof path)
                return -ENAMETOOLONG;
        n = read_attribute_at(h->root_fd, path, buffer, sizeof buffer);
        if (is_absence(n))
                return absent_or_gone(files);
        return n < 0 ? (int) n : parse_single_value(buffer, (size_t) n, ret);
}

static int read_limits(SliceFiles *files, Limits *ret, LimitMask *ret_present) {
        Limits limits = LIMITS_UNSET;
        LimitMask present = 0;

        for (unsigned i = 0; i < _LIMIT_COUNT; i++) {
                int r = files->ops->read_limit(files, (Limit) i, &limits.value[i]);

                if (r == -ENODATA)
                        continue;
                if (r < 0)
                        return r;
                present |= 1U << i;
        }
        *ret = limits;
        *ret_present = present;
        return 0;
}

int slice_files_read_limits(SliceFiles *files, Limits *ret, LimitMask *ret_present) {
        return leave(files, read_limits(files, ret, ret_present));
}
