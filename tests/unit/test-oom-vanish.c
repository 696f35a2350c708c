/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Slices that come and go, and a service that does: each kill is told once. */

#include "unit.h"

#include <sys/resource.h>

#include "oom-host.h"

#define A "user-1000.slice"
#define B "user-1001.slice"

static void test_first_start_tells_nothing(void **state) {
        OomHost *h = *state;

        host_make_slice(h, A);
        host_set(h, A, 5, 6, 6);
        host_count_root(h, 7);
        assert_int_equal(host_watch(h), 0);
        host_run_quiet(h, 700 * USEC_PER_MSEC);
        assert_int_equal(host_watch_again(h), 0);
        host_run_quiet(h, 300 * USEC_PER_MSEC);
        host_set(h, A, 6, 7, 7);
        host_count_root(h, 1);
        host_run(h, 1, USEC_PER_SEC);
        assert_int_equal(h->told[0].kills, 1);
}

static void test_new_slice(void **state) {
        OomHost *h = *state;

        assert_int_equal(host_watch(h), 0);
        host_make_slice(h, A);
        assert_int_equal(oom_watch_add(h->watch, A), 0);
        assert_int_equal(oom_watch_add(h->watch, A), 0);
        host_set(h, A, 1, 1, 1);
        host_count_root(h, 1);
        host_run(h, 1, USEC_PER_SEC);
        assert_int_equal(h->told[0].kills, 1);
        host_run_quiet(h, 600 * USEC_PER_MSEC);
}

/* Nobody called oom_watch_add(): user.slice knows. */
static void test_slice_nobody_named(void **state) {
        OomHost *h = *state;

        assert_int_equal(host_watch(h), 0);
        host_make_slice(h, A);
        host_set(h, A, 1, 1, 1);
        host_count_root(h, 1);
        host_line(h, A, 1, "sh");
        host_run(h, 1, USEC_PER_SEC);
        assert_int_equal(h->n_told, 1);
        assert_string_equal(h->told[0].slice, A);
        assert_int_equal(h->told[0].n_victims, 1);
        assert_true(h->told[0].memory_max_known);
        host_run_quiet(h, 700 * USEC_PER_MSEC);
}

static void test_gone_before_it_was_read(void **state) {
        OomHost *h = *state;
        usec_t begin = now_monotonic();

        host_make_slice(h, A);
        assert_int_equal(host_watch(h), 0);
        host_line(h, A, 4711, "sh");
        host_count_root(h, 1);
        host_remove_slice(h, A);
        oom_watch_remove(h->watch, A);
        host_run(h, 1, USEC_PER_SEC);
        assert_int_equal(h->n_told, 1);
        assert_true(h->told_at[0] - begin < USEC_PER_SEC);
        assert_string_equal(h->told[0].slice, A);
        assert_int_equal(h->told[0].uid, 1000);
        assert_int_equal(h->told[0].kills, 1);
        assert_int_equal(h->told[0].victims[0].pid, 4711);
        assert_int_equal(h->told[0].cause, OOM_CAUSE_SLICE);
        assert_false(h->told[0].memory_max_known);
        host_run_quiet(h, 700 * USEC_PER_MSEC);
        assert_int_equal(host_watch_again(h), 0);
        host_run_quiet(h, 300 * USEC_PER_MSEC);
}

static void test_gone_and_no_line(void **state) {
        OomHost *h = *state;

        host_make_slice(h, A);
        host_make_slice(h, B);
        assert_int_equal(host_watch(h), 0);
        host_count_root(h, 2);
        host_remove_slice(h, A);
        host_run(h, 1, USEC_PER_SEC);
        assert_int_equal(h->n_told, 1);
        assert_string_equal(h->told[0].slice, "user.slice");
        assert_true(h->told[0].uid == UID_INVALID);
        assert_int_equal(h->told[0].kills, 2);
        host_run_quiet(h, 700 * USEC_PER_MSEC);
}

