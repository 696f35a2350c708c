/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "engine/policy.h"

/* What a slice that is not held back is taken to want above its recent peak. A capped one gets more of it,
 * so that a slice whose use lies just at the level does not lose and win its quota in turns. Who does
 * nothing wants nothing: hundreds of idle sessions would add up. */
#define MARGIN_FREE(peak)   ((peak) / 32 + MIN((peak) / 4, UINT64_C(2000)))
#define MARGIN_CAPPED(peak) ((peak) / 12 + MIN((peak) / 4, UINT64_C(5000)))

/* A claim that fell by less than this stands for a while, or each small wave would move everybody's level.
 * More than what a slice claims less when its quota is lifted. What was not claimed once in all that while
 * is not held ready any longer: of many claims it would be a good part of the budget. */
#define DEMAND_SLACK(demand) ((demand) / 16 + MIN((demand) / 4, UINT64_C(5000)))
#define DEMAND_HOLD_USEC     (5 * USEC_PER_SEC)

/* How long it is remembered that somebody could not use their quota with less weight. */
#define FULL_WEIGHT_USEC (30 * USEC_PER_SEC)

/* One who yields, when many begin at once on one CPU, is left about so small a part of the quota. */
#define PUSHED_ASIDE_MOST 16

/* Who uses more than this part of the budget for half a window has begun to want more. */
#define MUCH_OF_BUDGET 4

/* Who comes to less than the level keeps the quota for a while: it keeps them from nothing, and if they come
 * back it is there, where a newcomer has all that their weight gives until the next plan. Who wants more
 * again within RETURN_USEC comes and goes, and keeps it longer after each time: two calls are saved then. */
#define KEEP_USEC        (5 * USEC_PER_SEC)
#define RETURN_USEC      (20 * USEC_PER_SEC)
#define KEEP_LONGER_USEC (40 * USEC_PER_SEC)

static void no_quota(EngineSlice *slice, Reason reason) {
        slice->want = LIMIT_UNSET;
        slice->want_yields = false;
        slice->share = LIMIT_UNSET;
        slice->reason = reason;
}

/* Where nobody need claim anything, or not so. What was claimed says nothing when claims count again. */
static void forget_claim(EngineSlice *slice) {
        slice->demand = slice->demand_lately = 0;
}

static void no_quotas(EngineSlice *const *slices, size_t n, Reason reason) {
        for (size_t i = 0; i < n; i++) {
                forget_claim(slices[i]);
                no_quota(slices[i], reason);
        }
}

/* A process that waits for its CPU now and then does not hit the quota in each window, and what it does not
 * get meanwhile is no lack of demand. So who hit the quota a moment ago and still uses most of it claims
 * most of it: all of it would leave unused what it cannot get, and what it uses would be given to those it
 * waits for. */
static uint64_t claim_of_who_waits(const EngineSlice *slice, usec_t window) {
        if (!tracker_throttled(&slice->tracker, window) ||
            tracker_use(&slice->tracker, window / 2) < slice->quota / 4 * 3)
                return 0;
        return slice->quota - slice->quota / 32;
}

/* Of who has just begun a window says too little. A part of the budget like this is no burst of somebody
 * who wants little. */
static uint64_t peak_of_who_begins(const EngineSlice *slice, const Round *round, usec_t window) {
        uint64_t use = tracker_use(&slice->tracker, window / 2);

        return use > round->budget / MUCH_OF_BUDGET ? use : 0;
}

/* Use that hit a quota hides the demand: nothing is known but that there is more of it. */
static uint64_t demand_without_quota(const EngineSlice *slice, const Round *round) {
        usec_t window = engine_window(round->config);
        uint64_t peak = MAX(tracker_peak(&slice->tracker, window / 2), peak_of_who_begins(slice, round, window));

        return slice->throttled ? DEMAND_UNBOUNDED : peak + MARGIN_FREE(peak);
}

/* Who asks for less than the share, and for as much as before the others took more. */
static bool claims_as_before(const EngineSlice *slice, uint64_t claim) {
        uint64_t change = claim > slice->demand ? claim - slice->demand : slice->demand - claim;

        return slice->reason == REASON_BELOW_LEVEL && change <= DEMAND_SLACK(slice->demand);
}

/* While the others take more than there is, who has less weight than they gets less, and perhaps all at
 * once. That says nothing about what would be used when they are held back too; only who uses next to
 * nothing has stopped. That a new quota lets all take more for a moment is no reason to move quotas. */
static bool is_pushed_aside(const EngineSlice *slice, const Round *round, uint64_t use, uint64_t claim) {
        return round->exceeded && !round->config->pretend && slice->yields &&
               use >= slice->quota / PUSHED_ASIDE_MOST && !claims_as_before(slice, claim);
}

/* Who has used less than half as much in the last short look has stopped. The quota is a bound for whatever
 * comes, so nothing need be held ready, and others are lent it at once. */
