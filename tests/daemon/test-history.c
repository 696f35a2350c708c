/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>

#include "daemon/host.h"

/* What each slice and the host used, every ten seconds. */

#define INTERVAL      (10 * USEC_PER_SEC)
#define ONE_CPU       USEC_PER_SEC
#define LOOKS_MAX     HISTORY_LOOKS_MAX
#define CONFIGURATION "[CPU]\nCPUThreshold=90%\n"

/* NOLINTBEGIN: names that the linker wants */
ssize_t __real_read_attribute(int fd, char *buffer, size_t size);
ssize_t __wrap_read_attribute(int fd, char *buffer, size_t size);

static unsigned n_reads;

ssize_t __wrap_read_attribute(int fd, char *buffer, size_t size) {
        n_reads++;
        return __real_read_attribute(fd, buffer, size);
}
/* NOLINTEND */

typedef struct Seen {
        size_t n;
        Look look[LOOKS_MAX];
} Seen;

static Seen seen;

static int on_look(const Look *look, _unused_ void *userdata) {
        assert_true(seen.n < LOOKS_MAX);
        seen.look[seen.n++] = *look;
        return 0;
}

static int ask(const char *slice, usec_t since) {
        const BusOperations *ops = &host.manager->bus_operations;

        seen.n = 0;
        return ops->history(slice, since, on_look, NULL, ops->userdata);
}

static const Look *newest(const char *slice) {
        assert_int_equal(ask(slice, 0), 0);
        assert_true(seen.n > 0);
        return &seen.look[seen.n - 1];
}

static void expect_about(uint64_t is, uint64_t should_be) {
        if (is < should_be - should_be / 20 || is > should_be + should_be / 20)
                fail_msg("%" PRIu64 " is not about %" PRIu64, is, should_be);
}

static void use_memory(uid_t uid, uint64_t bytes) {
        char text[32];

        snprintf(text, sizeof text, "%" PRIu64 "\n", bytes);
        fixture_put(host.fixture, uid, "memory.current", text);
}

static void start(const char *configuration) {
        fixture_configure(host.fixture, configuration);
        fixture_add_user(host.fixture, 1000);
        fixture_add_user(host.fixture, 1001);
        use_memory(1000, 64 * MIB);
        use_memory(1001, 16 * MIB);
        host_start();
        host_settle();
}

/* Long enough for n looks, which come up to a glance later than they might. */
static void run_looks(unsigned n) {
        host_run(n * (INTERVAL + 250 * USEC_PER_MSEC));
}

static void test_steady_use(_unused_ void **state) {
        start(CONFIGURATION);
        host_want(1000, ONE_CPU / 2);
        run_looks(6);
        assert_int_equal(ask(SLICE(1000), 0), 0);
        assert_in_range(seen.n, 5, 6);
        for (size_t i = 0; i < seen.n; i++) {
                expect_about(seen.look[i].use, ONE_CPU / 2);
                assert_int_equal(seen.look[i].grant, LIMIT_UNSET);
                assert_int_equal(seen.look[i].throttled, 0);
                assert_int_equal(seen.look[i].memory, 64 * MIB);
                if (i > 0)
                        assert_in_range(seen.look[i].time - seen.look[i - 1].time, INTERVAL,
                                        INTERVAL + 250 * USEC_PER_MSEC);
        }
        assert_in_range(host_realtime() - seen.look[seen.n - 1].time, 0, INTERVAL);
        assert_int_equal(newest(SLICE(1001))->use, 0);
        assert_int_equal(newest(SLICE(1001))->memory, 16 * MIB);
}

static void test_host(_unused_ void **state) {
        const Look *look;

        start(CONFIGURATION);
        host_want(1000, ONE_CPU / 2);
        host_want(1001, ONE_CPU / 4);
        run_looks(3);
        look = newest("");
        expect_about(look->use, ONE_CPU * 3 / 4);
        assert_int_equal(look->memory, 80 * MIB);
        assert_int_equal(look->grant, 2 * ONE_CPU * 9 / 10);
        assert_int_equal(look->throttled, 0);
}

