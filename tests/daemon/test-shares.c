/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "daemon/host.h"

/* Fair-share quotas come with contention, go with it, and do not outlive the service. */

#define TWO_CPUS (2 * USEC_PER_SEC)
/* Two CPUs, of which users get 90 %; each of two users half of that. */
#define CONFIGURATION "[CPU]\nCPUThreshold=90%\n[Manager]\nIntervalSec=1s\n"
#define FAIR_SHARE    900000

static bool is_fair(uint64_t quota) {
        return quota >= FAIR_SHARE * 9 / 10 && quota <= FAIR_SHARE * 11 / 10;
}

static void start_with_two_users(void) {
        fixture_configure(host.fixture, CONFIGURATION);
        fixture_add_user(host.fixture, 1000);
        fixture_add_user(host.fixture, 1001);
        host_start();
        host_run(1 * USEC_PER_SEC);
}

static void contend(void) {
        host_want(1000, TWO_CPUS);
        host_want(1001, TWO_CPUS);
        host_run(3 * USEC_PER_SEC);
        assert_true(is_fair(fixture_limit(host.fixture, 1000, LIMIT_CPU_QUOTA)));
        assert_true(is_fair(fixture_limit(host.fixture, 1001, LIMIT_CPU_QUOTA)));
}

static void rest(void) {
        host_want(1000, 0);
        host_want(1001, 0);
        host_run(3 * USEC_PER_SEC);
}

static void test_contention_and_room(_unused_ void **state) {
        start_with_two_users();
        assert_int_equal(host.script.n_calls, 0);
        contend();
        script_forget(&host.script);
        host_run(20 * USEC_PER_SEC);
        assert_int_equal(host.script.n_calls, 0); /* a steady load needs no more changes */
        rest();
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, LIMIT_UNSET);
        EXPECT_LIMIT(1001, LIMIT_CPU_QUOTA, LIMIT_UNSET);
        script_forget(&host.script);
        host_run(120 * USEC_PER_SEC);
        assert_int_equal(host.script.n_calls, 0); /* nothing at all while the host is idle */
}

static void test_light_user_is_left_alone(_unused_ void **state) {
        start_with_two_users();
        host_want(1000, TWO_CPUS);
        host_want(1001, 100000);
        host_run(10 * USEC_PER_SEC);
        assert_true(fixture_limit(host.fixture, 1000, LIMIT_CPU_QUOTA) < 1800000);
        EXPECT_LIMIT(1001, LIMIT_CPU_QUOTA, LIMIT_UNSET);
        assert_int_equal(script_count(&host.script, SLICE(1001)), 0);
}

static void test_quota_lost_in_a_reload(_unused_ void **state) {
        start_with_two_users();
        contend();
        fixture_lose_all(host.fixture);
        fake_backend_reload(host.manager->backend);
        host_run(2 * USEC_PER_SEC);
        assert_true(is_fair(fixture_limit(host.fixture, 1000, LIMIT_CPU_QUOTA)));
        assert_true(is_fair(fixture_limit(host.fixture, 1001, LIMIT_CPU_QUOTA)));
}

static void test_user_leaves_in_contention(_unused_ void **state) {
        start_with_two_users();
        contend();
        host_want(1000, 0);
        fixture_remove_user(host.fixture, 1000);
        host_run(3 * USEC_PER_SEC);
        assert_null(host_slice(1000));
        /* Their drop-in is still there, and is taken back when they return. */
        fixture_add_user(host.fixture, 1000);
        host_run(3 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, LIMIT_UNSET);
}

/* The last process has ended, and PID 1 has not removed the group yet. */
static void test_nobody_is_left_in_the_slice(_unused_ void **state) {
        start_with_two_users();
        fixture_put(host.fixture, 1000, "cgroup.events", "populated 1\nfrozen 0\n");
        contend();
        fixture_put(host.fixture, 1000, "cgroup.events", "populated 0\nfrozen 0\n");
        script_forget(&host.script);
        rest();
        EXPECT_LIMIT(1001, LIMIT_CPU_QUOTA, LIMIT_UNSET);
        assert_int_equal(script_count(&host.script, SLICE(1000)), 0);
        /* What is asked for is another matter. */
        host_reload(CONFIGURATION "[Memory]\nMemoryMax=64M\n");
        host_run(2 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
        fixture_put(host.fixture, 1000, "cgroup.events", "populated 1\nfrozen 0\n");
        host_run(2 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, LIMIT_UNSET);
}

static void test_nobody_is_left_at_stop(_unused_ void **state) {
        start_with_two_users();
        contend();
        fixture_put(host.fixture, 1000, "cgroup.events", "populated 0\nfrozen 0\n");
        host_stop();
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, LIMIT_UNSET);
}

static void test_stop_lifts_quotas_and_keeps_memory(_unused_ void **state) {
        start_with_two_users();
        host_reload(CONFIGURATION "[Memory]\nMemoryMax=64M\n");
        contend();
        host_stop();
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, LIMIT_UNSET);
        EXPECT_LIMIT(1001, LIMIT_CPU_QUOTA, LIMIT_UNSET);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
        EXPECT_LIMIT(1001, LIMIT_MEMORY_MAX, 64 * MIB);
}

