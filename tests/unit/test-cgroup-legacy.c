/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Version 1: a hierarchy for each controller, read as one slice in the units of the model. */

#include "unit.h"

#include "basic/fs.h"
#include "cgroup-fixture.h"
#include "cgroup/capacity.h"
#include "cgroup/slice-files.h"
#include "cgroup/v1.h"

#define SLICE "/user.slice/user-1000.slice"
#define CPU   "cpu" SLICE "/"
#define ACCT  "cpuacct" SLICE "/"
#define MEM   "memory" SLICE "/"

static Fixture fixture;
static CgroupTree *tree;
static char paths[5][128];
static CgroupMounts mounts;

static void make_group(const char *hierarchy) {
        fixture_mkdir(&fixture, fixture_name("%s/user.slice", hierarchy));
        fixture_mkdir(&fixture, fixture_name("%s" SLICE, hierarchy));
        fixture_write(&fixture, fixture_name("%s" SLICE "/cgroup.procs", hierarchy), "");
}

static void remove_group(const char *hierarchy) {
        fixture_remove(&fixture, fixture_name("%s" SLICE, hierarchy));
}

static CgroupMount mount_at(size_t i, const char *name) {
        snprintf(paths[i], sizeof paths[i], "%s/%s", fixture.path, name);
        fixture_mkdir(&fixture, name);
        return (CgroupMount){ .path = paths[i], .root = (char *) "/" };
}

static int setup(_unused_ void **state) {
        if (fixture_open(&fixture) < 0)
                return -1;
        mounts = (CgroupMounts){};
        mounts.legacy[CONTROLLER_CPU] = mount_at(0, "cpu");
        mounts.legacy[CONTROLLER_CPUACCT] = mount_at(1, "cpuacct");
        mounts.legacy[CONTROLLER_MEMORY] = mount_at(2, "memory");
        mounts.legacy[CONTROLLER_CPUSET] = mount_at(3, "cpuset");
        mounts.systemd = mount_at(4, "systemd");
        return 0;
}

static int teardown(_unused_ void **state) {
        tree = cgroup_tree_free(tree);
        fixture_close(&fixture);
        return 0;
}

static void open_tree(bool systemd) {
        tree = cgroup_tree_free(tree);
        assert_int_equal(cgroup_tree_open_legacy(&mounts, systemd, &tree), 0);
}

static SliceFiles *open_slice(void) {
        SliceFiles *files;

        assert_int_equal(slice_files_open_user(tree, "user-1000.slice", &files), 0);
        return files;
}

static void test_hierarchies(_unused_ void **state) {
        open_tree(false);
        assert_true(cgroup_tree_is_legacy(tree));
        assert_int_equal(cgroup_tree_is_unified(tree), 0);
        assert_int_equal(cgroup_tree_count(tree), 3);
        assert_string_equal(cgroup_tree_hierarchy(tree, 0)->name, "cpu");
        assert_string_equal(cgroup_tree_hierarchy(tree, 1)->name, "cpuacct");
        assert_string_equal(cgroup_tree_hierarchy(tree, 2)->name, "memory");
        assert_string_equal(cgroup_tree_of_controller(tree, CONTROLLER_CPUSET)->name, "cpuset");

        open_tree(true);
        assert_int_equal(cgroup_tree_count(tree), 4);
        assert_string_equal(cgroup_tree_hierarchy(tree, 0)->name, "name=systemd");
        assert_ptr_equal(cgroup_tree_of_controller(tree, CONTROLLER_CPU), cgroup_tree_hierarchy(tree, 1));
}

/* A link to the directory of several controllers is that directory. */
static void test_together(_unused_ void **state) {
        fixture_remove(&fixture, "cpuacct");
        assert_int_equal(symlinkat("cpu", fixture.fd, "cpuacct"), 0);
        mounts.legacy[CONTROLLER_MEMORY] = (CgroupMount){};
        mounts.legacy[CONTROLLER_CPUSET] = (CgroupMount){};
        open_tree(false);
        assert_int_equal(cgroup_tree_count(tree), 1);
        assert_ptr_equal(cgroup_tree_of_controller(tree, CONTROLLER_CPUACCT),
                         cgroup_tree_of_controller(tree, CONTROLLER_CPU));
        assert_null(cgroup_tree_of_controller(tree, CONTROLLER_MEMORY));
        assert_null(cgroup_tree_of_controller(tree, CONTROLLER_CPUSET));
}

