/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/fixture.h"

#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "basic/fs.h"
#include "basic/time-util.h"
#include "support/test.h"

#define PERIOD_USEC 100000

static const char *const limit_files[_LIMIT_COUNT] = {
        [LIMIT_CPU_QUOTA] = "cpu.max",
        [LIMIT_CPU_WEIGHT] = "cpu.weight",
        [LIMIT_MEMORY_MAX] = "memory.max",
        [LIMIT_MEMORY_HIGH] = "memory.high",
        [LIMIT_MEMORY_SWAP_MAX] = "memory.swap.max",
};

/* What systemd keeps below system.control for a slice. */
typedef struct DropIn {
        SliceName slice;
        Limits limits;
        LimitMask mask;
} DropIn;

struct Fixture {
        char path[48], cgroup[64], sysfs[64], runtime[64], state[64], spool[64], root[64], proc[64];
        int fd; /* of path */
        uint64_t host_usage, users_usage;
        DropIn *drop_in;
        size_t n_drop_ins;
};

static void write_text(int dirfd, const char *path, const char *text) {
        _cleanup_close_ int fd = openat(dirfd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        size_t length = strlen(text);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, length), length);
}

_printf_(3, 4) static void put(const Fixture *f, const char *path, const char *format, ...) {
        char text[4096];
        va_list ap;

        va_start(ap, format);
        vsnprintf(text, sizeof text, format, ap);
        va_end(ap);
        write_text(f->fd, path, text);
}

static const char *slice_path(char path[512], const char *slice, const char *file) {
        snprintf(path, 512, "cgroup/user.slice/%s%s%s", slice, file ? "/" : "", file ?: "");
        return path;
}

static const char *user_path(char path[512], uid_t uid, const char *file) {
        SliceName name;

        return slice_path(path, slice_name_for_uid(name, uid), file);
}

static void put_mountinfo(const Fixture *f) {
        struct stat st;

        assert_int_equal(stat(f->cgroup, &st), 0);
        put(f, "proc/self/mountinfo", "30 20 %u:%u / %s rw - cgroup2 cgroup2 rw\n", major(st.st_dev),
            minor(st.st_dev), f->cgroup);
}

