/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "backend/cgroup1.h"
#include "basic/fs.h"
#include "cgroup/slice-files.h"
#include "support/drive.h"

/* Version 1's files as the kernel has them. The tree is below a group of its own in each hierarchy, so that
 * nobody's user.slice is touched. */

#define SLICE  "user-61200.slice"
#define MIB    (UINT64_C(1) << 20)
#define BIT(l) ((LimitMask) 1U << (l))

#define N_HIERARCHIES 3
static const Controller controllers[N_HIERARCHIES] = { CONTROLLER_CPU, CONTROLLER_CPUACCT,
                                                       CONTROLLER_MEMORY };

static char roots[N_HIERARCHIES][256]; /* "" if there is none */
static CgroupTree *tree;
static sd_event *loop;
static Backend *backend;
static pid_t child = -1;
static int to_child = -1, from_child = -1;

static struct {
        unsigned n_done;
        int error;
        char message[512];
        usec_t longest_turn;
} told;

static void on_done(_unused_ const char *slice, int error, const char *message, _unused_ void *userdata) {
        told.n_done++;
        told.error = error;
        snprintf(told.message, sizeof told.message, "%s", message ?: "");
}

static void on_online(_unused_ bool online, _unused_ void *userdata) {
}

/* ---- groups ---- */

static const char *group_path(char path[1024], size_t i, const char *group, const char *file) {
        snprintf(path, 1024, "%s/%s%s%s", roots[i], group, file ? "/" : "", file ?: "");
        return path;
}

static bool make_groups(void) {
        char path[1024];
        bool made = true;

        for (size_t i = 0; i < N_HIERARCHIES; i++) {
                made = made && (mkdir(roots[i], 0755) >= 0 || errno == EEXIST);
                made = made &&
                       (mkdir(group_path(path, i, "user.slice", NULL), 0755) >= 0 || errno == EEXIST);
                made = made &&
                       (mkdir(group_path(path, i, "user.slice/" SLICE, NULL), 0755) >= 0 || errno == EEXIST);
        }
        return made;
}

/* A group whose last process has just ended is busy for a moment. */
static void remove_group(const char *path) {
        for (unsigned tries = 0; rmdir(path) < 0 && errno == EBUSY && tries < 500; tries++)
                usleep(10000);
}

static void remove_slice(void) {
        char path[1024];

        for (size_t i = 0; i < N_HIERARCHIES; i++)
                remove_group(group_path(path, i, "user.slice/" SLICE, NULL));
}

static void remove_groups(void) {
        char path[1024];

        remove_slice();
        for (size_t i = 0; i < N_HIERARCHIES; i++) {
                if (!roots[i][0])
                        continue;
                remove_group(group_path(path, i, "user.slice", NULL));
                remove_group(roots[i]);
        }
}

/* ---- the process in the slice ---- */

static void touch(char *memory, size_t size) {
        for (size_t i = 0; i < size; i += 4096)
                memory[i] = 1;
}

static void fill_cache(size_t size) {
        FILE *f = tmpfile();
        char buffer[4096] = { 1 };

        if (!f)
                _exit(1);
        for (size_t i = 0; i < size; i += sizeof buffer)
                if (fwrite(buffer, 1, sizeof buffer, f) != sizeof buffer)
                        _exit(1);
        if (fflush(f) != 0 || fsync(fileno(f)) < 0)
                _exit(1);
}

/* 'm' and a byte: so many MiB of memory; 'f': that is freed; 'c' and a byte: so many MiB of cache; 'b': busy
 * from then on. */
static void obey(int orders, int answers) {
        char order, *memory = NULL;
        unsigned char mib = 0;

        while (read(orders, &order, 1) == 1) {
                if ((order == 'm' || order == 'c') && read(orders, &mib, 1) != 1)
                        _exit(1);
                if (order == 'm') {
                        memory = mmap(NULL, mib * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                                      -1, 0);
                        if (memory == MAP_FAILED)
                                _exit(1);
                        touch(memory, mib * MIB);
                } else if (order == 'c')
                        fill_cache(mib * MIB);
                else if (order == 'f')
                        munmap(memory, mib * MIB);
                if (write(answers, &order, 1) != 1)
                        _exit(1);
                while (order == 'b')
                        ;
        }
        _exit(0);
}

static void join_slice(void) {
        char path[1024];

        for (size_t i = 0; i < N_HIERARCHIES; i++) {
                _cleanup_close_ int fd =
                        open(group_path(path, i, "user.slice/" SLICE, "cgroup.procs"), O_WRONLY | O_CLOEXEC);

                if (fd < 0 || write(fd, "0", 1) != 1)
                        _exit(1);
        }
}

