/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "daemon/slice-table.h"
#include "support/test.h"

static SliceTable table;
static Ledger *ledger;

static int setup(_unused_ void **state) {
        unsigned skipped;

        slice_table_init(&table);
        return ledger_open(-1, &ledger, &skipped);
}

static int teardown(_unused_ void **state) {
        slice_table_done(&table);
        ledger = ledger_free(ledger);
        return 0;
}

static ManagedSlice *add(const char *name) {
        static uid_t next;
        ManagedSlice *slice;

        assert_int_equal(managed_slice_new(name, ledger_get(ledger, next++), &slice), 0);
        assert_int_equal(slice_table_add(&table, slice), 0);
        return slice;
}

static void test_find(_unused_ void **state) {
        char long_name[SLICE_NAME_MAX + 2];
        ManagedSlice *a = add("a.slice"), *b = add("b.slice");

        assert_ptr_equal(slice_table_find(&table, "a.slice"), a);
        assert_ptr_equal(slice_table_find(&table, "b.slice"), b);
        assert_null(slice_table_find(&table, "c.slice"));
        assert_null(slice_table_find(&table, ""));
        memset(long_name, 'n', sizeof long_name - 1);
        long_name[sizeof long_name - 1] = '\0';
        assert_null(slice_table_find(&table, long_name));
        assert_int_equal(table.count, 2);
        slice_table_remove(&table, a);
        assert_null(slice_table_find(&table, "a.slice"));
        assert_ptr_equal(slice_table_find(&table, "b.slice"), b);
        assert_int_equal(table.count, 1);
}

static void expect_next(ManagedSlice *slice) {
        assert_ptr_equal(TAILQ_FIRST(&table.queue), slice);
        slice_table_dequeue(&table, slice);
}

static void test_queue(_unused_ void **state) {
        ManagedSlice *a = add("a.slice"), *b = add("b.slice"), *c = add("c.slice");

        slice_table_enqueue(&table, a, false);
        slice_table_enqueue(&table, b, false);
        slice_table_enqueue(&table, c, true);  /* new ones first */
        slice_table_enqueue(&table, a, false); /* once only */
        expect_next(c);
        expect_next(a);
        slice_table_enqueue(&table, a, false);
        expect_next(b);
        expect_next(a);
        assert_true(TAILQ_EMPTY(&table.queue));
        slice_table_dequeue(&table, a);
}

/* A slice that has come while it waits already is not one of the last any more. */
static void test_moved_to_the_front(_unused_ void **state) {
        ManagedSlice *a = add("a.slice"), *b = add("b.slice");

        slice_table_enqueue(&table, a, false);
        slice_table_enqueue(&table, b, false);
        slice_table_enqueue(&table, b, true);
        expect_next(b);
        expect_next(a);
}

static void test_removed_from_the_queue(_unused_ void **state) {
        ManagedSlice *a = add("a.slice"), *b = add("b.slice");

        slice_table_enqueue(&table, a, false);
        slice_table_enqueue(&table, b, false);
        slice_table_remove(&table, a);
        expect_next(b);
}

static void test_many(_unused_ void **state) {
        ManagedSlice *slice;
        SliceName name;
        size_t n = 0;

        for (uid_t uid = 0; uid < 5000; uid++)
                (void) add(slice_name_for_uid(name, uid * 7919 % 5000));
        for (uid_t uid = 0; uid < 5000; uid += 2)
                slice_table_remove(&table, slice_table_find(&table, slice_name_for_uid(name, uid)));
        SLICE_FOREACH(slice, &table)
                n++;
        assert_int_equal(n, 2500);
        assert_non_null(slice_table_find(&table, "user-4999.slice"));
        assert_null(slice_table_find(&table, "user-4998.slice"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_find),
                TEST(test_queue),
                TEST(test_moved_to_the_front),
                TEST(test_removed_from_the_queue),
                TEST(test_many),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
