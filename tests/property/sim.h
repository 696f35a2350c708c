/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/engine.h"
#include "prng.h"

/* A host in numbers: users with work to do, a kernel that shares CPUs by weight and throttles by quota in
 * periods of 100 ms, and a daemon that looks several times a second, asks the engine and sets the quotas
 * that it says. Time goes in steps of 5 ms. */

#define SIM_CPU    UINT64_C(1000000) /* one CPU, in µs a second */
#define SIM_STEP   (5 * USEC_PER_MSEC)
#define SIM_PERIOD (100 * USEC_PER_MSEC)

#define SIM_BUSY UINT64_MAX

/* What a user's processes do. */
typedef struct SimLoad {
        unsigned processes; /* can use as many CPUs at once */
        uint64_t rate;      /* work, µs a second; SIM_BUSY: endless */
        usec_t every;       /* work comes once in this long, each time for so long; 0: evenly */
        unsigned noise;     /* … and is more or less by up to so many per cent */
        usec_t on, off;     /* works for `on`, rests for `off`; 0 and 0: always works */
        usec_t phase;       /* … and is so far in that when the time is 0 */
} SimLoad;

typedef struct SimUser {
        SimLoad load; /* may be changed at any time; no processes: the user rests */
        EngineSlice slice;

        /* The kernel's */
        uint64_t usage_usec, nr_throttled;
        uint64_t backlog; /* work that has come and is not done */
        uint64_t quota;   /* in force */
        uint64_t quota_left;
        usec_t period_ends;
        bool hit;          /* the quota, in this period */
        usec_t quota_due;  /* when slice.quota comes into force; 0: it has */
        usec_t next_burst; /* when work comes next */
        bool served;       /* in this step */

        /* Since sim_mark() */
        uint64_t marked_usage, marked_throttled;
        size_t changes;
} SimUser;

typedef struct Sim {
        EngineConfig config;
        uint64_t cpus;        /* µs a second */
        uint64_t outside;     /* use by other slices, µs a second */
        uint64_t host_noise;  /* the host's counter is off by up to this, µs */
        usec_t late;          /* looks come late by up to this */
        usec_t bus_delay;     /* a quota comes into force after this */
        usec_t call_cost;     /* CPU time of others for each change, after one another */
        SimUser *users;       /* owned */
        EngineSlice **slices; /* owned; to the slices of the users */
        size_t n;

        Engine *engine; /* owned */
        Plan plan;      /* of the last tick */
        Prng prng;
        usec_t now, next_look;
        uint64_t host_usage, host_seen;
        usec_t for_calls; /* CPU time that others have yet to use for changes */

        /* Since sim_mark() */
        usec_t marked;
        size_t ticks, changes;
} Sim;

/* A host without use outside, noise or delay: max-min, CPUThreshold=90%, ActivityThreshold=1%,
 * IntervalSec=1s. */
void sim_init(Sim *sim, unsigned cpus, size_t n, uint64_t seed);
void sim_done(Sim *sim);

/* Looks and quotas come late, and the host's counter is off by up to a hundredth of a window. */
void sim_make_noisy(Sim *sim);

/* CPUQuota= of a user: stands in the kernel from the start. */
void sim_set_cap(Sim *sim, size_t user, uint64_t cap);

void sim_run(Sim *sim, usec_t duration);

/* Whether the user's load has its time `on` just now. */
bool sim_at_work(const Sim *sim, size_t user);

/* Begins a measurement: what follows is since this call. */
void sim_mark(Sim *sim);
uint64_t sim_use(const Sim *sim, size_t user); /* µs a second */
uint64_t sim_use_of_all(const Sim *sim);
uint64_t sim_throttled(const Sim *sim, size_t user);

/* How many users have a fair-share quota now. */
size_t sim_capped(const Sim *sim);

/* CPUs × CPUThreshold, µs a second */
uint64_t sim_budget(const Sim *sim);

/* Jain's index of the use of the users first … first + n - 1: 1 if all have the same, 1/n if one has all. */
double sim_jain(const Sim *sim, size_t first, size_t n);