static void start_child(void) {
        int orders[2], answers[2];

        assert_int_equal(pipe2(orders, O_CLOEXEC), 0);
        assert_int_equal(pipe2(answers, O_CLOEXEC), 0);
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                join_slice();
                obey(orders[0], answers[1]);
        }
        close(orders[0]);
        close(answers[1]);
        to_child = orders[1];
        from_child = answers[0];
}

static void stop_child(void) {
        if (child < 0)
                return;
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        child = -1;
        to_child = safe_close(to_child);
        from_child = safe_close(from_child);
}

static void order(char what, unsigned char mib) {
        char text[2] = { what, (char) mib }, answer = 0;
        size_t size = what == 'm' || what == 'c' ? 2 : 1;

        if (child < 0)
                start_child();
        assert_int_equal(write(to_child, text, size), size);
        assert_int_equal(read(from_child, &answer, 1), 1);
        assert_int_equal(answer, what);
}

/* ---- setting and reading ---- */

static const BackendHandlers handlers = { .done = on_done, .online = on_online };

static int setup(_unused_ void **state) {
        memset(&told, 0, sizeof told);
        assert_true(make_groups());
        assert_true(sd_event_new(&loop) >= 0);
        drive_add(loop);
        assert_int_equal(backend_cgroup1_new(&handlers, loop, tree, &backend), 0);
        DRIVE_UNTIL(backend->is_online);
        return 0;
}

static int teardown(_unused_ void **state) {
        stop_child();
        while (umount2(roots[0], MNT_DETACH) >= 0) /* of a test that has failed */
                ;
        remove_slice();
        backend = backend_free(backend);
        drive_remove(loop);
        loop = sd_event_unref(loop);
        return 0;
}

static int set_limits(const Limits *limits, LimitMask mask) {
        unsigned n = told.n_done;

        told.longest_turn = 0;
        assert_int_equal(backend_set_limits(backend, SLICE, limits, mask), 0);
        while (told.n_done == n) {
                usec_t begin = now_monotonic();

                assert_true(drive_step(USEC_PER_SEC));
                told.longest_turn = MAX(told.longest_turn, now_monotonic() - begin);
        }
        return told.error;
}

static int set_one(Limit limit, uint64_t value) {
        Limits limits = LIMITS_UNSET;

        limits.value[limit] = value;
        return set_limits(&limits, BIT(limit));
}

static SliceFiles *open_slice(void) {
        SliceFiles *files;

        assert_int_equal(slice_files_open_user(tree, SLICE, &files), 0);
        return files;
}

static uint64_t standing(Limit limit) {
        _cleanup_(slice_files_freep) SliceFiles *files = open_slice();
        LimitMask present;
        Limits limits;

        assert_int_equal(slice_files_read_limits(files, &limits, &present), 0);
        assert_true(present & BIT(limit));
        return limits.value[limit];
}

static uint64_t in_use(void) {
        _cleanup_(slice_files_freep) SliceFiles *files = open_slice();
        MemoryUse use;

        assert_int_equal(slice_files_read_memory(files, &use), 0);
        return use.current;
}

static void expect_one(Limit limit, uint64_t value) {
        assert_int_equal(set_one(limit, value), 0);
        assert_int_equal(standing(limit), value);
}

static bool has_swap_accounting(void) {
        char path[1024];

        return access(group_path(path, 2, "user.slice/" SLICE, "memory.memsw.limit_in_bytes"), F_OK) >= 0;
}

/* ---- tests ---- */

static void test_cpu(_unused_ void **state) {
        static const uint64_t quotas[] = { 1500000, 10000, 5000, 1000, 2500, 125500, 777700, 99900000 };
        static const uint64_t weights[] = { 1, 2, 50, 99, 100, 101, 250, 9999, 10000 };

        for (size_t i = 0; i < ELEMENTSOF(quotas); i++)
                expect_one(LIMIT_CPU_QUOTA, quotas[i]);
        expect_one(LIMIT_CPU_QUOTA, LIMIT_UNSET);
        for (size_t i = 0; i < ELEMENTSOF(weights); i++)
                expect_one(LIMIT_CPU_WEIGHT, weights[i]);
        assert_int_equal(set_one(LIMIT_CPU_WEIGHT, LIMIT_UNSET), 0);
        assert_int_equal(standing(LIMIT_CPU_WEIGHT), CPU_WEIGHT_DEFAULT);
        assert_int_equal(set_one(LIMIT_CPU_QUOTA, 999), -ERANGE);
}

static void test_quota_holds(_unused_ void **state) {
        _cleanup_(slice_files_freep) SliceFiles *files = open_slice();
        usec_t deadline = now_monotonic() + DRIVE_LIMIT_USEC;
        CpuStat stat = {};

        expect_one(LIMIT_CPU_QUOTA, 200000);
        order('b', 0);
        while (stat.nr_throttled < 3 && now_monotonic() < deadline) {
                usleep(50000);
                assert_int_equal(slice_files_read_cpu(files, &stat), 0);
        }
        assert_true(stat.nr_throttled >= 3);
        expect_one(LIMIT_CPU_QUOTA, LIMIT_UNSET);
}