Fixture *fixture_new(void) {
        static const char *const directories[] = { "cgroup",
                                                   "sys",
                                                   "sys/devices",
                                                   "sys/devices/system",
                                                   "run",
                                                   "sys/devices/system/cpu",
                                                   "root",
                                                   "root/etc",
                                                   "root/run",
                                                   "root/run/systemd",
                                                   "root/run/systemd/system",
                                                   "proc",
                                                   "proc/1",
                                                   "proc/self",
                                                   "root/usr",
                                                   "root/usr/lib",
                                                   "root/etc/fairslice",
                                                   "spool",
                                                   "cgroup/user.slice" };
        Fixture *f = calloc(1, sizeof *f);

        assert_non_null(f);
        /* In memory where that can be: the ledger is synced all the time. */
        snprintf(f->path, sizeof f->path, "%s/fairslice-test-XXXXXX",
                 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        assert_non_null(mkdtemp(f->path));
        f->fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(f->fd >= 0);
        for (size_t i = 0; i < ELEMENTSOF(directories); i++)
                assert_int_equal(mkdirat(f->fd, directories[i], 0755), 0);
        snprintf(f->cgroup, sizeof f->cgroup, "%s/cgroup", f->path);
        snprintf(f->sysfs, sizeof f->sysfs, "%s/sys", f->path);
        snprintf(f->runtime, sizeof f->runtime, "%s/run", f->path);
        snprintf(f->state, sizeof f->state, "%s/state", f->path);
        snprintf(f->spool, sizeof f->spool, "%s/spool", f->path);
        snprintf(f->root, sizeof f->root, "%s/root", f->path);
        snprintf(f->proc, sizeof f->proc, "%s/proc", f->path);
        put(f, "proc/1/comm", "systemd\n");
        put_mountinfo(f);
        put(f, "sys/devices/system/cpu/online", "0-1\n");
        fixture_run_outside(f, 0);
        return f;
}

static int remove_one(const char *path, _unused_ const struct stat *st, _unused_ int type,
                      _unused_ struct FTW *ftw) {
        return remove(path);
}

static void remove_tree(const Fixture *f, const char *relative) {
        char path[600];

        snprintf(path, sizeof path, "%s%s%s", f->path, *relative ? "/" : "", relative);
        assert_int_equal(nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

Fixture *fixture_free(Fixture *f) {
        if (!f)
                return NULL;
        remove_tree(f, "");
        safe_close(f->fd);
        free(f->drop_in);
        free(f);
        return NULL;
}

const char *fixture_cgroup_path(const Fixture *f) {
        return f->cgroup;
}

const char *fixture_sysfs_path(const Fixture *f) {
        return f->sysfs;
}

const char *fixture_state_path(const Fixture *f) {
        return f->state;
}

const char *fixture_spool_path(const Fixture *f) {
        return f->spool;
}

void fixture_control(Fixture *f, bool runtime, const char *name, const char *text) {
        char path[300];

        snprintf(path, sizeof path, "%s/control.d/%s", runtime ? "run" : "state", name);
        if (text)
                write_text(f->fd, path, text);
        else
                assert_int_equal(unlinkat(f->fd, path, 0), 0);
}

const char *fixture_runtime_path(const Fixture *f) {
        return f->runtime;
}

const char *fixture_root_path(const Fixture *f) {
        return f->root;
}

const char *fixture_proc_path(const Fixture *f) {
        return f->proc;
}

void fixture_put_host(Fixture *f, const char *path, const char *text) {
        write_text(f->fd, path, text);
}

void fixture_configure(Fixture *f, const char *text) {
        write_text(f->fd, "root/etc/fairslice/fairsliced.conf", text);
}

char *fixture_ledger(const Fixture *f) {
        size_t size = 1U << 20;
        char *text = calloc(1, size);

        assert_non_null(text);
        (void) read_file_at(f->fd, "run/limits", text, size);
        return text;
}

void fixture_write_ledger(Fixture *f, const char *text) {
        write_text(f->fd, "run/limits", text);
}

static bool exists(const Fixture *f, const char *path) {
        return faccessat(f->fd, path, F_OK, 0) == 0;
}

static void write_limit(const Fixture *f, const char *slice, Limit limit, uint64_t value) {
        char path[512];

        slice_path(path, slice, limit_files[limit]);
        if (limit == LIMIT_CPU_QUOTA && value != LIMIT_UNSET)
                put(f, path, "%" PRIu64 " %d\n", value * PERIOD_USEC / USEC_PER_SEC, PERIOD_USEC);
        else if (limit == LIMIT_CPU_QUOTA)
                put(f, path, "max %d\n", PERIOD_USEC);
        else if (limit == LIMIT_CPU_WEIGHT)
                put(f, path, "%" PRIu64 "\n", value == LIMIT_UNSET ? CPU_WEIGHT_DEFAULT : value);
        else if (value == LIMIT_UNSET)
                put(f, path, "max\n");
        else
                put(f, path, "%" PRIu64 "\n", value - value % (uint64_t) sysconf(_SC_PAGESIZE));
}

/* Turns controllers on. */
static void write_defaults(const Fixture *f, const char *slice, LimitMask mask) {
        char path[512];

        for (unsigned i = 0; i < _LIMIT_COUNT; i++)
                if (mask & 1U << i && !exists(f, slice_path(path, slice, limit_files[i])))
                        write_limit(f, slice, i, LIMIT_UNSET);
        if (mask & LIMIT_MASK_MEMORY && !exists(f, slice_path(path, slice, "memory.current"))) {
                put(f, slice_path(path, slice, "memory.current"), "0\n");
                put(f, slice_path(path, slice, "memory.stat"), "inactive_file 0\n");
                put(f, slice_path(path, slice, "memory.events"),
                    "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n");
        }
}

static void put_cpu_stat(const Fixture *f, const char *path, uint64_t usage, uint64_t throttled) {
        put(f, path, "usage_usec %" PRIu64 "\nnr_periods 0\nnr_throttled %" PRIu64 "\nthrottled_usec 0\n",
            usage, throttled);
}

void fixture_add_bare_user(Fixture *f, uid_t uid) {
        char path[512];

        assert_int_equal(mkdirat(f->fd, user_path(path, uid, NULL), 0755), 0);
        put_cpu_stat(f, user_path(path, uid, "cpu.stat"), 0, 0);
}

void fixture_add_user(Fixture *f, uid_t uid) {
        SliceName name;

        fixture_add_bare_user(f, uid);
        slice_name_for_uid(name, uid);
        write_defaults(f, name, LIMIT_MASK_ALL);
        for (size_t i = 0; i < f->n_drop_ins; i++)
                if (strcmp(f->drop_in[i].slice, name) == 0)
                        for (unsigned l = 0; l < _LIMIT_COUNT; l++)
                                if (f->drop_in[i].mask & 1U << l)
                                        write_limit(f, name, l, f->drop_in[i].limits.value[l]);
}

void fixture_remove_user(Fixture *f, uid_t uid) {
        char path[512];

        remove_tree(f, user_path(path, uid, NULL));
}

void fixture_remove_user_slice(Fixture *f) {
        remove_tree(f, "cgroup/user.slice");
}

void fixture_add_user_slice(Fixture *f) {
        assert_int_equal(mkdirat(f->fd, "cgroup/user.slice", 0755), 0);
}

void fixture_put(Fixture *f, uid_t uid, const char *file, const char *text) {
        char path[512];

        write_text(f->fd, user_path(path, uid, file), text);
}

uint64_t fixture_get(const Fixture *f, uid_t uid, const char *file) {
        char path[512], text[4096];

        if (read_file_at(f->fd, user_path(path, uid, file), text, sizeof text) <= 0)
                return 0;
        return strncmp(text, "max", 3) == 0 ? UINT64_MAX : strtoull(text, NULL, 10);
}

uint64_t fixture_limit(const Fixture *f, uid_t uid, Limit limit) {
        char path[512];
        uint64_t value;

        if (!exists(f, user_path(path, uid, limit_files[limit])))
                return LIMIT_UNSET;
        value = fixture_get(f, uid, limit_files[limit]);
        return limit == LIMIT_CPU_QUOTA && value != UINT64_MAX ? value * USEC_PER_SEC / PERIOD_USEC : value;
}

void fixture_set_limit(Fixture *f, uid_t uid, Limit limit, uint64_t value) {
        SliceName name;

        write_limit(f, slice_name_for_uid(name, uid), limit, value);
}

static DropIn *drop_in_of(Fixture *f, const char *slice) {
        for (size_t i = 0; i < f->n_drop_ins; i++)
                if (strcmp(f->drop_in[i].slice, slice) == 0)
                        return &f->drop_in[i];
        f->drop_in = reallocarray(f->drop_in, f->n_drop_ins + 1, sizeof *f->drop_in);
        assert_non_null(f->drop_in);
        f->drop_in[f->n_drop_ins] = (DropIn){};
        snprintf(f->drop_in[f->n_drop_ins].slice, sizeof f->drop_in->slice, "%s", slice);
        return &f->drop_in[f->n_drop_ins++];
}

void fixture_apply(Fixture *f, const char *slice, const Limits *limits, LimitMask mask) {
        DropIn *drop_in = drop_in_of(f, slice);
        char path[512];
        bool there = exists(f, slice_path(path, slice, NULL));

        drop_in->mask |= mask;
        if (there)
                write_defaults(f, slice,
                               (mask & LIMIT_MASK_CPU ? LIMIT_MASK_CPU : 0) |
                                       (mask & LIMIT_MASK_MEMORY ? LIMIT_MASK_MEMORY : 0));
        for (unsigned i = 0; i < _LIMIT_COUNT; i++)
                if (mask & 1U << i) {
                        drop_in->limits.value[i] = limits->value[i];
                        if (there)
                                write_limit(f, slice, i, limits->value[i]);
                }
}

void fixture_lose_all(Fixture *f) {
        char path[512];

        for (size_t i = 0; i < f->n_drop_ins; i++)
                for (unsigned l = 0; l < _LIMIT_COUNT; l++)
                        if (exists(f, slice_path(path, f->drop_in[i].slice, limit_files[l])))
                                write_limit(f, f->drop_in[i].slice, l, LIMIT_UNSET);
        f->n_drop_ins = 0;
}

void fixture_run(Fixture *f, uid_t uid, uint64_t usec, uint64_t wanted_per_sec) {
        char path[512], text[4096];
        uint64_t usage, throttled, allowed = fixture_limit(f, uid, LIMIT_CPU_QUOTA), used;

        user_path(path, uid, "cpu.stat");
        assert_true(read_file_at(f->fd, path, text, sizeof text) > 0);
        assert_int_equal(sscanf(text, "usage_usec %" SCNu64 "\nnr_periods 0\nnr_throttled %" SCNu64, &usage,
                                &throttled),
                         2);
        used = MIN(wanted_per_sec, allowed) * usec / USEC_PER_SEC;
        put_cpu_stat(f, path, usage + used, throttled + (wanted_per_sec > allowed));
        fixture_run_outside(f, used);
        f->users_usage += used;
        if (exists(f, "cgroup/user.slice/cpu.stat"))
                fixture_count_all_users(f);
}

void fixture_count_all_users(Fixture *f) {
        put(f, "cgroup/user.slice/cpu.stat", "usage_usec %" PRIu64 "\n", f->users_usage);
}

void fixture_run_outside(Fixture *f, uint64_t usec) {
        f->host_usage += usec;
        put(f, "cgroup/cpu.stat", "usage_usec %" PRIu64 "\n", f->host_usage);
}
