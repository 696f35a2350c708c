/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "report/memory-warnings.h"
#include "unit.h"

#define MINUTE (60 * USEC_PER_SEC)
#define LIMIT  UINT64_C(1000)

static const MemoryThresholds usual = { { 75, 85 } };
static MemoryWarnings *warnings;

static int setup(_unused_ void **state) {
        warnings = memory_warnings_new(&usual, 30 * MINUTE);
        return warnings ? 0 : -1;
}

static int teardown(_unused_ void **state) {
        warnings = memory_warnings_free(warnings);
        return 0;
}

static unsigned look(uint64_t used, usec_t minute) {
        return memory_warnings_look(warnings, 1000, used, LIMIT, minute * MINUTE);
}

static void test_rising(_unused_ void **state) {
        assert_int_equal(look(749, 0), 0);
        assert_int_equal(look(750, 1), 75);
        assert_int_equal(look(800, 2), 0);
        assert_int_equal(look(850, 3), 85);
        assert_int_equal(look(999, 4), 0);
        assert_int_equal(look(800, 5), 0);
}

static void test_both_at_once(_unused_ void **state) {
        assert_int_equal(look(900, 0), 85);
        assert_int_equal(look(800, 1), 0);
        assert_int_equal(look(800, 100), 0);
}

static void test_who_stays_is_warned_once(_unused_ void **state) {
        assert_int_equal(look(800, 0), 75);
        for (usec_t minute = 1; minute < 1000; minute++)
                assert_int_equal(look(800, minute), 0);
}

static void test_at_most_so_often(_unused_ void **state) {
        unsigned n = 0;

        for (usec_t minute = 0; minute < 300; minute++) {
                n += look(760, minute) > 0;
                assert_int_equal(look(740, minute), 0);
        }
        assert_int_equal(n, 10);
}

/* It was reached too soon to be told, and is reached still. */
static void test_told_later(_unused_ void **state) {
        assert_int_equal(look(800, 0), 75);
        assert_int_equal(look(100, 1), 0);
        assert_int_equal(look(800, 2), 0);
        assert_int_equal(look(800, 29), 0);
        assert_int_equal(look(800, 30), 75);
}

static void test_each_user(_unused_ void **state) {
        for (uid_t uid = 5000; uid > 4000; uid--)
                assert_int_equal(memory_warnings_look(warnings, uid, 800, LIMIT, 0), 75);
        for (uid_t uid = 4001; uid <= 5000; uid++)
                assert_int_equal(memory_warnings_look(warnings, uid, 900, LIMIT, 0), 85);
        for (uid_t uid = 4001; uid <= 5000; uid++)
                assert_int_equal(memory_warnings_look(warnings, uid, 900, LIMIT, MINUTE), 0);
}

/* A new session is no way to be warned more often. */
static void test_slice_goes(_unused_ void **state) {
        assert_int_equal(look(800, 0), 75);
        memory_warnings_forget(warnings, 1000, MINUTE);
        assert_int_equal(look(800, 2), 0);
        assert_int_equal(look(800, 30), 75);
        memory_warnings_forget(warnings, 1001, 31 * MINUTE);
}

static void test_limits(_unused_ void **state) {
        assert_int_equal(memory_warnings_look(warnings, 1, 0, 0, 0), 0);
        assert_int_equal(memory_warnings_look(warnings, 1, UINT64_MAX, UINT64_MAX, 0), 0);
        assert_int_equal(memory_warnings_look(warnings, 1, UINT64_MAX, UINT64_MAX - 1, 0), 85);
        assert_true(memory_warnings_lowest(warnings, UINT64_MAX) == UINT64_MAX);
        assert_true(memory_warnings_lowest(warnings, 999) == 749);
        assert_true(memory_threshold_bytes(99, UINT64_MAX - 1) < UINT64_MAX - 1);
        assert_true(memory_warnings_are(warnings, &usual, 30 * MINUTE));
        assert_false(memory_warnings_are(warnings, &usual, MINUTE));
        assert_false(memory_warnings_are(warnings, &(MemoryThresholds){ { 75 } }, 30 * MINUTE));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_rising),           TEST(test_both_at_once), TEST(test_who_stays_is_warned_once),
                TEST(test_at_most_so_often), TEST(test_told_later),   TEST(test_each_user),
                TEST(test_slice_goes),       TEST(test_limits),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
