/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "cgroup/group.h"

static char directory[64];
static int fd = -1;

static int setup(_unused_ void **state) {
        strcpy(directory, "/tmp/fairslice-group-XXXXXX");
        if (!mkdtemp(directory))
                return -1;
        fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -1 : 0;
}

static int teardown(_unused_ void **state) {
        (void) unlinkat(fd, "cgroup.procs", 0);
        (void) unlinkat(fd, "cgroup.subtree_control", 0);
        fd = safe_close(fd);
        return rmdir(directory);
}

static void put(const char *name, const char *text) {
        assert_int_equal(write_file_atomic(fd, name, text, strlen(text), 0600), 0);
}

static void test_make_and_remove(_unused_ void **state) {
        int below;

        assert_int_equal(group_make(fd, "a"), 1);
        assert_int_equal(group_make(fd, "a"), 0);
        below = group_open(fd, "/a");
        assert_true(below >= 0);
        assert_int_equal(group_make(below, "b b"), 1);
        safe_close(below);
        assert_int_equal(group_remove(fd, "a"), -EBUSY);
        below = group_open(fd, "/a/b b");
        assert_true(below >= 0);
        safe_close(below);
        below = group_open(fd, "a");
        assert_int_equal(group_remove(below, "b b"), 0);
        safe_close(below);
        assert_int_equal(group_remove(fd, "a"), 0);
        assert_int_equal(group_remove(fd, "a"), 0);
}

/* Out of the tree leads nothing. */
static void test_open(_unused_ void **state) {
        int root = group_open(fd, "/");

        assert_true(root >= 0);
        safe_close(root);
        assert_int_equal(group_open(fd, "/a"), -ENOENT);
        assert_int_equal(group_open(fd, "/.."), -EINVAL);
        assert_int_equal(group_open(fd, "/./a"), -EINVAL);
        assert_int_equal(symlinkat("/", fd, "link"), 0);
        assert_true(group_open(fd, "/link") < 0);
        assert_true(group_open(fd, "/link/tmp") < 0);
        assert_int_equal(unlinkat(fd, "link", 0), 0);
}

static void test_processes(_unused_ void **state) {
        _cleanup_free_ pid_t *pids = NULL;
        char text[32];
        size_t count;

        assert_int_equal(group_list(fd, &pids, &count), -ENODEV);
        assert_int_equal(group_attach(fd, 7), -ENODEV);
        put("cgroup.procs", "");
        assert_int_equal(group_is_empty(fd), 1);
        assert_int_equal(group_attach(fd, 4711), 0);
        assert_true(read_file_at(fd, "cgroup.procs", text, sizeof text) > 0);
        assert_string_equal(text, "4711\n");
        put("cgroup.procs", "3\n0\n1\n");
        assert_int_equal(group_is_empty(fd), 0);
        assert_int_equal(group_list(fd, &pids, &count), 0);
        assert_int_equal(count, 2);
        assert_int_equal(pids[0], 3);
        assert_int_equal(pids[1], 1);
}

static void test_many_processes(_unused_ void **state) {
        _cleanup_free_ char *text = malloc(100000 * 7 + 1);
        _cleanup_free_ pid_t *pids = NULL;
        size_t count, length = 0;

        assert_non_null(text);
        for (int i = 1; i <= 100000; i++)
                length += (size_t) sprintf(text + length, "%d\n", i);
        put("cgroup.procs", text);
        assert_int_equal(group_is_empty(fd), 0);
        assert_int_equal(group_list(fd, &pids, &count), 0);
        assert_int_equal(count, 100000);
        assert_int_equal(pids[99999], 100000);
}

static void test_rubbish(_unused_ void **state) {
        static const char *const texts[] = { "1", "x\n", "-1\n", "\n", "1\n2147483648\n", "1 2\n" };
        pid_t *pids = NULL;
        size_t count;

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                assert_int_equal(group_procs_parse(texts[i], strlen(texts[i]), &pids, &count), -EBADMSG);
        assert_null(pids);
}

static void test_controllers(_unused_ void **state) {
        char text[32];

        assert_int_equal(group_controls(fd, "cpu"), -ENOENT);
        assert_int_equal(group_control(fd, "cpu", true), -ENOENT);
        put("cgroup.subtree_control", "cpuset memory\n");
        assert_int_equal(group_controls(fd, "cpu"), 0);
        assert_int_equal(group_controls(fd, "cpuset"), 1);
        assert_int_equal(group_controls(fd, "memory"), 1);
        put("cgroup.subtree_control", "");
        assert_int_equal(group_controls(fd, "cpu"), 0);
        assert_int_equal(group_control(fd, "cpu", true), 0);
        assert_true(read_file_at(fd, "cgroup.subtree_control", text, sizeof text) > 0);
        assert_string_equal(text, "+cpu\n");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_make_and_remove), TEST(test_open),    TEST(test_processes),
                TEST(test_many_processes),  TEST(test_rubbish), TEST(test_controllers),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
