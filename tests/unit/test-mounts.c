/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unit.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cgroup/mounts.h"

static CgroupMounts mounts;

static int parse(const char *text) {
        cgroup_mounts_done(&mounts);
        return cgroup_mounts_parse(text, strlen(text), &mounts);
}

static int teardown(_unused_ void **state) {
        cgroup_mounts_done(&mounts);
        return 0;
}

#define TMPFS   "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
#define MEMORY  "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
#define UNIFIED "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"

static void test_apart(_unused_ void **state) {
        assert_int_equal(parse(TMPFS
                               "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
                               "33 31 0:30 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct\n" MEMORY
                               "34 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n" UNIFIED),
                         0);
        assert_string_equal(mounts.legacy[CONTROLLER_CPU].path, "/sys/fs/cgroup/cpu");
        assert_string_equal(mounts.legacy[CONTROLLER_CPUACCT].path, "/sys/fs/cgroup/cpuacct");
        assert_string_equal(mounts.legacy[CONTROLLER_MEMORY].path, "/sys/fs/cgroup/memory");
        assert_string_equal(mounts.legacy[CONTROLLER_CPUSET].path, "/sys/fs/cgroup/cpuset");
        assert_string_equal(mounts.unified.path, "/sys/fs/cgroup/unified");
        assert_null(mounts.systemd.path);
        assert_true(cgroup_mounts_are_legacy(&mounts));
        assert_false(cgroup_mounts_are_unified(&mounts));
}

static void test_together(_unused_ void **state) {
        assert_int_equal(
                parse("30 20 0:25 / /cg/cpu,cpuacct rw shared:10 master:1 - cgroup cgroup rw,cpu,cpuacct\n"
                      "31 20 0:26 / /cg/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"),
                0);
        assert_string_equal(mounts.legacy[CONTROLLER_CPU].path, "/cg/cpu,cpuacct");
        assert_string_equal(mounts.legacy[CONTROLLER_CPUACCT].path, "/cg/cpu,cpuacct");
        assert_null(mounts.legacy[CONTROLLER_MEMORY].path);
        assert_string_equal(mounts.systemd.path, "/cg/systemd");
}

static void test_unified(_unused_ void **state) {
        assert_int_equal(parse("24 20 0:21 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"), 0);
        assert_string_equal(mounts.unified.path, "/sys/fs/cgroup");
        assert_string_equal(mounts.unified.root, "/");
        assert_false(cgroup_mounts_are_legacy(&mounts));
        assert_true(cgroup_mounts_are_unified(&mounts));
        assert_int_equal(parse(UNIFIED), 0); /* not at the usual path, but all that there is */
        assert_true(cgroup_mounts_are_unified(&mounts));
        assert_int_equal(parse(""), 0);
        assert_null(mounts.unified.path);
        assert_false(cgroup_mounts_are_unified(&mounts));
}

/* Names that only look like a controller's are another thing: cpuset is not cpu. */
static void test_other_hierarchies(_unused_ void **state) {
        assert_int_equal(parse("34 31 0:31 / /a rw - cgroup cgroup rw,cpusets,xcpu,name=cpu,memory2\n"
                               "35 31 0:32 / /cpu rw - tmpfs cgroup rw,cpu\n"),
                         0);
        assert_false(cgroup_mounts_are_legacy(&mounts));
        assert_null(mounts.systemd.path);
}

static void test_escaped(_unused_ void **state) {
        assert_int_equal(parse("35 31 0:32 / /odd\\040na\\134me\\011x\\9 rw - cgroup cgroup rw,memory\n"),
                         0);
        assert_string_equal(mounts.legacy[CONTROLLER_MEMORY].path, "/odd na\\me\tx\\9");
}

