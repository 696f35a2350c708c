/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the service must show on 2 CPUs with CPUThreshold=90%, here against the simulated kernel: A has 8
 * busy processes, B has one, C uses a steady tenth of a CPU. */

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "sim.h"

enum { A, B, C, USERS };

static const SimLoad eight_busy = { .processes = 8, .rate = SIM_BUSY };
static const SimLoad one_busy = { .processes = 1, .rate = SIM_BUSY };
static const SimLoad nothing = {};
static const SimLoad on_and_off = {
        .processes = 8, .rate = SIM_BUSY, .on = USEC_PER_SEC, .off = USEC_PER_SEC
};

typedef struct Setting {
        const char *name;
        usec_t interval;
        usec_t burst;  /* C's work comes once in this long */
        bool noisy;    /* looks and quotas come late, the host's counter is off by 4 % of a CPU each look */
        uint64_t most; /* per cent of the budget that may be used */
} Setting;

#define MSEC USEC_PER_MSEC
#define SEC  USEC_PER_SEC

/* With IntervalSec=200ms a window is two of the kernel's periods, and a burst of 100 ms is half a window:
 * shares follow every single burst, and each new quota begins with a fresh period. */
static const Setting settings[] = {
        { "1 s, even", 1 * SEC, 100 * MSEC, false, 103 },
        { "1 s, even, noise", 1 * SEC, 100 * MSEC, true, 103 },
        { "1 s, bursts", 1 * SEC, 1 * SEC, false, 103 },
        { "1 s, bursts, noise", 1 * SEC, 1 * SEC, true, 103 },
        { "5 s, even", 5 * SEC, 100 * MSEC, false, 106 },
        { "5 s, even, noise", 5 * SEC, 100 * MSEC, true, 106 },
        { "5 s, bursts", 5 * SEC, 1 * SEC, false, 106 },
        { "5 s, bursts, noise", 5 * SEC, 1 * SEC, true, 106 },
        { "200 ms, even", 200 * MSEC, 100 * MSEC, false, 103 },
        { "200 ms, even, noise", 200 * MSEC, 100 * MSEC, true, 103 },
        { "200 ms, bursts", 200 * MSEC, 1 * SEC, false, 103 },
        { "200 ms, bursts, noise", 200 * MSEC, 1 * SEC, true, 103 },
};

typedef void (*Scene)(const Setting *setting, Sim *sim);

static void on_all_settings(Scene scene) {
        for (size_t i = 0; i < ELEMENTSOF(settings); i++) {
                const Setting *setting = &settings[i];
                Sim sim;

                sim_init(&sim, 2, USERS, 42);
                sim.config.interval = setting->interval;
                sim.users[C].load =
                        (SimLoad){ .processes = 1, .rate = SIM_CPU / 10, .every = setting->burst };
                if (setting->noisy)
                        sim_make_noisy(&sim);
                sim_run(&sim, 5 * SEC);
                scene(setting, &sim);
                sim_done(&sim);
        }
}

static void contend(const Setting *setting, Sim *sim) {
        sim->users[A].load = eight_busy;
        sim->users[B].load = one_busy;
        sim_run(sim, 2 * setting->interval + SEC);
        sim_mark(sim);
}

/* Lets time go on until of A, B and C as many or more have quotas; 0: none. Returns how long that took, at
 * most 20 s. */
static usec_t until_capped(Sim *sim, size_t capped) {
        usec_t begun = sim->now;

        while ((capped == 0 ? sim_capped(sim) > 0 : sim_capped(sim) < capped) && sim->now < begun + 20 * SEC)
                sim_run(sim, SIM_STEP);
        return sim->now - begun;
}

static void fair_and_full(const Setting *setting, Sim *sim) {
        uint64_t of_budget;
        double jain;

        contend(setting, sim);
        sim_run(sim, 20 * SEC);
        of_budget = sim_use_of_all(sim) * 100 / sim_budget(sim);
        jain = sim_jain(sim, A, 2);
        printf("%-22s A %.3f, B %.3f, C %.3f CPUs, %" PRIu64 "%% of the budget; Jain's index %.4f; "
               "%zu changes in 20 s\n",
               setting->name, (double) sim_use(sim, A) / SIM_CPU, (double) sim_use(sim, B) / SIM_CPU,
               (double) sim_use(sim, C) / SIM_CPU, of_budget, jain, sim->changes);
        assert_true(jain >= .99);
        assert_in_range(of_budget, 95, setting->most);
        assert_in_range(sim_use(sim, C), SIM_CPU * 95 / 1000, SIM_CPU * 105 / 1000);
        assert_int_equal(sim_throttled(sim, C), 0);
        assert_int_equal(sim->users[C].changes, 0);
        if (setting->interval >= SEC)
                assert_in_range(sim->changes, 0, 8);
}

