/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The engine, one look after the other, on a host of 2 CPUs with CPUThreshold=90%: a budget of 1.8 CPUs. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "engine/engine.h"

#define CPU     USEC_PER_SEC
#define BUDGET  UINT64_C(1800000)
#define QUARTER (USEC_PER_SEC / 4)
#define USERS   4

typedef struct Fixture {
        Engine *engine;
        EngineConfig config;
        EngineHost host;
        EngineSlice slice[USERS];
        EngineSlice *slices[USERS];
        uint64_t rate[USERS]; /* what each uses, µs a second */
        bool hits[USERS];     /* … and whether there is a quota that it hits */
        uint64_t outside;
        uint64_t waits;  /* for I/O, CPUs that are idle meanwhile */
        uint64_t waited; /* µs */
        usec_t now;
        size_t n;
        Plan plan;
} Fixture;

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof *f);

        if (!f)
                return -1;
        f->engine = engine_new();
        f->config = (EngineConfig){ .policy = SHARE_MAX_MIN,
                                    .threshold_permyriad = 9000,
                                    .activity_permyriad = 100,
                                    .interval = USEC_PER_SEC };
        f->host.capacity = 2 * CPU;
        f->now = 100 * USEC_PER_SEC;
        f->n = USERS;
        for (size_t i = 0; i < USERS; i++) {
                f->slice[i] = ENGINE_SLICE_INIT;
                f->slice[i].looked = true;
                f->slices[i] = &f->slice[i];
        }
        *state = f;
        return f->engine ? 0 : -1;
}

static int teardown(void **state) {
        Fixture *f = *state;

        engine_free(f->engine);
        plan_done(&f->plan);
        free(f);
        return 0;
}

/* Glances take waiting for use. */
static bool glance(Fixture *f) {
        EngineHost host = { .usage_usec = f->host.usage_usec + f->waited, .capacity = f->host.capacity };

        return engine_glance(f->engine, &f->config, f->now, &host);
}

static void look_at(Fixture *f, EngineSlice *const *slices, size_t n) {
        (void) glance(f);
        assert_int_equal(engine_tick(f->engine, &f->config, f->now, &f->host, slices, n, &f->plan), 0);
}

static void tick(Fixture *f) {
        look_at(f, f->slices, f->n);
}

static void apply(Fixture *f) {
        for (size_t i = 0; i < f->plan.count; i++) {
                EngineSlice *slice = &f->slice[f->plan.change[i].slice];

                slice->quota = f->plan.change[i].to;
                slice->yields = f->plan.change[i].yields;
        }
}

static void time_goes_on(Fixture *f, usec_t duration) {
        uint64_t use = f->outside;

        f->now += duration;
        for (size_t i = 0; i < f->n; i++) {
                f->slice[i].usage_usec += f->rate[i] * duration / USEC_PER_SEC;
                f->slice[i].nr_throttled += f->hits[i];
                use += f->rate[i];
        }
        f->host.usage_usec += use * duration / USEC_PER_SEC;
        f->waited += f->waits * duration / USEC_PER_SEC;
}

/* Looks four times a second; applies what the plans say, and returns how many changes they had. */
static size_t run(Fixture *f, usec_t duration) {
        size_t changes = 0;

        for (usec_t passed = 0; passed < duration; passed += QUARTER) {
                time_goes_on(f, QUARTER);
                tick(f);
                apply(f);
                changes += f->plan.count;
        }
        return changes;
}

/* Users 0 and 1 are capped at half of the budget each, and would use more. */
static void contend(Fixture *f) {
        f->rate[0] = f->rate[1] = CPU;
        run(f, USEC_PER_SEC);
        assert_int_equal(f->slice[0].quota, 900000);
        assert_int_equal(f->slice[1].quota, 900000);
        f->rate[0] = f->rate[1] = 900000;
        f->hits[0] = f->hits[1] = true;
        assert_int_equal(run(f, 2 * USEC_PER_SEC), 0);
}

static void stop(Fixture *f, size_t user) {
        f->rate[user] = 0;
        f->hits[user] = false;
}