/* The kernel refuses none of the ways from one pair of limits to another, and both come back. */
static void test_memory_all_ways(_unused_ void **state) {
        static const uint64_t values[] = { LIMIT_UNSET, 0, 16 * MIB, 64 * MIB + 4096, 1024 * MIB };
        size_t n = ELEMENTSOF(values);
        LimitMask mask = BIT(LIMIT_MEMORY_MAX) | BIT(LIMIT_MEMORY_SWAP_MAX);

        if (!has_swap_accounting())
                skip();
        for (size_t from = 0; from < n * n; from++)
                for (size_t to = 0; to < n * n; to++) {
                        Limits before = LIMITS_UNSET, after = LIMITS_UNSET;
                        bool impossible = to / n == 0 && to % n != 0;

                        before.value[LIMIT_MEMORY_MAX] = values[from / n];
                        before.value[LIMIT_MEMORY_SWAP_MAX] = values[from % n];
                        after.value[LIMIT_MEMORY_MAX] = values[to / n];
                        after.value[LIMIT_MEMORY_SWAP_MAX] = values[to % n];
                        (void) set_limits(&before, mask);
                        assert_int_equal(set_limits(&after, mask), impossible ? -EOPNOTSUPP : 0);
                        assert_int_equal(standing(LIMIT_MEMORY_MAX), values[to / n]);
                        assert_int_equal(standing(LIMIT_MEMORY_SWAP_MAX),
                                         impossible ? LIMIT_UNSET : values[to % n]);
                }
}

static void test_soft_limit(_unused_ void **state) {
        expect_one(LIMIT_MEMORY_HIGH, 48 * MIB);
        expect_one(LIMIT_MEMORY_HIGH, LIMIT_UNSET);
}

/* The kernel keeps whole pages. */
static void test_less_than_a_page(_unused_ void **state) {
        assert_int_equal(set_one(LIMIT_MEMORY_MAX, 1), 0);
        assert_int_equal(standing(LIMIT_MEMORY_MAX), 0);
        assert_int_equal(set_one(LIMIT_MEMORY_MAX, 64 * MIB + 4095), 0);
        assert_int_equal(standing(LIMIT_MEMORY_MAX), 64 * MIB);
        if (!has_swap_accounting())
                return;
        assert_int_equal(set_one(LIMIT_MEMORY_SWAP_MAX, 4095), 0);
        assert_int_equal(standing(LIMIT_MEMORY_SWAP_MAX), 0);
}

static bool child_lives(void) {
        return waitpid(child, NULL, WNOHANG) == 0;
}

/* Memory that is in use and cannot be reclaimed: as low as it goes, nobody is killed, and all the way when
 * it is free. */
static void test_busy(_unused_ void **state) {
        uint64_t used;

        expect_one(LIMIT_MEMORY_MAX, 256 * MIB);
        if (has_swap_accounting())
                expect_one(LIMIT_MEMORY_SWAP_MAX, 0);
        order('m', 96);
        used = in_use();
        assert_true(used >= 96 * MIB);
        assert_int_equal(set_one(LIMIT_MEMORY_MAX, 32 * MIB), -EBUSY);
        print_message("%s\nlongest turn: %llu µs\n", told.message, (unsigned long long) told.longest_turn);
        assert_non_null(strstr(told.message, "memory.limit_in_bytes: cannot write 33554432: "));
        assert_true(standing(LIMIT_MEMORY_MAX) < 256 * MIB);
        assert_true(standing(LIMIT_MEMORY_MAX) >= 96 * MIB);
        assert_true(standing(LIMIT_MEMORY_MAX) <= used + 32 * MIB);
        assert_true(child_lives());
        order('f', 0);
        assert_int_equal(set_one(LIMIT_MEMORY_MAX, 32 * MIB), 0);
        assert_int_equal(standing(LIMIT_MEMORY_MAX), 32 * MIB);
        assert_true(child_lives());
}

/* Cache goes. */
static void test_reclaimed(_unused_ void **state) {
        expect_one(LIMIT_MEMORY_MAX, 256 * MIB);
        order('c', 120);
        print_message("cache: %llu bytes\n", (unsigned long long) in_use());
        assert_int_equal(set_one(LIMIT_MEMORY_MAX, 16 * MIB), 0);
        print_message("longest turn: %llu µs\n", (unsigned long long) told.longest_turn);
        assert_int_equal(standing(LIMIT_MEMORY_MAX), 16 * MIB);
        assert_true(in_use() <= 16 * MIB);
        assert_true(child_lives());
}

