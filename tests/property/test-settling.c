/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Random hosts in the simulator, with users who want what they want: the quotas settle, what there is gets
 * used, and who wants all gets as much as the next. */

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "seed.h"
#include "sim.h"

#define HOSTS         150
#define SETTLES_IN(c) (8 * (c).interval + 15 * USEC_PER_SEC)
#define WATCHED_FOR   (20 * USEC_PER_SEC)

typedef struct Conditions {
        const char *name;
        usec_t interval;
        unsigned noise;   /* of the demands, per cent */
        uint64_t ticks;   /* noise of the host's counter, µs */
        usec_t late, bus; /* looks come late, quotas come late */

        double changes_allowed; /* for each capped user in 20 s, over all hosts */
} Conditions;

static SimLoad random_load(Prng *prng, unsigned noise) {
        switch (prng_between(prng, 0, 3)) {
        case 0:
                return (SimLoad){ .processes = prng_log_between(prng, 1, 16), .rate = SIM_BUSY };
        case 1:
                return (SimLoad){ .processes = 4,
                                  .rate = prng_between(prng, 1000, 1500000),
                                  .noise = noise };
        case 2:
                return (SimLoad){ .processes = 2,
                                  .rate = prng_between(prng, 1000, 300000),
                                  .every = 100 * USEC_PER_MSEC,
                                  .noise = noise };
        default:
                return (SimLoad){};
        }
}

/* The first users want as much as they can get and weigh the same. Returns how many. */
static size_t random_users(Sim *sim, Prng *prng, unsigned noise) {
        size_t heavy = prng_between(prng, 0, sim->n / 2);

        for (size_t i = 0; i < sim->n; i++) {
                SimUser *u = &sim->users[i];

                if (i < heavy) {
                        u->load = (SimLoad){ .processes = 64, .rate = SIM_BUSY };
                        continue;
                }
                u->load = random_load(prng, noise);
                if (prng_chance(prng, 30))
                        u->slice.weight = prng_log_between(prng, CPU_WEIGHT_MIN, CPU_WEIGHT_MAX);
                if (prng_chance(prng, 20))
                        sim_set_cap(sim, i, prng_between(prng, 1, 200) * QUOTA_STEP);
        }
        return heavy;
}

typedef struct Figures {
        size_t contended, restless, capped, changes;
        double least_used, used, least_even;
} Figures;

static void watch(const Conditions *c, uint64_t seed, Figures *figures) {
        Prng prng = { seed };
        unsigned cpus = prng_log_between(&prng, 1, 64);
        size_t n = prng_log_between(&prng, 1, 40), heavy;
        double used, even, lost;
        Sim sim;

        seed_enter(seed);
        sim_init(&sim, cpus, n, seed);
        sim.config.interval = c->interval;
        sim.config.threshold_permyriad = prng_between(&prng, 50, 98) * 100;
        sim.host_noise = c->ticks;
        sim.late = c->late;
        sim.bus_delay = c->bus;
        if (prng_chance(&prng, 30))
                sim.outside = prng_between(&prng, 0, sim.cpus / 4);
        heavy = random_users(&sim, &prng, c->noise);

        sim_run(&sim, SETTLES_IN(*c));
        sim_mark(&sim);
        sim_run(&sim, WATCHED_FOR);

        figures->changes += sim.changes;
        figures->restless += sim.changes > 0;
        if (sim_capped(&sim) > 0) {
                used = (double) sim_use_of_all(&sim) / (double) sim.plan.budget;
                lost = (double) (sim_capped(&sim) * QUOTA_STEP) / (double) sim.plan.budget;
                even = sim_jain(&sim, 0, heavy);
                figures->contended++;
                figures->capped += sim_capped(&sim);
                figures->used += used;
                figures->least_used = MIN(figures->least_used, used);
                figures->least_even = MIN(figures->least_even, even);
                CHECK(used <= 1.03, "%.1f%% of the budget is used", 100 * used);
                CHECK(used >= .95 - lost, "%.1f%% of the budget is used", 100 * used);
                CHECK(even >= .99, "Jain's index of %zu equal users is %.3f", heavy, even);
        }
        sim_done(&sim);
}

static void check_settling(const Conditions *c) {
        Figures figures = { .least_used = 1, .least_even = 1 };
        Seeds seeds = seeds_from_environment(HOSTS);
        double each;

        for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; seed++)
                watch(c, seed, &figures);
        each = figures.capped > 0 ? (double) figures.changes / (double) figures.capped : 0;
        printf("%s: %zu of %zu hosts contended, %zu users capped; %zu changes in 20 s on %zu hosts, "
               "%.3f for each capped; of the budget %.1f%% used, at least %.1f%%; Jain's index at least "
               "%.4f\n",
               c->name, figures.contended, seeds.count, figures.capped, figures.changes, figures.restless,
               each, 100 * figures.used / (double) MAX(figures.contended, (size_t) 1),
               100 * figures.least_used, figures.least_even);
        CHECK(each <= c->changes_allowed, "%.3f changes in 20 s for each capped user", each);
        assert_true(seeds.count < HOSTS || figures.contended > seeds.count / 3);
}

static void test_steady_users_are_left_alone(void **state _unused_) {
        check_settling(&(Conditions){ .name = "steady, 1 s", .interval = USEC_PER_SEC });
        check_settling(&(Conditions){ .name = "steady, 5 s", .interval = 5 * USEC_PER_SEC });
}

static void test_noise_is_mostly_ignored(void **state _unused_) {
        check_settling(&(Conditions){ .name = "noise, 1 s",
                                      .interval = USEC_PER_SEC,
                                      .noise = 2,
                                      .ticks = 10 * USEC_PER_MSEC,
                                      .late = 20 * USEC_PER_MSEC,
                                      .bus = 10 * USEC_PER_MSEC,
                                      .changes_allowed = .05 });
        check_settling(&(Conditions){ .name = "noise, 5 s",
                                      .interval = 5 * USEC_PER_SEC,
                                      .noise = 2,
                                      .ticks = 10 * USEC_PER_MSEC,
                                      .late = 20 * USEC_PER_MSEC,
                                      .bus = 10 * USEC_PER_MSEC,
                                      .changes_allowed = .05 });
}

/* One is busy, the others ask for less than the share, and have asked for a little more a while ago. What
 * they do not use any more is used by who is busy. */
static void test_what_was_claimed_is_forgotten(void **state _unused_) {
        for (uint64_t more = 0; more <= 12; more++) {
                uint64_t rate, used;
                Sim sim;

                sim_init(&sim, 16, 10, more);
                sim_make_noisy(&sim);
                rate = sim_budget(&sim) / sim.n / 100 * 85;
                sim.users[0].load = (SimLoad){ .processes = 32, .rate = SIM_BUSY };
                for (size_t i = 1; i < sim.n; i++)
                        sim.users[i].load = (SimLoad){ .processes = 16, .rate = rate + rate / 100 * more };
                sim_run(&sim, 10 * USEC_PER_SEC);
                for (size_t i = 1; i < sim.n; i++)
                        sim.users[i].load.rate = rate;
                sim_run(&sim, 15 * USEC_PER_SEC);
                sim_mark(&sim);
                sim_run(&sim, WATCHED_FOR);
                used = sim_use_of_all(&sim) * 1000 / sim_budget(&sim);
                assert_in_range(used, 970, 1010);
                sim_done(&sim);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_steady_users_are_left_alone),
                cmocka_unit_test(test_noise_is_mostly_ignored),
                cmocka_unit_test(test_what_was_claimed_is_forgotten),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
