/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/raw-kernel.h"

#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "cgroup/cpu-bandwidth.h"
#include "cgroup/slice-files.h"
#include "cgroup/v1.h"
#include "support/test.h"

#define NO_LIMIT_V1 "9223372036854771712"

typedef struct FileDefault {
        const char *hierarchy, *file, *text;
} FileDefault;

static const FileDefault unified_files[] = {
        { "unified", "cgroup.procs", "" },
        { "unified", "cpu.stat", "usage_usec 0\n" },
        { "unified", "cpu.max", "max 100000\n" },
        { "unified", "cpu.weight", "100\n" },
        { "unified", "memory.current", "0\n" },
        { "unified", "memory.max", "max\n" },
        { "unified", "memory.high", "max\n" },
        { "unified", "memory.swap.max", "max\n" },
        {},
};
static const FileDefault legacy_files[] = {
        { "cpu", "cgroup.procs", "" },
        { "cpu", "cpu.cfs_period_us", "100000\n" },
        { "cpu", "cpu.cfs_quota_us", "-1\n" },
        { "cpu", "cpu.shares", "1024\n" },
        { "memory", "cgroup.procs", "" },
        { "memory", "memory.limit_in_bytes", NO_LIMIT_V1 "\n" },
        { "memory", "memory.soft_limit_in_bytes", NO_LIMIT_V1 "\n" },
        { "memory", "memory.memsw.limit_in_bytes", NO_LIMIT_V1 "\n" },
        { "memory", "memory.usage_in_bytes", "0\n" },
        { "memory", "memory.memsw.usage_in_bytes", "0\n" },
        { "cpuacct", "cgroup.procs", "" },
        { "systemd", "cgroup.procs", "" },
        {},
};

RawKernel raw_kernel;

ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);

static const FileDefault *all_files(void) {
        return raw_kernel.kind == RAW_KERNEL_UNIFIED ? unified_files : legacy_files;
}

static const char *hierarchy_of(const char *file) {
        return raw_kernel.kind == RAW_KERNEL_UNIFIED ? "unified"
               : strncmp(file, "cpu.", 4) == 0       ? "cpu"
                                                     : "memory";
}

static const char *path_of(char path[512], const char *hierarchy, const char *slice, const char *file) {
        snprintf(path, 512, "%s/%s/user.slice%s%s%s%s", raw_kernel.path, hierarchy, slice ? "/" : "",
                 slice ?: "", file ? "/" : "", file ?: "");
        return path;
}

static void put(const char *path, const char *text) {
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        size_t size = strlen(text);

        assert_true(fd >= 0);
        assert_int_equal(__real_write(fd, text, size), size);
}

void raw_kernel_put(const char *slice, const char *file, const char *text) {
        char path[512];

        put(path_of(path, hierarchy_of(file), slice, file), text);
}

void raw_kernel_remove_file(const char *slice, const char *file) {
        char path[512];

        assert_int_equal(unlink(path_of(path, hierarchy_of(file), slice, file)), 0);
}

static uint64_t number(const char *text) {
        if (strncmp(text, "max", 3) == 0 || strncmp(text, "-1", 2) == 0)
                return LIMIT_UNSET;
        return strtoull(text, NULL, 10);
}

uint64_t raw_kernel_get(const char *slice, const char *file) {
        char path[512], text[64];

        if (read_file_at(AT_FDCWD, path_of(path, hierarchy_of(file), slice, file), text, sizeof text) <= 0)
                return LIMIT_UNSET;
        return memory_limit_from_v1(number(text), (uint64_t) sysconf(_SC_PAGESIZE));
}

void raw_kernel_add_group(const char *hierarchy, const char *slice) {
        char path[512];

        assert_int_equal(mkdir(path_of(path, hierarchy, slice, NULL), 0755), 0);
        for (const FileDefault *f = all_files(); f->file; f++)
                if (strcmp(f->hierarchy, hierarchy) == 0)
                        put(path_of(path, hierarchy, slice, f->file), f->text);
}

void raw_kernel_add_slice(const char *slice) {
        if (raw_kernel.kind == RAW_KERNEL_UNIFIED)
                return raw_kernel_add_group("unified", slice);
        if (raw_kernel.kind == RAW_KERNEL_SYSTEMD)
                return raw_kernel_add_group("systemd", slice);
        if (raw_kernel.kind == RAW_KERNEL_APART)
                raw_kernel_add_group("cpuacct", slice);
        raw_kernel_add_group("cpu", slice);
        raw_kernel_add_group("memory", slice);
}

static int remove_one(const char *path, _unused_ const struct stat *st, _unused_ int type,
                      _unused_ struct FTW *ftw) {
        return remove(path);
}