static void test_quota_that_stands(_unused_ void **state) {
        start(CONFIGURATION);
        host_want(1000, 2 * ONE_CPU);
        host_want(1001, 2 * ONE_CPU);
        run_looks(3);
        assert_int_equal(newest(SLICE(1000))->grant, fixture_limit(host.fixture, 1000, LIMIT_CPU_QUOTA));
        assert_true(newest(SLICE(1000))->grant < 2 * ONE_CPU);
}

static void put_cpu_stat(uint64_t usage, uint64_t throttled) {
        char text[128];

        snprintf(text, sizeof text,
                 "usage_usec %" PRIu64 "\nnr_periods 0\nnr_throttled 0\nthrottled_usec %" PRIu64 "\n", usage,
                 throttled);
        fixture_put(host.fixture, 1000, "cpu.stat", text);
        fixture_run_outside(host.fixture, 5 * USEC_PER_SEC);
}

static void test_throttled(_unused_ void **state) {
        start(CONFIGURATION);
        put_cpu_stat(1000000, 0);
        host_leap(INTERVAL);
        put_cpu_stat(2000000, 30 * USEC_PER_SEC);
        host_leap(INTERVAL);
        expect_about(newest(SLICE(1000))->throttled, 3 * USEC_PER_SEC);
        expect_about(newest("")->throttled, 3 * USEC_PER_SEC);
        /* Counters that go down are no use. */
        put_cpu_stat(0, 0);
        host_leap(INTERVAL);
        assert_int_equal(newest(SLICE(1000))->throttled, 0);
        assert_int_equal(newest(SLICE(1000))->use, 0);
}

/* Nothing is read, so what is in the files now does not show. */
static void test_idle_host_is_left_alone(_unused_ void **state) {
        start(CONFIGURATION);
        host_want(1000, ONE_CPU / 2);
        run_looks(2);
        host_want(1000, 0);
        run_looks(2);
        use_memory(1000, 128 * MIB);
        run_looks(50);
        assert_int_equal(newest(SLICE(1000))->memory, 64 * MIB);
        assert_int_equal(newest(SLICE(1000))->use, 0);
        assert_int_equal(newest("")->use, 0);
        assert_in_range(host_realtime() - newest("")->time, 0, INTERVAL + USEC_PER_SEC);
        assert_in_range(seen.n, 52, 56);
        host_want(1001, ONE_CPU / 2);
        run_looks(1);
        assert_int_equal(newest(SLICE(1000))->memory, 128 * MIB);
}

static unsigned reads_of_an_idle_host(void) {
        run_looks(1); /* the first one reads in any case */
        n_reads = 0;
        host_run(10 * INTERVAL);
        return n_reads;
}

static void test_idle_host_costs_nothing(_unused_ void **state) {
        unsigned with_history;

        start(CONFIGURATION);
        host_want(1000, ONE_CPU / 2000); /* no host is ever quite idle */
        with_history = reads_of_an_idle_host();
        host_reload(CONFIGURATION "[Manager]\nHistorySec=0\n");
        assert_true(with_history > 0);
        assert_int_equal(reads_of_an_idle_host(), with_history);
}

static void let_others_work(usec_t usec) {
        for (usec_t done = 0; done < usec; done += USEC_PER_SEC) {
                fixture_run_outside(host.fixture, USEC_PER_SEC / 2);
                host_run(USEC_PER_SEC);
        }
}

/* What others use says nothing of the users, whose own counter says that they do nothing. */
static void test_others_work(_unused_ void **state) {
        fixture_count_all_users(host.fixture);
        start(CONFIGURATION);
        host_want(1000, ONE_CPU / 2);
        run_looks(3);
        host_want(1000, 0);
        run_looks(2);
        use_memory(1000, 128 * MIB);
        let_others_work(10 * INTERVAL);
        assert_int_equal(newest(SLICE(1000))->memory, 64 * MIB);
        assert_int_equal(newest(SLICE(1000))->use, 0);
        assert_in_range(seen.n, 12, 16);
        host_want(1001, ONE_CPU / 2);
        run_looks(2);
        assert_int_equal(newest(SLICE(1000))->memory, 128 * MIB);
        expect_about(newest(SLICE(1001))->use, ONE_CPU / 2);
}

