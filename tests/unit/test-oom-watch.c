/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The watch on a host whose slices are all there all the time; comings and goings are in test-oom-vanish.c.
 */

#include "unit.h"

#include <fcntl.h>

#include "model/limits.h"
#include "oom-host.h"

#define A "user-1000.slice"
#define B "user-1001.slice"

static void test_one_kill(void **state) {
        OomHost *h = *state;
        usec_t begin;

        host_make_slice(h, A);
        assert_int_equal(host_watch(h), 0);
        host_run_quiet(h, 20 * USEC_PER_MSEC);

        begin = now_monotonic();
        host_set(h, A, 1, 2, 2);
        host_count_root(h, 1);
        host_line(h, A, 4711, "python3");
        host_expect_kill(h, A, begin, 4711, "python3");
        host_expect_at_limit(&h->told[0]);
        assert_int_equal(h->told[0].uid, 1000);
        assert_int_equal(h->told[0].hits, 2);
        host_run_quiet(h, 700 * USEC_PER_MSEC);
        assert_false(h->polling);
}

static void test_several_kills_are_one_event(void **state) {
        OomHost *h = *state;

        host_make_slice(h, A);
        host_make_slice(h, B);
        assert_int_equal(host_watch(h), 0);
        for (int i = 1; i <= 4; i++) {
                host_set(h, A, (uint64_t) i, (uint64_t) i, (uint64_t) i);
                host_count_root(h, 1);
                host_line(h, A, i, "sh");
                host_run_quiet(h, 60 * USEC_PER_MSEC);
        }
        host_set(h, B, 1, 0, 0);
        host_count_root(h, 1);
        host_run(h, 2, 2 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 2);
        assert_string_equal(h->told[0].slice, A);
        assert_int_equal(h->told[0].kills, 4);
        assert_int_equal(h->told[0].n_victims, 4);
        assert_int_equal(h->told[0].victims[3].pid, 4);
        assert_string_equal(h->told[1].slice, B);
        assert_int_equal(h->told[1].kills, 1);
        assert_int_equal(h->told[1].n_victims, 0);
        host_run_quiet(h, 600 * USEC_PER_MSEC);
}

static void test_high_and_max_are_no_news(void **state) {
        OomHost *h = *state;

        host_make_slice(h, A);
        assert_int_equal(host_watch(h), 0);
        for (uint64_t i = 1; i < 50; i++) {
                host_write_events(h, A, &(MemoryEvents){ .high = i, .max = i });
                host_write_events(h, NULL, &(MemoryEvents){ .high = i, .max = i });
                host_run_quiet(h, 2 * USEC_PER_MSEC);
        }
        assert_false(h->polling);
}

static void test_hits_without_kill(void **state) {
        OomHost *h = *state;

        host_make_slice(h, A);
        assert_int_equal(host_watch(h), 0);
        host_set(h, A, 0, 1, 1);
        host_run(h, 1, USEC_PER_SEC);
        assert_int_equal(h->n_told, 1);
        assert_int_equal(h->told[0].kills, 0);
        assert_int_equal(h->told[0].hits, 1);
        assert_int_equal(h->told[0].cause, OOM_CAUSE_SLICE);
        /* Not again so soon, but in the number of the next. */
        host_set(h, A, 0, 2, 2);
        host_run_quiet(h, 700 * USEC_PER_MSEC);
        host_set(h, A, 0, 4, 4);
        host_run_quiet(h, 700 * USEC_PER_MSEC);
        host_set(h, A, 1, 5, 5);
        host_count_root(h, 1);
        host_run(h, 2, USEC_PER_SEC);
        assert_int_equal(h->told[1].kills, 1);
        assert_int_equal(h->told[1].hits, 4);
        /* Just after a kill they are its echo. */
        host_set(h, A, 1, 6, 6);
        host_run_quiet(h, 300 * USEC_PER_MSEC);
        host_set(h, A, 2, 7, 7);
        host_count_root(h, 1);
        host_run(h, 3, USEC_PER_SEC);
        assert_int_equal(h->told[2].hits, 1);
}

/* A limit further down is that unit's own affair as long as nothing dies. */
static void test_hits_further_down(void **state) {
        OomHost *h = *state;

        host_make_slice(h, A);
        assert_int_equal(host_watch(h), 0);
        host_set(h, A, 0, 3, 0);
        host_run_quiet(h, 700 * USEC_PER_MSEC);
        host_set(h, A, 1, 4, 0);
        host_count_root(h, 1);
        host_run(h, 1, USEC_PER_SEC);
        assert_int_equal(h->told[0].kills, 1);
        assert_int_equal(h->told[0].hits, 0);
        assert_int_equal(h->told[0].cause, OOM_CAUSE_INNER);
}

static void test_causes_without_lines(void **state) {
        OomHost *h = *state;

        h->lines_error = -EACCES;
        host_make_slice(h, A);
        assert_int_equal(host_watch(h), 0);
        host_set(h, A, 1, 0, 0);
        host_count_root(h, 1);
        host_run(h, 1, USEC_PER_SEC);
        assert_int_equal(h->told[0].cause, OOM_CAUSE_HOST);
        host_write_local(h, NULL, 1);
        host_set(h, A, 2, 0, 0);
        host_count_root(h, 1);
        host_run(h, 2, USEC_PER_SEC);
        assert_int_equal(h->told[1].cause, OOM_CAUSE_OUTER);
        host_set(h, A, 3, 1, 1);
        host_count_root(h, 1);
        host_run(h, 3, USEC_PER_SEC);
        assert_int_equal(h->told[2].cause, OOM_CAUSE_SLICE);
}