static void test_fair_and_full(void **state _unused_) {
        on_all_settings(fair_and_full);
}

static void caps_in_under_a_second(const Setting *setting _unused_, Sim *sim) {
        assert_int_equal(sim_capped(sim), 0);
        sim->users[A].load = eight_busy;
        sim->users[B].load = one_busy;
        assert_true(until_capped(sim, 2) < SEC);
}

static void test_caps_in_under_a_second(void **state _unused_) {
        on_all_settings(caps_in_under_a_second);
}

/* One alone has a quota, since the budget is less than all. Another one comes, and has the first one's half
 * of it as soon as contention that begins would have been answered, whatever IntervalSec= is. */
static usec_t until_the_second_has_half(usec_t interval, bool noisy, usec_t phase, uint64_t seed) {
        usec_t begun, took;
        Sim sim;

        sim_init(&sim, 2, USERS, seed);
        sim.config.interval = interval;
        if (noisy)
                sim_make_noisy(&sim);
        sim.users[A].load = eight_busy;
        sim.users[C].load = (SimLoad){ .processes = 1, .rate = SIM_CPU / 100, .every = 100 * MSEC };
        sim_run(&sim, 20 * SEC + phase);
        assert_int_equal(sim_capped(&sim), 1);
        begun = sim.now;
        sim.users[B].load = eight_busy;
        while (sim.users[A].quota > sim_budget(&sim) / 4 * 3 && sim.now < begun + 20 * SEC)
                sim_run(&sim, SIM_STEP);
        took = sim.now - begun;
        sim_done(&sim);
        return took;
}

static void test_a_second_hog_does_not_wait(void **state _unused_) {
        static const usec_t intervals[] = { 200 * MSEC, 1 * SEC, 5 * SEC };

        for (size_t i = 0; i < ELEMENTSOF(intervals); i++)
                for (unsigned k = 0; k < 40; k++)
                        assert_true(until_the_second_has_half(intervals[i], k % 2, k * 25 * MSEC, k + 1) <
                                    750 * MSEC);
}

/* Caps, whenever in the second the load begins. */
static void test_caps_in_under_a_second_at_any_moment(void **state _unused_) {
        usec_t longest = 0;

        for (unsigned step = 0; step < SEC / SIM_STEP; step++) {
                usec_t took;
                Sim sim;

                sim_init(&sim, 2, USERS, step);
                sim.late = 20 * MSEC;
                sim_run(&sim, 5 * SEC + step * SIM_STEP);
                sim.users[A].load = eight_busy;
                sim.users[B].load = one_busy;
                took = until_capped(&sim, 2);
                longest = MAX(longest, took);
                sim_done(&sim);
        }
        printf("caps after at most %" PRIu64 " ms\n", longest / MSEC);
        assert_true(longest < SEC);
}

static void who_stops_leaves_their_share(const Setting *setting, Sim *sim) {
        usec_t lifted;

        contend(setting, sim);
        sim->users[B].load = nothing;
        sim_run(sim, 2 * setting->interval);
        sim_mark(sim);
        sim_run(sim, 5 * SEC);
        assert_in_range(sim_use(sim, A) + sim_use(sim, C), sim_budget(sim) * 95 / 100,
                        sim_budget(sim) * setting->most / 100);
        sim_run(sim, 4 * SEC); /* what holds nobody back is no hurry */
        assert_true(sim->users[B].slice.quota == LIMIT_UNSET);

        sim->users[A].load = nothing;
        lifted = until_capped(sim, 0);
        assert_true(lifted <= MIN(SEC, 2 * setting->interval));
        sim_run(sim, 2 * setting->interval);
        sim_mark(sim);
        sim_run(sim, 60 * SEC);
        assert_int_equal(sim->changes, 0);
        sim_mark(sim);
        sim_run(sim, 60 * SEC);
        assert_int_equal(sim->ticks, 0);
}

static void test_who_stops_leaves_their_share(void **state _unused_) {
        on_all_settings(who_stops_leaves_their_share);
}

static void the_end_of_contention(const Setting *setting, Sim *sim) {
        contend(setting, sim);
        sim->users[A].load = sim->users[B].load = nothing;
        assert_true(until_capped(sim, 0) <= SEC);
}

static void test_no_caps_within_a_second_of_the_end(void **state _unused_) {
        on_all_settings(the_end_of_contention);
}

/* A is lent what B leaves and gives it back, each second: that is a few quotas moved, and never a stream. */
static void bursts(const Setting *setting, Sim *sim) {
        double each;

        sim->users[A].load = eight_busy;
        sim->users[B].load = on_and_off;
        sim_run(sim, 10 * SEC);
        sim_mark(sim);
        sim_run(sim, 60 * SEC);
        each = (double) sim->changes / 60;
        printf("%-22s %.2f changes a second, A %.3f, B %.3f CPUs\n", setting->name, each,
               (double) sim_use(sim, A) / SIM_CPU, (double) sim_use(sim, B) / SIM_CPU);
        assert_true(each <= (setting->interval >= SEC ? 4 : 10));
        assert_true(sim_use_of_all(sim) <= sim_budget(sim) * setting->most / 100);
}

