/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "daemon/stray-user.h"
#include "support/test.h"

#define START (1000 * USEC_PER_SEC)

static StrayUser *u;

static int setup(_unused_ void **state) {
        u = stray_user_new(1001);
        return u ? 0 : -1;
}

static int teardown(_unused_ void **state) {
        u = stray_user_free(u);
        return 0;
}

static bool ask(uint64_t started, usec_t at) {
        Stray strays[] = {
                { .process = { .pid = 7, .start = 10 } },
                { .process = { .pid = 8, .start = started } },
        };

        return stray_user_ask(u, strays, ELEMENTSOF(strays), START + at * USEC_PER_SEC);
}

static void test_new_user(_unused_ void **state) {
        assert_int_equal(u->uid, 1001);
}

static void test_news(_unused_ void **state) {
        char group[32];

        assert_true(stray_user_is_news(u, "/a.service"));
        assert_false(stray_user_is_news(u, "/a.service"));
        for (unsigned i = 0; i < STRAY_PLACES_MAX - 1; i++) {
                snprintf(group, sizeof group, "/b-%u.service", i);
                assert_true(stray_user_is_news(u, group));
        }
        assert_false(stray_user_is_news(u, "/a.service"));
        assert_true(stray_user_is_news(u, "/c.service")); /* in the place of the oldest */
        assert_true(stray_user_is_news(u, "/a.service"));
        assert_false(stray_user_is_news(u, "/c.service"));
}

/* The same processes are still there: less and less often. */
static void test_in_vain(_unused_ void **state) {
        unsigned asked = 0;

        assert_true(ask(20, 0));
        assert_false(ask(20, 4));
        assert_true(ask(20, 5));
        assert_false(ask(20, 14));
        assert_true(ask(20, 15));
        for (usec_t at = 20; at < 7200; at += 5)
                asked += ask(20, at);
        assert_true(asked >= 11 && asked <= 18);
}

static void test_new_ones(_unused_ void **state) {
        for (usec_t at = 0; at < 100; at += 5)
                assert_true(ask(20 + at, at));
        assert_false(ask(200, 97));
}

/* A new one begins it anew. */
static void test_new_one_after_a_while(_unused_ void **state) {
        for (usec_t at = 0; at < 600; at += 5)
                (void) ask(20, at);
        assert_true(ask(21, 600));
        assert_true(ask(21, 605));
        assert_false(ask(21, 610));
}

static void test_under_way(_unused_ void **state) {
        static int somewhere;

        u->call = (sd_bus_slot *) &somewhere;
        assert_false(ask(20, 0));
        u->call = NULL;
        assert_true(ask(20, 0));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_new_user),
                TEST(test_news),
                TEST(test_in_vain),
                TEST(test_new_ones),
                TEST(test_new_one_after_a_while),
                TEST(test_under_way),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
