/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Memory or descriptors run out for the watch itself, and a kill is told all the same. */

#include "unit.h"

#include "oom-host.h"
#include "support/few-descriptors.h"
#include "watch/oom-internal.h"

#define A "user-1000.slice"
#define B "user-1001.slice"

/* ---- what goes wrong ---- */

static bool no_case;

/* NOLINTBEGIN: names that the linker wants */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

/* The watch makes nothing else of that size. */
void *__wrap_malloc(size_t size) {
        return no_case && size == sizeof(OomCase) ? NULL : __real_malloc(size);
}
/* NOLINTEND */

/* ---- tests ---- */

static void make_and_watch(OomHost *h) {
        host_make_slice(h, A);
        assert_int_equal(host_watch(h), 0);
        host_run_quiet(h, 20 * USEC_PER_MSEC);
}

/* Of all kills in the slice. */
static void kill_number(OomHost *h, uint64_t number) {
        host_set(h, A, number, number, number);
        host_count_root(h, 1);
}

static void kill_without_memory(OomHost *h) {
        make_and_watch(h);
        no_case = true;
        kill_number(h, 1);
        host_run_quiet(h, 700 * USEC_PER_MSEC);
}

/* It is pending until more happens there. */
static void test_no_memory_for_a_window(void **state) {
        OomHost *h = *state;

        kill_without_memory(h);
        no_case = false;
        kill_number(h, 2);
        host_run(h, 1, 2 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 1);
        assert_string_equal(h->told[0].slice, A);
        assert_int_equal(h->told[0].kills, 2);
        host_expect_at_limit(&h->told[0]);
        host_run_quiet(h, 700 * USEC_PER_MSEC);
}

/* Nor is it lost when the slice goes. */
static void test_no_memory_until_the_slice_goes(void **state) {
        OomHost *h = *state;

        kill_without_memory(h);
        host_remove_slice(h, A);
        oom_watch_remove(h->watch, A);
        host_run(h, 1, 2 * USEC_PER_SEC);
        no_case = false;
        assert_int_equal(h->n_told, 1);
        assert_string_equal(h->told[0].slice, "user.slice");
        assert_int_equal(h->told[0].kills, 1);
}

static void test_no_memory_and_started_again(void **state) {
        OomHost *h = *state;

        kill_without_memory(h);
        no_case = false;
        assert_int_equal(host_watch_again(h), 0);
        host_run(h, 1, 2 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 1);
        assert_string_equal(h->told[0].slice, A);
        assert_true(h->told[0].late);
}

/* Nothing is told while there are no descriptors, and this once there are some. */
static void expect_told_with_descriptors(OomHost *h, const char *slice, uint64_t kills, uint64_t hits) {
        forbid_descriptors(true);
        host_run_quiet(h, 100 * USEC_PER_MSEC);
        forbid_descriptors(false);
        host_run(h, 1, 3 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 1);
        assert_string_equal(h->told[0].slice, slice);
        assert_int_equal(h->told[0].kills, kills);
        assert_int_equal(h->told[0].hits, hits);
        host_run_quiet(h, 1500 * USEC_PER_MSEC);
        assert_false(h->polling);
}

/* What could not be read is read a second later. */
static void test_no_descriptors_for_a_look(void **state) {
        OomHost *h = *state;

        make_and_watch(h);
        kill_number(h, 1);
        expect_told_with_descriptors(h, A, 1, 1);
}

/* Slices that cannot be listed are not gone: what was told of them is not told again. */
static void test_no_descriptors_for_a_scan(void **state) {
        OomHost *h = *state;

        make_and_watch(h);
        kill_number(h, 1);
        host_run(h, 1, 2 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 1);
        forbid_descriptors(true);
        oom_watch_rescan(h->watch);
        forbid_descriptors(false);
        oom_watch_rescan(h->watch);
        host_run_quiet(h, 700 * USEC_PER_MSEC);
        kill_number(h, 2);
        host_run(h, 2, 2 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 2);
        assert_string_equal(h->told[1].slice, A);
        assert_int_equal(h->told[1].kills, 1);
}

/* inotify has forgotten which slices there is something to read in: they are looked through a second later.
 */
static void test_no_descriptors_after_an_overflow(void **state) {
        OomHost *h = *state;

        host_make_slice(h, B);
        make_and_watch(h);
        for (uint64_t i = 1; i <= 20000; i++)
                host_write_events(h, i % 2 ? A : NULL, &(MemoryEvents){ .max = i });
        host_set(h, B, 0, 1, 1);
        expect_told_with_descriptors(h, B, 0, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, host_setup, host_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_no_memory_for_a_window),      TEST(test_no_memory_until_the_slice_goes),
                TEST(test_no_memory_and_started_again), TEST(test_no_descriptors_for_a_look),
                TEST(test_no_descriptors_for_a_scan),   TEST(test_no_descriptors_after_an_overflow),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
