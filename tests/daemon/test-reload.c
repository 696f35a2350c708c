/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/host.h"

/* The configuration is read again, all of it or nothing; observing writes nothing. */

#define MEMORY_64M  "[Memory]\nMemoryMax=64M\n"
#define MEMORY_128M "[Memory]\nMemoryMax=128M\n"
#define OBSERVE     "[Manager]\nObserve=yes\n"
#define TWO_CPUS    (2 * USEC_PER_SEC)

static void start_with_user(const char *configuration) {
        fixture_configure(host.fixture, configuration);
        fixture_add_user(host.fixture, 1000);
        host_start();
        host_run(1 * USEC_PER_SEC);
}

static void test_good(_unused_ void **state) {
        start_with_user(MEMORY_64M);
        host_reload(MEMORY_128M);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 128 * MIB);
        assert_int_equal(log_capture_count("The configuration was read again"), 1);
        assert_int_equal(host.script.n_calls, 2);
        /* The same once more changes nothing. */
        host_reload(MEMORY_128M);
        host_run(5 * USEC_PER_SEC);
        assert_int_equal(host.script.n_calls, 2);
}

static void test_bad(_unused_ void **state) {
        start_with_user(MEMORY_64M);
        host_reload("[Memory]\nMemoryMax=128M\n[CPU]\nCPUWeight=much\n");
        host_run(5 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
        EXPECT_LIMIT(1000, LIMIT_CPU_WEIGHT, CPU_WEIGHT_DEFAULT);
        assert_int_equal(log_capture_count("fairsliced.conf:4:"), 1);
        assert_int_equal(log_capture_count("the old one stays in force"), 1);
        assert_int_equal(host.script.n_calls, 1);
        /* New users, too, get what the old one says. */
        fixture_add_user(host.fixture, 1001);
        host_settle();
        EXPECT_LIMIT(1001, LIMIT_MEMORY_MAX, 64 * MIB);
        host_reload(MEMORY_128M);
        EXPECT_LIMIT(1001, LIMIT_MEMORY_MAX, 128 * MIB);
}

static void test_bad_at_the_start(_unused_ void **state) {
        start_with_user("[Memory]\nMemoryMax=64M\nMemoryHigh=lots\n");
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_HIGH, LIMIT_UNSET);
        assert_int_equal(log_capture_count("fairsliced.conf:3:"), 1);
}

