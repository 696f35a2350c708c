/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "engine/tracker.h"

#define WINDOW  USEC_PER_SEC
#define QUARTER (WINDOW / 4)
#define START   (100 * USEC_PER_SEC)

/* Looks every quarter of the window, at a counter that grows by `rate` µs a second. */
static usec_t look_on(Tracker *tracker, usec_t now, unsigned looks, uint64_t *usage, uint64_t rate) {
        for (unsigned i = 0; i < looks; i++) {
                uint64_t use;

                now += QUARTER;
                *usage += rate / 4;
                tracker_observe(tracker, now, WINDOW, *usage, 0, &use);
                assert_int_equal(use, tracker_use(tracker, WINDOW));
        }
        return now;
}

static void test_one_look_is_no_rate(void **state _unused_) {
        Tracker tracker = {};

        assert_int_equal(tracker_use(&tracker, WINDOW), 0);
        assert_int_equal(tracker_peak(&tracker, WINDOW), 0);
        assert_false(tracker_throttled(&tracker, WINDOW));
        assert_int_equal(tracker_observe(&tracker, START, WINDOW, 123456, 7, NULL), 0);
        assert_int_equal(tracker_use(&tracker, WINDOW), 0);
        assert_false(tracker_throttled(&tracker, WINDOW));
}

static void test_two_looks_are(void **state _unused_) {
        Tracker tracker = {};

        tracker_observe(&tracker, START, WINDOW, 1000, 0, NULL);
        assert_int_equal(tracker_observe(&tracker, START + QUARTER, WINDOW, 126000, 0, NULL), 125000);
        assert_int_equal(tracker_use(&tracker, WINDOW), 500000);
}

static void test_use_is_over_the_window(void **state _unused_) {
        Tracker tracker = {};
        uint64_t usage = 0;
        usec_t now;

        now = look_on(&tracker, START, 8, &usage, 1000000);
        now = look_on(&tracker, now, 2, &usage, 0);
        assert_int_equal(tracker_use(&tracker, WINDOW), 500000);
        assert_int_equal(tracker_use(&tracker, WINDOW / 2), 0);
        look_on(&tracker, now, 2, &usage, 0);
        assert_int_equal(tracker_use(&tracker, WINDOW), 0);
}

static void test_use_after_a_long_silence(void **state _unused_) {
        Tracker tracker = {};

        tracker_observe(&tracker, START, WINDOW, 0, 0, NULL);
        tracker_observe(&tracker, START + 60 * USEC_PER_SEC, WINDOW, 30 * USEC_PER_SEC, 0, NULL);
        assert_int_equal(tracker_use(&tracker, WINDOW), 500000);
}

/* Nobody looks while the host has room, which may be for weeks. */
static void test_use_after_weeks_of_silence(void **state _unused_) {
        const usec_t weeks = 20 * 24 * 3600 * USEC_PER_SEC;
        Tracker tracker = {};

        tracker_observe(&tracker, START, WINDOW, 0, 0, NULL);
        assert_int_equal(tracker_observe(&tracker, START + weeks, WINDOW, 3 * weeks, 0, NULL), 3 * weeks);
        assert_int_equal(tracker_use(&tracker, WINDOW), 3000000);
        assert_int_equal(tracker_peak(&tracker, WINDOW), 3000000);
        tracker_observe(&tracker, START + weeks + QUARTER, WINDOW, 3 * weeks, 0, NULL);
        assert_int_equal(tracker_use(&tracker, WINDOW), 0);
}

static void test_peak_remembers_the_largest_use(void **state _unused_) {
        Tracker tracker = {};
        uint64_t usage = 0;
        usec_t now;

        now = look_on(&tracker, START, 8, &usage, 1000000);
        now = look_on(&tracker, now, 4, &usage, 0);
        assert_int_equal(tracker_use(&tracker, WINDOW), 0);
        assert_int_equal(tracker_peak(&tracker, WINDOW / 2), 500000);
        assert_int_equal(tracker_peak(&tracker, WINDOW), 1000000);
        look_on(&tracker, now, 4, &usage, 0);
        assert_int_equal(tracker_peak(&tracker, WINDOW), 0);
}

static void test_late_looks_still_count(void **state _unused_) {
        Tracker tracker = {};
        usec_t late = 20 * USEC_PER_MSEC;

        tracker_observe(&tracker, START, WINDOW, 0, 0, NULL);
        tracker_observe(&tracker, START + WINDOW / 2, WINDOW, 500000, 0, NULL);
        tracker_observe(&tracker, START + WINDOW + late, WINDOW, 500000, 0, NULL);
        assert_int_equal(tracker_use(&tracker, WINDOW), 500000 * WINDOW / (WINDOW + late));
}