static void test_window_and_glances(void **state) {
        static const struct {
                usec_t interval, window, glance;
        } cases[] = {
                { 200 * USEC_PER_MSEC, 500 * USEC_PER_MSEC, 125 * USEC_PER_MSEC },
                { USEC_PER_SEC, USEC_PER_SEC, 250 * USEC_PER_MSEC },
                { 5 * USEC_PER_SEC, USEC_PER_SEC, 250 * USEC_PER_MSEC },
        };
        const Fixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                EngineConfig config = { .interval = cases[i].interval };

                assert_int_equal(engine_window(&config), cases[i].window);
                assert_int_equal(engine_glance_interval(f->engine, &config), cases[i].glance);
        }
}

static void test_a_glance_wakes_near_the_budget(void **state) {
        static const struct {
                uint64_t use;
                bool wakes;
        } cases[] = { { 0, false },
                      { BUDGET / 2, false },
                      { BUDGET * 79 / 100, false },
                      { BUDGET * 81 / 100, true },
                      { 2 * CPU, true } };
        Fixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                bool wakes = false;

                f->outside = cases[i].use;
                for (unsigned k = 0; k < 4; k++) {
                        time_goes_on(f, QUARTER);
                        wakes = glance(f);
                }
                assert_int_equal(wakes, cases[i].wakes);
        }
}

/* Glances come twice as often for a window from when the host is busy, and while there is contention. */
static void test_glances_hurry_at_the_beginning(void **state) {
        Fixture *f = *state;
        usec_t hurried = 0;

        f->outside = BUDGET * 85 / 100;
        for (unsigned k = 0; k < 16; k++) {
                usec_t interval = engine_glance_interval(f->engine, &f->config);

                time_goes_on(f, interval);
                tick(f);
                hurried += interval < QUARTER ? interval : 0;
        }
        assert_in_range(hurried, USEC_PER_SEC - QUARTER, USEC_PER_SEC);
        assert_int_equal(engine_glance_interval(f->engine, &f->config), QUARTER);

        f->outside = 0;
        time_goes_on(f, QUARTER);
        tick(f);
        contend(f);
        assert_int_equal(engine_glance_interval(f->engine, &f->config), QUARTER / 2);
}

/* Between the regular looks, a change of what all use is what to look for. */
static void test_a_glance_wakes_when_somebody_stops(void **state) {
        static const struct {
                uint64_t stops_by; /* of the budget, per cent */
                bool wakes;
        } cases[] = { { 0, false }, { 10, false }, { 20, true }, { 50, true } };
        Fixture *f = *state;

        contend(f);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                f->rate[0] = BUDGET / 2;
                run(f, 2 * USEC_PER_SEC);
                f->rate[0] -= BUDGET / 100 * cases[i].stops_by;
                time_goes_on(f, QUARTER / 2);
                assert_int_equal(glance(f), cases[i].wakes);
                time_goes_on(f, QUARTER / 2);
                assert_true(glance(f));
        }
}

static void test_a_glance_wakes_while_there_are_quotas(void **state) {
        Fixture *f = *state;

        contend(f);
        f->rate[0] = f->rate[1] = 0;
        time_goes_on(f, QUARTER);
        assert_true(glance(f));
        stop(f, 0);
        stop(f, 1);
        run(f, USEC_PER_SEC);
        time_goes_on(f, QUARTER);
        assert_false(glance(f));
}

static void test_equal_always_looks(void **state) {
        Fixture *f = *state;

        f->config.policy = SHARE_EQUAL;
        assert_true(glance(f));
}

static void test_an_idle_host_is_left_alone(void **state) {
        Fixture *f = *state;

        f->rate[0] = CPU;
        f->rate[1] = CPU / 2;
        assert_int_equal(run(f, 10 * USEC_PER_SEC), 0);
        assert_false(f->plan.contended);
        assert_int_equal(f->plan.active, 2);
        assert_int_equal(f->plan.use, CPU * 3 / 2);
        assert_int_equal(f->plan.budget, BUDGET);
}