static uint64_t demand_under_quota(const EngineSlice *slice, const Round *round) {
        usec_t window = engine_window(round->config), look = engine_short_look(round->config);
        uint64_t use = tracker_use(&slice->tracker, look);
        uint64_t peak = tracker_peak(&slice->tracker, window / 2);
        uint64_t claim = peak + MARGIN_CAPPED(peak);

        if (is_pushed_aside(slice, round, use, claim))
                return DEMAND_UNBOUNDED;
        if (use < peak / 2 && !tracker_throttled(&slice->tracker, look))
                return use + MARGIN_CAPPED(use);
        if (slice->throttled)
                return DEMAND_UNBOUNDED;
        return MAX(claim, claim_of_who_waits(slice, window));
}

static uint64_t fresh_demand(const EngineSlice *slice, const Round *round) {
        return slice->quota == LIMIT_UNSET ? demand_without_quota(slice, round)
                                           : demand_under_quota(slice, round);
}

static void set_demand(EngineSlice *slice, usec_t now, uint64_t demand) {
        slice->demand = demand;
        slice->demand_since = now;
        slice->demand_lately = 0;
}

static void update_demand(EngineSlice *slice, const Round *round) {
        uint64_t fresh = fresh_demand(slice, round);

        slice->demand_lately = MAX(slice->demand_lately, fresh);
        if (slice->demand == DEMAND_UNBOUNDED || fresh > slice->demand ||
            fresh + DEMAND_SLACK(slice->demand) < slice->demand)
                set_demand(slice, round->now, fresh);
        else if (round->now - slice->demand_since >= DEMAND_HOLD_USEC)
                set_demand(slice, round->now, slice->demand_lately);
}

/* For a window and one look more, with less weight. */
static bool has_tried(const EngineSlice *slice, const Round *round, usec_t window) {
        return round->now - slice->yields_since > window + window / 4;
}

/* One process may hit the quota in some periods and not get it used in others, which is lost. So who still
 * hits it lacks weight if they come to less all the time. */
static bool lacks_weight(const EngineSlice *slice, usec_t window) {
        if (tracker_throttled(&slice->tracker, window))
                return tracker_peak(&slice->tracker, window) < slice->share - slice->share / 16;
        return slice->use < slice->share - slice->share / 32;
}

/* Who has had a window and one look more to get the share used with less weight, and has not. Who has it and
 * does not hit the quota has one that is higher for a moment, and company: more weight would be at their
 * cost. */
static bool falls_short(const EngineSlice *slice, const Round *round, usec_t window) {
        return !round->config->pretend && has_tried(slice, round, window) && lacks_weight(slice, window);
}

/* Whether the weight of a slice that is above its share is lowered. Who falls short has all of it for as
 * long as it is held back, and does not lose it in a short pause either. That all take more than there is
 * says nothing of who has just come back: those who were lent it may have it for a whole interval yet. */
static bool yields(EngineSlice *slice, const Round *round, usec_t window) {
        bool keeps = slice->quota != LIMIT_UNSET && slice->full_weight_until > 0;

        if (!slice->yields || (round->exceeded && !slice->came_back))
                slice->yields_since = round->now;
        if (slice->yields ? falls_short(slice, round, window) : keeps)
                slice->full_weight_until = round->now + FULL_WEIGHT_USEC;
        return round->now >= slice->full_weight_until;
}

/* The claims stand, so that it is not for want of a quota that the next round finds less of a crowd. */
static void max_min_crowded(EngineSlice *const *slices, size_t n) {
        for (size_t i = 0; i < n; i++)
                no_quota(slices[i], REASON_CROWDED);
}

/* A pause between two bursts: what stands will be wanted again in a moment, and is lifted from those alone
 * whom it keeps from what they claim. */
static void max_min_pause(EngineSlice *const *slices, const Claim *claims, size_t n) {
        for (size_t i = 0; i < n; i++) {
                if (claims[i].demand > slices[i]->quota)
                        no_quota(slices[i], REASON_BELOW_LEVEL);
                else {
                        slices[i]->share = LIMIT_UNSET;
                        slices[i]->want = slices[i]->quota;
                        slices[i]->want_yields = slices[i]->yields;
                }
        }
}

static void above_level(EngineSlice *slice, uint64_t share, const Round *round) {
        bool returns = slice->below_since > 0 && round->now - slice->below_since < RETURN_USEC;

        /* Who did not try, or not with so much, has not fallen short. */
        if (slice->reason != REASON_ABOVE_LEVEL || share - share / 32 > slice->quota)
                slice->yields_since = round->now;
        slice->came_back |= slice->reason == REASON_BELOW_LEVEL && slice->quota != LIMIT_UNSET;
        slice->want = share;
        slice->want_yields = yields(slice, round, engine_window(round->config));
        slice->reason = REASON_ABOVE_LEVEL;
        if (returns || round->now < slice->keep_until)
                slice->keep_until = round->now + KEEP_LONGER_USEC;
}