/* One kill was read and one was not when the slice went, and another slice went as well. */
static void test_gone_within_the_window(void **state) {
        OomHost *h = *state;
        uint64_t kills = 0;

        host_make_slice(h, A);
        host_make_slice(h, B);
        assert_int_equal(host_watch(h), 0);
        host_set(h, A, 1, 1, 1);
        host_count_root(h, 1);
        host_line(h, A, 1, "first");
        host_run_quiet(h, 30 * USEC_PER_MSEC);
        host_line(h, A, 2, "second");
        host_line(h, B, 3, "third");
        host_remove_slice(h, A);
        host_remove_slice(h, B);
        host_count_root(h, 2);
        oom_watch_remove(h->watch, A);
        oom_watch_remove(h->watch, B);
        host_run(h, 3, 2 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 3);
        for (size_t i = 0; i < 3; i++) {
                kills += h->told[i].kills;
                assert_int_equal(h->told[i].n_victims, 1);
                assert_int_equal(h->told[i].uid, h->told[i].victims[0].pid == 3 ? 1001 : 1000);
        }
        assert_int_equal(kills, 3);
        /* What was read while it was there is kept. */
        assert_string_equal(h->told[0].slice, A);
        assert_true(h->told[0].memory_max_known);
        host_run_quiet(h, 600 * USEC_PER_MSEC);
}

static void test_made_again_within_the_window(void **state) {
        OomHost *h = *state;

        host_make_slice(h, A);
        assert_int_equal(host_watch(h), 0);
        host_set(h, A, 1, 1, 1);
        host_count_root(h, 1);
        host_run_quiet(h, 30 * USEC_PER_MSEC);
        host_remove_slice(h, A);
        host_make_slice(h, A);
        oom_watch_remove(h->watch, A);
        assert_int_equal(oom_watch_add(h->watch, A), 0);
        host_set(h, A, 2, 2, 2);
        host_count_root(h, 2);
        host_run(h, 2, 2 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 2);
        /* On a busy host the first is not read before it goes, and is found missing when the second was told. */
        assert_int_equal(h->told[0].kills + h->told[1].kills, 3);
        assert_int_equal(h->told[0].kills * h->told[1].kills, 2);
        host_run_quiet(h, 600 * USEC_PER_MSEC);
        assert_int_equal(host_watch_again(h), 0);
        host_run_quiet(h, 300 * USEC_PER_MSEC);
}

/* "It has gone" is heard late, when it has come again. */
static void test_remove_heard_late(void **state) {
        OomHost *h = *state;

        host_make_slice(h, A);
        assert_int_equal(host_watch(h), 0);
        oom_watch_remove(h->watch, A);
        host_set(h, A, 1, 1, 1);
        host_count_root(h, 1);
        host_run(h, 1, USEC_PER_SEC);
        assert_int_equal(h->n_told, 1);
        assert_string_equal(h->told[0].slice, A);
}

static void test_kills_while_not_running(void **state) {
        OomHost *h = *state;

        host_make_slice(h, A);
        host_make_slice(h, B);
        assert_int_equal(host_watch(h), 0);
        host_set(h, A, 1, 1, 1);
        host_count_root(h, 1);
        host_run(h, 1, USEC_PER_SEC);
        h->watch = oom_watch_free(h->watch);

        host_set(h, A, 3, 3, 3);
        host_line(h, A, 10, "a");
        host_line(h, A, 11, "a");
        host_line(h, B, 12, "b");
        host_count_root(h, 3);
        host_remove_slice(h, B);
        assert_int_equal(host_watch(h), 0);
        host_run(h, 3, 2 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 3);
        for (size_t i = 1; i < 3; i++) {
                bool a = h->told[i].uid == 1000;

                assert_true(h->told[i].late);
                assert_int_equal(h->told[i].kills, a ? 2 : 1);
                assert_int_equal(h->told[i].n_victims, a ? 2 : 1);
        }
        assert_int_equal(host_watch_again(h), 0);
        host_run_quiet(h, 300 * USEC_PER_MSEC);
}

/* Killed with a window open: what was not told is told after the start. */
static void test_killed_before_the_record(void **state) {
        OomHost *h = *state;

        host_make_slice(h, A);
        assert_int_equal(host_watch(h), 0);
        host_set(h, A, 1, 1, 1);
        host_count_root(h, 1);
        host_run_quiet(h, 30 * USEC_PER_MSEC);
        assert_true(h->polling || h->n_read == 0);
        assert_int_equal(host_watch_again(h), 0);
        host_run(h, 1, 4 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 1);
        assert_true(h->told[0].late);
        assert_int_equal(host_watch_again(h), 0);
        host_run_quiet(h, 300 * USEC_PER_MSEC);
}