/* What is used after a long rest is not spread over the rest. */
static void test_work_after_rest(_unused_ void **state) {
        start(CONFIGURATION);
        host_run(30 * INTERVAL); /* glances, and so looks, come to the moment */
        host_want(1000, ONE_CPU);
        host_run(INTERVAL);
        expect_about(newest(SLICE(1000))->use, ONE_CPU);
        host_run(INTERVAL);
        expect_about(newest(SLICE(1000))->use, ONE_CPU);
        assert_int_equal(seen.n, 2);
}

/* Too little for a look each, and yet it is not lost, nor made more of. */
static void test_trickle(_unused_ void **state) {
        uint64_t sum = 0;

        start(CONFIGURATION);
        host_want(1000, ONE_CPU / 200);
        run_looks(200);
        assert_int_equal(ask(SLICE(1000), 0), 0);
        assert_true(seen.n > 0);
        for (size_t i = 0; i < seen.n; i++) {
                assert_true(seen.look[i].use <= ONE_CPU / 190);
                sum += seen.look[i].use;
        }
        assert_true(sum > 0);
}

static void test_since(_unused_ void **state) {
        usec_t since;

        start(CONFIGURATION);
        host_want(1000, ONE_CPU / 2);
        run_looks(6);
        since = host_realtime() - 2 * (INTERVAL + 250 * USEC_PER_MSEC);
        assert_int_equal(ask(SLICE(1000), since), 0);
        assert_int_equal(seen.n, 2);
        assert_int_equal(ask(SLICE(1000), USEC_INFINITY), 0);
        assert_int_equal(seen.n, 0);
}

static void test_names(_unused_ void **state) {
        start(CONFIGURATION);
        assert_int_equal(ask(SLICE(1002), 0), -ENOENT);
        assert_int_equal(ask("../..", 0), -ENOENT);
        assert_int_equal(ask(SLICE(1000), 0), 0);
        assert_int_equal(host.manager->bus_operations.history_interval(host.manager), INTERVAL);
}

/* The slice that comes after it knows nothing of it. */
static void test_gone_with_the_slice(_unused_ void **state) {
        start(CONFIGURATION);
        host_want(1000, ONE_CPU / 2);
        host_want(1001, ONE_CPU / 2);
        run_looks(3);
        host_want(1000, 0);
        fixture_remove_user(host.fixture, 1000);
        host_settle();
        assert_int_equal(ask(SLICE(1000), 0), -ENOENT);
        fixture_add_user(host.fixture, 1000);
        host_settle();
        assert_int_equal(ask(SLICE(1000), 0), 0);
        assert_int_equal(seen.n, 0);
        run_looks(3);
        assert_int_equal(newest(SLICE(1000))->use, 0);
        assert_in_range(seen.n, 1, 3);
}

static void test_reload(_unused_ void **state) {
        start(CONFIGURATION);
        host_want(1000, ONE_CPU / 2);
        run_looks(4);
        host_reload(CONFIGURATION "[Manager]\nMinUID=999\n");
        assert_int_equal(ask(SLICE(1000), 0), 0);
        assert_true(seen.n >= 3);
        host_reload(CONFIGURATION "[Manager]\nHistorySec=1min\nHistoryIntervalSec=20s\n");
        assert_int_equal(ask(SLICE(1000), 0), 0);
        assert_int_equal(seen.n, 0);
        assert_int_equal(ask("", 0), 0);
        assert_int_equal(seen.n, 0);
        host_run(5 * 20 * USEC_PER_SEC);
        assert_int_equal(ask(SLICE(1000), 0), 0);
        assert_int_equal(seen.n, 3);
        assert_int_equal(host.manager->bus_operations.history_interval(host.manager), 20 * USEC_PER_SEC);
        host_reload(CONFIGURATION "[Manager]\nHistorySec=0\n");
        run_looks(2);
        assert_int_equal(ask(SLICE(1000), 0), 0);
        assert_int_equal(seen.n, 0);
        assert_int_equal(ask("", 0), 0);
        assert_int_equal(seen.n, 0);
}