static void test_exempt(_unused_ void **state) {
        start_with_user(MEMORY_64M "[CPU]\nCPUWeight=200\n");
        fixture_add_user(host.fixture, 1001);
        host_settle();
        host_reload(MEMORY_64M "[CPU]\nCPUWeight=200\n[Manager]\nExemptUsers=1000\n");
        host_run(1 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, LIMIT_UNSET);
        EXPECT_LIMIT(1000, LIMIT_CPU_WEIGHT, CPU_WEIGHT_DEFAULT);
        EXPECT_LIMIT(1001, LIMIT_MEMORY_MAX, 64 * MIB);
        script_forget(&host.script);
        /* From now on theirs is left alone. */
        fixture_set_limit(host.fixture, 1000, LIMIT_MEMORY_MAX, 512 * MIB);
        host_run(100 * USEC_PER_SEC);
        assert_int_equal(host.script.n_calls, 0);
        assert_int_equal(log_capture_count("instead of"), 0);
        host_reload(MEMORY_64M "[CPU]\nCPUWeight=200\n");
        host_run(1 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
        EXPECT_LIMIT(1000, LIMIT_CPU_WEIGHT, 200);
}

static void test_exempt_from_the_start(_unused_ void **state) {
        start_with_user(MEMORY_64M "[Manager]\nExemptUsers=1000\n");
        manager_user_new(1000, host.manager);
        host_want(1000, TWO_CPUS);
        host_run(20 * USEC_PER_SEC);
        assert_int_equal(host.script.n_calls, 0);
}

static void test_exempt_in_contention(_unused_ void **state) {
        start_with_user("");
        host_want(1000, TWO_CPUS);
        host_run(5 * USEC_PER_SEC);
        assert_true(fixture_limit(host.fixture, 1000, LIMIT_CPU_QUOTA) < TWO_CPUS);
        host_reload("[Manager]\nExemptUsers=1000\n");
        host_run(5 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, LIMIT_UNSET);
}

static void expect_nothing_written(void) {
        _cleanup_free_ char *ledger = fixture_ledger(host.fixture);

        assert_int_equal(host.script.n_calls, 0);
        assert_string_equal(ledger, "");
}

/* Each change is said once: for a slice that was there, for a user who logs in, for a share. */
static void test_dry_run(_unused_ void **state) {
        host.options.dry_run = true;
        start_with_user(MEMORY_64M);
        manager_user_new(1001, host.manager);
        fixture_add_user(host.fixture, 1001);
        host_run(40 * USEC_PER_SEC);
        assert_int_equal(log_capture_count("Would set user-1000.slice"), 1);
        assert_int_equal(log_capture_count("Would set user-1001.slice"), 1);
        assert_int_equal(log_capture_count("MemoryMax=64M"), 2);
        log_capture_forget();
        host_want(1000, TWO_CPUS);
        host_run(20 * USEC_PER_SEC);
        assert_int_equal(log_capture_count("Would set user-1000.slice"), 1);
        assert_int_equal(log_capture_count("CPUQuota="), 1);
        host_stop();
        expect_nothing_written();
}

/* What an earlier run has left is not touched either. */
static void test_dry_run_after_a_crash(_unused_ void **state) {
        _cleanup_free_ char *ledger = NULL;

        fixture_write_ledger(host.fixture, "user-1000.slice fair CPUQuotaPerSecUSec=infinity\n");
        host.options.dry_run = true;
        start_with_user("");
        host_run(5 * USEC_PER_SEC);
        host_stop();
        assert_int_equal(host.script.n_calls, 0);
        ledger = fixture_ledger(host.fixture);
        assert_string_equal(ledger, "user-1000.slice fair CPUQuotaPerSecUSec=infinity\n");
}

static void test_observe_turned_off(_unused_ void **state) {
        start_with_user(MEMORY_64M OBSERVE);
        manager_user_new(1001, host.manager); /* has no cgroup */
        host_run(5 * USEC_PER_SEC);
        expect_nothing_written();
        host_reload(MEMORY_64M);
        host_run(1 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
        assert_int_equal(script_count(&host.script, SLICE(1001)), 1);
}

/* Quotas that were set before would stand for ever if nobody lifted them. */
static void test_observe_turned_on(_unused_ void **state) {
        start_with_user(MEMORY_64M);
        host_want(1000, TWO_CPUS);
        host_run(5 * USEC_PER_SEC);
        assert_true(fixture_limit(host.fixture, 1000, LIMIT_CPU_QUOTA) < TWO_CPUS);
        host_reload(MEMORY_64M OBSERVE);
        host_run(USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, LIMIT_UNSET);
        host_stop();
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, LIMIT_UNSET);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
}

/* What is gone back to is what the new configuration says, in one call, with the whole weight. */
static void test_observe_and_other_limits(_unused_ void **state) {
        size_t calls;

        start_with_user("[CPU]\nCPUWeight=200\n");
        host_want(1000, TWO_CPUS);
        host_run(5 * USEC_PER_SEC);
        assert_true(fixture_limit(host.fixture, 1000, LIMIT_CPU_QUOTA) < TWO_CPUS);
        host_reload("[CPU]\nCPUWeight=300\nCPUQuota=150%\n" OBSERVE);
        host_run(USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, 1500000);
        EXPECT_LIMIT(1000, LIMIT_CPU_WEIGHT, 300);
        calls = host.script.n_calls;
        host_run(20 * USEC_PER_SEC);
        assert_int_equal(host.script.n_calls, calls);
}

/* Nor does it keep the quotas of a service that has died. */
static void test_release_while_observing(_unused_ void **state) {
        fixture_configure(host.fixture, OBSERVE);
        fixture_write_ledger(host.fixture, "user-1000.slice fair CPUQuotaPerSecUSec=infinity\n");
        host_release();
        assert_int_equal(host.script.n_calls, 1);
        assert_int_equal(host.script.call[0].mask, 1U << LIMIT_CPU_QUOTA);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, host_setup, host_teardown)

static void test_backend_stays(_unused_ void **state) {
        host_start();
        host_reload("");
        assert_int_equal(log_capture_count("The configuration was read again."), 1);
        host_reload("[Manager]\nBackend=systemd\n");
        assert_int_equal(log_capture_count("read again; Backend= takes effect at the next start."), 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_backend_stays),
                TEST(test_good),
                TEST(test_bad),
                TEST(test_bad_at_the_start),
                TEST(test_exempt),
                TEST(test_exempt_from_the_start),
                TEST(test_exempt_in_contention),
                TEST(test_dry_run),
                TEST(test_dry_run_after_a_crash),
                TEST(test_observe_turned_off),
                TEST(test_observe_turned_on),
                TEST(test_observe_and_other_limits),
                TEST(test_release_while_observing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