static void test_no_users(void **state) {
        Fixture *f = *state;

        f->n = 0;
        f->outside = 2 * CPU;
        assert_int_equal(run(f, 5 * USEC_PER_SEC), 0);
        assert_int_equal(f->plan.count, 0);
}

static void test_contention_caps_within_a_second(void **state) {
        Fixture *f = *state;
        usec_t begun = f->now;

        f->rate[0] = f->rate[1] = CPU;
        while (run(f, QUARTER) == 0)
                assert_true(f->now - begun < USEC_PER_SEC);
        assert_true(f->plan.contended);
        assert_int_equal(f->plan.count, 2);
        assert_int_equal(f->plan.change[0].slice, 0);
        assert_true(f->plan.change[0].from == LIMIT_UNSET);
        assert_int_equal(f->plan.change[0].to, 900000);
        assert_int_equal(f->plan.change[0].reason, REASON_ABOVE_LEVEL);
        assert_int_equal(f->plan.level, 900000);
}

static void test_the_end_of_contention_lifts_within_a_second(void **state) {
        Fixture *f = *state;

        contend(f);
        stop(f, 0);
        stop(f, 1);
        run(f, USEC_PER_SEC - QUARTER);
        assert_false(f->plan.contended);
        assert_true(f->slice[0].quota == LIMIT_UNSET);
        assert_true(f->slice[1].quota == LIMIT_UNSET);
        assert_int_equal(run(f, 10 * USEC_PER_SEC), 0);
}

static void test_who_stops_leaves_their_share(void **state) {
        Fixture *f = *state;

        contend(f);
        stop(f, 1);
        run(f, 2 * USEC_PER_SEC - QUARTER);
        assert_int_equal(f->slice[0].quota, BUDGET);
        assert_int_equal(f->slice[1].quota, BUDGET / 2); /* is there if they come back soon */
        run(f, 5 * USEC_PER_SEC);
        assert_true(f->slice[1].quota == LIMIT_UNSET);
}

/* Not at once when use falls below the budget: only with some room, and when no quota holds anybody back. */
static void test_what_ends_contention(void **state) {
        static const struct {
                uint64_t use; /* of the budget, per cent */
                bool hits, ends;
        } cases[] = { { 98, false, false }, { 94, true, false }, { 94, false, true } };
        Fixture *f = *state;

        contend(f);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                f->rate[0] = f->rate[1] = BUDGET / 200 * cases[i].use;
                f->hits[0] = cases[i].hits;
                f->hits[1] = false;
                run(f, 2 * USEC_PER_SEC);
                assert_int_equal(f->plan.contended, !cases[i].ends);
        }
}

/* What others take for a moment, as PID 1 for our own calls, lowers no quota, but users cannot have it either:
 * that they come to less does not mean that they want less. */
static void test_a_moment_of_others_does_not_end_contention(void **state) {
        Fixture *f = *state;

        contend(f);
        f->outside = CPU / 2;
        f->rate[0] = f->rate[1] = 750000;
        f->hits[0] = f->hits[1] = false;
        assert_int_equal(run(f, 3 * QUARTER), 0);
        assert_true(f->plan.contended);
        f->outside = 0;
        f->rate[0] = f->rate[1] = CPU / 2;
        run(f, USEC_PER_SEC);
        assert_false(f->plan.contended);
}

static void test_waiting_for_io_does_not_prolong_contention(void **state) {
        Fixture *f = *state;

        contend(f);
        f->waits = CPU;
        f->rate[0] = f->rate[1] = CPU / 2;
        f->hits[0] = f->hits[1] = false;
        run(f, USEC_PER_SEC);
        assert_false(f->plan.contended);
}

/* Somebody at their own cap does not keep the others' quotas up. */
static void test_own_caps_do_not_prolong_contention(void **state) {
        Fixture *f = *state;

        f->slice[2].cap = f->rate[2] = 50000;
        f->hits[2] = true;
        f->rate[0] = f->rate[1] = CPU;
        run(f, USEC_PER_SEC);
        assert_true(f->plan.contended);
        f->rate[0] = f->rate[1] = CPU / 4;
        run(f, USEC_PER_SEC);
        assert_false(f->plan.contended);
}

