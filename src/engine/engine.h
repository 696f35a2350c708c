/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/debt.h"
#include "engine/plan.h"
#include "engine/tracker.h"
#include "engine/water.h"
#include "model/share-policy.h"

/* Fair shares: counters and the time go in, a plan comes out. Pure: no file, no clock, no log, no global.
 *
 * Everything is a rate in µs of CPU a second unless it says otherwise. */

typedef struct EngineConfig {
        SharePolicy policy;
        unsigned threshold_permyriad; /* CPUThreshold= */
        unsigned activity_permyriad;  /* ActivityThreshold=, of all CPUs of the budget */
        usec_t interval; /* IntervalSec=: quotas are lowered, or moved by a little, at most once in it */
        bool pretend;    /* nothing of the plans is done */
} EngineConfig;

typedef struct EngineHost {
        uint64_t usage_usec; /* counter: CPU time of the whole host; glance and tick may count apart */
        uint64_t capacity;   /* CPUs that there are for users, before CPUThreshold= */
} EngineHost;

/* One managed slice. It may be moved in memory between ticks, but keeps its state. */
typedef struct EngineSlice {
        /* In, set by the caller before each tick */
        bool looked; /* the counters below are fresh; otherwise the slice counts as it did */
        bool yields; /* its weight is lowered while the quota is in force */

        /* Out, for who wants to show it. (Between the others, so that all flags are together.) */
        bool active;
        bool throttled;

        /* The engine's own */
        bool want_yields;
        bool came_back; /* to want more than the share, with the quota that was kept */
        Reason reason : 8;

        /* In */
        uint64_t usage_usec;   /* counter */
        uint64_t nr_throttled; /* counter */
        uint64_t weight;       /* 1 - 10000 */
        uint64_t cap;          /* standing cap of CPUQuota=; LIMIT_UNSET */
        uint64_t quota;        /* the fair-share quota in force; LIMIT_UNSET */

        /* Out */
        uint64_t use;   /* over the last window */
        uint64_t share; /* what the policy allows at the moment; LIMIT_UNSET: anything */

        /* The engine's own */
        Tracker tracker;
        uint64_t demand;        /* as claimed at the last tick */
        uint64_t demand_lately; /* the most that there was to claim since demand_since */
        usec_t demand_since;    /* the claim has stood */
        uint64_t want;
        usec_t yields_since;
        usec_t full_weight_until; /* it could not use its quota with less; 0: it never had to */
        Debt debt;                /* of the quota in force */
        usec_t below_since;       /* when the level was last seen to be above what is wanted; 0: never */
        usec_t keep_until;        /* who comes and goes keeps it until then */
} EngineSlice;

/* An empty slice: no cap, no quota, the default weight. */
#define ENGINE_SLICE_INIT                     \
        ((EngineSlice){                       \
                .weight = CPU_WEIGHT_DEFAULT, \
                .cap = LIMIT_UNSET,           \
                .quota = LIMIT_UNSET,         \
                .share = LIMIT_UNSET,         \
                .want = LIMIT_UNSET,          \
        })

/* Who is held back by a fair share has at most that, however much weight there is behind it; and gets it all
 * the same with less weight, only later. So the weight of those is lowered, and whoever asks for less than
 * their share comes first, as an interactive user has to. Who does not get the quota used with less weight
 * (a single process needs its CPU nearly all the time for that) has all of it back. */
#define ENGINE_YIELD_DIVISOR 3U

static inline uint64_t engine_yielding_weight(uint64_t weight) {
        return MAX(weight / ENGINE_YIELD_DIVISOR, CPU_WEIGHT_MIN);
}

typedef struct Engine Engine;

/* Returns NULL if there is no memory. */
Engine *engine_new(void);
Engine *engine_free(Engine *engine);
DEFINE_CLEANUP(Engine *, engine_free)

/* Rates are taken over this: IntervalSec=, at least half a second and at most one. */
usec_t engine_window(const EngineConfig *config);

/* What a slice does just now is seen over this: a look, and at least two and a half of the kernel's periods.
 */
usec_t engine_look(const EngineConfig *config);

/* The shortest time in which a quota that is hit is sure to be seen: half of a look, and at least a period
 * and a quarter. */
usec_t engine_short_look(const EngineConfig *config);

/* When the host is to be glanced at again: four times a window, eight times in the window after it has
 * become busy, and each short look while there is contention, so that neither its begin nor a change in it
 * goes unseen for long. */
usec_t engine_glance_interval(const Engine *engine, const EngineConfig *config);

/* The budget before use outside of the slices is taken off: CPUs × CPUThreshold=. */
uint64_t engine_whole_budget(const EngineConfig *config, const EngineHost *host);

/* The cheap look at the host alone, before each tick. Returns whether a look at every slice, and a tick, are
 * needed now: never while the host has room to spare and no fair-share quota stands. */
bool engine_glance(Engine *engine, const EngineConfig *config, usec_t now, const EngineHost *host);

/* Works the shares out from a fresh look at all slices. *plan is overwritten (its memory is used again).
 *
 * Of the quotas in the plan and those that it leaves:
 * - their sum, with the claims of those who have none or keep one that holds them back from nothing, is at
 *   most plan->budget;
 * - nobody is capped below B × weight / Σ weights of the active, in whole QUOTA_STEPs, where B is the budget
 *   less what the inactive claim. Who is too light for one QUOTA_STEP has one all the same, and the others
 *   share what is left. A quota in force stays up to a fiftieth below its share, or one QUOTA_STEP if that
 *   is no more than a twentieth: such small changes are not made, nor may they make the sum too large;
 * - when all changes are made, the same input gives an empty plan.
 * Until the rate limit allows quotas to be lowered again, the old ones may stand beyond that for up to
 * config->interval, and for up to three seconds if they are less than a tenth too high; and each until it
 * has cost as much as a call is worth (debt.h). Who comes back to a kept quota that is more than a tenth too
 * low does not wait for the rate limit, though the sum is too large meanwhile.
 *
 * Returns 0, or -ENOMEM; then the plan is empty. */
int engine_tick(Engine *engine, const EngineConfig *config, usec_t now, const EngineHost *host,
                EngineSlice *const *slices, size_t n, Plan *plan);