static void test_exempt(_unused_ void **state) {
        start(CONFIGURATION);
        host_want(1000, ONE_CPU / 2);
        run_looks(2);
        host_reload(CONFIGURATION "[Manager]\nExemptUsers=1000\n");
        run_looks(2);
        assert_int_equal(ask(SLICE(1000), 0), 0);
        assert_int_equal(seen.n, 0);
        assert_int_equal(newest("")->use, 0);
}

/* A file that is not what it should be costs the looks at it, and no others. */
static void test_unreadable(_unused_ void **state) {
        start(CONFIGURATION);
        host_want(1001, ONE_CPU / 2);
        run_looks(2);
        fixture_put(host.fixture, 1000, "cpu.stat", "rubbish\n");
        fixture_put(host.fixture, 1000, "memory.current", "rubbish\n");
        run_looks(2);
        assert_int_equal(newest(SLICE(1000))->use, 0);
        expect_about(newest(SLICE(1001))->use, ONE_CPU / 2);
        put_cpu_stat(UINT64_C(1) << 60, 0);
        run_looks(1);
        put_cpu_stat((UINT64_C(1) << 60) + 5 * USEC_PER_SEC, 0);
        run_looks(1);
        assert_true(newest(SLICE(1000))->use <= ONE_CPU / 2 * 21 / 20);
}

/* More slices than are read in one turn, of which every second one goes away before the second turn: inotify
 * tells of that only after the first. */
static void remove_every_second(uid_t first) {
        const uid_t n = 600;

        for (uid_t i = 0; i < n; i++) {
                fixture_add_user(host.fixture, 2000 + i);
                use_memory(2000 + i, MIB);
        }
        start(CONFIGURATION);
        fixture_run_outside(host.fixture, INTERVAL);
        host_leap(INTERVAL);
        assert_int_equal(newest("")->memory, (80 + n) * MIB);
        fixture_run_outside(host.fixture, INTERVAL);
        for (uid_t i = first; i < n; i += 2)
                fixture_remove_user(host.fixture, 2000 + i);
        host_leap(INTERVAL);
        assert_int_equal(seen.n, 1);
        assert_int_equal(ask("", 0), 0);
        assert_int_equal(seen.n, 2);
        assert_in_range(seen.look[1].memory, (80 + n / 2) * MIB, (80 + n - 1) * MIB);
        assert_int_equal(ask(SLICE(1000), 0), 0);
        assert_int_equal(seen.n, 2);
}

static void test_even_slices_go_meanwhile(_unused_ void **state) {
        remove_every_second(0);
}

static void test_odd_slices_go_meanwhile(_unused_ void **state) {
        remove_every_second(1);
}

static void test_dry_run_keeps_nothing(_unused_ void **state) {
        host.options.dry_run = true;
        start(CONFIGURATION);
        host_want(1000, ONE_CPU / 2);
        run_looks(2);
        assert_null(host.manager->history);
        assert_null(host_slice(1000)->history);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, host_setup, host_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_steady_use),
                TEST(test_host),
                TEST(test_quota_that_stands),
                TEST(test_throttled),
                TEST(test_idle_host_is_left_alone),
                TEST(test_idle_host_costs_nothing),
                TEST(test_others_work),
                TEST(test_work_after_rest),
                TEST(test_trickle),
                TEST(test_since),
                TEST(test_names),
                TEST(test_gone_with_the_slice),
                TEST(test_reload),
                TEST(test_exempt),
                TEST(test_unreadable),
                TEST(test_even_slices_go_meanwhile),
                TEST(test_odd_slices_go_meanwhile),
                TEST(test_dry_run_keeps_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