static void test_a_bursty_user_makes_no_storm(void **state _unused_) {
        on_all_settings(bursts);
}

static void bursts_alone(const Setting *setting _unused_, Sim *sim) {
        sim->users[B].load = on_and_off;
        sim_run(sim, 10 * SEC);
        sim_mark(sim);
        sim_run(sim, 60 * SEC);
        printf("%-22s alone: %.2f changes a second\n", setting->name, (double) sim->changes / 60);
        assert_true(sim->changes <= 60 * (setting->interval >= SEC ? 2 : 4));
}

static void test_bursts_of_one_alone(void **state _unused_) {
        on_all_settings(bursts_alone);
}

/* A CPU is taken away and given back while the host is contended. While one CPU is all there is, a burst of
 * C has it for a whole period of the quotas, and what A and B do not use in that is lost to them. */
static void a_cpu_less(const Setting *setting, Sim *sim) {
        contend(setting, sim);
        sim->cpus = SIM_CPU;
        sim_run(sim, 2 * setting->interval + SEC);
        sim_mark(sim);
        sim_run(sim, 10 * SEC);
        assert_in_range(sim_use_of_all(sim), sim_budget(sim) * 89 / 100, sim_budget(sim) * 107 / 100);
        sim->cpus = 2 * SIM_CPU;
        sim_run(sim, 2 * setting->interval + SEC);
        sim_mark(sim);
        sim_run(sim, 10 * SEC);
        assert_in_range(sim_use_of_all(sim), sim_budget(sim) * 93 / 100, sim_budget(sim) * 107 / 100);
}

static void test_a_cpu_goes_and_comes_back(void **state _unused_) {
        on_all_settings(a_cpu_less);
}

/* A wants one CPU, and B all of them for three seconds. Until the first quota, and until none is left. */
static void test_lent_back_in_a_second(void **state _unused_) {
        usec_t capped, lifted, longest_capped = 0, longest_lifted = 0;

        for (uint64_t seed = 1; seed <= 200; seed++) {
                Sim sim;

                sim_init(&sim, 2, USERS, seed);
                sim_make_noisy(&sim);
                sim.users[A].load = one_busy;
                sim_run(&sim, 10 * SEC + seed * SIM_STEP);
                sim.users[B].load = eight_busy;
                capped = until_capped(&sim, 2);
                sim_run(&sim, 3 * SEC);
                sim.users[B].load = nothing;
                lifted = until_capped(&sim, 0);
                longest_capped = MAX(longest_capped, capped);
                longest_lifted = MAX(longest_lifted, lifted);
                sim_done(&sim);
        }
        printf("caps after at most %" PRIu64 " ms, none after at most %" PRIu64 " ms\n",
               longest_capped / MSEC, longest_lifted / MSEC);
        assert_true(longest_capped < SEC);
        assert_true(longest_lifted <= SEC + 30 * MSEC); /* by which looks and quotas are late */
}

/* With SharePolicy=equal A and B have quotas though there is room, and they keep the host from becoming
 * busy. */
static void test_no_quota_is_left_of_another_policy(void **state _unused_) {
        for (SharePolicy policy = 0; policy < _SHARE_POLICY_COUNT; policy++) {
                Sim sim;

                sim_init(&sim, 8, USERS, 42);
                sim.config.policy = SHARE_EQUAL;
                sim.users[A].load = one_busy;
                sim.users[B].load = (SimLoad){ .processes = 4, .rate = SIM_BUSY };
                sim_run(&sim, 5 * SEC);
                assert_int_equal(sim_capped(&sim), 2);
                sim.config.policy = policy;
                sim_run(&sim, SEC);
                assert_int_equal(sim_capped(&sim), policy == SHARE_EQUAL ? 2 : 0);
                sim_done(&sim);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_fair_and_full),
                cmocka_unit_test(test_caps_in_under_a_second),
                cmocka_unit_test(test_a_second_hog_does_not_wait),
                cmocka_unit_test(test_caps_in_under_a_second_at_any_moment),
                cmocka_unit_test(test_lent_back_in_a_second),
                cmocka_unit_test(test_who_stops_leaves_their_share),
                cmocka_unit_test(test_no_caps_within_a_second_of_the_end),
                cmocka_unit_test(test_a_bursty_user_makes_no_storm),
                cmocka_unit_test(test_bursts_of_one_alone),
                cmocka_unit_test(test_a_cpu_goes_and_comes_back),
                cmocka_unit_test(test_no_quota_is_left_of_another_policy),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