static void test_stop_keeps_configured_quota(_unused_ void **state) {
        fixture_configure(host.fixture, "[CPU]\nCPUThreshold=90%\nCPUQuota=150%\n");
        fixture_add_user(host.fixture, 1000);
        fixture_add_user(host.fixture, 1001);
        host_start();
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, 1500000);
        contend();
        host_stop();
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, 1500000);
}

static void crash_and_come_back(void) {
        host_crash();
        host_want(1000, 0);
        host_want(1001, 0);
        host_start();
}

/* A quota that the administrator has given stands again, whichever way the service went. */
static void start_with_found_quota(void) {
        fixture_configure(host.fixture, CONFIGURATION);
        fixture_add_user(host.fixture, 1000);
        fixture_add_user(host.fixture, 1001);
        fixture_set_limit(host.fixture, 1000, LIMIT_CPU_QUOTA, 1500000);
        host_start();
        contend();
}

static void test_found_quota_after_rest(_unused_ void **state) {
        start_with_found_quota();
        rest();
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, 1500000);
        host_run(60 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, 1500000);
        host_stop();
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, 1500000);
}

static void test_found_quota_after_stop(_unused_ void **state) {
        start_with_found_quota();
        host_stop();
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, 1500000);
        host_start();
        host_want(1000, 0);
        host_want(1001, 0);
        host_run(5 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, 1500000);
}

static void test_found_quota_after_crash(_unused_ void **state) {
        start_with_found_quota();
        crash_and_come_back();
        host_run(5 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, 1500000);
        EXPECT_LIMIT(1001, LIMIT_CPU_QUOTA, LIMIT_UNSET);
}

static void test_found_quota_after_return(_unused_ void **state) {
        start_with_found_quota();
        host_want(1000, 0);
        fixture_remove_user(host.fixture, 1000);
        host_run(3 * USEC_PER_SEC);
        fixture_add_user(host.fixture, 1000);
        host_run(3 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, 1500000);
}

/* The same share for all may be more than the administrator's quota, which then is not ours to lift. */
static void start_with_less_than_equal(void) {
        fixture_configure(host.fixture, "[CPU]\nSharePolicy=equal\n" CONFIGURATION);
        fixture_add_user(host.fixture, 1000);
        fixture_add_user(host.fixture, 1001);
        fixture_set_limit(host.fixture, 1000, LIMIT_CPU_QUOTA, 500000);
        host_start();
        host_want(1000, 500000);
        host_want(1001, 1500000);
        host_run(10 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, 500000);
        EXPECT_LIMIT(1001, LIMIT_CPU_QUOTA, 900000);
}

static void test_less_than_equal_after_stop(_unused_ void **state) {
        start_with_less_than_equal();
        host_stop();
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, 500000);
        EXPECT_LIMIT(1001, LIMIT_CPU_QUOTA, LIMIT_UNSET);
}

static void test_less_than_equal_after_crash(_unused_ void **state) {
        start_with_less_than_equal();
        crash_and_come_back();
        host_run(5 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, 500000);
        EXPECT_LIMIT(1001, LIMIT_CPU_QUOTA, LIMIT_UNSET);
}

/* Between two looks at what stands, and just before the first fair share. */
static void test_quota_of_a_moment_ago(_unused_ void **state) {
        start_with_two_users();
        host_run(60 * USEC_PER_SEC);
        fixture_set_limit(host.fixture, 1000, LIMIT_CPU_QUOTA, 500000);
        host_want(1000, TWO_CPUS);
        host_want(1001, TWO_CPUS);
        host_run(5 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, 500000);
        rest();
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, 500000);
        host_stop();
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, 500000);
}

/* PID 1 is too busy for an answer, and does what it was asked for when nobody wants it any more. */
static void test_done_late(_unused_ void **state) {
        start_with_two_users();
        host.script.hold = true;
        host_want(1000, TWO_CPUS);
        host_want(1001, TWO_CPUS);
        host_run(3 * USEC_PER_SEC);
        assert_int_equal(host.script.under_way, 2);
        rest();
        fake_backend_set_online(host.manager->backend, false);
        fake_backend_set_online(host.manager->backend, true);
        host_run(1 * USEC_PER_SEC);
        fixture_set_limit(host.fixture, 1000, LIMIT_CPU_QUOTA, FAIR_SHARE);
        fake_backend_release(host.manager->backend);
        host_run(5 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, LIMIT_UNSET);
        script_forget(&host.script);
        host_run(60 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, LIMIT_UNSET);
        assert_int_equal(host.script.n_calls, 0);
}

static void test_start_after_crash(_unused_ void **state) {
        start_with_two_users();
        contend();
        crash_and_come_back();
        host_run(1 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, LIMIT_UNSET);
        EXPECT_LIMIT(1001, LIMIT_CPU_QUOTA, LIMIT_UNSET);
}

