/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "daemon/host.h"

/* What is different with a backend that writes files: there has to be a group, and whoever else owns the
 * files may write them again. */

#define MEMORY_64M "[Memory]\nMemoryMax=64M\n"
#define TWO_CPUS   (2 * USEC_PER_SEC)

static int setup(void **state) {
        (void) host_setup(state);
        host.script.needs_group = true;
        host.script.reset_by_reload = true;
        return 0;
}

/* A user who was announced gets the limits with the group, not before. */
static void test_waits_for_the_group(_unused_ void **state) {
        fixture_configure(host.fixture, MEMORY_64M);
        host_start();
        manager_user_new(1000, host.manager);
        host_run(5 * USEC_PER_SEC);
        assert_int_equal(host.script.n_calls, 0);
        fixture_add_user(host.fixture, 1000);
        host_settle();
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
        host_run(40 * USEC_PER_SEC);
        assert_int_equal(host.script.n_calls, 1);
        assert_int_equal(log_capture_count("Cannot"), 0);
}

/* Nobody has kept the limits of the group that is gone. */
static void test_comes_again(_unused_ void **state) {
        fixture_configure(host.fixture, MEMORY_64M);
        fixture_add_user(host.fixture, 1000);
        host_start();
        manager_user_new(1000, host.manager);
        host_run(1 * USEC_PER_SEC);
        fixture_remove_user(host.fixture, 1000);
        host_run(5 * USEC_PER_SEC);
        assert_int_equal(host.script.n_calls, 1);
        fixture_lose_all(host.fixture);
        fixture_add_user(host.fixture, 1000);
        host_run(1 * USEC_PER_SEC);
        assert_int_equal(host.script.n_calls, 2);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
}

static void lose_and_reload(void) {
        fixture_lose_all(host.fixture);
        fake_backend_reload(host.manager->backend);
        host_run(1 * USEC_PER_SEC);
}

/* Set again each time, without a word; but what changes without a reload is news. */
static void test_reset_by_a_reload(_unused_ void **state) {
        fixture_configure(host.fixture, MEMORY_64M);
        fixture_add_user(host.fixture, 1000);
        host_start();
        host_run(5 * USEC_PER_SEC);
        for (unsigned i = 0; i < 3; i++) {
                lose_and_reload();
                EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
                assert_int_equal(host.script.n_calls, 2 + i);
        }
        assert_int_equal(log_capture_count("instead of"), 0);
        host_run(10 * USEC_PER_SEC);
        fixture_set_limit(host.fixture, 1000, LIMIT_MEMORY_MAX, 512 * MIB);
        host_run(60 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
        assert_int_equal(log_capture_count("MemoryMax=512M instead of 64M; setting it again"), 1);
}

/* systemd takes its time: limits are lost before it says that it is done, and after that. */
static void test_reset_during_a_reload(_unused_ void **state) {
        const BackendHandlers *handlers;

        fixture_configure(host.fixture, MEMORY_64M);
        fixture_add_user(host.fixture, 1000);
        host_start();
        host_run(40 * USEC_PER_SEC);
        handlers = &host.manager->backend->handlers;
        handlers->reloading(true, handlers->userdata);
        fixture_lose_all(host.fixture);
        host_run(600 * USEC_PER_MSEC);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
        fixture_lose_all(host.fixture);
        handlers->reloading(false, handlers->userdata);
        host_run(1 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
        fixture_lose_all(host.fixture);
        host_run(2 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
        assert_int_equal(log_capture_count("instead of"), 0);
}

/* What goes a while after systemd has said that it is done comes back as soon as what went before. */
static void test_reset_late(_unused_ void **state) {
        fixture_configure(host.fixture, MEMORY_64M);
        fixture_add_user(host.fixture, 1000);
        host_start();
        host_run(40 * USEC_PER_SEC);
        fake_backend_reload(host.manager->backend);
        for (unsigned i = 0; i < 3; i++) {
                host_run(1 * USEC_PER_SEC);
                fixture_lose_all(host.fixture);
                host_run(600 * USEC_PER_MSEC);
                EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
        }
        assert_int_equal(log_capture_count("instead of"), 0);
}

/* Where nothing is ours what systemd sets then is found soon after, too. */
static void test_found_during_a_reload(_unused_ void **state) {
        fixture_add_user(host.fixture, 1000);
        host_start();
        host_run(40 * USEC_PER_SEC);
        fake_backend_reload(host.manager->backend);
        for (uint64_t quota = 1; quota <= 3; quota++) {
                host_run(600 * USEC_PER_MSEC);
                fixture_set_limit(host.fixture, 1000, LIMIT_CPU_QUOTA, quota * USEC_PER_SEC / 2);
                host_run(1250 * USEC_PER_MSEC);
                assert_int_equal(host_slice(1000)->found_quota, quota * USEC_PER_SEC / 2);
        }
        assert_int_equal(host.script.n_calls, 0);
}

/* A reload that has changed nothing changes nothing. */
static void test_nothing_lost_in_a_reload(_unused_ void **state) {
        fixture_configure(host.fixture, MEMORY_64M);
        fixture_add_user(host.fixture, 1000);
        host_start();
        host_run(5 * USEC_PER_SEC);
        fake_backend_reload(host.manager->backend);
        host_run(60 * USEC_PER_SEC);
        assert_int_equal(host.script.n_calls, 1);
        assert_int_equal(log_capture_count("instead of"), 0);
}

static void test_shares_after_a_reload(_unused_ void **state) {
        fixture_add_user(host.fixture, 1000);
        host_start();
        host_want(1000, TWO_CPUS);
        host_run(5 * USEC_PER_SEC);
        assert_true(fixture_limit(host.fixture, 1000, LIMIT_CPU_QUOTA) < TWO_CPUS);
        lose_and_reload();
        host_run(2 * USEC_PER_SEC);
        assert_true(fixture_limit(host.fixture, 1000, LIMIT_CPU_QUOTA) < TWO_CPUS);
        assert_int_equal(log_capture_count("instead of"), 0);
}

/* The group went before its quota could be lifted, and took it along. */
static void test_gone_at_the_end(_unused_ void **state) {
        _cleanup_free_ char *ledger = NULL;

        fixture_add_user(host.fixture, 1000);
        host_start();
        host_want(1000, TWO_CPUS);
        host_run(5 * USEC_PER_SEC);
        host.script.refuse = "*";
        host.script.error = ENOENT;
        host_stop();
        assert_int_equal(log_capture_count("Cannot lift"), 0);
        ledger = fixture_ledger(host.fixture);
        assert_null(strstr(ledger, "fair"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, host_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_waits_for_the_group),
                TEST(test_comes_again),
                TEST(test_reset_by_a_reload),
                TEST(test_reset_during_a_reload),
                TEST(test_reset_late),
                TEST(test_found_during_a_reload),
                TEST(test_nothing_lost_in_a_reload),
                TEST(test_shares_after_a_reload),
                TEST(test_gone_at_the_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
