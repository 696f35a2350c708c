/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "basic/fields.h"
#include "unit.h"

static void test_lines(_unused_ void **state) {
        char text[] = "first\n\ncut";
        char *rest = text;

        assert_string_equal(take_line(&rest), "first");
        assert_string_equal(take_line(&rest), "");
        assert_null(take_line(&rest));
        assert_string_equal(rest, "cut");
}

static void test_words(_unused_ void **state) {
        char text[] = "a  b";
        char *line = text;
        const char *word;

        assert_true(take_word(&line, &word));
        assert_string_equal(word, "a");
        assert_true(take_word(&line, &word));
        assert_string_equal(word, "");
        assert_true(take_word(&line, &word));
        assert_string_equal(word, "b");
        assert_null(line);
        assert_false(take_word(&line, &word));
        assert_string_equal(word, "b");
}

static bool number(const char *text, uint64_t max, uint64_t *ret) {
        char copy[64], *line = copy;

        snprintf(copy, sizeof copy, "%s", text);
        return take_number(&line, max, ret);
}

static void test_numbers(_unused_ void **state) {
        static const char *const wrong[] = { "", " 1", "-1", "+1", "1x", "0x1", "18446744073709551616" };
        uint64_t n = 4711;

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                assert_false(number(wrong[i], UINT64_MAX, &n));
        assert_false(number("8", 7, &n));
        assert_int_equal(n, 4711);
        assert_true(number("7 8", 7, &n));
        assert_int_equal(n, 7);
        assert_true(number("18446744073709551615", UINT64_MAX, &n));
        assert_true(n == UINT64_MAX);
}

static void expect_name(const char *name, const char *expected) {
        char text[64] = "", back[16];
        FILE *f = fmemopen(text, sizeof text, "w");

        assert_non_null(f);
        write_name(f, name);
        assert_int_equal(fclose(f), 0);
        assert_string_equal(text, expected);
        assert_true(take_name(text, back, sizeof back));
        assert_string_equal(back, name);
}

static void test_names(_unused_ void **state) {
        expect_name("", "");
        expect_name("sh", "sh");
        expect_name("a b\\\n\x7f\xff~", "a\\x20b\\x5c\\x0a\\x7f\\xff~");
}

static void test_wrong_names(_unused_ void **state) {
        static const char *const wrong[] = { "a b",   "\\",  "\\x",  "\\x0",    "\\x00",
                                             "\\xA0", "\\n", "\xff", "12345678" };
        char name[8];

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                assert_false(take_name(wrong[i], name, sizeof name));
        assert_false(take_name(NULL, name, sizeof name));
        assert_true(take_name("1234567", name, sizeof name));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_lines),       cmocka_unit_test(test_words),
                cmocka_unit_test(test_numbers),     cmocka_unit_test(test_names),
                cmocka_unit_test(test_wrong_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