static void test_not_mounted(_unused_ void **state) {
        CgroupMount saved = mounts.legacy[CONTROLLER_CPUACCT];

        mounts.legacy[CONTROLLER_CPUACCT] = (CgroupMount){};
        assert_int_equal(cgroup_tree_open_legacy(&mounts, false, &tree), -ENXIO);
        mounts.legacy[CONTROLLER_CPUACCT] = saved;
        mounts.systemd = (CgroupMount){};
        assert_int_equal(cgroup_tree_open_legacy(&mounts, true, &tree), -ENXIO);
        fixture_remove(&fixture, "memory");
        assert_int_equal(cgroup_tree_open_legacy(&mounts, false, &tree), -ENOENT);
        assert_null(tree);
}

static void test_refresh(_unused_ void **state) {
        open_tree(false);
        assert_int_equal(cgroup_tree_user_slice_fd(tree), -1);
        assert_int_equal(cgroup_tree_refresh(tree), -ENOENT);
        make_group("memory");
        assert_int_equal(cgroup_tree_refresh(tree), -ENOENT);
        assert_true(cgroup_tree_of_controller(tree, CONTROLLER_MEMORY)->user_slice_fd >= 0);
        make_group("cpu");
        assert_int_equal(cgroup_tree_refresh(tree), 1);
        assert_int_equal(cgroup_tree_refresh(tree), 0);
}

static void test_cpu(_unused_ void **state) {
        _cleanup_(slice_files_freep) SliceFiles *files = NULL;
        CpuStat stat;

        make_group("cpu");
        open_tree(false);
        files = open_slice();
        assert_int_equal(slice_files_read_cpu(files, &stat), -ENODATA);
        make_group("cpuacct");
        fixture_write(&fixture, ACCT "cpuacct.usage", "12345678901\n");
        assert_int_equal(slice_files_read_cpu(files, &stat), 0);
        assert_int_equal(stat.usage_usec, 12345678);
        assert_int_equal(stat.nr_throttled, 0);
        fixture_write(&fixture, CPU "cpu.stat", "nr_periods 9\nnr_throttled 4\nthrottled_time 5000999\n");
        assert_int_equal(slice_files_read_cpu(files, &stat), 0);
        assert_int_equal(stat.nr_periods, 9);
        assert_int_equal(stat.nr_throttled, 4);
        assert_int_equal(stat.throttled_usec, 5000);
        fixture_write(&fixture, ACCT "cpuacct.usage", "-1\n");
        assert_int_equal(slice_files_read_cpu(files, &stat), -EBADMSG);
}

/* Where nobody can be throttled the second file is not even opened. */
static void test_cpu_usage(_unused_ void **state) {
        _cleanup_(slice_files_freep) SliceFiles *files = NULL;
        CpuStat stat;

        make_group("cpu");
        make_group("cpuacct");
        fixture_write(&fixture, ACCT "cpuacct.usage", "12345678901\n");
        fixture_write(&fixture, CPU "cpu.stat", "nr_periods 9\nnr_throttled 4\nthrottled_time x\n");
        open_tree(false);
        files = open_slice();
        assert_int_equal(slice_files_read_cpu(files, &stat), -EBADMSG);
        assert_int_equal(slice_files_read_cpu_usage(files, &stat), 0);
        assert_int_equal(stat.usage_usec, 12345678);
        assert_int_equal(stat.nr_throttled, 0);
}

