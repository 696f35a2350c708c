/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unit.h"

#include "cgroup-fixture.h"
#include "cgroup/capacity.h"
#include "cgroup/host-use.h"
#include "cgroup/slice-files.h"
#include "cgroup/tree.h"
#include "model/slice-name.h"

#define SLICE "user.slice/user-1000.slice/"

static void make_slice(Fixture *f) {
        fixture_mkdir(f, "user.slice");
        fixture_mkdir(f, "user.slice/user-1000.slice");
        fixture_write(f, "cpu.stat", "usage_usec 5000000\n");
        fixture_write(f, SLICE "cpu.stat",
                      "usage_usec 100\nnr_periods 3\nnr_throttled 2\nthrottled_usec 1\n");
        fixture_write(f, SLICE "memory.events", "oom 4\noom_kill 3\n");
}

static CgroupTree *slices; /* what open_slice() opens from */

static int setup(void **state) {
        Fixture *f = malloc(sizeof *f);

        if (!f || fixture_open(f) < 0 || cgroup_tree_open(f->path, &slices) < 0)
                return -1;
        make_slice(f);
        *state = f;
        return 0;
}

static int teardown(void **state) {
        Fixture *f = *state;

        slices = cgroup_tree_free(slices);
        fixture_close(f);
        free(f);
        return 0;
}

static SliceFiles *open_slice(void) {
        SliceFiles *files;

        assert_int_equal(slice_files_open_user(slices, "user-1000.slice", &files), 0);
        return files;
}

static void test_tree(void **state) {
        _cleanup_(cgroup_tree_freep) CgroupTree *tree = NULL;
        Fixture *f = *state;
        int old;

        assert_int_equal(cgroup_tree_open("/nonexistent", &tree), -ENOENT);
        assert_int_equal(cgroup_tree_open(f->path, &tree), 0);
        assert_int_equal(cgroup_tree_is_unified(tree), 0);
        assert_true(cgroup_tree_user_slice_fd(tree) >= 0);
        assert_int_equal(cgroup_tree_refresh(tree), 0);

        fixture_remove(f, "user.slice");
        assert_int_equal(cgroup_tree_refresh(tree), -ENOENT);
        assert_int_equal(cgroup_tree_user_slice_fd(tree), -1);
        make_slice(f);
        assert_int_equal(cgroup_tree_refresh(tree), 1);
        old = cgroup_tree_user_slice_fd(tree);
        assert_true(old >= 0);
}

static void test_tree_without_user_slice(void **state) {
        _cleanup_(cgroup_tree_freep) CgroupTree *tree = NULL;
        Fixture *f = *state;

        fixture_remove(f, "user.slice");
        assert_int_equal(cgroup_tree_open(f->path, &tree), 0);
        assert_int_equal(cgroup_tree_user_slice_fd(tree), -1);
}

static void test_counters(void **state) {
        _cleanup_(slice_files_freep) SliceFiles *files = open_slice();
        MemoryEvents events;
        CpuStat stat;

        for (int i = 0; i < 2; i++) {
                assert_int_equal(slice_files_read_cpu(files, &stat), 0);
                assert_int_equal(stat.nr_throttled, 2);
                assert_int_equal(slice_files_read_memory_events(files, &events), 0);
                assert_int_equal(events.oom_kill, 3);
        }
        fixture_write(*state, SLICE "memory.events", "oom 10\noom_kill 9\n");
        assert_int_equal(slice_files_read_memory_events(files, &events), 0);
        assert_int_equal(events.oom_kill, 9);
}

static void test_absent_is_not_gone(void **state) {
        _cleanup_(slice_files_freep) SliceFiles *files = open_slice();
        MemoryEvents events;
        MemoryUse use;

        fixture_remove(*state, SLICE "memory.events");
        assert_int_equal(slice_files_read_memory_events(files, &events), -ENODATA);
        assert_int_equal(slice_files_read_memory_events_local(files, &events), -ENODATA);
        assert_int_equal(slice_files_read_memory(files, &use), -ENODATA);
        /* The controller comes on. */
        fixture_write(*state, SLICE "memory.events", "oom 0\noom_kill 0\n");
        assert_int_equal(slice_files_read_memory_events(files, &events), 0);
}

