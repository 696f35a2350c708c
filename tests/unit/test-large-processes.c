/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unit.h"

#include "cgroup-fixture.h"
#include "cgroup/large-processes.h"

/* The same directory has the groups and, in "proc", the processes. */

static Fixture fixture;
static int proc_fd;

static int setup(_unused_ void **state) {
        if (fixture_open(&fixture) < 0)
                return -1;
        fixture_mkdir(&fixture, "group");
        fixture_write(&fixture, "group/cgroup.procs", "");
        fixture_mkdir(&fixture, "proc");
        proc_fd = openat(fixture.fd, "proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
        return proc_fd < 0 ? -1 : 0;
}

static int teardown(_unused_ void **state) {
        proc_fd = safe_close(proc_fd);
        fixture_close(&fixture);
        return 0;
}

static void add_process(int pid, unsigned pages, const char *comm) {
        char path[64], text[128];

        snprintf(path, sizeof path, "proc/%d", pid);
        fixture_mkdir(&fixture, path);
        snprintf(path, sizeof path, "proc/%d/statm", pid);
        snprintf(text, sizeof text, "99999 %u 100 1 0 500 0\n", pages);
        fixture_write(&fixture, path, text);
        snprintf(path, sizeof path, "proc/%d/comm", pid);
        fixture_write(&fixture, path, comm);
}

static int find(LargeProcesses *ret) {
        _cleanup_close_ int fd = openat(fixture.fd, "group", O_PATH | O_DIRECTORY | O_CLOEXEC);

        return large_processes_find(fd, proc_fd, ret);
}

static void expect(const LargeProcesses *found, size_t i, int pid, unsigned pages, const char *comm) {
        assert_true(i < found->count);
        assert_int_equal(found->process[i].pid, pid);
        assert_int_equal(found->process[i].rss, pages * (uint64_t) sysconf(_SC_PAGESIZE));
        assert_string_equal(found->process[i].comm, comm);
}

static void test_largest(_unused_ void **state) {
        LargeProcesses found;

        assert_int_equal(find(&found), 0);
        assert_int_equal(found.count, 0);
        fixture_write(&fixture, "group/cgroup.procs", "1\n2\n3\n4\n");
        fixture_mkdir(&fixture, "group/.hidden");
        fixture_write(&fixture, "group/.hidden/cgroup.procs", "5\n6\n");
        fixture_mkdir(&fixture, "group/.hidden/deeper");
        fixture_write(&fixture, "group/.hidden/deeper/cgroup.procs", "7\n8\n");
        add_process(1, 10, "ten\n");
        add_process(2, 70, "line\nbreak\n\n");
        add_process(3, 0, "nothing\n");
        add_process(5, 40, "\n");
        add_process(6, 30, "kworker/u16:0-a-very-long-name\n");
        add_process(7, 50, "\x1b[31m\xff\n");
        add_process(8, 20, "twenty\n");
        assert_int_equal(find(&found), 0);
        assert_int_equal(found.count, 5);
        expect(&found, 0, 2, 70, "line\nbreak\n");
        expect(&found, 1, 7, 50, "\x1b[31m\xff");
        expect(&found, 2, 5, 40, "");
        expect(&found, 3, 6, 30, "kworker/u16:0-a");
        expect(&found, 4, 8, 20, "twenty");
        assert_false(found.incomplete);
}

static void test_links_are_not_followed(_unused_ void **state) {
        LargeProcesses found;

        add_process(1, 10, "ten\n");
        fixture_mkdir(&fixture, "elsewhere");
        fixture_write(&fixture, "elsewhere/cgroup.procs", "1\n");
        assert_int_equal(symlinkat("../elsewhere", fixture.fd, "group/link"), 0);
        assert_int_equal(find(&found), 0);
        assert_int_equal(found.count, 0);
}

static void test_gone(_unused_ void **state) {
        LargeProcesses found = { .count = 77 };

        fixture_remove(&fixture, "group/cgroup.procs");
        assert_int_equal(find(&found), -ENODEV);
        assert_int_equal(found.count, 77);
}

static void add_groups(unsigned n) {
        char path[64];

        for (unsigned i = 0; i < n; i++) {
                snprintf(path, sizeof path, "group/%u", i);
                fixture_mkdir(&fixture, path);
                snprintf(path, sizeof path, "group/%u/cgroup.procs", i);
                fixture_write(&fixture, path, "1\n");
        }
}

static void test_many_groups(_unused_ void **state) {
        LargeProcesses found;

        add_process(1, 10, "ten\n");
        add_groups(LARGE_PROCESSES_GROUPS - 1);
        assert_int_equal(find(&found), 0);
        assert_false(found.incomplete);
        add_groups(LARGE_PROCESSES_GROUPS);
        assert_int_equal(find(&found), 0);
        assert_true(found.incomplete);
        assert_int_equal(found.count, 5);
}

static void test_many_processes(_unused_ void **state) {
        static char text[8 * (LARGE_PROCESSES_LOOKED_AT + 1)];
        LargeProcesses found;
        size_t length = 0;

        for (unsigned pid = 1; pid <= LARGE_PROCESSES_LOOKED_AT; pid++)
                length += (size_t) snprintf(text + length, sizeof text - length, "%u\n", pid);
        fixture_write(&fixture, "group/cgroup.procs", text);
        add_process(LARGE_PROCESSES_LOOKED_AT, 1, "last\n");
        add_process(LARGE_PROCESSES_LOOKED_AT + 1, 2, "too many\n");
        assert_int_equal(find(&found), 0);
        assert_false(found.incomplete);
        expect(&found, 0, LARGE_PROCESSES_LOOKED_AT, 1, "last");
        snprintf(text + length, sizeof text - length, "%u\n", LARGE_PROCESSES_LOOKED_AT + 1);
        fixture_write(&fixture, "group/cgroup.procs", text);
        assert_int_equal(find(&found), 0);
        assert_true(found.incomplete);
        assert_int_equal(found.count, 1);
}

static void test_deep(_unused_ void **state) {
        char path[512] = "group";
        LargeProcesses found;

        for (unsigned i = 1; i < LARGE_PROCESSES_DEPTH; i++)
                fixture_mkdir(&fixture, strcat(path, "/x"));
        assert_int_equal(find(&found), 0);
        assert_false(found.incomplete);
        fixture_mkdir(&fixture, strcat(path, "/x"));
        assert_int_equal(find(&found), 0);
        assert_true(found.incomplete);
}

static void test_statm(_unused_ void **state) {
        static const char *const wrong[] = { "",      " ",    "1",      "1 2",
                                             "1 x 3", "1  2", "1 -2 3", "1 18446744073709551616 3" };
        uint64_t pages = 77;

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                assert_int_equal(process_parse_statm(wrong[i], strlen(wrong[i]), &pages), -EBADMSG);
        assert_int_equal(pages, 77);
        assert_int_equal(process_parse_statm("1 2 3\n", 6, &pages), 0);
        assert_int_equal(pages, 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_largest),     TEST(test_links_are_not_followed), TEST(test_gone),
                TEST(test_many_groups), TEST(test_many_processes),         TEST(test_deep),
                TEST(test_statm),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