static SliceFiles *make_and_open(unsigned uid) {
        static const char *const hierarchies[] = { "cpu", "cpuacct", "memory" };
        SliceFiles *files;

        for (size_t i = 0; i < ELEMENTSOF(hierarchies); i++) {
                const char *h = hierarchies[i];

                fixture_mkdir(&fixture, fixture_name("%s/user.slice", h));
                fixture_mkdir(&fixture, fixture_name("%s/user.slice/user-%u.slice", h, uid));
                fixture_write(&fixture, fixture_name("%s/user.slice/user-%u.slice/cgroup.procs", h, uid),
                              "");
        }
        fixture_write(&fixture, fixture_name("cpuacct/user.slice/user-%u.slice/cpuacct.usage", uid),
                      "5000\n");
        fixture_write(&fixture, fixture_name("cpu/user.slice/user-%u.slice/cpu.stat", uid),
                      "nr_throttled 0\n");
        fixture_write(&fixture, fixture_name("memory/user.slice/user-%u.slice/memory.usage_in_bytes", uid),
                      "1\n");
        fixture_write(&fixture, fixture_name("memory/user.slice/user-%u.slice/memory.oom_control", uid),
                      "oom_kill 0\n");
        assert_int_equal(slice_files_open_user(tree, fixture_name("user-%u.slice", uid), &files), 0);
        return files;
}

/* One for what each slice uses, and one more for those that may be throttled. */
static void test_descriptors(_unused_ void **state) {
        SliceFiles *files[8];
        unsigned before;

        open_tree(false);
        before = open_descriptors();
        for (unsigned i = 0; i < ELEMENTSOF(files); i++) {
                _cleanup_free_ OomGroup *groups = NULL;
                LimitMask present;
                MemoryUse use;
                Limits limits;
                CpuStat stat;
                size_t count;
                int fd;

                files[i] = make_and_open(1000 + i);
                assert_int_equal(open_descriptors(), before + i);
                assert_int_equal(slice_files_read_cpu_usage(files[i], &stat), 0);
                assert_int_equal(slice_files_read_limits(files[i], &limits, &present), 0);
                assert_int_equal(slice_files_read_memory(files[i], &use), 0);
                assert_int_equal(slice_files_read_oom_groups(files[i], &groups, &count), 0);
                fd = slice_files_open_controller(files[i], CONTROLLER_MEMORY);
                assert_true(fd >= 0);
                close(fd);
                assert_int_equal(open_descriptors(), before + i + 1);
        }
        for (unsigned i = 0; i < ELEMENTSOF(files); i++) {
                CpuStat stat;

                assert_int_equal(slice_files_read_cpu(files[i], &stat), 0);
                assert_int_equal(open_descriptors(), before + ELEMENTSOF(files) + i + 1);
        }
        for (unsigned i = 0; i < ELEMENTSOF(files); i++) {
                CpuStat stat;

                assert_int_equal(slice_files_read_cpu_usage(files[i], &stat), 0);
        }
        assert_int_equal(open_descriptors(), before + ELEMENTSOF(files));
        for (unsigned i = 0; i < ELEMENTSOF(files); i++)
                slice_files_free(files[i]);
        assert_int_equal(open_descriptors(), before);
}

/* The controllers' directories are those of the slice only as long as it is there. */
static void test_made_again(_unused_ void **state) {
        _cleanup_(slice_files_freep) SliceFiles *files = NULL;
        CpuStat stat;
        MemoryUse use;

        open_tree(false);
        files = make_and_open(1000);
        assert_int_equal(slice_files_read_memory(files, &use), 0);
        remove_group("cpu");
        slice_files_free(make_and_open(1000));
        assert_int_equal(slice_files_read_memory(files, &use), -ENODEV);
        assert_int_equal(slice_files_read_cpu(files, &stat), -ENODEV);
        assert_int_equal(slice_files_open_controller(files, CONTROLLER_MEMORY), -ENODEV);
        assert_int_equal(slice_files_open_directory(files), -ENODEV);
}

