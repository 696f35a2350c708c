/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What was right a second ago is wrong now: one busy user stays, two come and go every few seconds, each in
 * their own time, and a light one is there all the while. */

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "seed.h"
#include "sim.h"

#define CPUS    2
#define HOGS    3
#define SECONDS 40
#define LIGHT   (SIM_CPU / 10)

/* About what the engine does, per cent: of the budget, and of what each user should have had. */
#define OF_BUDGET_AT_LEAST 97
#define OF_BUDGET_AT_MOST  102
#define OF_SHARE_AT_LEAST  93
#define OF_SHARE_AT_MOST   108

static SimLoad in_turns(Sim *sim, usec_t on, usec_t off) {
        return (SimLoad){ .processes = CPUS,
                          .rate = SIM_BUSY,
                          .on = on,
                          .off = off,
                          .phase = prng_between(&sim->prng, 0, on + off) };
}

static void users_come(Sim *sim) {
        sim->users[0].load = (SimLoad){ .processes = CPUS, .rate = SIM_BUSY };
        sim->users[1].load = in_turns(sim, 3000 * USEC_PER_MSEC, 4000 * USEC_PER_MSEC);
        sim->users[2].load = in_turns(sim, 2500 * USEC_PER_MSEC, 2500 * USEC_PER_MSEC);
        sim->users[HOGS].load = (SimLoad){ .processes = 1, .rate = LIGHT, .every = 10 * USEC_PER_MSEC };
}

/* Adds what each hog should have in a step to `due`: they share alike what the light user leaves. */
static void add_shares(const Sim *sim, double due[static HOGS]) {
        double left = (double) (sim_budget(sim) - LIGHT) * (double) SIM_STEP / (double) USEC_PER_SEC;
        size_t there = 0;

        for (size_t i = 0; i < HOGS; i++)
                there += sim_at_work(sim, i);
        for (size_t i = 0; i < HOGS; i++)
                if (sim_at_work(sim, i))
                        due[i] += left / (double) there;
}

static void check_shares(const Sim *sim, const double due[static HOGS], double *sum) {
        for (size_t i = 0; i < HOGS; i++) {
                double use = (double) sim_use(sim, i) * SECONDS / due[i] * 100;

                CHECK(use >= OF_SHARE_AT_LEAST && use <= OF_SHARE_AT_MOST,
                      "user %zu has %.0f %% of their share", i, use);
        }
        *sum += (double) sim_use_of_all(sim) / (double) sim_budget(sim) * 100;
}

static void test_users_who_come_and_go_have_their_shares(void **state _unused_) {
        Seeds seeds = seeds_from_environment(50);
        double sum = 0;
        size_t changes = 0;

        for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; seed++) {
                double due[HOGS] = {};
                Sim sim;

                seed_enter(seed);
                sim_init(&sim, CPUS, HOGS + 1, seed);
                sim_make_noisy(&sim);
                users_come(&sim);
                sim_run(&sim, 5 * USEC_PER_SEC);
                sim_mark(&sim);
                for (usec_t passed = 0; passed < SECONDS * USEC_PER_SEC; passed += SIM_STEP) {
                        add_shares(&sim, due);
                        sim_run(&sim, SIM_STEP);
                }
                check_shares(&sim, due, &sum);
                changes += sim.changes;
                sim_done(&sim);
        }
        printf("%.1f %% of the budget, %.2f changes a second\n", sum / (double) seeds.count,
               (double) changes / (double) seeds.count / SECONDS);
        assert_true(sum >= OF_BUDGET_AT_LEAST * (double) seeds.count);
        assert_true(sum <= OF_BUDGET_AT_MOST * (double) seeds.count);
}

/* Four are busy; one of them stops, comes back with a little less than the share of six, and then two more
 * come, who can be held back in a minute only. Less weight, kept with the quota, is not what decides. */
static void test_who_comes_back_with_little_work_gets_it_done(void **state _unused_) {
        Seeds seeds = seeds_from_environment(20);

        for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; seed++) {
                const SimLoad busy = { .processes = CPUS, .rate = SIM_BUSY };
                uint64_t work;
                Sim sim;

                seed_enter(seed);
                sim_init(&sim, CPUS, 6, seed);
                sim.config.interval = 60 * USEC_PER_SEC;
                work = sim_budget(&sim) / 6 / 10 * 9;
                for (size_t i = 0; i < 4; i++)
                        sim.users[i].load = busy;
                sim_run(&sim, 12 * USEC_PER_SEC);
                sim.users[0].load = (SimLoad){};
                sim_run(&sim, prng_between(&sim.prng, 200, 3000) * USEC_PER_MSEC);
                sim.users[0].load =
                        (SimLoad){ .processes = CPUS, .rate = work, .every = 50 * USEC_PER_MSEC };
                sim_run(&sim, 3 * USEC_PER_SEC);
                sim.users[4].load = sim.users[5].load = busy;
                sim_mark(&sim);
                sim_run(&sim, SECONDS * USEC_PER_SEC);
                CHECK(sim_use(&sim, 0) >= work / 100 * 97, "%" PRIu64 " of %" PRIu64, sim_use(&sim, 0),
                      work);
                sim_done(&sim);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_users_who_come_and_go_have_their_shares),
                cmocka_unit_test(test_who_comes_back_with_little_work_gets_it_done),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
