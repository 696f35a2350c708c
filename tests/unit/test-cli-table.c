/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <locale.h>
#include <string.h>

#include "cli/table.h"
#include "unit.h"

static const TableColumn columns[] = {
        { "USER", .shrink_to = 4 },
        { "CPU", .right = true },
        { "SLICE", .shrink_to = 6 },
};

static void assert_printed(const Table *table, unsigned width, bool header, const char *expected) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *stream = open_memstream(&text, &size);

        assert_non_null(stream);
        assert_int_equal(table_print(table, width, header, stream), 0);
        assert_int_equal(fclose(stream), 0);
        assert_string_equal(text, expected);
}

static void add_row(Table *table, const char *a, const char *b, const char *c) {
        assert_int_equal(table_add(table, COLOR_NONE, a), 0);
        assert_int_equal(table_add(table, COLOR_RED, b), 0);
        assert_int_equal(table_add(table, COLOR_NONE, c), 0);
}

static void test_widths(_unused_ void **state) {
        const Terminal terminal = { .utf8 = true };
        _cleanup_(table_freep) Table *table = NULL;

        assert_int_equal(table_new(&terminal, columns, ELEMENTSOF(columns), &table), 0);
        assert_printed(table, 0, true, "USER CPU SLICE\n");
        assert_printed(table, 0, false, "");
        add_row(table, "alice", "140%", "user-1000.slice");
        add_row(table, "zo\xc3\xab", NULL, "");
        assert_printed(table, 0, true,
                       "USER   CPU SLICE\n"
                       "alice 140% user-1000.slice\n"
                       "zo\xc3\xab      - -\n");
        assert_printed(table, 26, false, "alice 140% user-1000.slice\nzo\xc3\xab      - -\n");
        /* The widest goes first, then those that are as wide. */
        assert_printed(table, 25, false, "alice 140% user-1000.sli…\nzo\xc3\xab      - -\n");
        assert_printed(table, 17, false, "alice 140% user-…\nzo\xc3\xab      - -\n");
        assert_printed(table, 16, false, "ali… 140% user-…\nzo\xc3\xab     - -\n");
        /* Narrower than the columns get. */
        assert_printed(table, 5, false, "ali… 140% user-…\nzo\xc3\xab     - -\n");
}

static void test_colors(_unused_ void **state) {
        const Terminal terminal = { .colors = true };
        _cleanup_(table_freep) Table *table = NULL;

        assert_int_equal(table_new(&terminal, columns, ELEMENTSOF(columns), &table), 0);
        add_row(table, "a\033", "5%", "b");
        assert_printed(table, 0, false, "a\\x1b \033[0;1;31m5%\033[0m b\n");
}

static void test_bounds(_unused_ void **state) {
        static const TableColumn many[17];
        const Terminal terminal = {};
        Table *table = NULL;

        assert_int_equal(table_new(&terminal, many, 0, &table), -EINVAL);
        assert_int_equal(table_new(&terminal, many, ELEMENTSOF(many), &table), -EINVAL);
        assert_null(table);
        assert_null(table_free(NULL));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_widths),
                cmocka_unit_test(test_colors),
                cmocka_unit_test(test_bounds),
        };

        if (!setlocale(LC_CTYPE, "C.UTF-8"))
                return 77;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