static void remove_tree(const char *path) {
        (void) nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void raw_kernel_remove_slice(const char *slice) {
        static const char *const hierarchies[] = { "unified", "cpu", "cpuacct", "memory", "systemd" };
        char path[512];

        for (size_t i = 0; i < ELEMENTSOF(hierarchies); i++)
                remove_tree(path_of(path, hierarchies[i], slice, NULL));
}

static char mount_paths[4][64];

static CgroupMount add_mount(size_t i, const char *name) {
        char path[512];

        snprintf(mount_paths[i], sizeof mount_paths[i], "%s/%s", raw_kernel.path, name);
        assert_int_equal(mkdir(mount_paths[i], 0755), 0);
        assert_int_equal(mkdir(path_of(path, name, NULL, NULL), 0755), 0);
        return (CgroupMount){ .path = mount_paths[i], .root = (char *) "/" };
}

static void open_legacy(RawKernelKind kind) {
        CgroupMounts mounts = {};
        bool systemd = kind == RAW_KERNEL_SYSTEMD;

        mounts.legacy[CONTROLLER_CPU] = add_mount(0, "cpu");
        mounts.legacy[CONTROLLER_CPUACCT] =
                kind == RAW_KERNEL_APART ? add_mount(1, "cpuacct") : mounts.legacy[CONTROLLER_CPU];
        mounts.legacy[CONTROLLER_MEMORY] = add_mount(2, "memory");
        if (systemd)
                mounts.systemd = add_mount(3, "systemd");
        assert_int_equal(cgroup_tree_open_legacy(&mounts, systemd, &raw_kernel.tree), 0);
}

void raw_kernel_start(RawKernelKind kind) {
        raw_kernel = (RawKernel){ .kind = kind, .parent_usec_per_sec = LIMIT_UNSET };
        strcpy(raw_kernel.path, "/tmp/fairslice-raw-XXXXXX");
        assert_non_null(mkdtemp(raw_kernel.path));
        if (kind != RAW_KERNEL_UNIFIED)
                return open_legacy(kind);
        (void) add_mount(0, "unified");
        assert_int_equal(cgroup_tree_open(mount_paths[0], &raw_kernel.tree), 0);
}

void raw_kernel_stop(void) {
        raw_kernel.tree = cgroup_tree_free(raw_kernel.tree);
        remove_tree(raw_kernel.path);
        free(raw_kernel.write);
        raw_kernel = (RawKernel){};
}

void raw_kernel_limits(const char *slice, Limits *ret) {
        _cleanup_(slice_files_freep) SliceFiles *files = NULL;
        LimitMask present;

        assert_int_equal(slice_files_open_user(raw_kernel.tree, slice, &files), 0);
        assert_int_equal(slice_files_read_limits(files, ret, &present), 0);
}

void raw_kernel_forget_writes(void) {
        raw_kernel.n_writes = 0;
}

const char *raw_kernel_written(void) {
        static char text[2048];
        size_t length = 0;

        text[0] = '\0';
        for (size_t i = 0; i < raw_kernel.n_writes; i++)
                if (raw_kernel.write[i].error == 0)
                        length += (size_t) snprintf(text + length, sizeof text - length, "%s%s=%s",
                                                    length ? " " : "", raw_kernel.write[i].file,
                                                    raw_kernel.write[i].text);
        return text;
}

_printf_(2, 3) static int store(const RawWrite *w, const char *format, ...) {
        char text[64];
        va_list ap;

        va_start(ap, format);
        vsnprintf(text, sizeof text, format, ap);
        va_end(ap);
        raw_kernel_put(w->slice, w->file, text);
        return 0;
}

/* Brings use down to the limit; returns whether it went. */
static bool reclaim(const RawWrite *w, const char *usage_file, uint64_t limit) {
        uint64_t in_use = raw_kernel_get(w->slice, usage_file), left = MAX(limit, raw_kernel.unreclaimable);
        char text[32];

        if (in_use <= limit)
                return true;
        left = MIN(left, in_use);
        raw_kernel.most_reclaimed = MAX(raw_kernel.most_reclaimed, in_use - left);
        snprintf(text, sizeof text, "%" PRIu64 "\n", left);
        raw_kernel_put(w->slice, usage_file, text);
        return left <= limit;
}

static uint64_t whole_pages(uint64_t bytes) {
        return bytes == LIMIT_UNSET ? bytes : bytes - bytes % (uint64_t) sysconf(_SC_PAGESIZE);
}

static int store_bytes_v1(const RawWrite *w, uint64_t bytes) {
        return bytes == LIMIT_UNSET ? store(w, NO_LIMIT_V1 "\n") : store(w, "%" PRIu64 "\n", bytes);
}

static int write_memory_v1(const RawWrite *w) {
        uint64_t bytes = whole_pages(number(w->text));
        bool memsw = strcmp(w->file, "memory.memsw.limit_in_bytes") == 0;

        if (strcmp(w->file, "memory.soft_limit_in_bytes") == 0)
                return store_bytes_v1(w, bytes);
        if (memsw ? bytes < raw_kernel_get(w->slice, "memory.limit_in_bytes")
                  : bytes > raw_kernel_get(w->slice, "memory.memsw.limit_in_bytes"))
                return EINVAL;
        if (!reclaim(w, memsw ? "memory.memsw.usage_in_bytes" : "memory.usage_in_bytes", bytes))
                return EBUSY;
        return store_bytes_v1(w, bytes);
}

static int write_bandwidth_v1(const RawWrite *w) {
        bool is_quota = strcmp(w->file, "cpu.cfs_quota_us") == 0;
        uint64_t value = number(w->text), quota, period;

        if (value < 1000 || (!is_quota && value > 1000000))
                return EINVAL;
        quota = is_quota ? value : raw_kernel_get(w->slice, "cpu.cfs_quota_us");
        period = is_quota ? raw_kernel_get(w->slice, "cpu.cfs_period_us") : value;
        if (quota != LIMIT_UNSET && quota * 1000000 / period > raw_kernel.parent_usec_per_sec)
                return EINVAL;
        return store(w, "%s\n", w->text);
}

/* "max" keeps the period. */
static int write_cpu_max(const RawWrite *w) {
        unsigned long long quota, period;
        char path[512], standing[64];
        ssize_t n;

        if (strcmp(w->text, "max") == 0) {
                n = read_file_at(AT_FDCWD, path_of(path, "unified", w->slice, w->file), standing,
                                 sizeof standing);
                return store(w, "max %" PRIu64 "\n", cpu_max_period(standing, (size_t) n));
        }
        if (sscanf(w->text, "%llu %llu", &quota, &period) != 2 || quota < 1000 || period < 1000 ||
            period > 1000000)
                return EINVAL;
        return store(w, "%llu %llu\n", quota, period);
}

static int write_memory_v2(const RawWrite *w) {
        uint64_t bytes = whole_pages(number(w->text));

        if (strcmp(w->file, "memory.swap.max") != 0 && !reclaim(w, "memory.current", bytes) &&
            strcmp(w->file, "memory.max") == 0) {
                raw_kernel.kills++;
                raw_kernel_put(w->slice, "memory.current", "0\n");
        }
        return bytes == LIMIT_UNSET ? store(w, "max\n") : store(w, "%" PRIu64 "\n", bytes);
}

static int write_into(const RawWrite *w) {
        const Script *script = raw_kernel.script;

        if (script && script->refuse && strcmp(script->refuse, w->slice) == 0)
                return script->error;
        if (raw_kernel.refuse_file && strcmp(raw_kernel.refuse_file, w->file) == 0)
                return raw_kernel.refuse_error;
        if (strncmp(w->file, "cpu.cfs_", 8) == 0)
                return write_bandwidth_v1(w);
        if (strcmp(w->file, "cpu.max") == 0)
                return write_cpu_max(w);
        if (strncmp(w->file, "cpu.", 4) == 0)
                return store(w, "%s\n", w->text);
        return raw_kernel.kind == RAW_KERNEL_UNIFIED ? write_memory_v2(w) : write_memory_v1(w);
}

/* Whether the descriptor is one of a file in a slice here. */
static bool find_file(int fd, RawWrite *w) {
        char link[40], path[600];
        const char *slice, *file;
        ssize_t n;

        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        n = raw_kernel.path[0] ? readlink(link, path, sizeof path - 1) : -1;
        if (n < 0)
                return false;
        path[n] = '\0';
        slice = strstr(path, "/user.slice/");
        if (strncmp(path, raw_kernel.path, strlen(raw_kernel.path)) != 0 || !slice)
                return false;
        slice += strlen("/user.slice/");
        file = strchr(slice, '/');
        assert_non_null(file);
        snprintf(w->slice, sizeof w->slice, "%.*s", (int) (file - slice), slice);
        snprintf(w->file, sizeof w->file, "%s", file + 1);
        return true;
}

ssize_t __wrap_write(int fd, const void *data, size_t size) {
        RawWrite w = {};

        if (!find_file(fd, &w))
                return __real_write(fd, data, size);
        snprintf(w.text, sizeof w.text, "%.*s", (int) size, (const char *) data);
        w.error = write_into(&w);
        raw_kernel.write = reallocarray(raw_kernel.write, raw_kernel.n_writes + 1, sizeof *raw_kernel.write);
        assert_non_null(raw_kernel.write);
        raw_kernel.write[raw_kernel.n_writes++] = w;
        if (w.error == 0)
                return (ssize_t) size;
        errno = w.error;
        return -1;
}
