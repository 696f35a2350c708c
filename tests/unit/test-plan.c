/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "engine/plan.h"

static void test_changes_are_kept_in_order(void **state _unused_) {
        Plan plan = {};

        for (size_t i = 0; i < 1000; i++)
                assert_int_equal(plan_add(&plan, &(Change){ .slice = i, .from = LIMIT_UNSET, .to = 10 * i }),
                                 0);
        assert_int_equal(plan.count, 1000);
        for (size_t i = 0; i < 1000; i++) {
                assert_int_equal(plan.change[i].slice, i);
                assert_int_equal(plan.change[i].to, 10 * i);
        }
        plan_done(&plan);
        assert_null(plan.change);
        assert_int_equal(plan.count, 0);
        plan_done(&plan);
}

static void test_reasons_in_words(void **state _unused_) {
        static const struct {
                Reason reason;
                const char *text;
        } cases[] = {
                { REASON_NONE, "nothing changed" },
                { REASON_ABOVE_LEVEL, "the host is contended, a weight of 100 is worth 85% of 180%" },
                { REASON_BELOW_LEVEL, "it asks for less than its share" },
                { REASON_EQUAL_SHARE, "2 active users share 180% equally" },
                { REASON_INACTIVE, "it uses too little to count" },
                { REASON_ROOM, "the host has room" },
                { REASON_CROWDED, "there is less than 1% of a CPU for each, weights alone share" },
                { REASON_WEIGHTS, "weights alone share" },
        };
        const Plan plan = { .level = 850000, .budget = 1800000, .active = 2 };
        char buffer[REASON_TEXT_MAX];

        assert_int_equal(ELEMENTSOF(cases), _REASON_COUNT);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_string_equal(reason_describe(cases[i].reason, &plan, buffer), cases[i].text);
}

static void test_the_largest_numbers_fit_the_text(void **state _unused_) {
        const Plan plan = { .level = UINT64_MAX - 1, .budget = UINT64_MAX - 1, .active = SIZE_MAX };
        char buffer[REASON_TEXT_MAX];

        assert_string_equal(reason_describe(REASON_EQUAL_SHARE, &plan, buffer),
                            "18446744073709551615 active users share 1844674407370955.1% equally");
        assert_string_equal(reason_describe(REASON_ABOVE_LEVEL, &plan, buffer),
                            "the host is contended, a weight of 100 is worth 1844674407370955.1% of "
                            "1844674407370955.1%");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_changes_are_kept_in_order),
                cmocka_unit_test(test_reasons_in_words),
                cmocka_unit_test(test_the_largest_numbers_fit_the_text),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
