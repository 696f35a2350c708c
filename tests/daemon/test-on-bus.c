/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "daemon/host.h"

/* The manager as it runs on a host: the systemd backend and the logind watch, on a private bus. */

#define MEMORY_64M "[Memory]\nMemoryMax=64M\n"
#define TWO_CPUS   (2 * USEC_PER_SEC)

static bool memory_is_64M(uid_t uid) {
        return fixture_limit(host.fixture, uid, LIMIT_MEMORY_MAX) == 64 * MIB;
}

static void start_with_user(void) {
        fixture_configure(host.fixture, MEMORY_64M);
        fixture_add_user(host.fixture, 1000);
        fake_logind_add(host.logind, 1000);
        host_start();
        DRIVE_UNTIL(memory_is_64M(1000));
}

static void test_users_who_are_there(_unused_ void **state) {
        fake_logind_add(host.logind, 1001); /* has no slice yet */
        start_with_user();
        DRIVE_UNTIL(script_count(&host.script, SLICE(1001)) == 1);
        host_run(5 * USEC_PER_SEC);
        assert_int_equal(host.script.n_calls, 2);
}

static void test_user_logs_in_and_out(_unused_ void **state) {
        start_with_user();
        fake_logind_add(host.logind, 1001);
        DRIVE_UNTIL(script_count(&host.script, SLICE(1001)) == 1);
        assert_int_equal(script_last(&host.script, SLICE(1001))->mask, 1U << LIMIT_MEMORY_MAX);
        fixture_add_user(host.fixture, 1001);
        assert_true(memory_is_64M(1001));
        fixture_remove_user(host.fixture, 1001);
        fake_logind_remove(host.logind, 1001);
        DRIVE_UNTIL(!host_slice(1001));
}

static void test_daemon_reload(_unused_ void **state) {
        start_with_user();
        host_run(1 * USEC_PER_SEC);
        fake_systemd_reloading(host.systemd, true);
        fixture_lose_all(host.fixture);
        fake_systemd_reloading(host.systemd, false);
        host_settle();
        host_run(1 * USEC_PER_SEC);
        assert_true(memory_is_64M(1000));
        assert_int_equal(log_capture_count("setting it again"), 1);
}

static void test_daemon_reexec(_unused_ void **state) {
        start_with_user();
        host_run(1 * USEC_PER_SEC);
        fake_systemd_disconnect(host.systemd);
        DRIVE_UNTIL(!host.manager->backend->is_online);
        fixture_lose_all(host.fixture);
        fake_systemd_connect(host.systemd);
        DRIVE_UNTIL(host.manager->backend->is_online);
        host_run(1 * USEC_PER_SEC);
        assert_true(memory_is_64M(1000));
        assert_int_equal(log_capture_count("Cannot"), 0);
}

static void restart_bus(void) {
        private_bus_kill(host.bus);
        DRIVE_UNTIL(!host.manager->backend->is_online);
        fake_systemd_disconnect(host.systemd);
        fake_logind_disconnect(host.logind);
        private_bus_start(host.bus);
        fake_systemd_connect(host.systemd);
        fake_logind_connect(host.logind);
        DRIVE_UNTIL(host.manager->backend->is_online);
}

static void test_bus_restart(_unused_ void **state) {
        start_with_user();
        host_run(1 * USEC_PER_SEC);
        host.script.hold = true;
        host_reload("[Memory]\nMemoryMax=128M\n");
        assert_int_equal(host.script.under_way, 1);
        host.script.hold = false;
        restart_bus();
        host_run(2 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 128 * MIB);
        assert_int_equal(log_capture_count("Cannot set limits"), 0);
        assert_int_equal(log_capture_count("Cannot get the users"), 0);
        /* And whoever logs in afterwards is seen. */
        fake_logind_add(host.logind, 1001);
        DRIVE_UNTIL(script_count(&host.script, SLICE(1001)) == 1);
}

/* Who has left while nobody was listening is not kept for ever. */
static void test_user_leaves_while_bus_is_away(_unused_ void **state) {
        unsigned calls;

        start_with_user();
        fake_logind_add(host.logind, 1001);
        DRIVE_UNTIL(host_slice(1001));
        private_bus_kill(host.bus);
        DRIVE_UNTIL(!host.manager->backend->is_online);
        fake_systemd_disconnect(host.systemd);
        fake_logind_disconnect(host.logind);
        fake_logind_remove(host.logind, 1001);
        calls = fake_logind_list_calls(host.logind);
        private_bus_start(host.bus);
        fake_systemd_connect(host.systemd);
        fake_logind_connect(host.logind);
        DRIVE_UNTIL(fake_logind_list_calls(host.logind) > calls);
        DRIVE_UNTIL(!host_slice(1001));
        assert_non_null(host_slice(1000));
}

static void test_refused_by_polkit(_unused_ void **state) {
        host.script.refuse = SLICE(1001);
        host.script.error = EACCES;
        fixture_add_user(host.fixture, 1001);
        start_with_user();
        host_run(2 * USEC_PER_SEC);
        EXPECT_LIMIT(1001, LIMIT_MEMORY_MAX, LIMIT_UNSET);
        assert_int_equal(log_capture_count("Cannot set limits of user-1001.slice"), 1);
}

static void test_contention_and_stop(_unused_ void **state) {
        _cleanup_free_ char *ledger = NULL;

        start_with_user();
        host_want(1000, TWO_CPUS);
        host_run(2 * USEC_PER_SEC);
        assert_true(fixture_limit(host.fixture, 1000, LIMIT_CPU_QUOTA) < TWO_CPUS);
        host_stop();
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, LIMIT_UNSET);
        assert_true(memory_is_64M(1000));
        ledger = fixture_ledger(host.fixture);
        assert_null(strstr(ledger, "fair"));
}

static void test_crash_and_release(_unused_ void **state) {
        start_with_user();
        host_want(1000, TWO_CPUS);
        host_run(2 * USEC_PER_SEC);
        host_crash();
        assert_true(fixture_limit(host.fixture, 1000, LIMIT_CPU_QUOTA) < TWO_CPUS);
        host_release();
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, LIMIT_UNSET);
}

/* Never more calls without an answer than dbus-daemon allows, whoever is in the list. */
static void test_many_users(_unused_ void **state) {
        for (uid_t uid = 2000; uid < 3000; uid++)
                fake_logind_add(host.logind, uid);
        start_with_user();
        DRIVE_UNTIL(host.script.n_calls == 1001);
        assert_true(host.script.most_under_way <= BACKEND_PENDING_MAX);
        assert_int_equal(log_capture_count("Cannot"), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, host_setup_with_bus, host_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_users_who_are_there), TEST(test_user_logs_in_and_out),
                TEST(test_daemon_reload),       TEST(test_daemon_reexec),
                TEST(test_bus_restart),         TEST(test_user_leaves_while_bus_is_away),
                TEST(test_refused_by_polkit),   TEST(test_contention_and_stop),
                TEST(test_crash_and_release),   TEST(test_many_users),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