/* A part of the hierarchy that is shown somewhere as well does not stand in for the whole. */
static void test_root_is_preferred(_unused_ void **state) {
        assert_int_equal(parse("50 31 0:32 /docker/ab /a rw - cgroup cgroup rw,memory\n" MEMORY
                               "51 31 0:32 / /b rw - cgroup cgroup rw,memory\n"),
                         0);
        assert_string_equal(mounts.legacy[CONTROLLER_MEMORY].path, "/sys/fs/cgroup/memory");
        assert_string_equal(mounts.legacy[CONTROLLER_MEMORY].root, "/");
        assert_int_equal(parse("50 31 0:32 /docker/ab /a rw - cgroup cgroup rw,memory\n"
                               "51 31 0:32 /docker /b rw - cgroup cgroup rw,memory\n"),
                         0);
        assert_string_equal(mounts.legacy[CONTROLLER_MEMORY].path, "/a");
        assert_string_equal(mounts.legacy[CONTROLLER_MEMORY].root, "/docker/ab");
}

static unsigned n_hidden;

static void on_hidden(const char *name, const char *path, void *userdata) {
        assert_string_equal(name, "memory");
        assert_string_equal(path, userdata);
        n_hidden++;
}

/* The line says which file system it is, and the path may lead to another one by now, or to nothing. */
static void test_hidden(_unused_ void **state) {
        char text[256];
        struct stat st;

        n_hidden = 0;
        assert_int_equal(stat("/proc", &st), 0);
        snprintf(text, sizeof text,
                 "35 31 %u:%u / /proc rw - cgroup cgroup rw,cpu\n"
                 "35 31 %u:%u / /proc rw - cgroup cgroup rw,memory\n",
                 major(st.st_dev), minor(st.st_dev), major(st.st_dev), minor(st.st_dev) + 1);
        assert_int_equal(parse(text), 0);
        cgroup_mounts_drop_hidden(&mounts, on_hidden, (void *) "/proc");
        assert_int_equal(n_hidden, 1);
        assert_string_equal(mounts.legacy[CONTROLLER_CPU].path, "/proc");
        assert_null(mounts.legacy[CONTROLLER_MEMORY].path);
        assert_int_equal(parse("35 31 0:32 / /nonexistent rw - cgroup cgroup rw,memory\n"), 0);
        cgroup_mounts_drop_hidden(&mounts, on_hidden, (void *) "/nonexistent");
        assert_int_equal(n_hidden, 2);
        assert_false(cgroup_mounts_are_legacy(&mounts));
}

static void test_bad_lines(_unused_ void **state) {
        static const char *const bad[] = {
                "\n",
                "35\n",
                "35 31 0:32 / /a rw\n",
                "35 31 0:32 / /a rw - \n",
                "35 31 0:32 / a rw - cgroup cgroup rw,memory\n",
                "\n\n\n",
                "35 31 0 / /a rw - cgroup cgroup rw,memory\n",
                "35 31 :32 / /a rw - cgroup cgroup rw,memory\n",
                "35 31 0:4294967296 / /a rw - cgroup cgroup rw,memory\n",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                assert_int_equal(parse(bad[i]), -EBADMSG);
                assert_null(mounts.legacy[CONTROLLER_MEMORY].path);
        }
        /* What was found before the bad line is not half a result. */
        assert_int_equal(parse(MEMORY "35\n"), -EBADMSG);
        assert_null(mounts.legacy[CONTROLLER_MEMORY].path);
}

/* No NUL is needed at the end, nor a newline. */
static void test_bounds(_unused_ void **state) {
        static const char text[] = MEMORY "x";
        char *copy = malloc(sizeof text - 3);

        assert_non_null(copy);
        memcpy(copy, text, sizeof text - 3);
        cgroup_mounts_done(&mounts);
        assert_int_equal(cgroup_mounts_parse(copy, sizeof text - 3, &mounts), 0);
        assert_string_equal(mounts.legacy[CONTROLLER_MEMORY].path, "/sys/fs/cgroup/memory");
        free(copy);
}

#define TEST(f) cmocka_unit_test_teardown(f, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_apart),     TEST(test_together),
                TEST(test_unified),   TEST(test_other_hierarchies),
                TEST(test_escaped),   TEST(test_root_is_preferred),
                TEST(test_bad_lines), TEST(test_bounds),
                TEST(test_hidden),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
