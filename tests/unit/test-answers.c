/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unit.h"

#include "bus/answers.h"

#define NOW (1000 * USEC_PER_SEC)

static Answers *answers;

static int setup(_unused_ void **state) {
        answers = answers_new();
        assert_non_null(answers);
        return 0;
}

static int teardown(_unused_ void **state) {
        answers = answers_free(answers);
        return 0;
}

static void expect(const char *sender, const char *question, usec_t now, int expected) {
        assert_int_equal(answers_find(answers, sender, question, now), expected);
}

static void test_is_found(_unused_ void **state) {
        expect(":1.1", "read", NOW, -ENOENT);
        answers_put(answers, ":1.1", "read", true, NOW);
        answers_put(answers, ":1.1", "write", false, NOW);
        expect(":1.1", "read", NOW, 1);
        expect(":1.1", "write", NOW, 0);
        expect(":1.2", "read", NOW, -ENOENT);
        expect(":1.1", "rea", NOW, -ENOENT);
        answers_put(answers, ":1.1", "read", false, NOW);
        expect(":1.1", "read", NOW, 0);
}

static void test_for_a_while(_unused_ void **state) {
        answers_put(answers, ":1.1", "read", true, NOW);
        answers_put(answers, ":1.2", "read", true, NOW + 1);
        expect(":1.1", "read", NOW + ANSWERS_USEC - 1, 1);
        expect(":1.1", "read", NOW + ANSWERS_USEC, -ENOENT);
        expect(":1.2", "read", NOW + ANSWERS_USEC, 1);
        /* Being used does not make it last longer, being heard again does. */
        answers_put(answers, ":1.2", "read", true, NOW + ANSWERS_USEC);
        expect(":1.2", "read", NOW + 2 * ANSWERS_USEC - 1, 1);
        expect(":1.2", "read", NOW + 2 * ANSWERS_USEC, -ENOENT);
}

static void test_the_oldest_makes_room(_unused_ void **state) {
        char sender[16];

        for (unsigned i = 0; i < ANSWERS_MAX + 1; i++) {
                snprintf(sender, sizeof sender, ":1.%u", i);
                answers_put(answers, sender, "read", true, NOW);
        }
        expect(":1.0", "read", NOW, -ENOENT);
        expect(":1.1", "read", NOW, 1);
        expect(sender, "read", NOW, 1);
}

static void test_forgotten(_unused_ void **state) {
        answers_put(answers, ":1.1", "read", true, NOW);
        answers_put(answers, ":1.1", "write", true, NOW);
        answers_put(answers, ":1.2", "read", true, NOW);
        answers_forget(answers, ":1.1");
        expect(":1.1", "read", NOW, -ENOENT);
        expect(":1.1", "write", NOW, -ENOENT);
        expect(":1.2", "read", NOW, 1);
        answers_forget(answers, NULL);
        expect(":1.2", "read", NOW, -ENOENT);
        assert_null(answers_free(NULL));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_is_found),
                TEST(test_for_a_while),
                TEST(test_the_oldest_makes_room),
                TEST(test_forgotten),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
