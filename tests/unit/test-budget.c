/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unit.h"

#include "bus/budget.h"

#define START (1000 * USEC_PER_SEC)

static Budget *budget;

static int setup(_unused_ void **state) {
        budget = budget_new();
        return budget ? 0 : -1;
}

static int teardown(_unused_ void **state) {
        budget = budget_free(budget);
        return 0;
}

static void test_comes_back_with_time(_unused_ void **state) {
        assert_true(budget_allows(budget, 1000, START));
        budget_take(budget, 1000, BUDGET_VALUES - 1, START);
        assert_true(budget_allows(budget, 1000, START));
        budget_take(budget, 1000, BUDGET_VALUES_PER_SEC, START);
        assert_false(budget_allows(budget, 1000, START));
        assert_false(budget_allows(budget, 1000, START + USEC_PER_SEC - 10));
        assert_true(budget_allows(budget, 1000, START + USEC_PER_SEC));
        /* Never more than at first. */
        assert_true(budget_allows(budget, 1000, START + 1000 * USEC_PER_SEC));
        budget_take(budget, 1000, BUDGET_VALUES, START + 1000 * USEC_PER_SEC);
        assert_false(budget_allows(budget, 1000, START + 1000 * USEC_PER_SEC));
        assert_true(budget_allows(budget, 1000, UINT64_MAX));
}

static void test_others_and_root(_unused_ void **state) {
        budget_take(budget, 1000, 2 * BUDGET_VALUES, START);
        budget_take(budget, 0, SIZE_MAX, START);
        assert_false(budget_allows(budget, 1000, START));
        assert_true(budget_allows(budget, 1001, START));
        assert_true(budget_allows(budget, 0, START));
}

/* A clock that stands still or goes back gives nothing. */
static void test_clock(_unused_ void **state) {
        budget_take(budget, 1000, BUDGET_VALUES, START);
        assert_false(budget_allows(budget, 1000, START - USEC_PER_SEC));
        assert_false(budget_allows(budget, 1000, START));
}

/* Who calls is remembered, whoever else there is. */
static void test_many_users(_unused_ void **state) {
        budget_take(budget, 1000, BUDGET_VALUES, START);
        for (uid_t uid = 2000; uid < 2000 + 2 * BUDGET_USERS_MAX; uid++) {
                assert_true(budget_allows(budget, uid, START));
                assert_false(budget_allows(budget, 1000, START));
        }
        for (uid_t uid = 2000; uid < 2000 + BUDGET_USERS_MAX; uid++)
                assert_true(budget_allows(budget, uid, START));
        assert_true(budget_allows(budget, 1000, START));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_comes_back_with_time),
                TEST(test_others_and_root),
                TEST(test_clock),
                TEST(test_many_users),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
