/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Each change of a quota is a call to PID 1. 200 users are there, 20 of whom begin and end to be busy all
 * the time: how many calls that makes a minute, and what comes of the budget meanwhile. `scripts/bench --vm`
 * counts the same under a real systemd. */

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "sim.h"

#define CROWD    200
#define CHANGING 20
#define MINUTE   (60 * USEC_PER_SEC)

/* CPU time that a call takes where a program does what each instruction says. */
#define SLOW (80 * USEC_PER_MSEC)

typedef struct Setting {
        const char *name;
        unsigned cpus, processes;
        usec_t half;     /* each is busy for so long, and rests for so long */
        unsigned varied; /* per cent by which users differ in that */
        bool noisy;      /* looks and quotas come late, the host's counter is off */

        /* What must not be left, per cent; about what the engine does, not what would be best. */
        size_t calls_at_most;
        unsigned use_at_least, use_at_most;

        usec_t call_cost; /* CPU time of PID 1, the bus and polkit for each */
} Setting;

static const Setting settings[] = {
        { "2 CPUs, in turns", 2, 1, 2500 * USEC_PER_MSEC, 0, false, 60, 88, 105 },
        { "2 CPUs, in turns, noise", 2, 1, 2500 * USEC_PER_MSEC, 0, true, 60, 88, 105 },
        { "2 CPUs, each as they like", 2, 4, 2500 * USEC_PER_MSEC, 50, true, 60, 92, 105 },
        { "2 CPUs, every five seconds", 2, 4, 5 * USEC_PER_SEC, 50, true, 80, 92, 105 },
        { "2 CPUs, slowly", 2, 4, 10 * USEC_PER_SEC, 50, true, 120, 92, 105 },
        { "16 CPUs, each as they like", 16, 4, 2500 * USEC_PER_MSEC, 50, true, 60, 92, 105 },
        { "slow 2 CPUs, in turns", 2, 1, 2500 * USEC_PER_MSEC, 0, true, 60, 92, 105, SLOW },
        { "slow 2 CPUs, each as they like", 2, 4, 2500 * USEC_PER_MSEC, 50, true, 60, 92, 105, SLOW },
        { "slow 2 CPUs, every five seconds", 2, 4, 5 * USEC_PER_SEC, 50, true, 60, 92, 105, SLOW },
        { "slow 2 CPUs, slowly", 2, 4, 10 * USEC_PER_SEC, 50, true, 100, 92, 105, SLOW },
};

static void make_users(Sim *sim, const Setting *setting) {
        for (size_t i = 0; i < CHANGING; i++) {
                uint64_t percent = prng_between(&sim->prng, 100 - setting->varied, 100 + setting->varied);
                usec_t half = setting->half * percent / 100;

                sim->users[i].load = (SimLoad){ .processes = setting->processes,
                                                .rate = SIM_BUSY,
                                                .on = half,
                                                .off = half,
                                                .phase = i * 2 * half / CHANGING };
        }
        for (size_t i = CHANGING; i < CROWD; i++) /* a session, and hardly anything happens in it */
                sim->users[i].load = (SimLoad){ .processes = 1, .rate = 100, .every = 100 * USEC_PER_MSEC };
}

static void check_setting(const Setting *setting, uint64_t seed) {
        uint64_t used;
        double jain;
        Sim sim;

        sim_init(&sim, setting->cpus, CROWD, seed);
        if (setting->noisy)
                sim_make_noisy(&sim);
        sim.call_cost = setting->call_cost;
        make_users(&sim, setting);
        sim_run(&sim, 20 * USEC_PER_SEC);
        sim_mark(&sim);
        sim_run(&sim, MINUTE);

        used = sim_use_of_all(&sim) * 100 / sim_budget(&sim);
        jain = sim_jain(&sim, 0, CHANGING);
        printf("%-31s %4zu calls a minute, %3" PRIu64 "%% of the budget used, Jain's index %.3f\n",
               setting->name, sim.changes, used, jain);
        assert_in_range(sim.changes, 0, setting->calls_at_most);
        assert_in_range(used, setting->use_at_least, setting->use_at_most);
        assert_true(jain >= .97);
        for (size_t i = CHANGING; i < CROWD; i++)
                assert_int_equal(sim.users[i].changes + sim_throttled(&sim, i), 0);
        sim_done(&sim);
}