/* Work that comes in bursts finds contention still there. */
static void test_contention_that_comes_back_stays(void **state) {
        Fixture *f = *state;

        for (unsigned burst = 0; burst < 2; burst++) {
                contend(f);
                stop(f, 0);
                stop(f, 1);
                run(f, USEC_PER_SEC);
                assert_int_equal(f->plan.contended, burst > 0);
        }
        run(f, 5 * USEC_PER_SEC);
        assert_false(f->plan.contended);
}

static void test_who_is_active(void **state) {
        static const struct {
                uint64_t use; /* ActivityThreshold=1% of 2 CPUs is 20,000 */
                size_t active;
        } looks[] = { { 15000, 0 }, { 21000, 1 }, { 15000, 1 }, { 9000, 0 }, { 15000, 0 } };
        Fixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(looks); i++) {
                f->rate[0] = looks[i].use;
                run(f, 2 * USEC_PER_SEC);
                assert_int_equal(f->plan.active, looks[i].active);
        }
}

static void test_throttled_by_their_own_cap_is_no_contention(void **state) {
        Fixture *f = *state;

        f->slice[0].cap = f->rate[0] = 300000;
        f->hits[0] = true;
        assert_int_equal(run(f, 5 * USEC_PER_SEC), 0);
        assert_false(f->plan.contended);
}

/* A cap below the share is what holds its owner back; a fair-share quota is not needed. */
static void test_a_low_cap_needs_no_quota(void **state) {
        static const uint64_t caps[] = { 1, QUOTA_STEP - 1, QUOTA_STEP, 300000 };
        Fixture *f = *state;

        f->rate[0] = f->rate[1] = CPU;
        for (size_t i = 0; i < ELEMENTSOF(caps); i++) {
                f->slice[2].cap = f->rate[2] = caps[i];
                f->hits[2] = true;
                run(f, 5 * USEC_PER_SEC);
                assert_true(f->slice[2].quota == LIMIT_UNSET);
                assert_in_range(f->slice[0].quota, (BUDGET - caps[i]) / 2 - QUOTA_STEP,
                                (BUDGET - caps[i]) / 2);
        }
}

static void test_extreme_weights(void **state) {
        Fixture *f = *state;

        f->rate[0] = f->rate[1] = 2 * CPU;
        f->slice[0].weight = CPU_WEIGHT_MIN;
        f->slice[1].weight = CPU_WEIGHT_MAX;
        run(f, USEC_PER_SEC);
        assert_int_equal(f->slice[0].quota, QUOTA_STEP);
        assert_int_equal(f->slice[1].quota, BUDGET - QUOTA_STEP);
}

/* All four have a quarter of the budget. All but the first stop, who is given all of it at the time that is
 * returned. */
static usec_t be_given_all(Fixture *f) {
        for (size_t i = 0; i < USERS; i++)
                f->rate[i] = CPU / 2;
        run(f, USEC_PER_SEC);
        for (size_t i = 0; i < USERS; i++) {
                assert_int_equal(f->slice[i].quota, BUDGET / 4);
                f->rate[i] = BUDGET / 4;
                f->hits[i] = true;
        }
        run(f, 2 * USEC_PER_SEC);
        for (size_t i = 1; i < USERS; i++)
                stop(f, i);
        for (unsigned i = 0; f->slice[0].quota < BUDGET; i++) {
                assert_true(i < 4);
                assert_true(run(f, QUARTER) <= 1);
        }
        f->rate[0] = BUDGET;
        return f->now;
}

/* The second comes back to the quota that was kept, and uses so much from now on. Returns when the first one
 * was given all. */
static usec_t come_back(Fixture *f, uint64_t rate) {
        usec_t given;

        f->config.interval = 60 * USEC_PER_SEC;
        given = be_given_all(f);
        run(f, USEC_PER_SEC);
        f->rate[1] = rate;
        f->hits[1] = true;
        return given;
}

/* The second comes back to the quota that was kept, which is half of the share by now. That does not wait
 * until the first one's may be lowered, which happens when it would have. */
