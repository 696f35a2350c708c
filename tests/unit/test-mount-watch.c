/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unit.h"

#include "cgroup-fixture.h"
#include "watch/mount-watch.h"

#define TOGETHER "30 20 0:25 / /cg/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
#define MEMORY   "35 31 0:32 / /cg/memory rw - cgroup cgroup rw,memory\n"
#define UNIFIED  "41 31 0:38 / /cg/unified rw - cgroup2 cgroup2 rw\n"

static Fixture fixture;
static sd_event *event;
static MountWatch *watch;
static struct {
        unsigned n;
        char what[128];
        bool mounted;
} told;

static void on_mount(const char *controllers, const char *path, bool mounted, void *userdata) {
        assert_ptr_equal(userdata, &told);
        told.n++;
        told.mounted = mounted;
        snprintf(told.what, sizeof told.what, "%s %s", controllers, path);
}

static void look(const char *mountinfo) {
        told.n = 0;
        fixture_write(&fixture, "self/mountinfo", mountinfo);
        mount_watch_look(watch);
}

static int setup(_unused_ void **state) {
        if (fixture_open(&fixture) < 0 || sd_event_new(&event) < 0)
                return -1;
        fixture_mkdir(&fixture, "self");
        fixture_write(&fixture, "self/mountinfo", TOGETHER MEMORY UNIFIED);
        return mount_watch_new(event, fixture.fd, on_mount, &told, &watch);
}

static int teardown(_unused_ void **state) {
        watch = mount_watch_free(watch);
        event = sd_event_unref(event);
        fixture_close(&fixture);
        return 0;
}

static void test_unmounted_and_back(_unused_ void **state) {
        look(TOGETHER MEMORY UNIFIED);
        assert_int_equal(told.n, 0);
        look(TOGETHER UNIFIED);
        assert_int_equal(told.n, 1);
        assert_string_equal(told.what, "memory /cg/memory");
        assert_false(told.mounted);
        look(TOGETHER UNIFIED); /* said once */
        assert_int_equal(told.n, 0);
        look(TOGETHER MEMORY UNIFIED);
        assert_int_equal(told.n, 1);
        assert_true(told.mounted);
}

static void test_together(_unused_ void **state) {
        look(MEMORY UNIFIED);
        assert_int_equal(told.n, 1);
        assert_string_equal(told.what, "cpu,cpuacct /cg/cpu,cpuacct");
        look(MEMORY "30 20 0:25 / /elsewhere rw - cgroup cgroup rw,cpu,cpuacct\n" UNIFIED);
        assert_int_equal(told.n, 0);
}

static void test_unified(_unused_ void **state) {
        look(TOGETHER MEMORY);
        assert_int_equal(told.n, 1);
        assert_string_equal(told.what, "cgroup2 /cg/unified");
}

static void test_unreadable(_unused_ void **state) {
        look("rubbish\n");
        assert_int_equal(told.n, 0);
}

/* The kernel's own file can be waited for. */
static void test_native(_unused_ void **state) {
        MountWatch *native = NULL;
        int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        assert_true(proc_fd >= 0);
        assert_int_equal(mount_watch_new(event, proc_fd, on_mount, &told, &native), 0);
        close(proc_fd);
        assert_true(sd_event_run(event, 0) >= 0);
        mount_watch_free(native);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_unmounted_and_back), TEST(test_together), TEST(test_unified),
                TEST(test_unreadable),         TEST(test_native),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
