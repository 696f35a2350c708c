/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "report/history.h"

#include <malloc.h>

#include "unit.h"

/* The cases by hand; tests/property has the random ones. */

#define LOOKS 6U
#define KIB   UINT64_C(1024)
#define MIB   (KIB * 1024)
#define IDLE  ((Look){ .grant = LIMIT_UNSET, .memory = MIB })

/* NOLINTBEGIN: names that the linker wants */
void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

static bool no_memory;

void *__wrap_realloc(void *p, size_t size) {
        return no_memory ? NULL : __real_realloc(p, size);
}

/* What a compiler may make of realloc(NULL, size). */
void *__wrap_malloc(size_t size) {
        return no_memory ? NULL : __real_malloc(size);
}
/* NOLINTEND */

static HistoryClock *timer;
static History *ring;

static int setup(_unused_ void **state) {
        timer = history_clock_new(LOOKS);
        return timer ? 0 : -1;
}

static int teardown(_unused_ void **state) {
        ring = history_free(ring);
        timer = history_clock_free(timer);
        return 0;
}

static Look busy(uint64_t use) {
        return (Look){ .use = use, .grant = LIMIT_UNSET, .memory = MIB };
}

static void look(Look what, usec_t time) {
        assert_int_equal(history_add(&ring, timer, &what), 0);
        history_clock_add(timer, time);
}

typedef struct Seen {
        size_t n;
        Look look[LOOKS];
        size_t stop_after; /* 0: never */
} Seen;

static int on_look(const Look *l, void *userdata) {
        Seen *seen = userdata;

        assert_true(seen->n < LOOKS);
        seen->look[seen->n++] = *l;
        return seen->n == seen->stop_after ? -ECANCELED : (int) seen->n;
}

static Seen recall(usec_t since) {
        Seen seen = {};
        int r = history_foreach(ring, timer, since, on_look, &seen);

        assert_int_equal(r, seen.n);
        return seen;
}

static void test_nothing_yet(_unused_ void **state) {
        assert_int_equal(recall(0).n, 0);
        history_clock_add(timer, 10);
        assert_int_equal(recall(0).n, 0);
}

static void test_values(_unused_ void **state) {
        const Look what = { .use = 1500000, .grant = 900000, .throttled = 2000, .memory = 64 * MIB };
        Seen seen;

        look(what, 10);
        seen = recall(0);
        assert_int_equal(seen.n, 1);
        assert_int_equal(seen.look[0].time, 10);
        assert_int_equal(seen.look[0].use, 1500000);
        assert_int_equal(seen.look[0].grant, 900000);
        assert_int_equal(seen.look[0].throttled, 2000);
        assert_int_equal(seen.look[0].memory, 64 * MIB);
}

/* As the header has it. */
static void test_most(_unused_ void **state) {
        const Look what = {
                .use = UINT64_MAX, .grant = UINT64_MAX - 1, .throttled = UINT64_MAX, .memory = UINT64_MAX
        };
        Seen seen;

        look(what, 10);
        seen = recall(0);
        assert_int_equal(seen.look[0].use / USEC_PER_SEC, 42949);
        assert_int_equal(seen.look[0].grant / USEC_PER_SEC, 42949);
        assert_int_equal(seen.look[0].throttled / USEC_PER_SEC, 4395899);
        assert_int_equal(seen.look[0].memory, (UINT64_C(1) << 48) - 64 * KIB);
}

/* The first look is there before it is ended, and does not show. */
static void test_look_under_way(_unused_ void **state) {
        Look what = busy(1000);

        assert_int_equal(history_add(&ring, timer, &what), 0);
        assert_int_equal(recall(0).n, 0);
        history_clock_add(timer, 10);
        assert_int_equal(recall(0).n, 1);
}

static void test_idle_looks(_unused_ void **state) {
        Seen seen;

        history_clock_add(timer, 10); /* before the ring */
        look(busy(1000), 20);
        look(IDLE, 30);
        history_clock_add(timer, 40); /* left out */
        look(busy(2000), 50);
        seen = recall(0);
        assert_int_equal(seen.n, 4);
        assert_int_equal(seen.look[0].use, 1000);
        for (size_t i = 1; i < 3; i++) {
                assert_int_equal(seen.look[i].time, 20 + i * 10);
                assert_int_equal(seen.look[i].use, 0);
                assert_int_equal(seen.look[i].grant, LIMIT_UNSET);
                assert_int_equal(seen.look[i].memory, MIB);
        }
        assert_int_equal(seen.look[3].use, 2000);
}

/* Who uses nothing and has other memory, or another quota, was looked at all the same. */
static void test_idle_and_changing(_unused_ void **state) {
        Look what = IDLE;
        Seen seen;

        look(what, 10);
        what.memory = 2 * MIB;
        look(what, 20);
        what.grant = 500000;
        look(what, 30);
        seen = recall(0);
        assert_int_equal(seen.look[0].memory, MIB);
        assert_int_equal(seen.look[1].memory, 2 * MIB);
        assert_int_equal(seen.look[1].grant, LIMIT_UNSET);
        assert_int_equal(seen.look[2].grant, 500000);
}