static void test_late_line(void **state) {
        OomHost *h = *state;
        usec_t begin = now_monotonic();

        host_make_slice(h, A);
        assert_int_equal(host_watch(h), 0);
        host_set(h, A, 1, 1, 1);
        host_count_root(h, 1);
        host_run_quiet(h, 350 * USEC_PER_MSEC);
        host_line(h, A, 1, "slow");
        host_run(h, 1, USEC_PER_SEC);
        assert_int_equal(h->n_told, 1);
        assert_int_equal(h->told[0].n_victims, 1);
        assert_true(h->told_at[0] - begin < 700 * USEC_PER_MSEC);
}

static void test_no_limit(void **state) {
        OomHost *h = *state;

        host_make_slice(h, A);
        fixture_write(&h->tree, "user.slice/" A "/memory.max", "max\n");
        fixture_remove(&h->tree, "user.slice/" A "/memory.peak");
        assert_int_equal(host_watch(h), 0);
        host_set(h, A, 1, 0, 0);
        host_count_root(h, 1);
        host_run(h, 1, USEC_PER_SEC);
        assert_true(h->told[0].memory_max_known);
        assert_true(h->told[0].memory_max == LIMIT_UNSET);
        assert_true(h->told[0].memory_peak == OOM_VALUE_UNKNOWN);
}

/* More wakes than inotify keeps: none of the kills is lost with them. */
static void test_overflow(void **state) {
        OomHost *h = *state;

        host_make_slice(h, A);
        host_make_slice(h, B);
        assert_int_equal(host_watch(h), 0);
        host_run_quiet(h, 10 * USEC_PER_MSEC);
        for (uint64_t i = 1; i <= 20000; i++)
                host_write_events(h, i % 2 ? A : NULL, &(MemoryEvents){ .max = i });
        host_set(h, A, 1, 1, 1);
        host_set(h, B, 2, 2, 2);
        host_count_root(h, 3);
        host_run(h, 2, 2 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 2);
        assert_int_equal(h->told[0].kills + h->told[1].kills, 3);
        host_run_quiet(h, 600 * USEC_PER_MSEC);
}

static void test_controller_comes_later(void **state) {
        OomHost *h = *state;

        host_make_slice(h, A);
        fixture_remove(&h->tree, "user.slice/" A "/memory.events");
        fixture_remove(&h->tree, "user.slice/memory.events");
        assert_int_equal(host_watch(h), 0);
        host_run_quiet(h, 100 * USEC_PER_MSEC);
        host_count_root(h, 0);
        host_set(h, A, 0, 0, 0);
        host_run_quiet(h, 1200 * USEC_PER_MSEC);
        host_set(h, A, 1, 1, 1);
        host_count_root(h, 1);
        host_run(h, 1, USEC_PER_SEC);
        assert_int_equal(h->n_told, 1);
        assert_int_equal(h->told[0].kills, 1);
}

static void test_damaged_files(void **state) {
        OomHost *h = *state;

        host_make_slice(h, A);
        assert_int_equal(host_watch(h), 0);
        fixture_write(&h->tree, "user.slice/" A "/memory.events", "what is this");
        fixture_write(&h->tree, "user.slice/memory.events", "");
        host_run_quiet(h, 100 * USEC_PER_MSEC);
        fixture_write(&h->tree, "user.slice/" A "/memory.max", "a lot\n");
        host_set(h, A, 1, 1, 1);
        host_count_root(h, 1);
        host_run(h, 1, USEC_PER_SEC);
        assert_int_equal(h->told[0].kills, 1);
        assert_false(h->told[0].memory_max_known);
}

static void test_bad_calls(void **state) {
        OomHost *h = *state;

        assert_int_equal(host_watch(h), 0);
        assert_int_equal(oom_watch_add(h->watch, "../x.slice"), -EINVAL);
        assert_int_equal(oom_watch_add(h->watch, "x.scope"), -EINVAL);
        assert_int_equal(oom_watch_add(h->watch, A), -ENOENT);
        oom_watch_remove(h->watch, A);
        oom_watch_rescan(h->watch);
        oom_watch_flush(h->watch);
        assert_int_equal(h->n_told, 0);
}

static void test_flush(void **state) {
        OomHost *h = *state;

        host_make_slice(h, A);
        assert_int_equal(host_watch(h), 0);
        host_set(h, A, 1, 1, 1);
        host_count_root(h, 1);
        host_line(h, A, 1, "sh");
        oom_watch_flush(h->watch);
        assert_int_equal(h->n_told, 1);
        assert_int_equal(h->told[0].n_victims, 1);
        assert_int_equal(host_watch_again(h), 0);
        host_run_quiet(h, 300 * USEC_PER_MSEC);
}

/* What was never opened is not closed either, such as descriptor 0. */
static void test_boot_that_is_none(void **state) {
        OomHost *h = *state;
        OomWatch *watch = NULL;
        bool had_stdin = fcntl(STDIN_FILENO, F_GETFD) >= 0;

        assert_int_equal(
                oom_watch_new(&(OomWatchArgs){ .event = h->event, .tree = h->cgroups, .boot = "x" }, &watch),
                -EINVAL);
        assert_null(watch);
        assert_int_equal(fcntl(STDIN_FILENO, F_GETFD) >= 0, had_stdin);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, host_setup, host_teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_boot_that_is_none),
                TEST(test_one_kill),
                TEST(test_several_kills_are_one_event),
                TEST(test_high_and_max_are_no_news),
                TEST(test_hits_without_kill),
                TEST(test_hits_further_down),
                TEST(test_causes_without_lines),
                TEST(test_late_line),
                TEST(test_no_limit),
                TEST(test_overflow),
                TEST(test_controller_comes_later),
                TEST(test_damaged_files),
                TEST(test_bad_calls),
                TEST(test_flush),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
