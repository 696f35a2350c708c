/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who is held back has less weight, and keeps it lowered: hogs begin one after another, so that some are
 * capped, with less weight, while the others still take all they can get. That those then get less than
 * their share is no want of weight that lasts. */

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "seed.h"
#include "sim.h"

#define CPUS    2
#define HOGS    4
#define LATEST  (2 * USEC_PER_SEC) /* the last one begins at most so long after the first */
#define SETTLE  (8 * USEC_PER_SEC)
#define SECONDS 20

static const SimLoad light = { .processes = 1, .rate = SIM_CPU / 10, .every = 10 * USEC_PER_MSEC };

static void hogs_begin(Sim *sim) {
        for (size_t i = 0; i < HOGS; i++) {
                sim_run(sim, prng_between(&sim->prng, 0, LATEST / HOGS / SIM_STEP) * SIM_STEP);
                sim->users[i].load = (SimLoad){ .processes = CPUS, .rate = SIM_BUSY };
        }
}

static void check_all_yield(const Sim *sim) {
        for (size_t i = 0; i < HOGS; i++)
                CHECK(sim->users[i].slice.yields,
                      "user %zu has all the weight at %" PRIu64 ", share %" PRIu64, i, sim->now,
                      sim->users[i].slice.share);
        CHECK(!sim->users[HOGS].slice.yields, "the light user yields");
}

static void test_hogs_that_begin_one_after_another_yield(void **state _unused_) {
        Seeds seeds = seeds_from_environment(50);

        for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; seed++) {
                Sim sim;

                seed_enter(seed);
                sim_init(&sim, CPUS, HOGS + 1, seed);
                sim_make_noisy(&sim);
                sim.users[HOGS].load = light;
                sim_run(&sim, 2 * USEC_PER_SEC);
                hogs_begin(&sim);
                sim_run(&sim, SETTLE);
                for (int second = 0; second < SECONDS; second++) {
                        sim_run(&sim, USEC_PER_SEC);
                        check_all_yield(&sim);
                }
                sim_done(&sim);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_hogs_that_begin_one_after_another_yield),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