static void test_who_comes_back_does_not_wait(void **state) {
        Fixture *f = *state;
        usec_t given = come_back(f, BUDGET / 4);

        assert_int_equal(run(f, USEC_PER_SEC / 2), 1);
        assert_int_equal(f->slice[1].quota, BUDGET / 2);
        f->rate[0] = f->rate[1] = BUDGET / 2;
        while (f->now < given + 59 * USEC_PER_SEC) {
                (void) run(f, QUARTER);
                assert_int_equal(f->slice[0].quota, BUDGET);
                assert_int_equal(f->slice[1].quota, BUDGET / 2);
        }
        run(f, 2 * USEC_PER_SEC);
        assert_int_equal(f->slice[0].quota, BUDGET / 2);
}

/* Where both use far more than the budget for it, that the first one was given more does not put off when
 * the quotas are lowered. */
static void test_a_raise_does_not_let_all_have_too_much(void **state) {
        Fixture *f = *state;
        usec_t given = come_back(f, BUDGET / 2);

        while (f->slice[0].quota == BUDGET) {
                assert_true(f->now < given + 59 * USEC_PER_SEC);
                (void) run(f, QUARTER);
        }
        assert_int_equal(f->slice[0].quota, BUDGET / 2);
}

/* Nor does who may not have as much as the share, and is to have no quota of it. */
static void test_who_comes_back_below_a_cap_does_not_wait(void **state) {
        Fixture *f = *state;

        (void) come_back(f, BUDGET / 4);
        f->slice[1].cap = BUDGET / 3;
        run(f, USEC_PER_SEC / 2);
        assert_true(f->slice[1].quota == LIMIT_UNSET);
        assert_int_equal(f->slice[0].quota, BUDGET);
}

/* A new rival takes from who is there, but not more often than once in IntervalSec=. */
static void test_quotas_fall_once_in_an_interval(void **state) {
        Fixture *f = *state;
        size_t lowerings = 0;

        f->config.interval = 5 * USEC_PER_SEC;
        contend(f);
        for (usec_t passed = 0; passed < 20 * USEC_PER_SEC; passed += QUARTER) {
                f->rate[2] = 10000 + passed / 50; /* asks for more and more */
                time_goes_on(f, QUARTER);
                tick(f);
                for (size_t i = 0; i < f->plan.count; i++)
                        lowerings += f->plan.change[i].slice == 0 &&
                                     f->plan.change[i].to < f->plan.change[i].from;
                apply(f);
        }
        assert_in_range(lowerings, 2, 4);
}

/* One step is a few per cent of a small quota: a demand that goes up and down by as much is no reason to
 * write to everybody. */
static void test_one_step_more_or_less_is_left(void **state) {
        Fixture *f = *state;
        size_t changes = 0;

        f->slice[0].weight = f->slice[1].weight = 33;
        f->slice[2].weight = 100;
        f->rate[0] = f->rate[1] = f->rate[2] = CPU;
        run(f, USEC_PER_SEC);
        assert_in_range(f->slice[0].quota, 300000, 400000);
        f->hits[0] = f->hits[1] = f->hits[2] = true;
        f->rate[3] = 100000;
        run(f, 4 * USEC_PER_SEC);
        for (unsigned i = 0; i < 20; i++) {
                f->rate[3] = i % 2 ? 100000 : 120000;
                changes += run(f, 2 * USEC_PER_SEC);
        }
        assert_in_range(changes, 0, 3);
}

static void test_use_outside_comes_off_the_budget(void **state) {
        static const struct {
                uint64_t outside, budget;
        } cases[] = { { 0, BUDGET }, { 300000, BUDGET - 300000 }, { 1500000, BUDGET / 2 } };
        Fixture *f = *state;

        f->rate[0] = CPU / 2;
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                f->outside = cases[i].outside;
                run(f, 20 * USEC_PER_SEC);
                assert_in_range(f->plan.budget, cases[i].budget - BUDGET / 90,
                                cases[i].budget + BUDGET / 90);
        }
}