static void test_gone(void **state) {
        _cleanup_(slice_files_freep) SliceFiles *files = open_slice(), *again = NULL, *none = NULL;
        LimitMask present = 77;
        Limits limits;
        MemoryUse use;
        CpuStat stat;

        fixture_remove(*state, "user.slice/user-1000.slice");
        assert_int_equal(slice_files_read_cpu(files, &stat), -ENODEV);
        assert_int_equal(slice_files_read_memory(files, &use), -ENODEV);
        assert_int_equal(slice_files_read_limits(files, &limits, &present), -ENODEV);
        assert_int_equal(present, 77);
        assert_int_equal(slice_files_open_user(slices, "user-1000.slice", &none), -ENOENT);
        /* One of the same name is another. */
        make_slice(*state);
        again = open_slice();
        assert_int_equal(slice_files_read_cpu(files, &stat), -ENODEV);
        assert_int_equal(slice_files_read_cpu(again, &stat), 0);
}

static void test_known(void **state) {
        _cleanup_(slice_files_freep) SliceFiles *seen = open_slice(), *files = NULL, *again = NULL;
        uint64_t inode = slice_files_inode(seen);
        char long_name[SLICE_NAME_MAX + 2] = "";
        CpuStat stat;

        assert_int_equal(slice_files_for_known_user(slices, "user-1000.slice", inode, &files), 0);
        assert_int_equal(slice_files_inode(files), inode);
        assert_int_equal(slice_files_read_cpu(files, &stat), 0);
        fixture_remove(*state, "user.slice/user-1000.slice");
        make_slice(*state);
        assert_int_equal(slice_files_for_known_user(slices, "user-1000.slice", inode, &again), 0);
        assert_int_equal(slice_files_read_cpu(again, &stat), -ENODEV);
        again = slice_files_free(again);
        memset(long_name, 'a', sizeof long_name - 1);
        assert_int_equal(slice_files_for_known_user(slices, long_name, inode, &again), -ENAMETOOLONG);
}

static void test_memory(void **state) {
        _cleanup_(slice_files_freep) SliceFiles *files = open_slice();
        MemoryUse use;

        fixture_write(*state, SLICE "memory.current", "1048576\n");
        assert_int_equal(slice_files_read_memory(files, &use), 0);
        assert_int_equal(use.current, 1048576);
        assert_true(use.peak == UINT64_MAX);
        assert_true(use.inactive_file == UINT64_MAX);
        fixture_write(*state, SLICE "memory.peak", "2097152\n");
        fixture_write(*state, SLICE "memory.stat", "anon 1\nfile 2\ninactive_anon 3\ninactive_file 4096\n");
        assert_int_equal(slice_files_read_memory(files, &use), 0);
        assert_int_equal(use.peak, 2097152);
        assert_int_equal(use.inactive_file, 4096);
        fixture_write(*state, SLICE "memory.stat", "inactive_file 4096 and more, much more, than that\n");
        assert_int_equal(slice_files_read_memory(files, &use), -EBADMSG);
}

static void test_page_cache(void **state) {
        _cleanup_(slice_files_freep) SliceFiles *files = open_slice();
        uint64_t bytes = 77;

        assert_int_equal(slice_files_read_page_cache(files, &bytes), -ENODATA);
        fixture_write(*state, SLICE "memory.stat", "anon 1\n");
        assert_int_equal(slice_files_read_page_cache(files, &bytes), -ENODATA);
        fixture_write(*state, SLICE "memory.stat", "anon 1\nfile x\n");
        assert_int_equal(slice_files_read_page_cache(files, &bytes), -EBADMSG);
        assert_int_equal(bytes, 77);
        fixture_write(*state, SLICE "memory.stat", "anon 1\nfile 9000\n");
        assert_int_equal(slice_files_read_page_cache(files, &bytes), 0);
        assert_int_equal(bytes, 9000);
        fixture_write(*state, SLICE "memory.stat", "anon 1\nfile 9000\nshmem 600\nswapcached 40\n");
        assert_int_equal(slice_files_read_page_cache(files, &bytes), 0);
        assert_int_equal(bytes, 8360);
        fixture_write(*state, SLICE "memory.stat", "file 9\nshmem 10\nswapcached 40\n");
        assert_int_equal(slice_files_read_page_cache(files, &bytes), 0);
        assert_int_equal(bytes, 0);
}

static void test_populated(void **state) {
        _cleanup_(slice_files_freep) SliceFiles *files = open_slice();

        assert_int_equal(slice_files_is_populated(files), -ENODATA);
        fixture_write(*state, SLICE "cgroup.events", "populated 1\nfrozen 0\n");
        assert_int_equal(slice_files_is_populated(files), 1);
        fixture_write(*state, SLICE "cgroup.events", "frozen 1\npopulated 0\n");
        assert_int_equal(slice_files_is_populated(files), 0);
        fixture_write(*state, SLICE "cgroup.events", "frozen 0\n");
        assert_int_equal(slice_files_is_populated(files), -ENODATA);
        fixture_write(*state, SLICE "cgroup.events", "populated no\n");
        assert_int_equal(slice_files_is_populated(files), -EBADMSG);
}