static void test_oldest_goes(_unused_ void **state) {
        Seen seen;

        for (unsigned i = 1; i <= 3 * LOOKS + 1; i++)
                look(busy(i * 1000), i * 10);
        seen = recall(0);
        assert_int_equal(seen.n, LOOKS);
        for (unsigned i = 0; i < LOOKS; i++)
                assert_int_equal(seen.look[i].use, (2 * LOOKS + 2 + i) * 1000);
}

/* Longer than a look's number has room for. */
static void test_long_rest(_unused_ void **state) {
        const usec_t rest = 200000;
        Seen seen;

        for (unsigned i = 0; i < 2 * LOOKS; i++)
                look(busy(1000), 10);
        for (usec_t i = 0; i < rest; i++)
                history_clock_add(timer, 20);
        seen = recall(0);
        assert_int_equal(seen.n, LOOKS);
        for (unsigned i = 0; i < LOOKS; i++) {
                assert_int_equal(seen.look[i].use, 0);
                assert_int_equal(seen.look[i].memory, MIB);
        }
        look(busy(3000), 30);
        seen = recall(0);
        assert_int_equal(seen.n, LOOKS);
        assert_int_equal(seen.look[LOOKS - 2].use, 0);
        assert_int_equal(seen.look[LOOKS - 2].memory, MIB);
        assert_int_equal(seen.look[LOOKS - 1].use, 3000);
}

static void test_since(_unused_ void **state) {
        Seen seen;

        look(busy(1000), 10);
        look(busy(2000), 30);
        look(busy(3000), 20); /* the clock was set back */
        seen = recall(20);
        assert_int_equal(seen.n, 2);
        assert_int_equal(seen.look[0].use, 2000);
        assert_int_equal(seen.look[1].use, 3000);
        assert_int_equal(recall(31).n, 0);
}

static void test_visitor_ends_the_round(_unused_ void **state) {
        Seen seen = { .stop_after = 2 };

        for (unsigned i = 0; i < LOOKS; i++)
                look(busy(1000), 10);
        assert_int_equal(history_foreach(ring, timer, 0, on_look, &seen), -ECANCELED);
        assert_int_equal(seen.n, 2);
}

/* Who idles takes no room, and gives back what they had. */
static void test_room(_unused_ void **state) {
        size_t one, all;

        look(IDLE, 10);
        one = malloc_usable_size(ring);
        for (unsigned i = 0; i < LOOKS; i++)
                look(IDLE, 10);
        assert_int_equal(malloc_usable_size(ring), one);
        for (unsigned i = 0; i < 2 * LOOKS; i++)
                look(busy(1000), 10);
        all = malloc_usable_size(ring);
        assert_true(all >= LOOKS * 16 && all > one);
        for (unsigned i = 0; i <= LOOKS; i++)
                look(IDLE, 10);
        assert_true(malloc_usable_size(ring) < all);
}

static void test_one_look_kept(_unused_ void **state) {
        Seen seen;

        history_clock_free(timer);
        timer = history_clock_new(1);
        for (unsigned i = 1; i <= 5; i++) {
                look(busy(i * 1000), i);
                seen = recall(0);
                assert_int_equal(seen.n, 1);
                assert_int_equal(seen.look[0].use, i * 1000);
        }
        look(IDLE, 6);
        assert_int_equal(recall(0).look[0].use, 0);
}

/* That look is lost, and no other. */
static void test_no_memory(_unused_ void **state) {
        Look what = busy(9000);
        Seen seen;

        no_memory = true;
        assert_int_equal(history_add(&ring, timer, &what), -ENOMEM);
        assert_null(ring);
        no_memory = false;
        for (unsigned i = 1; i <= 4; i++)
                look(busy(i * 1000), i);
        no_memory = true;
        assert_int_equal(history_add(&ring, timer, &what), -ENOMEM);
        history_clock_add(timer, 5);
        no_memory = false;
        look(busy(6000), 6);
        seen = recall(0);
        assert_int_equal(seen.n, 6);
        for (unsigned i = 0; i < 6; i++)
                assert_int_equal(seen.look[i].use, i == 4 ? 0 : (i + 1) * 1000);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_nothing_yet), TEST(test_values),
                TEST(test_most),        TEST(test_look_under_way),
                TEST(test_idle_looks),  TEST(test_idle_and_changing),
                TEST(test_oldest_goes), TEST(test_long_rest),
                TEST(test_since),       TEST(test_visitor_ends_the_round),
                TEST(test_room),        TEST(test_one_look_kept),
                TEST(test_no_memory),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