static bool keeps_quota(const EngineSlice *slice, usec_t now) {
        return slice->demand <= slice->quota &&
               (now < slice->keep_until || now - slice->below_since < KEEP_USEC);
}

/* Who comes to less than the share while they go on has it for want of weight, perhaps: they have all of it
 * from now on. Whoever has stopped needs none, and that is a call saved. */
static void falls_below(EngineSlice *slice, const Round *round) {
        uint64_t use = tracker_use(&slice->tracker, engine_short_look(round->config));

        slice->below_since = round->now;
        if (slice->yields && use >= slice->quota / 2)
                slice->full_weight_until = round->now + FULL_WEIGHT_USEC;
}

/* Who goes on below the share with less weight has it all back after a window and one look more: it may be
 * for want of it that they do not come to more, and whoever asks for less than the share comes first. Less
 * than what a third of the weight gives to anybody is not for want of it. */
static void goes_on_below(EngineSlice *slice, const Round *round) {
        if (!slice->yields || slice->use < slice->quota / (ENGINE_YIELD_DIVISOR + 1))
                slice->yields_since = round->now;
        else if (has_tried(slice, round, engine_window(round->config)))
                slice->full_weight_until = round->now + FULL_WEIGHT_USEC;
}

static void below_level(EngineSlice *slice, const Round *round) {
        if (slice->reason != REASON_BELOW_LEVEL)
                slice->yields_since = round->now;
        if (slice->reason == REASON_ABOVE_LEVEL && slice->quota != LIMIT_UNSET)
                falls_below(slice, round);
        goes_on_below(slice, round);
        slice->want = keeps_quota(slice, round->now) ? slice->quota : LIMIT_UNSET;
        slice->want_yields =
                slice->want != LIMIT_UNSET && slice->yields && round->now >= slice->full_weight_until;
        slice->came_back = false;
        slice->reason = REASON_BELOW_LEVEL;
}

/* Setting or lifting the quotas of a crowd is so many calls that PID 1 takes up to half of the budget for them:
 * whoever fitted just so before does not meanwhile, and again and again. So who leaves a crowd has to fit less
 * than that. */
#define CROWD_PARTS 3

static int fill(const Round *round, size_t n, WaterLevel *ret) {
        if (round->crowded && water_fill(round->claims, n, round->budget / CROWD_PARTS, ret) < 0)
                return -ENOSPC;
        return water_fill(round->claims, n, round->budget, ret);
}

static void max_min(Round *round, EngineSlice *const *slices, size_t n) {
        WaterLevel level;

        if (!round->contended) {
                round->crowded = false;
                return no_quotas(slices, n, REASON_ROOM);
        }

        for (size_t i = 0; i < n; i++) {
                update_demand(slices[i], round);
                round->claims[i] = (Claim){
                        .demand = MIN(slices[i]->demand, slices[i]->cap),
                        .weight = slices[i]->weight,
                };
        }
        round->crowded = fill(round, n, &level) < 0;
        if (round->crowded)
                return max_min_crowded(slices, n);
        if (level == WATER_LEVEL_UNBOUNDED && round->dwelling)
                return max_min_pause(slices, round->claims, n);

        for (size_t i = 0; i < n; i++) {
                uint64_t share = water_share(level, slices[i]->weight);
                bool above = round->claims[i].demand > share;

                slices[i]->share = share;
                if (above)
                        above_level(slices[i], share, round);
                else
                        below_level(slices[i], round);
        }
        round->level = water_share(level, CPU_WEIGHT_DEFAULT);
}

/* CGroup_Py's int(T · (C − R) · 100000) / A µs in each 100 ms, in whole QUOTA_STEPs a second. */
static void equal(Round *round, EngineSlice *const *slices, size_t n) {
        uint64_t share = round->budget / MAX(round->active, (size_t) 1);

        share -= share % QUOTA_STEP;
        for (size_t i = 0; i < n; i++) {
                forget_claim(slices[i]);
                if (!slices[i]->active || share == 0) {
                        no_quota(slices[i], share == 0 ? REASON_CROWDED : REASON_INACTIVE);
                        continue;
                }
                slices[i]->share = slices[i]->want = share;
                slices[i]->want_yields = false;
                slices[i]->reason = REASON_EQUAL_SHARE;
        }
}

static void weight(Round *round _unused_, EngineSlice *const *slices, size_t n) {
        no_quotas(slices, n, REASON_WEIGHTS);
}

Policy policy_for(SharePolicy policy) {
        static const Policy functions[_SHARE_POLICY_COUNT] = {
                [SHARE_MAX_MIN] = max_min,
                [SHARE_EQUAL] = equal,
                [SHARE_WEIGHT] = weight,
        };

        return functions[policy];
}

bool policy_needs_contention(SharePolicy policy) {
        return policy != SHARE_EQUAL;
}

bool policy_counts_outside(SharePolicy policy) {
        return policy != SHARE_EQUAL;
}