static void test_broken_state(void **state) {
        OomHost *h = *state;

        host_make_slice(h, A);
        host_set(h, A, 1, 1, 1);
        host_count_root(h, 1);
        fixture_write(&h->tree, "state/oom", "fairslice-oom 1\nboot of a ship\n");
        assert_int_equal(host_watch(h), 1);
        host_run_quiet(h, 300 * USEC_PER_MSEC);
        assert_int_equal(host_watch_again(h), 0);
        host_run_quiet(h, 100 * USEC_PER_MSEC);
}

/* Everything that is counted now was counted after the boot, and never told. */
static void test_state_of_another_boot(void **state) {
        OomHost *h = *state;

        host_make_slice(h, A);
        host_set(h, A, 1, 1, 1);
        host_count_root(h, 1);
        fixture_write(
                &h->tree, "state/oom",
                "fairslice-oom 1\nboot fedcba9876543210fedcba9876543210\nsince 99999999999999\nroot 1 9\n"
                "end\n");
        assert_int_equal(host_watch(h), 0);
        host_run(h, 1, 4 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 1);
        assert_int_equal(h->told[0].kills, 1);
        assert_int_equal(h->not_before, 0);
}

static void test_user_slice_made_again(void **state) {
        OomHost *h = *state;

        host_make_slice(h, A);
        host_set(h, A, 5, 5, 5);
        host_count_root(h, 5);
        assert_int_equal(host_watch(h), 0);
        fixture_remove(&h->tree, "user.slice");
        oom_watch_rescan(h->watch);
        host_run_quiet(h, 100 * USEC_PER_MSEC);
        fixture_mkdir(&h->tree, "user.slice");
        fixture_write(&h->tree, "user.slice/cpu.stat", "usage_usec 0\n");
        h->root = (MemoryEvents){};
        host_count_root(h, 0);
        host_make_slice(h, A);
        assert_int_equal(oom_watch_add(h->watch, A), 0);
        host_set(h, A, 1, 1, 1);
        host_count_root(h, 1);
        host_run(h, 1, USEC_PER_SEC);
        assert_int_equal(h->n_told, 1);
        assert_int_equal(h->told[0].kills, 1);
        host_run_quiet(h, 600 * USEC_PER_MSEC);
}

/* A while in the life of a host, with everything that can happen in it at random. */
typedef struct Life {
        OomHost *host;
        uint64_t seed;
        struct {
                bool alive;
                uint64_t kills;
        } slice[4];
        uint64_t killed;
} Life;

static unsigned roll(Life *life, unsigned n) {
        life->seed = life->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (unsigned) (life->seed >> 33) % n;
}

static void kill_some(Life *life, unsigned i) {
        OomHost *h = life->host;
        uint64_t kills = 1 + roll(life, 3);
        SliceName name;

        life->slice[i].kills += kills;
        slice_name_for_uid(name, 2000 + i);
        host_set(h, name, life->slice[i].kills, life->slice[i].kills, life->slice[i].kills);
        host_count_root(h, kills);
        for (uint64_t k = 0; k < kills; k++)
                host_line(h, name, (int) ++life->killed, "sh");
}

static void live(Life *life) {
        unsigned i = roll(life, ELEMENTSOF(life->slice));
        OomHost *h = life->host;
        SliceName name;

        slice_name_for_uid(name, 2000 + i);
        if (roll(life, 15) == 0) {
                if (roll(life, 2) == 0)
                        oom_watch_flush(h->watch);
                assert_int_equal(host_watch_again(h), 0);
        } else if (!life->slice[i].alive) {
                life->slice[i].alive = true;
                life->slice[i].kills = 0;
                host_make_slice(h, name);
                if (roll(life, 2) == 0)
                        assert_int_equal(oom_watch_add(h->watch, name), 0);
        } else if (roll(life, 4) == 0) {
                life->slice[i].alive = false;
                host_remove_slice(h, name);
                if (roll(life, 2) == 0)
                        oom_watch_remove(h->watch, name);
        } else
                kill_some(life, i);
}

