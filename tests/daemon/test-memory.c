/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/host.h"

/* Lowering a memory limit never kills, unless it is told to. */

#define MEMORY_1G     "[Memory]\nMemoryMax=1G\n"
#define MEMORY_64M    "[Memory]\nMemoryMax=64M\n"
#define MEMORY_STRICT MEMORY_64M "MemoryStrict=yes\n"

static void use_memory(uint64_t bytes) {
        char text[32];

        snprintf(text, sizeof text, "%llu\n", (unsigned long long) bytes);
        fixture_put(host.fixture, 1000, "memory.current", text);
}

/* Every call stays above what is in use. */
static void expect_never_below(uint64_t bytes) {
        for (size_t i = 0; i < host.script.n_calls; i++)
                if (host.script.call[i].mask & 1U << LIMIT_MEMORY_MAX)
                        assert_true(host.script.call[i].limits.value[LIMIT_MEMORY_MAX] > bytes);
}

static void start_using(const char *configuration, uint64_t bytes) {
        fixture_configure(host.fixture, configuration);
        fixture_add_user(host.fixture, 1000);
        use_memory(bytes);
        host_start();
        host_run(1 * USEC_PER_SEC);
}

static void test_lowered_in_steps(_unused_ void **state) {
        start_using(MEMORY_1G, 512 * MIB);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 1024 * MIB);
        host_reload(MEMORY_64M);
        host_run(5 * USEC_PER_SEC);
        expect_never_below(512 * MIB);
        assert_true(fixture_limit(host.fixture, 1000, LIMIT_MEMORY_MAX) < 640 * MIB);
        /* It waits, without a call. */
        script_forget(&host.script);
        host_run(40 * USEC_PER_SEC);
        assert_int_equal(host.script.n_calls, 0);
        use_memory(128 * MIB);
        host_run(5 * USEC_PER_SEC);
        expect_never_below(128 * MIB);
        use_memory(16 * MIB);
        host_run(5 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
        assert_int_equal(log_capture_count("in steps above what is in use"), 1);
        assert_int_equal(log_capture_count("instead of"), 0);
}

static void test_strict(_unused_ void **state) {
        start_using(MEMORY_1G, 512 * MIB);
        script_forget(&host.script);
        host_reload(MEMORY_STRICT);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
        assert_int_equal(host.script.n_calls, 1);
}

static void test_raised_at_once(_unused_ void **state) {
        start_using(MEMORY_64M, 32 * MIB);
        host_reload(MEMORY_1G);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 1024 * MIB);
}

static void test_first_limit_on_a_running_slice(_unused_ void **state) {
        start_using(MEMORY_64M, 512 * MIB);
        host_run(5 * USEC_PER_SEC);
        expect_never_below(512 * MIB);
        assert_true(fixture_limit(host.fixture, 1000, LIMIT_MEMORY_MAX) < 640 * MIB);
}

/* The answer to the first step is lost, so nobody knows what stands. */
static void test_after_an_unknown_outcome(_unused_ void **state) {
        start_using(MEMORY_1G, 512 * MIB);
        host.script.hold = true;
        host_reload(MEMORY_64M);
        assert_int_equal(host.script.under_way, 1);
        fake_backend_set_online(host.manager->backend, false);
        host.script.hold = false;
        fake_backend_set_online(host.manager->backend, true);
        host_run(5 * USEC_PER_SEC);
        expect_never_below(512 * MIB);
}

static void test_after_a_refusal(_unused_ void **state) {
        start_using(MEMORY_1G, 512 * MIB);
        host.script.refuse = "*";
        host.script.error = EACCES;
        host_reload(MEMORY_64M);
        host_reload(MEMORY_64M);
        host_run(10 * USEC_PER_SEC);
        expect_never_below(512 * MIB);
}

/* Nobody can tell how much is in use: it waits, and what stands is not lifted either. */
static void test_use_cannot_be_read(_unused_ void **state) {
        start_using(MEMORY_1G, 512 * MIB);
        script_forget(&host.script);
        fixture_put(host.fixture, 1000, "memory.current", "rubbish\n");
        host.script.refuse = "*";
        host.script.error = EACCES;
        host_reload(MEMORY_64M);
        host.script.refuse = NULL;
        host_reload(MEMORY_64M);
        host_run(10 * USEC_PER_SEC);
        assert_int_equal(host.script.n_calls, 0);
        use_memory(16 * MIB);
        host_run(5 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, host_setup, host_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_lowered_in_steps),         TEST(test_strict),
                TEST(test_raised_at_once),           TEST(test_first_limit_on_a_running_slice),
                TEST(test_after_an_unknown_outcome), TEST(test_after_a_refusal),
                TEST(test_use_cannot_be_read),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