static void test_the_budget_does_not_follow_every_wave(void **state) {
        Fixture *f = *state;
        uint64_t budget;

        f->outside = 300000;
        run(f, 20 * USEC_PER_SEC);
        budget = f->plan.budget;
        for (unsigned i = 0; i < 20; i++) {
                f->outside = i % 2 ? 295000 : 305000;
                run(f, USEC_PER_SEC);
                assert_int_equal(f->plan.budget, budget);
        }
}

/* Under one that gives exact numbers nothing is taken off for use outside, however little it was. */
static void test_another_policy_has_all_of_the_budget(void **state) {
        Fixture *f = *state;

        f->rate[0] = CPU / 2;
        f->outside = BUDGET / 10;
        run(f, 20 * USEC_PER_SEC);
        f->outside = BUDGET / 120;
        run(f, 20 * USEC_PER_SEC);
        assert_in_range(f->plan.budget, BUDGET - BUDGET / 90, BUDGET - 1);
        f->config.policy = SHARE_EQUAL;
        run(f, USEC_PER_SEC);
        assert_int_equal(f->plan.budget, BUDGET);
}

static void test_a_cpu_goes_offline(void **state) {
        Fixture *f = *state;

        contend(f);
        f->host.capacity = CPU;
        f->rate[0] = f->rate[1] = CPU / 2;
        run(f, QUARTER);
        assert_int_equal(f->plan.budget, BUDGET / 2);
        assert_int_equal(f->slice[0].quota, BUDGET / 4);
        f->host.capacity = 2 * CPU;
        run(f, QUARTER);
        assert_int_equal(f->slice[0].quota, BUDGET / 2);
}

static void test_no_cpu_at_all(void **state) {
        Fixture *f = *state;

        contend(f);
        f->host.capacity = 0;
        run(f, USEC_PER_SEC);
        assert_true(f->slice[0].quota == LIMIT_UNSET);
        assert_int_equal(f->slice[0].reason, REASON_CROWDED);
        f->host.capacity = 2 * CPU;
        run(f, USEC_PER_SEC);
        assert_int_equal(f->slice[0].quota, 900000);
}

static void test_a_capacity_beyond_all_hosts(void **state) {
        Fixture *f = *state;

        f->host.capacity = UINT64_MAX;
        f->rate[0] = CPU;
        for (unsigned i = 0; i < 4; i++) {
                f->slice[1].usage_usec = i * (UINT64_MAX / 4);
                run(f, QUARTER);
        }
        assert_true(f->plan.budget <= UINT64_C(1) << 40);
}

static void test_a_look_that_comes_a_minute_late(void **state) {
        Fixture *f = *state;

        contend(f);
        time_goes_on(f, 60 * USEC_PER_SEC);
        tick(f);
        assert_int_equal(f->plan.count, 0);
        assert_int_equal(f->plan.use, BUDGET);
        stop(f, 0);
        stop(f, 1);
        time_goes_on(f, 60 * USEC_PER_SEC);
        tick(f);
        apply(f);
        assert_true(f->slice[0].quota == LIMIT_UNSET);
}

static void test_time_that_does_not_go_on_changes_nothing(void **state) {
        static const usec_t back[] = { 0, 1, 60 * USEC_PER_SEC };
        Fixture *f = *state;
        usec_t now;

        contend(f);
        now = f->now;
        for (size_t i = 0; i < ELEMENTSOF(back); i++) {
                f->now = now - back[i];
                f->slice[0].usage_usec += CPU;
                tick(f);
                assert_int_equal(f->plan.count, 0);
        }
}

static void test_a_slice_that_is_not_looked_at_counts_as_it_did(void **state) {
        Fixture *f = *state;

        contend(f);
        f->slice[1].looked = false;
        f->rate[1] = 0;
        assert_int_equal(run(f, 2 * USEC_PER_SEC), 0);
        assert_int_equal(f->slice[1].use, 900000);
}

static void test_a_slice_that_is_gone_leaves_its_share(void **state) {
        Fixture *f = *state;

        f->n = 2;
        contend(f);
        f->n = 1;
        run(f, USEC_PER_SEC);
        assert_int_equal(f->slice[0].quota, BUDGET);
}