static void test_throttled_is_forgotten_after_the_window(void **state _unused_) {
        static const bool expected[] = { true, true, false, false };
        Tracker tracker = {};

        tracker_observe(&tracker, START, WINDOW, 0, 4, NULL);
        for (unsigned i = 0; i < ELEMENTSOF(expected); i++) {
                tracker_observe(&tracker, START + (i + 1) * QUARTER, WINDOW, 0, 5, NULL);
                assert_int_equal(tracker_throttled(&tracker, WINDOW / 2), expected[i]);
        }
}

/* Another cgroup of the same name. */
static void test_a_counter_that_goes_backwards_starts_anew(void **state _unused_) {
        static const struct {
                uint64_t usage_usec, nr_throttled;
        } cases[] = { { 999999, 9 }, { 1000000, 8 }, { 0, 0 } };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Tracker tracker = {};

                tracker_observe(&tracker, START, WINDOW, 0, 0, NULL);
                tracker_observe(&tracker, START + QUARTER, WINDOW, 1000000, 9, NULL);
                assert_int_equal(tracker_observe(&tracker, START + 2 * QUARTER, WINDOW, cases[i].usage_usec,
                                                 cases[i].nr_throttled, NULL),
                                 0);
                assert_int_equal(tracker_use(&tracker, WINDOW), 0);
                assert_int_equal(tracker_peak(&tracker, WINDOW), 0);
                assert_false(tracker_throttled(&tracker, WINDOW));
        }
}

static void test_time_that_does_not_go_on_is_no_look(void **state _unused_) {
        static const usec_t times[] = { START + QUARTER, START + QUARTER - 1, 0 };
        Tracker tracker = {};

        tracker_observe(&tracker, START, WINDOW, 0, 0, NULL);
        tracker_observe(&tracker, START + QUARTER, WINDOW, 125000, 0, NULL);
        for (size_t i = 0; i < ELEMENTSOF(times); i++) {
                uint64_t use = 0;

                assert_int_equal(tracker_observe(&tracker, times[i], WINDOW, 999999, 9, &use), 0);
                assert_int_equal(use, 500000);
                assert_int_equal(tracker_use(&tracker, WINDOW), 500000);
        }
}

/* The kernel books CPU time in ticks of up to 10 ms: over a few µs that would be a thousand CPUs. */
static void test_looks_in_a_row_are_no_rate(void **state _unused_) {
        Tracker tracker = {};

        tracker_observe(&tracker, START, WINDOW, 0, 0, NULL);
        tracker_observe(&tracker, START + 10, WINDOW, 10000, 0, NULL);
        assert_int_equal(tracker_use(&tracker, WINDOW), 0);
        assert_int_equal(tracker_peak(&tracker, WINDOW), 0);
        tracker_observe(&tracker, START + QUARTER, WINDOW, 125000, 0, NULL);
        assert_int_equal(tracker_use(&tracker, WINDOW), 500000);
}

static void test_many_looks_do_not_shorten_the_window(void **state _unused_) {
        usec_t often = 10 * USEC_PER_MSEC, now = START;
        Tracker tracker = {};
        uint64_t usage = 0;

        for (unsigned i = 0; i < 200; i++) {
                now += often;
                usage += i < 150 ? often : 0; /* one CPU, then nothing for half a second */
                tracker_observe(&tracker, now, WINDOW, usage, 0, NULL);
        }
        assert_in_range(tracker_use(&tracker, WINDOW), 1, 600000);
        assert_int_equal(tracker_use(&tracker, WINDOW / 4), 0);
}

static void test_no_rate_is_beyond_all_hosts(void **state _unused_) {
        Tracker tracker = {};

        tracker_observe(&tracker, START, WINDOW, 0, 0, NULL);
        assert_true(tracker_observe(&tracker, START + QUARTER, WINDOW, UINT64_MAX, UINT64_MAX, NULL) ==
                    UINT64_MAX);
        assert_true(tracker_use(&tracker, WINDOW) == UINT64_C(65536) * USEC_PER_SEC);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_one_look_is_no_rate),
                cmocka_unit_test(test_two_looks_are),
                cmocka_unit_test(test_use_is_over_the_window),
                cmocka_unit_test(test_use_after_a_long_silence),
                cmocka_unit_test(test_use_after_weeks_of_silence),
                cmocka_unit_test(test_peak_remembers_the_largest_use),
                cmocka_unit_test(test_late_looks_still_count),
                cmocka_unit_test(test_throttled_is_forgotten_after_the_window),
                cmocka_unit_test(test_a_counter_that_goes_backwards_starts_anew),
                cmocka_unit_test(test_time_that_does_not_go_on_is_no_look),
                cmocka_unit_test(test_looks_in_a_row_are_no_rate),
                cmocka_unit_test(test_many_looks_do_not_shorten_the_window),
                cmocka_unit_test(test_no_rate_is_beyond_all_hosts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
