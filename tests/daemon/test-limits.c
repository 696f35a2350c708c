/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/resource.h>

#include "daemon/host.h"

/* Limits go out once, when they are due, and nothing else does. */

#define MEMORY_64M "[Memory]\nMemoryMax=64M\n"

/* Before there is a cgroup, in one call that carries what is configured and no more. */
static void test_new_user_at_once(_unused_ void **state) {
        fixture_configure(host.fixture, MEMORY_64M);
        host_start();
        manager_user_new(1000, host.manager);
        assert_int_equal(host.script.n_calls, 1);
        assert_string_equal(host.script.call[0].slice, SLICE(1000));
        assert_int_equal(host.script.call[0].mask, 1U << LIMIT_MEMORY_MAX);
        assert_int_equal(host.script.call[0].limits.value[LIMIT_MEMORY_MAX], 64 * MIB);
        fixture_add_user(host.fixture, 1000);
        host_run(40 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
        assert_int_equal(host.script.n_calls, 1);
}

/* logind does not know everybody. */
static void test_new_slice_without_logind(_unused_ void **state) {
        fixture_configure(host.fixture, MEMORY_64M);
        host_start();
        fixture_add_user(host.fixture, 1000);
        host_settle();
        assert_int_equal(script_count(&host.script, SLICE(1000)), 1);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
        host_run(5 * USEC_PER_SEC);
        assert_int_equal(host.script.n_calls, 1);
}

static void test_all_configured_limits_in_one_call(_unused_ void **state) {
        fixture_configure(host.fixture, "[CPU]\nCPUQuota=150%\nCPUWeight=200\n"
                                        "[Memory]\nMemoryMax=64M\nMemoryHigh=48M\nMemorySwapMax=0\n");
        fixture_add_user(host.fixture, 1000);
        host_start();
        assert_int_equal(host.script.n_calls, 1);
        assert_int_equal(host.script.call[0].mask, LIMIT_MASK_ALL);
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, 1500000);
        EXPECT_LIMIT(1000, LIMIT_CPU_WEIGHT, 200);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_HIGH, 48 * MIB);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_SWAP_MAX, 0);
        host_run(40 * USEC_PER_SEC);
        assert_int_equal(host.script.n_calls, 1);
}

static void test_nothing_configured(_unused_ void **state) {
        fixture_add_user(host.fixture, 1000);
        host_start();
        manager_user_new(1000, host.manager);
        manager_user_new(1001, host.manager);
        fixture_add_user(host.fixture, 1001);
        host_run(40 * USEC_PER_SEC);
        assert_int_equal(host.script.n_calls, 0);
}

static void test_kernel_holds_it_already(_unused_ void **state) {
        fixture_configure(host.fixture, MEMORY_64M);
        fixture_add_user(host.fixture, 1000);
        fixture_set_limit(host.fixture, 1000, LIMIT_MEMORY_MAX, 64 * MIB);
        host_start();
        host_run(40 * USEC_PER_SEC);
        assert_int_equal(host.script.n_calls, 0);
}

/* Nothing goes out while a backend is offline, and all of it when it comes online. */
static void test_offline(_unused_ void **state) {
        fixture_configure(host.fixture, MEMORY_64M);
        fixture_add_user(host.fixture, 1000);
        host.offline = true;
        host_start();
        manager_user_new(1001, host.manager);
        host_run(5 * USEC_PER_SEC);
        assert_int_equal(host.script.n_calls, 0);
        fake_backend_set_online(host.manager->backend, true);
        host_settle();
        assert_int_equal(host.script.n_calls, 2);
        host_run(5 * USEC_PER_SEC);
        assert_int_equal(host.script.n_calls, 2);
        assert_int_equal(log_capture_count("Cannot"), 0);
}