/* … and what it used since the last look is not taken for use outside. */
static void test_a_slice_that_is_gone_was_not_outside(void **state) {
        Fixture *f = *state;

        contend(f);
        time_goes_on(f, QUARTER);
        f->slices[1] = &f->slice[2];
        f->slices[2] = &f->slice[3];
        f->n = 3;
        tick(f);
        assert_int_equal(f->plan.outside, 0);
        assert_int_equal(f->plan.budget, BUDGET);
}

/* A slice that was removed and made again has counters that start at 0. */
static void test_counters_that_start_again(void **state) {
        Fixture *f = *state;

        contend(f);
        f->slice[1].usage_usec = f->slice[1].nr_throttled = 0;
        run(f, QUARTER);
        assert_int_equal(f->slice[1].use, 0);
        assert_int_equal(f->plan.outside, 0); /* what it used in the meantime is not taken for use outside */
        run(f, USEC_PER_SEC);
        assert_int_equal(f->slice[0].quota, 900000);
        assert_int_equal(f->slice[1].quota, 900000);
}

static void test_a_counter_that_jumps_is_got_over(void **state) {
        Fixture *f = *state;

        f->rate[0] = CPU / 2;
        run(f, USEC_PER_SEC);
        for (unsigned i = 0; i < 3; i++) {
                f->host.usage_usec = UINT64_MAX;
                tick(f);
                f->host.usage_usec = 0;
                run(f, QUARTER);
                f->host.usage_usec = UINT64_MAX - CPU;
                run(f, QUARTER);
        }
        f->host.usage_usec = 0;
        run(f, 60 * USEC_PER_SEC);
        assert_in_range(f->plan.outside, 0, 10000);
        assert_in_range(f->plan.budget, BUDGET - BUDGET / 90, BUDGET);
}

/* Whatever stands in the kernel is put right, and once. */
static void test_rubbish_in_force(void **state) {
        static const uint64_t rubbish[] = { 0, 1, 12345, UINT64_MAX - 1 };
        Fixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(rubbish); i++) {
                f->slice[0].quota = f->slice[3].quota = rubbish[i];
                f->rate[0] = f->rate[1] = CPU;
                run(f, 2 * USEC_PER_SEC);
                assert_int_equal(f->slice[0].quota, 900000);
                assert_true(f->slice[3].quota == LIMIT_UNSET);
                assert_int_equal(run(f, 2 * USEC_PER_SEC), 0);
        }
}

/* A thousand sessions that do nothing are no reason to leave a contended host without quotas. */
static void test_idle_users_cost_nothing(void **state) {
        enum { MANY = 1000 };
        static EngineSlice slice[MANY];
        static EngineSlice *slices[MANY];
        Fixture *f = *state;

        for (size_t i = 0; i < MANY; i++) {
                slice[i] = ENGINE_SLICE_INIT;
                slice[i].looked = true;
                slices[i] = &slice[i];
        }
        for (unsigned look = 0; look < 4; look++) {
                slice[0].usage_usec = slice[1].usage_usec = look * CPU;
                f->host.usage_usec = 2 * look * CPU;
                look_at(f, slices, MANY);
                f->now += USEC_PER_SEC;
        }
        assert_int_equal(slice[0].want, 900000);
        assert_int_equal(slice[1].want, 900000);
        assert_int_equal(slice[2].reason, REASON_BELOW_LEVEL);
}

