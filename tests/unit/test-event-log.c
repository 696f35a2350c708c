/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "report/event-log.h"

#include <string.h>

#include "unit.h"

static EventLog *event_log;

static int setup(_unused_ void **state) {
        event_log = event_log_new();
        return event_log ? 0 : -1;
}

static int teardown(_unused_ void **state) {
        event_log = event_log_free(event_log);
        return 0;
}

static uint64_t add(const char *slice, usec_t time) {
        Event event = { .kind = EVENT_OUT_OF_MEMORY, .time = time };

        snprintf(event.slice, sizeof event.slice, "%s", slice);
        event.oom.kills = time;
        return event_log_add(event_log, &event);
}

typedef struct Seen {
        size_t n;
        Event event[EVENT_LOG_MAX];
        size_t stop_after; /* 0: never */
} Seen;

static int on_event(const Event *event, void *userdata) {
        Seen *seen = userdata;

        assert_true(seen->n < EVENT_LOG_MAX);
        seen->event[seen->n++] = *event;
        return seen->n == seen->stop_after ? -ECANCELED : (int) seen->n;
}

static Seen *look(usec_t since, size_t stop_after, int expected) {
        static Seen seen;

        seen = (Seen){ .stop_after = stop_after };
        assert_int_equal(event_log_foreach(event_log, since, on_event, &seen), expected);
        return &seen;
}

static size_t count(const Seen *seen, const char *slice) {
        size_t n = 0;

        for (size_t i = 0; i < seen->n; i++)
                n += strcmp(seen->event[i].slice, slice) == 0;
        return n;
}

static void test_empty(_unused_ void **state) {
        assert_int_equal(look(0, 0, 0)->n, 0);
}

static void test_copies_and_counts(_unused_ void **state) {
        Seen *seen;

        assert_int_equal(add("a.slice", 10), 1);
        assert_int_equal(add("", 20), 2);
        seen = look(0, 0, 2);
        assert_int_equal(seen->n, 2);
        assert_int_equal(seen->event[0].id, 1);
        assert_string_equal(seen->event[0].slice, "a.slice");
        assert_int_equal(seen->event[0].oom.kills, 10);
        assert_int_equal(seen->event[1].id, 2);
        assert_string_equal(seen->event[1].slice, "");
}

/* The clock was set back between the second and the third. */
static void test_since(_unused_ void **state) {
        Seen *seen;

        add("a.slice", 10);
        add("a.slice", 30);
        add("a.slice", 20);
        seen = look(20, 0, 2);
        assert_int_equal(seen->n, 2);
        assert_int_equal(seen->event[0].id, 2);
        assert_int_equal(seen->event[1].id, 3);
        assert_int_equal(look(31, 0, 0)->n, 0);
}

static void test_visitor_ends_the_round(_unused_ void **state) {
        for (usec_t i = 0; i < 5; i++)
                add("a.slice", i);
        assert_int_equal(look(0, 3, -ECANCELED)->n, 3);
}

/* One slice, or the host, floods the log and keeps a quarter of it, its newest. */
static void flood(const char *flooder) {
        Seen *seen;

        add("quiet.slice", 1);
        for (usec_t i = 0; i < 3 * EVENT_LOG_MAX; i++)
                add(flooder, i + 2);
        seen = look(0, 0, EVENT_LOG_SLICE_MAX + 1);
        assert_int_equal(count(seen, "quiet.slice"), 1);
        assert_int_equal(count(seen, flooder), EVENT_LOG_MAX / 4);
        assert_int_equal(seen->event[0].id, 1);
        assert_int_equal(seen->event[seen->n - 1].id, 3 * EVENT_LOG_MAX + 1);
        for (size_t i = 2; i < seen->n; i++)
                assert_int_equal(seen->event[i].id, seen->event[i - 1].id + 1);
}

/* Many slices, each with less than a quarter: the oldest of all goes. */
static void test_full(_unused_ void **state) {
        Seen *seen;

        for (usec_t i = 0; i < EVENT_LOG_MAX + 10; i++) {
                char slice[32];

                snprintf(slice, sizeof slice, "user-%u.slice", (unsigned) (1000 + i % 50));
                add(slice, i);
        }
        seen = look(0, 0, EVENT_LOG_MAX);
        for (size_t i = 0; i < seen->n; i++)
                assert_int_equal(seen->event[i].id, i + 11);
}

static void test_quarter_of_a_slice(_unused_ void **state) {
        flood("loud.slice");
}

static void test_quarter_of_the_host(_unused_ void **state) {
        flood("");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_empty),
                TEST(test_copies_and_counts),
                TEST(test_since),
                TEST(test_visitor_ends_the_round),
                TEST(test_quarter_of_a_slice),
                TEST(test_quarter_of_the_host),
                TEST(test_full),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