/* systemd makes and removes a controller's directory as it needs it, while the slice goes on. */
static void test_controller_comes_and_goes(_unused_ void **state) {
        _cleanup_(slice_files_freep) SliceFiles *files = NULL;
        LimitMask present;
        Limits limits;
        MemoryUse use;
        CpuStat stat;

        make_group("systemd");
        open_tree(true);
        files = open_slice();
        assert_int_equal(slice_files_read_memory(files, &use), -ENODATA);
        assert_int_equal(slice_files_read_limits(files, &limits, &present), 0);
        assert_int_equal(present, 0);
        for (unsigned i = 1; i <= 3; i++) {
                make_group("memory");
                make_group("cpuacct");
                fixture_printf(&fixture, MEM "memory.usage_in_bytes", "%u\n", i * 4096);
                fixture_printf(&fixture, ACCT "cpuacct.usage", "%u000\n", i);
                assert_int_equal(slice_files_read_memory(files, &use), 0);
                assert_int_equal(use.current, i * 4096);
                assert_int_equal(slice_files_read_cpu(files, &stat), 0);
                remove_group("memory");
                remove_group("cpuacct");
                assert_int_equal(slice_files_read_memory(files, &use), -ENODATA);
        }
        make_group("memory");
        remove_group("systemd");
        assert_int_equal(slice_files_read_memory(files, &use), -ENODEV);
        assert_int_equal(slice_files_read_cpu(files, &stat), -ENODEV);
        assert_int_equal(slice_files_open_controller(files, CONTROLLER_CPU), -ENODEV);
}

static void test_memory(_unused_ void **state) {
        _cleanup_(slice_files_freep) SliceFiles *files = NULL;
        MemoryUse use;
        uint64_t bytes;

        make_group("cpu");
        make_group("memory");
        open_tree(false);
        files = open_slice();
        fixture_write(&fixture, MEM "memory.usage_in_bytes", "1048576\n");
        assert_int_equal(slice_files_read_memory(files, &use), 0);
        assert_true(use.peak == UINT64_MAX);
        assert_true(use.inactive_file == UINT64_MAX);
        fixture_write(&fixture, MEM "memory.max_usage_in_bytes", "2097152\n");
        fixture_write(&fixture, MEM "memory.stat", "inactive_file 1\ntotal_inactive_file 4096\n");
        assert_int_equal(slice_files_read_memory(files, &use), 0);
        assert_int_equal(use.current, 1048576);
        assert_int_equal(use.peak, 2097152);
        assert_int_equal(use.inactive_file, 4096);
        assert_int_equal(slice_files_read_memory_by_name(files, &bytes), 0);
        assert_int_equal(bytes, 1048576);
        fixture_write(&fixture, MEM "memory.stat", "cache 1\nshmem 1\ntotal_cache 9000\ntotal_shmem 600\n");
        assert_int_equal(slice_files_read_page_cache(files, &bytes), 0);
        assert_int_equal(bytes, 8400);
}

static void test_limits(_unused_ void **state) {
        _cleanup_(slice_files_freep) SliceFiles *files = NULL;
        LimitMask present;
        Limits limits;

        make_group("cpu");
        make_group("memory");
        open_tree(false);
        files = open_slice();
        fixture_write(&fixture, CPU "cpu.cfs_period_us", "50000\n");
        fixture_write(&fixture, CPU "cpu.cfs_quota_us", "75000\n");
        fixture_write(&fixture, CPU "cpu.shares", "2048\n");
        fixture_write(&fixture, MEM "memory.limit_in_bytes", "536870912\n");
        fixture_write(&fixture, MEM "memory.soft_limit_in_bytes", "9223372036854771712\n");
        assert_int_equal(slice_files_read_limits(files, &limits, &present), 0);
        assert_int_equal(present, LIMIT_MASK_ALL & ~(1U << LIMIT_MEMORY_SWAP_MAX));
        assert_int_equal(limits.value[LIMIT_CPU_QUOTA], 1500000);
        assert_int_equal(limits.value[LIMIT_CPU_WEIGHT], 200);
        assert_int_equal(limits.value[LIMIT_MEMORY_MAX], 536870912);
        assert_true(limits.value[LIMIT_MEMORY_HIGH] == LIMIT_UNSET);

        fixture_write(&fixture, CPU "cpu.cfs_quota_us", "-1\n");
        fixture_write(&fixture, MEM "memory.memsw.limit_in_bytes", "536875008\n");
        assert_int_equal(slice_files_read_limits(files, &limits, &present), 0);
        assert_int_equal(present, LIMIT_MASK_ALL);
        assert_true(limits.value[LIMIT_CPU_QUOTA] == LIMIT_UNSET);
        assert_int_equal(limits.value[LIMIT_MEMORY_SWAP_MAX], 4096);
        fixture_write(&fixture, MEM "memory.memsw.limit_in_bytes", "9223372036854771712\n");
        assert_int_equal(slice_files_read_limits(files, &limits, &present), 0);
        assert_true(limits.value[LIMIT_MEMORY_SWAP_MAX] == LIMIT_UNSET);

        fixture_write(&fixture, CPU "cpu.cfs_period_us", "0\n");
        fixture_write(&fixture, CPU "cpu.cfs_quota_us", "1\n");
        assert_int_equal(slice_files_read_limits(files, &limits, &present), -EBADMSG);
}