/* Setting it is what turns the controllers on. */
static void test_controllers_are_off(_unused_ void **state) {
        fixture_configure(host.fixture, MEMORY_64M);
        fixture_add_bare_user(host.fixture, 1000);
        host_start();
        host_run(2 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
        EXPECT_LIMIT(1000, LIMIT_CPU_WEIGHT, CPU_WEIGHT_DEFAULT);
        host_run(40 * USEC_PER_SEC);
        assert_int_equal(host.script.n_calls, 1);
}

/* PID 1 says yes and the file never comes, as in a container without the cpu controller. */
static void test_controllers_stay_off(_unused_ void **state) {
        fixture_add_bare_user(host.fixture, 1000);
        host.script.fixture = NULL;
        host_start();
        host_run(120 * USEC_PER_SEC);
        assert_in_range(host.script.n_calls, 1, 2);
        assert_in_range(log_capture_count("CPUWeight"), 0, 2);
}

static void lose_and_reload(void) {
        fixture_lose_all(host.fixture);
        fake_backend_reload(host.manager->backend);
        host_run(1 * USEC_PER_SEC);
}

static void test_lost_in_a_reload(_unused_ void **state) {
        fixture_configure(host.fixture, MEMORY_64M);
        fixture_add_user(host.fixture, 1000);
        host_start();
        host_run(5 * USEC_PER_SEC);
        script_forget(&host.script);

        lose_and_reload();
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
        host_run(60 * USEC_PER_SEC);
        assert_int_equal(host.script.n_calls, 1);
        assert_int_equal(log_capture_count("setting it again"), 1);
        assert_int_equal(log_capture_count("MemoryMax=infinity instead of 64M"), 1);
        /* And after the next reload again. */
        lose_and_reload();
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
        assert_int_equal(log_capture_count("setting it again"), 2);
        assert_int_equal(log_capture_count("leaving it"), 0);
}

/* Somebody else insists: given up after one repair, said, and tried again after a reload. */
static void test_difference_persists(_unused_ void **state) {
        fixture_configure(host.fixture, MEMORY_64M);
        fixture_add_user(host.fixture, 1000);
        host.script.fixture = NULL;
        host_start();
        host_run(120 * USEC_PER_SEC);
        assert_int_equal(host.script.n_calls, 2);
        assert_int_equal(log_capture_count("setting it again"), 1);
        assert_int_equal(log_capture_count("leaving it until the next reload"), 1);
        host.script.fixture = host.fixture;
        fake_backend_reload(host.manager->backend);
        host_run(5 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
}

/* Changed behind our back long after: found within the half minute. */
static void test_changed_by_somebody(_unused_ void **state) {
        fixture_configure(host.fixture, MEMORY_64M);
        fixture_add_user(host.fixture, 1000);
        host_start();
        host_run(100 * USEC_PER_SEC);
        fixture_set_limit(host.fixture, 1000, LIMIT_MEMORY_MAX, 512 * MIB);
        host_run(40 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
        assert_int_equal(host.script.n_calls, 2);
}

/* What somebody else has set where nothing is configured is theirs. */
static void test_what_others_set_stays(_unused_ void **state) {
        fixture_add_user(host.fixture, 1000);
        fixture_set_limit(host.fixture, 1000, LIMIT_MEMORY_MAX, 512 * MIB);
        fixture_set_limit(host.fixture, 1000, LIMIT_CPU_QUOTA, 1500000);
        host_start();
        host_run(60 * USEC_PER_SEC);
        fixture_set_limit(host.fixture, 1000, LIMIT_MEMORY_HIGH, 256 * MIB);
        host_run(60 * USEC_PER_SEC);
        assert_int_equal(host.script.n_calls, 0);
}

/* A limit that was ours and was taken back is anybody's again. */
static void test_what_was_taken_back_is_free(_unused_ void **state) {
        fixture_configure(host.fixture, MEMORY_64M);
        fixture_add_user(host.fixture, 1000);
        host_start();
        host_reload("");
        host_run(1 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, LIMIT_UNSET);
        script_forget(&host.script);
        fixture_set_limit(host.fixture, 1000, LIMIT_MEMORY_MAX, 512 * MIB);
        host_run(120 * USEC_PER_SEC);
        assert_int_equal(host.script.n_calls, 0);
        assert_int_equal(log_capture_count("instead of"), 0);
        /* Nor does the next one who comes after us touch it. */
        host_crash();
        host_start();
        host_run(5 * USEC_PER_SEC);
        assert_int_equal(host.script.n_calls, 0);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 512 * MIB);
}

static void test_one_user_refused(_unused_ void **state) {
        fixture_configure(host.fixture, MEMORY_64M);
        for (uid_t uid = 1000; uid < 1003; uid++)
                fixture_add_user(host.fixture, uid);
        host.script.refuse = SLICE(1001);
        host.script.error = EACCES;
        host_start();
        host_run(100 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
        EXPECT_LIMIT(1002, LIMIT_MEMORY_MAX, 64 * MIB);
        assert_int_equal(script_count(&host.script, SLICE(1000)), 1);
        /* At 0, 1, 3, 7, 15, 31 and 63 s. */
        assert_int_equal(script_count(&host.script, SLICE(1001)), 7);
        assert_int_equal(log_capture_count("Cannot set limits of user-1001.slice"), 1);

        host.script.refuse = NULL;
        host_run(70 * USEC_PER_SEC);
        EXPECT_LIMIT(1001, LIMIT_MEMORY_MAX, 64 * MIB);
        assert_int_equal(log_capture_count("limits can be set again"), 1);
}

static void test_canceled_is_no_failure(_unused_ void **state) {
        fixture_configure(host.fixture, MEMORY_64M);
        fixture_add_user(host.fixture, 1000);
        host.script.hold = true;
        host_start();
        assert_int_equal(host.script.n_calls, 1);
        fake_backend_set_online(host.manager->backend, false);
        host.script.hold = false;
        fake_backend_set_online(host.manager->backend, true);
        host_run(1 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
        assert_int_equal(log_capture_count("Cannot"), 0);
}

/* Never more than 64 changes at once, and everybody's turn comes. */
static void test_thousand_slices(_unused_ void **state) {
        struct rlimit few;

        /* As a shell would have it. */
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &few), 0);
        few.rlim_cur = MIN(few.rlim_max, 256U);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
        fixture_configure(host.fixture, MEMORY_64M);
        for (uid_t uid = 2000; uid < 2500; uid++)
                fixture_add_user(host.fixture, uid);
        host_start();
        host_settle();
        for (uid_t uid = 2500; uid < 3000; uid++)
                manager_user_new(uid, host.manager);
        host_run(2 * USEC_PER_SEC);
        assert_int_equal(host.script.n_calls, 1000);
        assert_int_equal(host.script.most_under_way, BACKEND_PENDING_MAX);
        EXPECT_LIMIT(2000, LIMIT_MEMORY_MAX, 64 * MIB);
        EXPECT_LIMIT(2499, LIMIT_MEMORY_MAX, 64 * MIB);
}

/* Who was read back a moment after a change is read back again a few at a time, and nobody is left out. */
static void test_turns_of_reading_back(_unused_ void **state) {
        size_t most = 0, calls;

        fixture_configure(host.fixture, MEMORY_64M);
        for (uid_t uid = 2000; uid < 2040; uid++)
                fixture_add_user(host.fixture, uid);
        host_start();
        host_run(2 * USEC_PER_SEC);
        assert_int_equal(host.script.n_calls, 40);
        for (uid_t uid = 2000; uid < 2040; uid++)
                fixture_set_limit(host.fixture, uid, LIMIT_MEMORY_MAX, 512 * MIB);
        for (unsigned i = 0; i < 40; i++) {
                calls = host.script.n_calls;
                host_run(250 * USEC_PER_MSEC);
                most = MAX(most, host.script.n_calls - calls);
        }
        assert_int_equal(host.script.n_calls, 80);
        assert_in_range(most, 1, 8);
        for (uid_t uid = 2000; uid < 2040; uid++)
                EXPECT_LIMIT(uid, LIMIT_MEMORY_MAX, 64 * MIB);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, host_setup, host_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_new_user_at_once),
                TEST(test_new_slice_without_logind),
                TEST(test_all_configured_limits_in_one_call),
                TEST(test_nothing_configured),
                TEST(test_kernel_holds_it_already),
                TEST(test_offline),
                TEST(test_controllers_are_off),
                TEST(test_controllers_stay_off),
                TEST(test_lost_in_a_reload),
                TEST(test_difference_persists),
                TEST(test_changed_by_somebody),
                TEST(test_what_others_set_stays),
                TEST(test_what_was_taken_back_is_free),
                TEST(test_one_user_refused),
                TEST(test_canceled_is_no_failure),
                TEST(test_thousand_slices),
                TEST(test_turns_of_reading_back),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