static void test_memory_current(void **state) {
        _cleanup_(slice_files_freep) SliceFiles *files = open_slice();
        uint64_t bytes = 77;

        assert_int_equal(slice_files_read_memory_by_name(files, &bytes), -ENODATA);
        for (unsigned i = 1; i <= 3; i++) {
                fixture_printf(*state, SLICE "memory.current", "%u\n", i * 4096);
                assert_int_equal(slice_files_read_memory_by_name(files, &bytes), 0);
                assert_int_equal(bytes, i * 4096);
        }
        fixture_write(*state, SLICE "memory.current", "rubbish\n");
        assert_int_equal(slice_files_read_memory_by_name(files, &bytes), -EBADMSG);
        assert_int_equal(bytes, 3 * 4096);
}

/* One file of each slice is held, and nothing else. */
static void test_descriptors(void **state) {
        _cleanup_(slice_files_freep) SliceFiles *files = NULL;
        unsigned before = open_descriptors();
        MemoryEvents events;
        LimitMask present;
        MemoryUse use;
        Limits limits;
        CpuStat stat;
        int fd;

        files = open_slice();
        assert_int_equal(open_descriptors(), before);
        assert_int_equal(slice_files_read_cpu(files, &stat), 0);
        assert_int_equal(slice_files_read_cpu_usage(files, &stat), 1);
        assert_int_equal(stat.nr_throttled, 2);
        fixture_write(*state, SLICE "memory.current", "1\n");
        assert_int_equal(slice_files_read_memory(files, &use), 0);
        assert_int_equal(slice_files_read_memory_by_name(files, &use.current), 0);
        assert_int_equal(slice_files_read_memory_events(files, &events), 0);
        assert_int_equal(slice_files_read_limits(files, &limits, &present), 0);
        fd = slice_files_open_directory(files);
        assert_true(fd >= 0);
        close(fd);
        assert_int_equal(open_descriptors(), before + 1);
}

static void test_limits(void **state) {
        _cleanup_(slice_files_freep) SliceFiles *files = open_slice();
        LimitMask present = 77;
        Limits limits;

        assert_int_equal(slice_files_read_limits(files, &limits, &present), 0);
        assert_int_equal(present, 0);
        fixture_write(*state, SLICE "cpu.max", "50000 100000\n");
        fixture_write(*state, SLICE "cpu.weight", "200\n");
        fixture_write(*state, SLICE "memory.max", "536870912\n");
        fixture_write(*state, SLICE "memory.high", "max\n");
        assert_int_equal(slice_files_read_limits(files, &limits, &present), 0);
        assert_int_equal(present, LIMIT_MASK_ALL & ~(1U << LIMIT_MEMORY_SWAP_MAX));
        assert_int_equal(limits.value[LIMIT_CPU_QUOTA], 500000);
        assert_int_equal(limits.value[LIMIT_CPU_WEIGHT], 200);
        assert_int_equal(limits.value[LIMIT_MEMORY_MAX], 536870912);
        assert_true(limits.value[LIMIT_MEMORY_HIGH] == LIMIT_UNSET);
        assert_true(limits.value[LIMIT_MEMORY_SWAP_MAX] == LIMIT_UNSET);
        fixture_write(*state, SLICE "memory.swap.max", "0\n");
        assert_int_equal(slice_files_read_limits(files, &limits, &present), 0);
        assert_int_equal(present, LIMIT_MASK_ALL);
        assert_int_equal(limits.value[LIMIT_MEMORY_SWAP_MAX], 0);
        fixture_write(*state, SLICE "cpu.weight", "fast\n");
        assert_int_equal(slice_files_read_limits(files, &limits, &present), -EBADMSG);
}

static void test_links_are_not_followed(void **state) {
        _cleanup_(slice_files_freep) SliceFiles *files = NULL;
        Fixture *f = *state;

        assert_int_equal(symlinkat("user-1000.slice", f->fd, "user.slice/user-1001.slice"), 0);
        assert_true(slice_files_open_user(slices, "user-1001.slice", &files) < 0);
}

typedef struct Host {
        CgroupTree *tree;
        CapacityReader *reader;
} Host;

static Host open_host(Fixture *f, const char *online) {
        Host host = {};

        fixture_mkdir(f, "devices");
        fixture_mkdir(f, "devices/system");
        fixture_mkdir(f, "devices/system/cpu");
        fixture_write(f, "devices/system/cpu/online", online);
        assert_int_equal(cgroup_tree_open(f->path, &host.tree), 0);
        assert_int_equal(capacity_reader_open(f->fd, host.tree, &host.reader), 0);
        return host;
}