static void test_weights(_unused_ void **state) {
        assert_int_equal(cpu_shares_from_weight(100), 1024);
        assert_int_equal(cpu_shares_from_weight(1), 10);
        assert_int_equal(cpu_shares_from_weight(10000), 102400);
        for (uint64_t weight = 1; weight <= 10000; weight++)
                assert_int_equal(cpu_weight_from_shares(cpu_shares_from_weight(weight)), weight);
        assert_int_equal(cpu_weight_from_shares(2), 1);
        assert_int_equal(cpu_weight_from_shares(262144), 10000);
        assert_int_equal(cpu_weight_from_shares(UINT64_MAX), 10000);
}

static void test_capacity(_unused_ void **state) {
        _cleanup_(capacity_reader_freep) CapacityReader *reader = NULL;
        uint64_t usage;
        Capacity c;

        fixture_mkdir(&fixture, "devices");
        fixture_mkdir(&fixture, "devices/system");
        fixture_mkdir(&fixture, "devices/system/cpu");
        fixture_write(&fixture, "devices/system/cpu/online", "0-3\n");
        fixture_write(&fixture, "cpuacct/cpuacct.usage", "5000000000\n");
        make_group("cpu");
        make_group("cpuset");
        open_tree(false);
        assert_int_equal(capacity_reader_open(fixture.fd, tree, &reader), 0);
        assert_int_equal(capacity_read_host_usage(reader, &usage), 0);
        assert_int_equal(usage, 5000000);
        assert_int_equal(capacity_read(reader, &c), 0);
        assert_int_equal(c.cpu, 4000000);
        fixture_write(&fixture, "cpuset/cpuset.effective_cpus", "0-2\n");
        assert_int_equal(capacity_read(reader, &c), 0);
        assert_int_equal(c.usable_cpus, 3);
        fixture_write(&fixture, "cpuset/user.slice/cpuset.effective_cpus", "1\n");
        assert_int_equal(capacity_read(reader, &c), 0);
        assert_int_equal(c.usable_cpus, 1);
        fixture_write(&fixture, "cpu/user.slice/cpu.cfs_quota_us", "25000\n");
        fixture_write(&fixture, "cpu/user.slice/cpu.cfs_period_us", "100000\n");
        assert_int_equal(capacity_read(reader, &c), 0);
        assert_int_equal(c.cpu, 250000);
        fixture_write(&fixture, "cpu/user.slice/cpu.cfs_quota_us", "a lot\n");
        assert_int_equal(capacity_read(reader, &c), -EBADMSG);
}

static void put_kills(const char *path, const char *text) {
        fixture_mkdir(&fixture, path);
        fixture_write(&fixture, fixture_name("%s/memory.oom_control", path), text);
}

