/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/stat.h>

#include "daemon/host.h"
#include "support/few-descriptors.h"

/* Slices and users come and go at any moment. */

#define MEMORY_64M "[Memory]\nMemoryMax=64M\n"

static void start_with_user(void) {
        fixture_configure(host.fixture, MEMORY_64M);
        fixture_add_user(host.fixture, 1000);
        host_start();
}

static void start_with_announced_user(void) {
        fixture_configure(host.fixture, MEMORY_64M);
        host_start();
        manager_user_new(1000, host.manager);
        fixture_add_user(host.fixture, 1000);
        host_settle();
}

static void test_comes_and_goes(_unused_ void **state) {
        start_with_user();
        assert_non_null(host_slice(1000));
        fixture_remove_user(host.fixture, 1000);
        host_settle();
        assert_null(host_slice(1000));
        fixture_add_user(host.fixture, 1000);
        host_run(2 * USEC_PER_SEC);
        assert_non_null(host_slice(1000)->files);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
}

/* logind knows the user longer than the slice lives, or shorter. */
static void test_announced(_unused_ void **state) {
        start_with_announced_user();
        fixture_remove_user(host.fixture, 1000);
        host_settle();
        assert_null(host_slice(1000));
        manager_user_removed(1000, host.manager);

        manager_user_new(1000, host.manager);
        fixture_add_user(host.fixture, 1000);
        host_settle();
        manager_user_removed(1000, host.manager);
        host_settle();
        assert_non_null(host_slice(1000));
        fixture_remove_user(host.fixture, 1000);
        host_settle();
        assert_null(host_slice(1000));
        manager_user_removed(1000, host.manager);
        manager_user_removed(4321, host.manager);
}

static void start_with_a_change_under_way(void) {
        start_with_announced_user();
        host.script.hold = true;
        host_reload("[Memory]\nMemoryMax=128M\n");
        host_settle();
        assert_int_equal(host.script.under_way, 1);
        script_forget(&host.script);
}

static void expect_no_more_calls(void) {
        fake_backend_release(host.manager->backend);
        host_run(5 * USEC_PER_SEC);
        assert_int_equal(host.script.n_calls, 0);
        assert_null(host_slice(1000));
}

/* The slice has gone while a call for it was under way, and logind has not said so yet. */
static void test_gone_before_logind_says(_unused_ void **state) {
        start_with_a_change_under_way();
        fixture_remove_user(host.fixture, 1000);
        host_settle();
        expect_no_more_calls();
        manager_user_removed(1000, host.manager);
}

static void test_gone_before_anybody_looks(_unused_ void **state) {
        fixture_configure(host.fixture, MEMORY_64M);
        host_start();
        fixture_add_user(host.fixture, 1000);
        fixture_remove_user(host.fixture, 1000);
        host_settle();
        assert_null(host_slice(1000));
        assert_int_equal(log_capture_count("Cannot"), 0);
}

