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
                .dir_fd = TAKE_FD(fd),
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

SliceFiles *slice_files_free(SliceFiles *files) {
        if (!files)
                return NULL;
        safe_close(files->dir_fd);
        for (size_t i = 0; i < _HELD_COUNT; i++)
                safe_close(files->held_fd[i]);
        for (size_t i = 0; i < _CONTROLLER_COUNT; i++)
                safe_close(files->controller_dir_fd[i]);
        free(files);
        return NULL;
}

uint64_t slice_files_inode(const SliceFiles *files) {
        return files->inode;
}

int slice_files_dirfd(const SliceFiles *files) {
        return files->dir_fd;
}

/* Tells a file that is not there from a slice that is not there. */
static int absent_or_gone(const SliceFiles *files) {
        struct stat st;

        return fstatat(files->dir_fd, files->ops->mark, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -ENODEV : -ENODATA;
}

int slice_files_controller_dirfd(SliceFiles *files, Controller controller) {
        const CgroupHierarchy *h = cgroup_tree_of_controller(files->tree, controller);
        int *fd = &files->controller_dir_fd[controller];

        if (!h)
                return -ENODATA;
        if (h == cgroup_tree_hierarchy(files->tree, 0))
                return files->dir_fd;
        if (*fd >= 0)
                return *fd;
        /* The directory of that name now belongs to this slice only while the slice is there. */
        if (absent_or_gone(files) == -ENODEV)
                return -ENODEV;
        *fd = open_directory(h->root_fd, files->path);
        return *fd >= 0 ? *fd : *fd == -ENOENT ? -ENODATA : *fd;
}

/* ENOENT: not there when it was opened. ENODEV: gone between open and read. */
static bool is_absence(ssize_t error) {
        return error == -ENOENT || error == -ENODEV;
}

/* A controller's directory goes and comes back while the slice lives: systemd removes and makes it as it is
 * needed. Returns whether one that was opened before may have been replaced by another since; then it is
 * worth one more try. */
static bool forget_controller_dir(SliceFiles *files, Controller controller, bool was_open) {
        int *fd = &files->controller_dir_fd[controller];

        *fd = safe_close(*fd);
        return was_open;
}

ssize_t slice_files_read_once(SliceFiles *files, Controller controller, const char *name, char *buffer,
                              size_t size) {
        bool again;
        ssize_t n;

        do {
                bool was_open = files->controller_dir_fd[controller] >= 0;
                int fd = slice_files_controller_dirfd(files, controller);

                n = fd < 0 ? fd : read_file_at(fd, name, buffer, size);
                again = is_absence(n) && forget_controller_dir(files, controller, was_open);
        } while (again);
        return is_absence(n) ? absent_or_gone(files) : n;
}

static int open_held(SliceFiles *files, Controller controller, const char *name) {
        int fd = slice_files_controller_dirfd(files, controller);

        if (fd < 0)
                return fd;
        fd = openat(fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
        return fd < 0 ? -errno : fd;
}

/* A controller that was turned off and on again leaves a dead descriptor behind in a slice that lives, so a
 * dead one is opened once more. */
ssize_t slice_files_read_held(SliceFiles *files, HeldFile held, Controller controller, const char *name,
                              char *buffer, size_t size) {
        int *fd = &files->held_fd[held];
        ssize_t n = *fd >= 0 ? read_fd(*fd, buffer, size) : -ENODEV;
        bool again;

        if (n != -ENODEV)
                return n;
        do {
                bool was_open = files->controller_dir_fd[controller] >= 0;

                *fd = safe_close(*fd);
                *fd = open_held(files, controller, name);
                n = *fd < 0 ? *fd : read_fd(*fd, buffer, size);
                again = is_absence(n) && forget_controller_dir(files, controller, was_open);
        } while (again);
        if (n < 0)
                *fd = *fd < 0 ? -1 : safe_close(*fd);
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

int slice_files_read_page_cache(SliceFiles *files, uint64_t *ret) {
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

int slice_files_read_cpu(SliceFiles *files, CpuStat *ret) {
        return files->ops->read_cpu(files, ret);
}

int slice_files_read_memory_events(SliceFiles *files, MemoryEvents *ret) {
        char buffer[SMALL_FILE_MAX];
        ssize_t n = slice_files_read_held(files, HELD_MEMORY_EVENTS, CONTROLLER_MEMORY, "memory.events",
                                          buffer, sizeof buffer);

        return n < 0 ? (int) n : memory_events_parse(buffer, (size_t) n, ret);
}

int slice_files_read_memory_events_local(SliceFiles *files, MemoryEvents *ret) {
        char buffer[SMALL_FILE_MAX];
        ssize_t n = slice_files_read_once(files, CONTROLLER_MEMORY, "memory.events.local", buffer,
                                          sizeof buffer);

        return n < 0 ? (int) n : memory_events_parse(buffer, (size_t) n, ret);
}

int slice_files_read_oom_groups(SliceFiles *files, OomGroup **ret, size_t *ret_count) {
        bool again;
        int r;

        do {
                bool was_open = files->controller_dir_fd[CONTROLLER_MEMORY] >= 0;
                int fd = slice_files_controller_dirfd(files, CONTROLLER_MEMORY);

                r = fd < 0 ? fd : oom_groups_read(fd, ret, ret_count);
                again = is_absence(r) && forget_controller_dir(files, CONTROLLER_MEMORY, was_open);
        } while (again);
        return is_absence(r) ? absent_or_gone(files) : r;
}

int slice_files_read_memory(SliceFiles *files, MemoryUse *ret) {
        return files->ops->read_memory(files, ret);
}

int slice_files_read_memory_current(SliceFiles *files, uint64_t *ret) {
        char buffer[SMALL_FILE_MAX];
        ssize_t n = slice_files_read_held(files, HELD_MEMORY_CURRENT, CONTROLLER_MEMORY,
                                          files->ops->memory_current, buffer, sizeof buffer);

        return n < 0 ? (int) n : parse_single_value(buffer, (size_t) n, ret);
}

int slice_files_read_limits(SliceFiles *files, Limits *ret, LimitMask *ret_present) {
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