static void test_gone(_unused_ void **state) {
        remove_slice();
        assert_int_equal(set_one(LIMIT_MEMORY_MAX, 64 * MIB), -ENOENT);
        assert_int_equal(set_one(LIMIT_CPU_WEIGHT, 200), -ENOENT);
        assert_true(make_groups());
        expect_one(LIMIT_CPU_WEIGHT, 200);
}

static int open_our_tree(void) {
        CgroupMounts mounts = {};

        for (size_t i = 0; i < N_HIERARCHIES; i++)
                mounts.legacy[controllers[i]] = (CgroupMount){ .path = roots[i], .root = (char *) "/" };
        return cgroup_tree_open_legacy(&mounts, false, &tree);
}

/* The tree through mounts of its own, which nobody else sees. */
static void mount_cpu_again(unsigned long flags) {
        backend = backend_free(backend);
        tree = cgroup_tree_free(tree);
        assert_int_equal(unshare(CLONE_NEWNS), 0);
        assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
        assert_int_equal(mount(roots[0], roots[0], NULL, MS_BIND, NULL), 0);
        assert_int_equal(mount(NULL, roots[0], NULL, MS_REMOUNT | MS_BIND | flags, NULL), 0);
        assert_int_equal(open_our_tree(), 0);
        assert_int_equal(backend_cgroup1_new(&handlers, loop, tree, &backend), 0);
        DRIVE_UNTIL(backend->is_online);
}

static void unmount_cpu(void) {
        assert_int_equal(umount2(roots[0], MNT_DETACH), 0);
        backend = backend_free(backend);
        tree = cgroup_tree_free(tree);
        assert_int_equal(open_our_tree(), 0);
}

static void test_read_only(_unused_ void **state) {
        mount_cpu_again(MS_RDONLY);
        assert_int_equal(set_one(LIMIT_CPU_WEIGHT, 200), -EROFS);
        assert_string_equal(told.message, "cpu.shares: cannot write 2048: Read-only file system");
        expect_one(LIMIT_MEMORY_MAX, 64 * MIB);
        unmount_cpu();
}

/* What is open stays usable: the group is the same. */
static void test_unmounted(_unused_ void **state) {
        mount_cpu_again(0);
        assert_int_equal(umount2(roots[0], MNT_DETACH), 0);
        expect_one(LIMIT_CPU_WEIGHT, 200);
        assert_int_equal(mount(roots[0], roots[0], NULL, MS_BIND, NULL), 0);
        unmount_cpu();
        assert_int_equal(standing(LIMIT_CPU_WEIGHT), 200);
}

/* ---- the host ---- */

static int leave_out(const char *why) {
        fprintf(stderr, "SKIPPED: %s.\n", why);
        return 77;
}

static bool find_roots(void) {
        _cleanup_close_ int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        CgroupMounts mounts;
        bool found = true;

        if (proc_fd < 0 || cgroup_mounts_read(proc_fd, &mounts) < 0)
                return false;
        for (size_t i = 0; i < N_HIERARCHIES; i++) {
                const char *path = mounts.legacy[controllers[i]].path;

                found = found && path &&
                        (size_t) snprintf(roots[i], sizeof roots[i], "%s/fairslice-test-raw-%d", path,
                                          (int) getpid()) < sizeof roots[i];
        }
        cgroup_mounts_done(&mounts);
        return found;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_cpu, setup, teardown),
                cmocka_unit_test_setup_teardown(test_quota_holds, setup, teardown),
                cmocka_unit_test_setup_teardown(test_memory_all_ways, setup, teardown),
                cmocka_unit_test_setup_teardown(test_soft_limit, setup, teardown),
                cmocka_unit_test_setup_teardown(test_less_than_a_page, setup, teardown),
                cmocka_unit_test_setup_teardown(test_busy, setup, teardown),
                cmocka_unit_test_setup_teardown(test_reclaimed, setup, teardown),
                cmocka_unit_test_setup_teardown(test_gone, setup, teardown),
                cmocka_unit_test_setup_teardown(test_read_only, setup, teardown),
                cmocka_unit_test_setup_teardown(test_unmounted, setup, teardown),
        };
        int r;

        if (geteuid() != 0)
                return leave_out("this test writes limits on the real kernel, and has to be root");
        if (!find_roots())
                return leave_out("this test needs version 1's cpu, cpuacct and memory hierarchies, and they "
                                 "are not all mounted");
        if (!make_groups() || open_our_tree() < 0) {
                remove_groups();
                return leave_out("this test has to make groups in version 1's hierarchies, and may not");
        }
        r = cmocka_run_group_tests(tests, NULL, NULL);
        tree = cgroup_tree_free(tree);
        remove_groups();
        return r;
}