static void close_host(Host *host) {
        capacity_reader_free(host->reader);
        cgroup_tree_free(host->tree);
}

/* Where one counter stands for both it is read once: what it says later is not seen at the same time. */
static void test_host_use_is_read_once(void **state) {
        _cleanup_(close_host) Host host = open_host(*state, "0-3\n");
        _cleanup_(host_use_freep) HostUse *use = NULL;
        Fixture *f = *state;
        uint64_t usage;

        assert_int_equal(host_use_open(f->fd, host.tree, host.reader, &use), 0);
        assert_int_equal(host_use_glance(use, USEC_PER_SEC, 4, &usage), 0);
        assert_int_equal(usage, 5000000);
        fixture_write(f, "cpu.stat", "usage_usec 6000000\n");
        assert_int_equal(host_use_read(use, USEC_PER_SEC, 4, &usage), 0);
        assert_int_equal(usage, 5000000);
        assert_int_equal(host_use_read(use, USEC_PER_SEC + 1, 4, &usage), 0);
        assert_int_equal(usage, 6000000);
        /* What could not be read is tried again. */
        fixture_write(f, "cpu.stat", "rubbish\n");
        assert_int_equal(host_use_glance(use, 2 * USEC_PER_SEC, 4, &usage), -EBADMSG);
        fixture_write(f, "cpu.stat", "usage_usec 7000000\n");
        assert_int_equal(host_use_read(use, 2 * USEC_PER_SEC, 4, &usage), 0);
        assert_int_equal(usage, 7000000);
}

static void test_capacity(void **state) {
        _cleanup_(close_host) Host host = open_host(*state, "0-3,6\n");
        uint64_t usage;
        Capacity c;

        assert_int_equal(capacity_read_host_usage(host.reader, &usage), 0);
        assert_int_equal(usage, 5000000);
        assert_int_equal(capacity_read(host.reader, &c), 0);
        assert_int_equal(c.online_cpus, 5);
        assert_int_equal(c.usable_cpus, 5);
        assert_true(c.quota == UINT64_MAX);
        assert_int_equal(c.cpu, 5000000);

        fixture_write(*state, "cpuset.cpus.effective", "0-2\n");
        assert_int_equal(capacity_read(host.reader, &c), 0);
        assert_int_equal(c.usable_cpus, 3);
        /* The nearer one wins. */
        fixture_write(*state, "user.slice/cpuset.cpus.effective", "1,6-7\n");
        assert_int_equal(capacity_read(host.reader, &c), 0);
        assert_int_equal(c.usable_cpus, 2);
        assert_int_equal(c.cpu, 2000000);

        fixture_write(*state, "user.slice/cpu.max", "150000 100000\n");
        assert_int_equal(capacity_read(host.reader, &c), 0);
        assert_int_equal(c.quota, 1500000);
        assert_int_equal(c.cpu, 1500000);
        fixture_write(*state, "cpu.max", "50000 100000\n");
        assert_int_equal(capacity_read(host.reader, &c), 0);
        assert_int_equal(c.cpu, 500000);

        fixture_write(*state, "devices/system/cpu/online", "0\n");
        assert_int_equal(capacity_read(host.reader, &c), 0);
        assert_int_equal(c.online_cpus, 1);
        assert_int_equal(c.usable_cpus, 1); /* the cpuset lags behind: never none */
}

static void test_capacity_hostile(void **state) {
        _cleanup_(close_host) Host host = open_host(*state, "\n");
        Capacity c = { .cpu = 4711 };

        assert_int_equal(capacity_read(host.reader, &c), -EBADMSG);
        fixture_write(*state, "devices/system/cpu/online", "0-1\n");
        fixture_write(*state, "cpuset.cpus.effective", "everything\n");
        assert_int_equal(capacity_read(host.reader, &c), -EBADMSG);
        fixture_write(*state, "cpuset.cpus.effective", "\n");
        fixture_write(*state, "cpu.max", "a lot\n");
        assert_int_equal(capacity_read(host.reader, &c), -EBADMSG);
        assert_int_equal(c.cpu, 4711);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_tree),
                TEST(test_tree_without_user_slice),
                TEST(test_counters),
                TEST(test_absent_is_not_gone),
                TEST(test_gone),
                TEST(test_memory),
                TEST(test_populated),
                TEST(test_memory_current),
                TEST(test_page_cache),
                TEST(test_limits),
                TEST(test_links_are_not_followed),
                TEST(test_host_use_is_read_once),
                TEST(test_capacity),
                TEST(test_capacity_hostile),
                TEST(test_descriptors),
                TEST(test_known),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