static void test_calls_a_minute(void **state _unused_) {
        for (size_t i = 0; i < ELEMENTSOF(settings); i++)
                for (uint64_t seed = 1; seed <= 4; seed++)
                        check_setting(&settings[i], seed);
}

/* Each new quota begins with a fresh period, so that for a moment more is used than the budget. That must
 * not be taken for a reason to move the quotas again: five are busy, one was and goes on with a part of the
 * share. */
static size_t calls_beside_one_who_wants_less(uint64_t percent, usec_t interval, uint64_t seed) {
        const SimLoad busy = { .processes = 64, .rate = SIM_BUSY };
        size_t calls;
        Sim sim;

        sim_init(&sim, 64, 6, seed);
        sim_make_noisy(&sim);
        sim.config.threshold_permyriad = 5000;
        sim.config.interval = interval;
        for (size_t i = 0; i < sim.n; i++)
                sim.users[i].load = busy;
        sim_run(&sim, 6 * USEC_PER_SEC);
        sim.users[0].load = (SimLoad){ .processes = 64, .rate = sim_budget(&sim) / 6 * percent / 100 };
        sim_run(&sim, 20 * USEC_PER_SEC);
        sim_mark(&sim);
        sim_run(&sim, MINUTE);
        calls = sim.changes;
        sim_done(&sim);
        return calls;
}

static void test_calls_make_no_calls(void **state _unused_) {
        size_t most = 0;

        for (uint64_t percent = 10; percent <= 90; percent += 5)
                for (uint64_t seed = 1; seed <= 4; seed++) {
                        most = MAX(most, calls_beside_one_who_wants_less(percent, USEC_PER_SEC, seed));
                        most = MAX(most,
                                   calls_beside_one_who_wants_less(percent, 200 * USEC_PER_MSEC, seed));
                }
        printf("at most %zu calls a minute beside one who wants less\n", most);
        assert_in_range(most, 0, 12);
}

/* So many that not all can have a quota, or only just: what setting them would cost takes the room for them. */
static void test_a_crowd_is_left_alone(void **state _unused_) {
        static const struct {
                unsigned cpus;
                size_t users;
                usec_t on, off; /* of one more user */
                usec_t call_cost;
        } crowds[] = {
                { 2, 100, 0, 0, 50 * USEC_PER_MSEC },
                { 2, 160, 0, 0, 20 * USEC_PER_MSEC },
                { 4, 300, 0, 0, 20 * USEC_PER_MSEC },
                { 2, 180, 2 * USEC_PER_SEC, 2 * USEC_PER_SEC, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(crowds); i++) {
                Sim sim;

                sim_init(&sim, crowds[i].cpus, crowds[i].users + 1, i + 1);
                sim_make_noisy(&sim);
                sim.call_cost = crowds[i].call_cost;
                for (size_t k = 0; k < crowds[i].users; k++)
                        sim.users[k].load = (SimLoad){ .processes = 1, .rate = SIM_BUSY };
                if (crowds[i].on > 0)
                        sim.users[crowds[i].users].load = (SimLoad){
                                .processes = 1, .rate = SIM_BUSY, .on = crowds[i].on, .off = crowds[i].off
                        };
                sim_run(&sim, MINUTE);
                sim_mark(&sim);
                sim_run(&sim, MINUTE);
                assert_int_equal(sim.changes, 0);
                assert_int_equal(sim_capped(&sim), 0);
                sim_done(&sim);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_calls_a_minute),
                cmocka_unit_test(test_calls_make_no_calls),
                cmocka_unit_test(test_a_crowd_is_left_alone),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
