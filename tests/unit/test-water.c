/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "engine/water.h"

#define ALL        DEMAND_UNBOUNDED
#define CLAIMS_MAX 5

typedef struct Case {
        const char *name;
        uint64_t budget;
        Claim claims[CLAIMS_MAX];
        uint64_t shares[CLAIMS_MAX]; /* expected; 0: no more claims */
} Case;

static size_t count(const Case *c) {
        size_t n = 0;

        while (n < CLAIMS_MAX && c->shares[n] > 0)
                n++;
        return n;
}

static const Case filled[] = {
        { "one takes all", 1800000, { { ALL, 100 } }, { 1800000 } },
        { "two share alike", 1800000, { { ALL, 100 }, { ALL, 100 } }, { 900000, 900000 } },
        { "two to one", 1800000, { { ALL, 200 }, { ALL, 100 } }, { 1200000, 600000 } },
        { "what one does not ask for is the others'",
          1800000,
          { { ALL, 100 }, { ALL, 100 }, { 100000, 100 } },
          { 850000, 850000, 850000 } },
        { "… by weight",
          1800000,
          { { ALL, 300 }, { ALL, 100 }, { 200000, 100 } },
          { 1200000, 400000, 400000 } },
        { "rounding goes down",
          1000000,
          { { ALL, 1 }, { ALL, 1 }, { ALL, 1 } },
          { 330000, 330000, 330000 } },
        { "a third is exact where it can be",
          900000,
          { { ALL, 3 }, { ALL, 3 }, { ALL, 3 } },
          { 300000, 300000, 300000 } },
        { "the lightest get a QUOTA_STEP", 1000000, { { ALL, 10000 }, { ALL, 1 } }, { 990000, 10000 } },
        { "less than a QUOTA_STEP is had by asking for less",
          100000,
          { { ALL, 100 }, { 10, 1 }, { 9, 1 } },
          { 90000, 10000, 10000 } },
        { "nobody waits for nothing", 20000, { { ALL, 1 }, { ALL, 1 }, { 0, 1 } }, { 10000, 10000, 10000 } },
        { "a million CPUs", UINT64_C(1) << 40, { { ALL, 1 } }, { ((UINT64_C(1) << 40) / 10000) * 10000 } },
};

static void test_shares(void **state _unused_) {
        for (size_t i = 0; i < ELEMENTSOF(filled); i++) {
                const Case *c = &filled[i];
                WaterLevel level;

                assert_int_equal(water_fill(c->claims, count(c), c->budget, &level), 0);
                for (size_t k = 0; k < count(c); k++)
                        if (water_share(level, c->claims[k].weight) != c->shares[k])
                                fail_msg("%s: claim %zu has %llu, not %llu", c->name, k,
                                         (unsigned long long) water_share(level, c->claims[k].weight),
                                         (unsigned long long) c->shares[k]);
        }
}

static void test_no_level_where_all_can_be_met(void **state _unused_) {
        static const Claim claims[] = { { 300000, 1 }, { 700000, 100 } };
        WaterLevel level = 0;

        assert_int_equal(water_fill(claims, 2, 1000000, &level), 0);
        assert_true(level == WATER_LEVEL_UNBOUNDED);
        assert_int_equal(water_fill(claims, 2, 999999, &level), 0);
        assert_true(level != WATER_LEVEL_UNBOUNDED);
        assert_int_equal(water_fill(NULL, 0, 0, &level), 0);
        assert_true(level == WATER_LEVEL_UNBOUNDED);
}

static void test_no_level_where_there_is_too_little(void **state _unused_) {
        static const Claim three[] = { { ALL, 1 }, { ALL, 10000 }, { QUOTA_STEP, 1 } };
        static const Claim modest[] = { { ALL, 1 }, { ALL, 10000 }, { QUOTA_STEP - 1, 1 } };
        WaterLevel level = 42;

        assert_int_equal(water_fill(three, 3, 3 * QUOTA_STEP, &level), 0);
        level = 42;
        assert_int_equal(water_fill(three, 3, 3 * QUOTA_STEP - 1, &level), -ENOSPC);
        assert_true(level == 42);
        assert_int_equal(water_fill(modest, 3, 3 * QUOTA_STEP - 1, &level), 0);
        assert_int_equal(water_fill(three, 3, 0, &level), -ENOSPC);
}

static void test_share_at_a_level(void **state _unused_) {
        static const struct {
                WaterLevel level;
                uint64_t weight, share;
        } cases[] = {
                { 0, 10000, QUOTA_STEP },
                { 1, 1, QUOTA_STEP },
                { UINT64_C(9000) << 16, 100, 900000 },
                { UINT64_C(9099) << 16, 100, 900000 },
                { UINT64_C(9100) << 16, 100, 910000 },
                { (UINT64_C(9100) << 16) - 1, 100, 900000 },
                { UINT64_C(1) << 56, 10000, UINT64_C(10995116277760000) },
                { WATER_LEVEL_UNBOUNDED, 1, UINT64_MAX },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_true(water_share(cases[i].level, cases[i].weight) == cases[i].share);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_shares),
                cmocka_unit_test(test_no_level_where_all_can_be_met),
                cmocka_unit_test(test_no_level_where_there_is_too_little),
                cmocka_unit_test(test_share_at_a_level),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