/* Its answer comes when it is gone, or has come again: never two changes of one slice at once. */
static void test_gone_with_a_change_under_way(_unused_ void **state) {
        fixture_configure(host.fixture, MEMORY_64M);
        host_start();
        host.script.hold = true;
        fixture_add_user(host.fixture, 1000);
        host_settle();
        assert_int_equal(host.script.under_way, 1);
        fixture_remove_user(host.fixture, 1000);
        host_settle();
        fixture_add_user(host.fixture, 1000);
        host_run(1 * USEC_PER_SEC);
        assert_int_equal(host.script.under_way, 1);
        fake_backend_release(host.manager->backend);
        host_run(2 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
        assert_int_equal(host.script.under_way, 0);
}

static void test_gone_for_good_with_a_change_under_way(_unused_ void **state) {
        start_with_user();
        host.script.hold = true;
        host_reload("[Memory]\nMemoryMax=128M\n");
        fixture_remove_user(host.fixture, 1000);
        host_settle();
        host_run(1 * USEC_PER_SEC);
        fake_backend_release(host.manager->backend);
        host_run(1 * USEC_PER_SEC);
        assert_null(host_slice(1000));
        assert_int_equal(log_capture_count("Cannot"), 0);
}

/* The kernel never says that a directory which is held open is gone. */
static void test_user_slice_comes_again(_unused_ void **state) {
        start_with_user();
        fixture_remove_user_slice(host.fixture);
        host_run(2 * USEC_PER_SEC);
        assert_null(host_slice(1000));
        fixture_add_user_slice(host.fixture);
        fixture_add_user(host.fixture, 1001);
        host_run(2 * USEC_PER_SEC);
        EXPECT_LIMIT(1001, LIMIT_MEMORY_MAX, 64 * MIB);
        fixture_add_user(host.fixture, 1002);
        host_settle();
        EXPECT_LIMIT(1002, LIMIT_MEMORY_MAX, 64 * MIB);
        assert_int_equal(log_capture_count("Cannot"), 0);
}

static void test_no_user_slice_yet(_unused_ void **state) {
        fixture_configure(host.fixture, MEMORY_64M);
        fixture_remove_user_slice(host.fixture);
        host_start();
        manager_user_new(1000, host.manager);
        assert_int_equal(host.script.n_calls, 1);
        fixture_add_user_slice(host.fixture);
        fixture_add_user(host.fixture, 1000);
        host_run(2 * USEC_PER_SEC);
        assert_non_null(host_slice(1000)->files);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
}

static void make_directory(const char *name) {
        char path[512];

        snprintf(path, sizeof path, "%s/user.slice/%s", fixture_cgroup_path(host.fixture), name);
        assert_int_equal(mkdir(path, 0755), 0);
}

/* What is no user's slice is nobody's business. */
static void test_others(_unused_ void **state) {
        fixture_configure(host.fixture, MEMORY_64M);
        make_directory("user-0001000.slice");
        make_directory("user-.slice");
        host_start();
        make_directory("user-1000.service");
        make_directory("user-4294967295.slice");
        make_directory("user-1000-a.slice");
        make_directory("%n.slice");
        host_run(1 * USEC_PER_SEC);
        assert_int_equal(host.manager->slices.count, 0);
        assert_int_equal(host.script.n_calls, 0);
}

static void test_no_counters(_unused_ void **state) {
        start_with_user();
        fixture_put(host.fixture, 1000, "cpu.stat", "rubbish\n");
        fixture_put(host.fixture, 1000, "memory.max", "rubbish\n");
        fixture_add_user(host.fixture, 1001);
        host_run(60 * USEC_PER_SEC);
        EXPECT_LIMIT(1001, LIMIT_MEMORY_MAX, 64 * MIB);
        assert_int_equal(host.script.n_calls, 2);
}

/* More events than inotify queues. */
static void make_directories_come_and_go(void) {
        for (uid_t uid = 20000; uid < 29000; uid++) {
                SliceName name;
                char path[512];

                make_directory(slice_name_for_uid(name, uid));
                snprintf(path, sizeof path, "%s/user.slice/%s", fixture_cgroup_path(host.fixture), name);
                assert_int_equal(rmdir(path), 0);
        }
}

/* With the coming of two users. */
static void lose_events(void) {
        start_with_user();
        fixture_remove_user(host.fixture, 1000);
        make_directories_come_and_go();
        fixture_add_user(host.fixture, 1001);
        fixture_add_user(host.fixture, 1000);
}

static void expect_found(void) {
        host_run(2 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
        EXPECT_LIMIT(1001, LIMIT_MEMORY_MAX, 64 * MIB);
        assert_int_equal(host.manager->slices.count, 2);
}

static void test_events_lost(_unused_ void **state) {
        lose_events();
        expect_found();
}

/* Nor can be read then what is there. */
static void test_events_lost_without_descriptors(_unused_ void **state) {
        lose_events();
        forbid_descriptors(true);
        host_settle();
        forbid_descriptors(false);
        expect_found();
}

/* Its coming was seen, but it could not be opened. */
static void test_came_without_descriptors(_unused_ void **state) {
        start_with_user();
        fixture_add_user(host.fixture, 1001);
        forbid_descriptors(true);
        host_settle();
        forbid_descriptors(false);
        assert_int_equal(log_capture_count("Cannot open the cgroup of user-1001.slice"), 1);
        /* Nor can it be looked for. */
        forbid_descriptors(true);
        manager_refresh_tree(host.manager);
        forbid_descriptors(false);
        host_run(5 * USEC_PER_SEC);
        EXPECT_LIMIT(1001, LIMIT_MEMORY_MAX, 64 * MIB);
        assert_non_null(host_slice(1001)->files);
}

/* The slice of an announced user has gone while a call for it was under way, and nobody has said so. */
static void test_going_is_lost_with_a_change_under_way(_unused_ void **state) {
        start_with_a_change_under_way();
        make_directories_come_and_go();
        fixture_remove_user(host.fixture, 1000);
        host_settle();
        expect_no_more_calls();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, host_setup, host_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_comes_and_goes),
                TEST(test_announced),
                TEST(test_gone_before_logind_says),
                TEST(test_gone_before_anybody_looks),
                TEST(test_gone_with_a_change_under_way),
                TEST(test_gone_for_good_with_a_change_under_way),
                TEST(test_user_slice_comes_again),
                TEST(test_no_user_slice_yet),
                TEST(test_others),
                TEST(test_no_counters),
                TEST(test_events_lost),
                TEST(test_events_lost_without_descriptors),
                TEST(test_came_without_descriptors),
                TEST(test_going_is_lost_with_a_change_under_way),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