static void test_release_after_crash(_unused_ void **state) {
        _cleanup_free_ char *ledger = NULL;

        start_with_two_users();
        contend();
        host_crash();
        script_forget(&host.script);
        host_release();
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, LIMIT_UNSET);
        EXPECT_LIMIT(1001, LIMIT_CPU_QUOTA, LIMIT_UNSET);
        assert_int_equal(host.script.n_calls, 2);
        ledger = fixture_ledger(host.fixture);
        assert_null(strstr(ledger, "fair"));
        /* There is nothing left to do. */
        host_release();
        assert_int_equal(host.script.n_calls, 2);
}

/* Whoever is refused stays in the ledger for the next attempt; the others are lifted. */
static void test_release_refused(_unused_ void **state) {
        start_with_two_users();
        contend();
        host_crash();
        host.script.refuse = SLICE(1000);
        host.script.error = EACCES;
        host_release();
        assert_true(is_fair(fixture_limit(host.fixture, 1000, LIMIT_CPU_QUOTA)));
        EXPECT_LIMIT(1001, LIMIT_CPU_QUOTA, LIMIT_UNSET);
        host.script.refuse = NULL;
        host_release();
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, LIMIT_UNSET);
}

static void test_release_of_many(_unused_ void **state) {
        char *text = calloc(1000, 64), *end = text;

        assert_non_null(text);
        for (unsigned i = 0; i < 1000; i++)
                end += sprintf(end, "user-%u.slice fair CPUQuotaPerSecUSec=infinity\n", 5000 + i);
        fixture_write_ledger(host.fixture, text);
        free(text);
        host_release();
        assert_int_equal(host.script.n_calls, 1000);
        assert_int_equal(host.script.most_under_way, BACKEND_PENDING_MAX);
}

static void test_stop_with_changes_under_way(_unused_ void **state) {
        start_with_two_users();
        host_want(1000, TWO_CPUS);
        host_want(1001, TWO_CPUS);
        host.script.hold = true;
        host_run(3 * USEC_PER_SEC);
        assert_true(host.script.under_way > 0);
        manager_stop(host.manager);
        fake_backend_release(host.manager->backend);
        host_settle();
        assert_int_equal(sd_event_get_state(host.manager->event), SD_EVENT_FINISHED);
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, LIMIT_UNSET);
        EXPECT_LIMIT(1001, LIMIT_CPU_QUOTA, LIMIT_UNSET);
}

/* The backend goes away in the middle of it, and comes back. */
static void test_stop_while_backend_restarts(_unused_ void **state) {
        start_with_two_users();
        contend();
        host.script.hold = true;
        manager_stop(host.manager);
        host_settle();
        assert_int_equal(host.script.under_way, 2);
        fake_backend_set_online(host.manager->backend, false);
        assert_int_not_equal(sd_event_get_state(host.manager->event), SD_EVENT_EXITING);
        host.script.hold = false;
        fake_backend_set_online(host.manager->backend, true);
        host_settle();
        assert_int_equal(sd_event_get_state(host.manager->event), SD_EVENT_FINISHED);
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, LIMIT_UNSET);
        EXPECT_LIMIT(1001, LIMIT_CPU_QUOTA, LIMIT_UNSET);
}

static void test_rubbish_ledger(_unused_ void **state) {
        fixture_write_ledger(host.fixture, "\n"
                                           "root.slice fair CPUQuotaPerSecUSec=infinity\n"
                                           "user-0001.slice fair\n"
                                           "user-1000.slice  fair\n"
                                           "user-1000.slice fair CPUQuotaPerSecUSec=0\n"
                                           "user-1000.slice CPUQuotaPerSecUSec=-1\n"
                                           "user-1000.slice CPUQuotaPerSecUSec\n"
                                           "user-1000.slice Rubbish=1\n"
                                           "../../etc/passwd fair\n"
                                           "\xff\xfe\n"
                                           "user-1001.slice fair CPUQuotaPerSecUSec=infinity");
        host_release();
        assert_int_equal(log_capture_count("are left out"), 1);
        assert_int_equal(host.script.n_calls, 1);
        assert_string_equal(host.script.call[0].slice, SLICE(1001));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, host_setup, host_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_contention_and_room),
                TEST(test_light_user_is_left_alone),
                TEST(test_quota_lost_in_a_reload),
                TEST(test_user_leaves_in_contention),
                TEST(test_nobody_is_left_in_the_slice),
                TEST(test_nobody_is_left_at_stop),
                TEST(test_stop_lifts_quotas_and_keeps_memory),
                TEST(test_stop_keeps_configured_quota),
                TEST(test_found_quota_after_rest),
                TEST(test_found_quota_after_stop),
                TEST(test_found_quota_after_crash),
                TEST(test_found_quota_after_return),
                TEST(test_less_than_equal_after_stop),
                TEST(test_less_than_equal_after_crash),
                TEST(test_quota_of_a_moment_ago),
                TEST(test_done_late),
                TEST(test_start_after_crash),
                TEST(test_release_after_crash),
                TEST(test_release_refused),
                TEST(test_release_of_many),
                TEST(test_stop_with_changes_under_way),
                TEST(test_stop_while_backend_restarts),
                TEST(test_rubbish_ledger),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