/* Each kill in one event, with the right victim in the right slice. */
static void assert_all_told(const Life *life) {
        const OomHost *h = life->host;
        bool told[HOST_LINES] = {};
        uint64_t kills = 0;

        for (size_t i = 0; i < h->n_told; i++) {
                const OomEvent *e = &h->told[i];

                kills += e->kills;
                for (size_t k = 0; k < e->n_victims; k++) {
                        assert_in_range(e->victims[k].pid, 1, life->killed);
                        assert_false(told[e->victims[k].pid]);
                        told[e->victims[k].pid] = true;
                }
        }
        assert_int_equal(kills, life->killed);
}

static void test_a_life(void **state) {
        OomHost *h = *state;

        for (uint64_t seed = 1; seed <= 3; seed++) {
                Life life = { .host = h, .seed = seed };

                assert_int_equal(host_watch(h), 0);
                for (unsigned step = 0; step < 80; step++) {
                        live(&life);
                        host_run(h, HOST_EVENTS, roll(&life, 50) * USEC_PER_MSEC);
                }
                host_run(h, HOST_EVENTS, 1500 * USEC_PER_MSEC);
                assert_all_told(&life);
                for (unsigned i = 0; i < ELEMENTSOF(life.slice); i++) {
                        SliceName name;

                        host_remove_slice(h, slice_name_for_uid(name, 2000 + i));
                }
                oom_watch_rescan(h->watch);
                h->watch = oom_watch_free(h->watch);
                h->n_told = h->n_lines = h->n_read = 0;
        }
}

/* Two descriptors for each slice. */
static unsigned as_many_as_allowed(unsigned wanted) {
        struct rlimit limit = { .rlim_cur = 65536, .rlim_max = 65536 };

        if (setrlimit(RLIMIT_NOFILE, &limit) < 0 && getrlimit(RLIMIT_NOFILE, &limit) >= 0) {
                limit.rlim_cur = limit.rlim_max;
                setrlimit(RLIMIT_NOFILE, &limit);
        }
        if (limit.rlim_cur / 2 < wanted + 100) {
                wanted = (unsigned) limit.rlim_cur / 2 - 100;
                fprintf(stderr, "Not enough descriptors allowed here: only %u slices.\n", wanted);
        }
        return wanted;
}

static void test_ten_thousand_slices(void **state) {
        OomHost *h = *state;
        unsigned n = as_many_as_allowed(10000);
        usec_t begin, started;
        SliceName name;

        for (unsigned i = 0; i < n; i++)
                host_make_slice(h, slice_name_for_uid(name, 100000 + i));
        begin = now_monotonic();
        assert_int_equal(host_watch(h), 0);
        started = now_monotonic();
        fprintf(stderr, "%u slices: started in %" PRIu64 " ms\n", n, (started - begin) / USEC_PER_MSEC);
        host_run_quiet(h, 10 * USEC_PER_MSEC);

        begin = now_monotonic();
        for (unsigned i = 0; i < 20; i++) {
                host_set(h, slice_name_for_uid(name, 100000 + i * n / 20), 1, 1, 1);
                host_count_root(h, 1);
                host_line(h, name, (int) i, "sh");
        }
        host_run(h, 20, 3 * USEC_PER_SEC);
        assert_int_equal(h->n_told, 20);
        assert_true(h->told_at[19] - begin < USEC_PER_SEC);
        for (size_t i = 0; i < 20; i++)
                assert_int_equal(h->told[i].n_victims, 1);
        begin = now_monotonic();
        oom_watch_rescan(h->watch);
        fprintf(stderr, "%u slices: looked at all in %" PRIu64 " ms\n", n,
                (now_monotonic() - begin) / USEC_PER_MSEC);
        host_run_quiet(h, 600 * USEC_PER_MSEC);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, host_setup, host_teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_first_start_tells_nothing),
                TEST(test_new_slice),
                TEST(test_slice_nobody_named),
                TEST(test_gone_before_it_was_read),
                TEST(test_gone_and_no_line),
                TEST(test_gone_within_the_window),
                TEST(test_made_again_within_the_window),
                TEST(test_remove_heard_late),
                TEST(test_kills_while_not_running),
                TEST(test_killed_before_the_record),
                TEST(test_broken_state),
                TEST(test_state_of_another_boot),
                TEST(test_user_slice_made_again),
                TEST(test_a_life),
                TEST(test_ten_thousand_slices),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