static void test_oom_groups(_unused_ void **state) {
        static const char control[] = "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n";
        _cleanup_(slice_files_freep) SliceFiles *files = NULL;
        _cleanup_free_ OomGroup *groups = NULL;
        OomGroup *none = NULL;
        char path[256];
        struct stat st;
        size_t n = 0;

        make_group("cpu");
        open_tree(false);
        files = open_slice();
        assert_int_equal(slice_files_read_oom_groups(files, &none, &n), -ENODATA);
        make_group("memory");
        assert_int_equal(slice_files_read_oom_groups(files, &none, &n), -ENODATA);
        put_kills("memory" SLICE, control);
        put_kills(MEM "a", "oom_kill 1\n");
        put_kills(MEM "a/b", "oom_kill 0\n");
        fixture_mkdir(&fixture, MEM "gone"); /* in the middle of its removal */
        assert_int_equal(symlinkat("a", fixture.fd, MEM "link"), 0);
        assert_int_equal(slice_files_read_oom_groups(files, &groups, &n), 0);
        assert_int_equal(n, 3);
        assert_int_equal(fstatat(fixture.fd, "memory" SLICE, &st, 0), 0);
        assert_int_equal(groups[0].inode, st.st_ino);
        assert_int_equal(groups[0].kills, 3);
        assert_int_equal(groups[1].kills + groups[2].kills, 1);

        put_kills(MEM "a/b", "oom_kill 0\noom_kill 1\n");
        assert_int_equal(slice_files_read_oom_groups(files, &none, &n), -EBADMSG);
        put_kills(MEM "a/b", "oom_kill_disable 0\nunder_oom 0\n");
        assert_int_equal(slice_files_read_oom_groups(files, &none, &n), -ENODATA);
        put_kills(MEM "a/b", control);
        snprintf(path, sizeof path, MEM "a/b");
        for (unsigned i = 0; i < OOM_GROUPS_DEPTH_MAX; i++) {
                strcat(path, "/c");
                put_kills(path, control);
        }
        assert_int_equal(slice_files_read_oom_groups(files, &none, &n), -E2BIG);
        fixture_remove(&fixture, MEM "a");
        for (unsigned i = 0; i < OOM_GROUPS_MAX; i++) {
                snprintf(path, sizeof path, MEM "%u", i);
                put_kills(path, control);
        }
        assert_int_equal(slice_files_read_oom_groups(files, &none, &n), -E2BIG);
        remove_group("memory");
        remove_group("cpu");
        assert_int_equal(slice_files_read_oom_groups(files, &none, &n), -ENODEV);
        assert_null(none);
}

static void test_host_kills(_unused_ void **state) {
        uint64_t kills = 7;
        int fd;

        fixture_write(&fixture, "vmstat", "nr_free_pages 1\noom_kill 12\nnuma_hit 3\n");
        fd = openat(fixture.fd, "vmstat", O_RDONLY | O_CLOEXEC);
        assert_int_equal(oom_kill_read_host(fd, &kills), 0);
        assert_int_equal(kills, 12);
        fixture_write(&fixture, "vmstat", "nr_free_pages 1\n");
        assert_int_equal(oom_kill_read_host(fd, &kills), -ENODATA);
        fixture_write(&fixture, "vmstat", "oom_kill 1x\n");
        assert_int_equal(oom_kill_read_host(fd, &kills), -EBADMSG);
        fixture_write(&fixture, "vmstat", "oom_kill 12");
        assert_int_equal(oom_kill_read_host(fd, &kills), -EBADMSG);
        assert_int_equal(kills, 12);
        close(fd);
}

/* The kernel gives it in parts. */
static void test_kills_on_this_host(_unused_ void **state) {
        static char text[65536];
        uint64_t kills, parsed, later;
        int fd = open("/proc/vmstat", O_RDONLY | O_CLOEXEC);
        ssize_t n = fd >= 0 ? read_fd(fd, text, sizeof text) : -1;

        if (n < 0 || oom_kill_parse(text, (size_t) n, &parsed) < 0)
                skip();
        assert_int_equal(oom_kill_read_host(fd, &kills), 0);
        assert_true(read_fd(fd, text, sizeof text) > 0);
        assert_int_equal(oom_kill_parse(text, strlen(text), &later), 0);
        assert_in_range(kills, parsed, later);
        close(fd);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_hierarchies), TEST(test_together),
                TEST(test_not_mounted), TEST(test_refresh),
                TEST(test_cpu),         TEST(test_controller_comes_and_goes),
                TEST(test_memory),      TEST(test_limits),
                TEST(test_capacity),    cmocka_unit_test(test_weights),
                TEST(test_oom_groups),  TEST(test_kills_on_this_host),
                TEST(test_host_kills),  TEST(test_cpu_usage),
                TEST(test_descriptors), TEST(test_made_again),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
