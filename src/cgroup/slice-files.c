/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cgroup/slice-files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "cgroup/flat-keyed.h"

/* Longer than any of the files read here but memory.stat. */
#define SMALL_FILE_MAX  4096
#define MEMORY_STAT_MAX 32768

struct SliceFiles {
        int dir_fd;
        int cpu_stat_fd;      /* -1 until it is read */
        int memory_events_fd; /* the same */
        uint64_t inode;
};

int slice_files_open(int parent_fd, const char *name, SliceFiles **ret) {
        _cleanup_close_ int fd = -1;
        struct stat st;
        SliceFiles *files;

        fd = openat(parent_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        files = malloc(sizeof *files);
        if (!files)
                return -ENOMEM;
        *files = (SliceFiles){
                .dir_fd = TAKE_FD(fd),
                .cpu_stat_fd = -1,
                .memory_events_fd = -1,
                .inode = st.st_ino,
        };
        *ret = files;
        return 0;
}

SliceFiles *slice_files_free(SliceFiles *files) {
        if (!files)
                return NULL;
        safe_close(files->dir_fd);
        safe_close(files->cpu_stat_fd);
        safe_close(files->memory_events_fd);
        free(files);
        return NULL;
}

uint64_t slice_files_inode(const SliceFiles *files) {
        return files->inode;
}

int slice_files_dirfd(const SliceFiles *files) {
        return files->dir_fd;
}

/* Tells a file that is not there from a slice that is not there: cpu.stat belongs to every group, whatever
 * controllers are on. */
static int absent_or_gone(const SliceFiles *files) {
        struct stat st;

        return fstatat(files->dir_fd, "cpu.stat", &st, AT_SYMLINK_NOFOLLOW) < 0 ? -ENODEV : -ENODATA;
}

/* ENOENT: not there when it was opened. ENODEV: gone between open and read. */
static bool is_absence(ssize_t error) {
        return error == -ENOENT || error == -ENODEV;
}

static ssize_t read_once(const SliceFiles *files, const char *name, char *buffer, size_t size) {
        ssize_t n = read_file_at(files->dir_fd, name, buffer, size);

        return is_absence(n) ? absent_or_gone(files) : n;
}

/* Reads through *fd, opening it first if it is not open. A controller that was turned off and on again
 * leaves a dead descriptor behind in a slice that lives, so a dead one is opened once more. */
static ssize_t read_held(const SliceFiles *files, int *fd, const char *name, char *buffer, size_t size) {
        ssize_t n = -ENODEV;

        if (*fd >= 0)
                n = read_fd(*fd, buffer, size);
        if (n != -ENODEV)
                return n;

        *fd = safe_close(*fd);
        *fd = openat(files->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
        n = *fd < 0 ? -errno : read_fd(*fd, buffer, size);
        if (!is_absence(n))
                return n;
        *fd = safe_close(*fd);
        return absent_or_gone(files);
}

int slice_files_read_cpu(SliceFiles *files, CpuStat *ret) {
        char buffer[SMALL_FILE_MAX];
        ssize_t n = read_held(files, &files->cpu_stat_fd, "cpu.stat", buffer, sizeof buffer);

        return n < 0 ? (int) n : cpu_stat_parse(buffer, (size_t) n, ret);
}

int slice_files_read_memory_events(SliceFiles *files, MemoryEvents *ret) {
        char buffer[SMALL_FILE_MAX];
        ssize_t n = read_held(files, &files->memory_events_fd, "memory.events", buffer, sizeof buffer);

        return n < 0 ? (int) n : memory_events_parse(buffer, (size_t) n, ret);
}

int slice_files_read_memory_events_local(SliceFiles *files, MemoryEvents *ret) {
        char buffer[SMALL_FILE_MAX];
        ssize_t n = read_once(files, "memory.events.local", buffer, sizeof buffer);

        return n < 0 ? (int) n : memory_events_parse(buffer, (size_t) n, ret);
}

int slice_files_read_value(SliceFiles *files, const char *name, uint64_t *ret) {
        char buffer[SMALL_FILE_MAX];
        ssize_t n = read_once(files, name, buffer, sizeof buffer);

        return n < 0 ? (int) n : parse_single_value(buffer, (size_t) n, ret);
}

static int read_inactive_file(const SliceFiles *files, uint64_t *ret) {
        _cleanup_free_ char *buffer = malloc(MEMORY_STAT_MAX);
        uint64_t value = UINT64_MAX;
        const FlatKey key = { "inactive_file", &value };
        ssize_t n;
        int r;

        if (!buffer)
                return -ENOMEM;
        n = read_once(files, "memory.stat", buffer, MEMORY_STAT_MAX);
        if (n < 0)
                return (int) n;
        r = flat_keyed_parse(buffer, (size_t) n, &key, 1);
        if (r < 0)
                return r;
        *ret = value;
        return 0;
}

int slice_files_read_memory(SliceFiles *files, MemoryUse *ret) {
        MemoryUse use = { .peak = UINT64_MAX, .inactive_file = UINT64_MAX };
        int r;

        r = slice_files_read_value(files, "memory.current", &use.current);
        if (r < 0)
                return r;
        r = slice_files_read_value(files, "memory.peak", &use.peak);
        if (r < 0 && r != -ENODATA)
                return r;
        r = read_inactive_file(files, &use.inactive_file);
        if (r < 0 && r != -ENODATA)
                return r;
        *ret = use;
        return 0;
}

static int read_limit(SliceFiles *files, Limit limit, uint64_t *ret) {
        static const char *const names[_LIMIT_COUNT] = {
                [LIMIT_CPU_WEIGHT] = "cpu.weight",
                [LIMIT_MEMORY_MAX] = "memory.max",
                [LIMIT_MEMORY_HIGH] = "memory.high",
                [LIMIT_MEMORY_SWAP_MAX] = "memory.swap.max",
        };
        char buffer[SMALL_FILE_MAX];
        ssize_t n;

        if (limit != LIMIT_CPU_QUOTA)
                return slice_files_read_value(files, names[limit], ret);
        n = read_once(files, "cpu.max", buffer, sizeof buffer);
        return n < 0 ? (int) n : cpu_max_parse(buffer, (size_t) n, ret);
}

int slice_files_read_limits(SliceFiles *files, Limits *ret, LimitMask *ret_present) {
        Limits limits = LIMITS_UNSET;
        LimitMask present = 0;

        for (unsigned i = 0; i < _LIMIT_COUNT; i++) {
                int r = read_limit(files, (Limit) i, &limits.value[i]);

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
