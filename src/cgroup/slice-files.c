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
#define FILE_PATH_MAX 512

static int open_directory(int parent_fd, const char *path) {
        int fd = openat(parent_fd, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

static int new_files(const CgroupTree *tree, const char *path, uint64_t inode, SliceFiles **ret) {
        SliceFiles *files = malloc(sizeof *files + strlen(path) + 1);

        if (!files)
                return -ENOMEM;
        *files = (SliceFiles){
                .ops = cgroup_tree_is_legacy(tree) ? &slice_files_legacy : &slice_files_unified,
                .tree = tree,
                .inode = inode,
        };
        strcpy(files->path, path);
        for (size_t i = 0; i < _HELD_COUNT; i++)
                files->held_fd[i] = -1;
        *ret = files;
        return 0;
}

int slice_files_open(const CgroupTree *tree, const char *path, SliceFiles **ret) {
        _cleanup_close_ int fd = open_directory(cgroup_tree_root_fd(tree), path);
        struct stat st;

        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        return new_files(tree, path, st.st_ino, ret);
}

typedef char UserSlicePath[sizeof CGROUP_USER_SLICE + 1 + SLICE_NAME_MAX];

static int user_slice_path(UserSlicePath path, const char *name) {
        if (strlen(name) > SLICE_NAME_MAX)
                return -ENAMETOOLONG;
        snprintf(path, sizeof(UserSlicePath), CGROUP_USER_SLICE "/%s", name);
        return 0;
}

int slice_files_open_user(const CgroupTree *tree, const char *name, SliceFiles **ret) {
        UserSlicePath path;
        int r = user_slice_path(path, name);

        return r < 0 ? r : slice_files_open(tree, path, ret);
}

int slice_files_for_known_user(const CgroupTree *tree, const char *name, uint64_t inode, SliceFiles **ret) {
        UserSlicePath path;
        int r = user_slice_path(path, name);

        return r < 0 ? r : new_files(tree, path, inode, ret);
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

/* What was read or opened by its name was the slice's if that is there afterwards: every function of
 * slice-files.h that does so ends with this. */
static int leave(const SliceFiles *files, int r) {
        int there = check_there(files);

        return there < 0 ? there : r;
}

/* ENOENT: not there when it was opened. ENODEV: gone between open and read. */
static bool is_absence(ssize_t error) {
        return error == -ENOENT || error == -ENODEV;
}

static int open_of_controller(const SliceFiles *files, Controller controller) {
        const CgroupHierarchy *h = cgroup_tree_of_controller(files->tree, controller);

        return h ? open_directory(h->root_fd, files->path) : -ENODATA;
}

/* The directory, if it is the slice's. */
static int take_ours(const SliceFiles *files, int opened) {
        _cleanup_close_ int fd = opened;
        int r = leave(files, is_absence(fd) ? -ENODATA : fd);

        return r < 0 ? r : TAKE_FD(fd);
}

int slice_files_open_directory(const SliceFiles *files) {
        return take_ours(files, open_directory(cgroup_tree_root_fd(files->tree), files->path));
}

int slice_files_open_controller(const SliceFiles *files, Controller controller) {
        return take_ours(files, open_of_controller(files, controller));
}

/* In one step from the root, since this is done of very many slices in one go. */
static int open_by_name(const SliceFiles *files, Controller controller, const char *name) {
        const CgroupHierarchy *h = cgroup_tree_of_controller(files->tree, controller);
        char path[FILE_PATH_MAX];
        int fd;

        if (!h)
                return -ENODATA;
        if ((size_t) snprintf(path, sizeof path, "%s/%s", files->path, name) >= sizeof path)
                return -ENAMETOOLONG;
        fd = openat(h->root_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
        return fd < 0 ? -errno : fd;
}

ssize_t slice_files_read_by_name(const SliceFiles *files, Controller controller, const char *name,
                                 char *buffer, size_t size) {
        _cleanup_close_ int fd = open_by_name(files, controller, name);
        ssize_t n = fd < 0 ? fd : read_attribute(fd, buffer, size);

        return is_absence(n) ? -ENODATA : n;
}

/* A controller's directory goes and comes back while the slice lives (systemd removes and makes it as it is
 * needed), which leaves a dead descriptor behind: it is opened once more. */
ssize_t slice_files_read_held(SliceFiles *files, HeldFile held, Controller controller, const char *name,
                              char *buffer, size_t size) {
        int *fd = &files->held_fd[held];
        ssize_t n = *fd >= 0 ? read_attribute(*fd, buffer, size) : -ENODEV;
        int r;

        if (n != -ENODEV)
                return n;
        safe_close(*fd);
        *fd = open_by_name(files, controller, name);
        n = *fd < 0 ? *fd : read_attribute(*fd, buffer, size);
        r = leave(files, 0);
        if (r < 0)
                n = r;
        else if (is_absence(n))
                n = -ENODATA;
        if (n < 0)
                *fd = safe_close(*fd);
        return n;
}

int slice_files_read_value(const SliceFiles *files, Controller controller, const char *name, uint64_t *ret) {
        char buffer[SMALL_FILE_MAX];
        ssize_t n = slice_files_read_by_name(files, controller, name, buffer, sizeof buffer);

        return n < 0 ? (int) n : parse_single_value(buffer, (size_t) n, ret);
}

/* Keys of memory.stat; each value is left alone if it is not there. Returns as flat_keyed_parse() does. */
static int read_memory_stat(const SliceFiles *files, const FlatKey *keys, size_t n_keys) {
        _cleanup_free_ char *buffer = malloc(MEMORY_STAT_MAX);
        ssize_t n;

        if (!buffer)
                return -ENOMEM;
        n = slice_files_read_by_name(files, CONTROLLER_MEMORY, "memory.stat", buffer, MEMORY_STAT_MAX);
        return n < 0 ? (int) n : flat_keyed_parse(buffer, (size_t) n, keys, n_keys);
}

static int read_page_cache(const SliceFiles *files, uint64_t *ret) {
        uint64_t file = 0, shmem = 0, swapcached = 0;
        const FlatKey keys[] = {
                { files->ops->stat_file, &file },
                { files->ops->stat_shmem, &shmem },
                { files->ops->stat_swapcached, &swapcached },
        };
        int r = read_memory_stat(files, keys, ELEMENTSOF(keys));

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

int slice_files_read_page_cache(const SliceFiles *files, uint64_t *ret) {
        uint64_t bytes = 0;
        int r = leave(files, read_page_cache(files, &bytes));

        if (r >= 0)
                *ret = bytes;
        return r;
}

int slice_files_read_cpu(SliceFiles *files, CpuStat *ret) {
        return files->ops->read_cpu(files, ret);
}

void slice_files_let_go_throttling(SliceFiles *files) {
        if (files->ops->throttling_apart)
                files->held_fd[HELD_CPU_STAT] = safe_close(files->held_fd[HELD_CPU_STAT]);
}

int slice_files_read_cpu_usage(SliceFiles *files, CpuStat *ret) {
        slice_files_let_go_throttling(files);
        return files->ops->read_cpu_usage(files, ret);
}

int slice_files_is_populated(const SliceFiles *files) {
        _cleanup_close_ int fd = slice_files_open_directory(files);
        char buffer[SMALL_FILE_MAX];
        uint64_t populated;
        ssize_t n = fd < 0 ? fd : read_attribute_at(fd, "cgroup.events", buffer, sizeof buffer);
        int r;

        if (n < 0)
                return leave(files, is_absence(n) ? -ENODATA : (int) n);
        r = flat_keyed_parse(buffer, (size_t) n, &(FlatKey){ "populated", &populated }, 1);
        return r < 0 ? r : r == 0 ? -ENODATA : populated > 0;
}

static int read_memory_events(const SliceFiles *files, const char *name, MemoryEvents *ret) {
        char buffer[SMALL_FILE_MAX];
        ssize_t n = slice_files_read_by_name(files, CONTROLLER_MEMORY, name, buffer, sizeof buffer);
        int r = leave(files, (int) MIN(n, 0));

        return r < 0 ? r : memory_events_parse(buffer, (size_t) n, ret);
}

int slice_files_read_memory_events(const SliceFiles *files, MemoryEvents *ret) {
        return read_memory_events(files, "memory.events", ret);
}

int slice_files_read_memory_events_local(const SliceFiles *files, MemoryEvents *ret) {
        return read_memory_events(files, "memory.events.local", ret);
}

int slice_files_read_oom_groups(const SliceFiles *files, OomGroup **ret, size_t *ret_count) {
        _cleanup_close_ int fd = slice_files_open_controller(files, CONTROLLER_MEMORY);
        int r = fd < 0 ? fd : oom_groups_read(fd, ret, ret_count);

        return is_absence(r) ? leave(files, -ENODATA) : r;
}

static int read_memory(const SliceFiles *files, MemoryUse *ret) {
        const SliceFilesOps *ops = files->ops;
        int r;

        *ret = (MemoryUse){ .peak = UINT64_MAX, .inactive_file = UINT64_MAX };
        r = slice_files_read_value(files, CONTROLLER_MEMORY, ops->memory_current, &ret->current);
        if (r < 0)
                return r;
        r = slice_files_read_value(files, CONTROLLER_MEMORY, ops->memory_peak, &ret->peak);
        if (r < 0 && r != -ENODATA)
                return r;
        r = read_memory_stat(files, &(FlatKey){ ops->stat_inactive_file, &ret->inactive_file }, 1);
        return r < 0 && r != -ENODATA ? r : 0;
}

int slice_files_read_memory(const SliceFiles *files, MemoryUse *ret) {
        MemoryUse use;
        int r = leave(files, read_memory(files, &use));

        if (r >= 0)
                *ret = use;
        return r;
}

int slice_files_read_memory_by_name(const SliceFiles *files, uint64_t *ret) {
        int r = slice_files_read_value(files, CONTROLLER_MEMORY, files->ops->memory_current, ret);

        return r == -ENODATA ? leave(files, r) : r;
}

static int read_limits(const SliceFiles *files, Limits *ret, LimitMask *ret_present) {
        LimitMask present = 0;

        *ret = (Limits) LIMITS_UNSET;
        for (unsigned i = 0; i < _LIMIT_COUNT; i++) {
                int r = files->ops->read_limit(files, (Limit) i, &ret->value[i]);

                if (r == -ENODATA)
                        continue;
                if (r < 0)
                        return r;
                present |= 1U << i;
        }
        *ret_present = present;
        return 0;
}

int slice_files_read_limits(const SliceFiles *files, Limits *ret, LimitMask *ret_present) {
        LimitMask present = 0;
        Limits limits;
        int r = leave(files, read_limits(files, &limits, &present));

        if (r < 0)
                return r;
        *ret = limits;
        *ret_present = present;
        return 0;
}