/* 100,000 users who all want as much as they can get, on 1, 1000 and 2000 CPUs. */
static void test_a_hundred_thousand_users(void **state) {
        enum { MANY = 100000 };
        static const struct {
                uint64_t cpus;
                Reason reason;
                uint64_t quota;
        } cases[] = { { 1, REASON_CROWDED, LIMIT_UNSET },
                      { 1200, REASON_ABOVE_LEVEL, QUOTA_STEP },
                      { 2300, REASON_ABOVE_LEVEL, 2 * QUOTA_STEP } };
        EngineSlice *slice = calloc(MANY, sizeof *slice);
        EngineSlice **slices = calloc(MANY, sizeof *slices);
        Fixture *f = *state;
        uint64_t rate;

        assert_true(slice && slices);
        for (size_t k = 0; k < ELEMENTSOF(cases); k++) {
                f->host.capacity = cases[k].cpus * CPU;
                rate = f->host.capacity / MANY;
                for (unsigned look = 0; look < 3; look++) {
                        f->now += USEC_PER_SEC;
                        f->host.usage_usec += rate * MANY;
                        for (size_t i = 0; i < MANY; i++) {
                                if (k == 0 && look == 0)
                                        slice[i] = ENGINE_SLICE_INIT;
                                slice[i].looked = true;
                                slice[i].usage_usec += rate;
                                slice[i].nr_throttled++;
                                slices[i] = &slice[i];
                        }
                        look_at(f, slices, MANY);
                        for (size_t i = 0; i < f->plan.count; i++)
                                slice[f->plan.change[i].slice].quota = f->plan.change[i].to;
                }
                for (size_t i = 0; i < MANY; i += MANY - 1) {
                        assert_int_equal(slice[i].reason, cases[k].reason);
                        assert_true(slice[i].quota == cases[k].quota);
                }
        }
        free(slices);
        free(slice);
}

/* Nobody looks while the host has room: what was used outside before then is forgotten, wherever it was
 * kept. */
static void test_use_outside_of_long_ago_is_forgotten(void **state) {
        Fixture *f = *state;

        for (unsigned windows = 4; windows <= 6; windows++) {
                f->outside = CPU / 2;
                run(f, windows * USEC_PER_SEC);
                assert_int_equal(f->plan.outside, CPU / 2);
                f->outside = 0;
                time_goes_on(f, 60 * USEC_PER_SEC);
                tick(f);
                /* The window that was under way goes into the minute. */
                assert_in_range(f->plan.outside, 0, CPU / 100);
        }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_window_and_glances),
                TEST(test_use_outside_of_long_ago_is_forgotten),
                TEST(test_a_glance_wakes_near_the_budget),
                TEST(test_glances_hurry_at_the_beginning),
                TEST(test_a_glance_wakes_when_somebody_stops),
                TEST(test_a_glance_wakes_while_there_are_quotas),
                TEST(test_equal_always_looks),
                TEST(test_an_idle_host_is_left_alone),
                TEST(test_no_users),
                TEST(test_contention_caps_within_a_second),
                TEST(test_the_end_of_contention_lifts_within_a_second),
                TEST(test_who_stops_leaves_their_share),
                TEST(test_what_ends_contention),
                TEST(test_a_moment_of_others_does_not_end_contention),
                TEST(test_waiting_for_io_does_not_prolong_contention),
                TEST(test_own_caps_do_not_prolong_contention),
                TEST(test_contention_that_comes_back_stays),
                TEST(test_who_is_active),
                TEST(test_throttled_by_their_own_cap_is_no_contention),
                TEST(test_a_low_cap_needs_no_quota),
                TEST(test_extreme_weights),
                TEST(test_quotas_fall_once_in_an_interval),
                TEST(test_who_comes_back_does_not_wait),
                TEST(test_a_raise_does_not_let_all_have_too_much),
                TEST(test_who_comes_back_below_a_cap_does_not_wait),
                TEST(test_one_step_more_or_less_is_left),
                TEST(test_use_outside_comes_off_the_budget),
                TEST(test_the_budget_does_not_follow_every_wave),
                TEST(test_another_policy_has_all_of_the_budget),
                TEST(test_a_cpu_goes_offline),
                TEST(test_no_cpu_at_all),
                TEST(test_a_capacity_beyond_all_hosts),
                TEST(test_a_look_that_comes_a_minute_late),
                TEST(test_time_that_does_not_go_on_changes_nothing),
                TEST(test_a_slice_that_is_not_looked_at_counts_as_it_did),
                TEST(test_a_slice_that_is_gone_leaves_its_share),
                TEST(test_a_slice_that_is_gone_was_not_outside),
                TEST(test_counters_that_start_again),
                TEST(test_a_counter_that_jumps_is_got_over),
                TEST(test_rubbish_in_force),
                TEST(test_idle_users_cost_nothing),
                TEST(test_a_hundred_thousand_users),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
