/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "engine/debt.h"

#define LOOK  (250 * USEC_PER_MSEC)
#define START (1000 * USEC_PER_SEC)
#define MANY  100

/* How long the quota stands that is off by so much all the time, up to a minute. */
static usec_t stands_for(double off, size_t capped) {
        Debt debt = { .right_at = START };
        usec_t now = START;

        while (!debt_is_due(&debt, capped, now) && now < START + 60 * USEC_PER_SEC) {
                now += LOOK;
                debt_add(&debt, off, LOOK, now);
        }
        return now - START;
}

static void test_the_more_it_is_off_the_sooner(void **state _unused_) {
        assert_int_equal(stands_for(1, MANY), LOOK);
        assert_in_range(stands_for(.05, MANY), 3 * USEC_PER_SEC, 4 * USEC_PER_SEC);
        assert_in_range(stands_for(.001, MANY), 5 * USEC_PER_SEC, 5 * USEC_PER_SEC + LOOK);
        assert_int_equal(stands_for(0, MANY), 60 * USEC_PER_SEC);
}

static void test_what_is_lacking_is_sooner(void **state _unused_) {
        assert_true(stands_for(-.05, MANY) < stands_for(.05, MANY));
        assert_int_equal(stands_for(-.001, MANY), 5 * USEC_PER_SEC);
}

static void test_few_quotas_are_moved_sooner(void **state _unused_) {
        assert_true(stands_for(.05, 2) < stands_for(.05, MANY));
}

/* … also after they were off to the other side for long, when others kept them from being moved. */
static void test_few_quotas_owe_nothing(void **state _unused_) {
        Debt debt = { .right_at = START };

        debt_add(&debt, 1, 4 * LOOK, START);
        debt_add(&debt, -.05, LOOK, START + LOOK);
        assert_false(debt_is_due(&debt, MANY, START + LOOK));
        assert_true(debt_is_due(&debt, 4, START + LOOK));
}

static void test_too_high_and_too_low_in_turns_is_nothing(void **state _unused_) {
        Debt debt = {};
        usec_t now = START;

        for (unsigned i = 0; i < 1000; i++) {
                now += LOOK;
                debt_add(&debt, i % 4 < 2 ? .05 : -.05, LOOK, now);
                assert_false(debt_is_due(&debt, MANY, now));
        }
}

static void test_paid_is_forgotten(void **state _unused_) {
        Debt debt = {};

        debt_add(&debt, 1, LOOK, START);
        assert_true(debt_is_due(&debt, MANY, START));
        debt_paid(&debt, START);
        assert_false(debt_is_due(&debt, MANY, START + LOOK));
}

static void test_long_ago_is_forgotten(void **state _unused_) {
        Debt debt = {};

        debt_add(&debt, -.1, LOOK, START);
        for (unsigned i = 1; i <= 40; i++)
                debt_add(&debt, 0, LOOK, START + i * LOOK);
        debt_add(&debt, -.1, LOOK, START + 41 * LOOK);
        assert_false(debt_is_due(&debt, MANY, START + 41 * LOOK));
}

static void test_called_in(void **state _unused_) {
        Debt debt = { .right_at = START, .called = true };

        assert_true(debt_is_due(&debt, MANY, START));
        debt_add(&debt, 0, LOOK, START + LOOK);
        assert_false(debt_is_due(&debt, MANY, START + LOOK));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_more_it_is_off_the_sooner),
                cmocka_unit_test(test_what_is_lacking_is_sooner),
                cmocka_unit_test(test_few_quotas_are_moved_sooner),
                cmocka_unit_test(test_few_quotas_owe_nothing),
                cmocka_unit_test(test_too_high_and_too_low_in_turns_is_nothing),
                cmocka_unit_test(test_paid_is_forgotten),
                cmocka_unit_test(test_long_ago_is_forgotten),
                cmocka_unit_test(test_called_in),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
