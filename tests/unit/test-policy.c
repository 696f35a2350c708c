/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "engine/policy.h"

#define WINDOW USEC_PER_SEC
#define START  (100 * USEC_PER_SEC)
#define SLICES 4

#define FULL_WEIGHT (30 * USEC_PER_SEC) /* as in policy.c */

static const EngineConfig config = { .interval = WINDOW };

typedef struct Fixture {
        EngineSlice slice[SLICES];
        EngineSlice *slices[SLICES];
        Claim claims[SLICES];
        Round round;
} Fixture;

static void fixture_init(Fixture *f, bool contended, uint64_t budget) {
        for (size_t i = 0; i < SLICES; i++) {
                f->slice[i] = ENGINE_SLICE_INIT;
                f->slices[i] = &f->slice[i];
        }
        f->round = (Round){
                .config = &config,
                .contended = contended,
                .budget = budget,
                .claims = f->claims,
                .level = LIMIT_UNSET,
        };
}

/* Lets the slice's tracker have seen `rate` over a window. */
static void uses(EngineSlice *slice, uint64_t rate) {
        slice->tracker = (Tracker){};
        tracker_observe(&slice->tracker, START, WINDOW, 0, 0, NULL);
        tracker_observe(&slice->tracker, START + WINDOW, WINDOW, rate, 0, NULL);
        slice->use = rate;
}

static void apply(Fixture *f, SharePolicy policy) {
        policy_for(policy)(&f->round, f->slices, SLICES);
}

static void assert_has(const EngineSlice *slice, uint64_t want, Reason reason) {
        assert_int_equal(slice->want, want);
        assert_int_equal(slice->reason, reason);
}

static void test_room_means_no_quota(void **state _unused_) {
        Fixture f;

        fixture_init(&f, false, 1800000);
        f.slice[0].quota = 900000;
        uses(&f.slice[0], 900000);
        apply(&f, SHARE_MAX_MIN);
        for (size_t i = 0; i < SLICES; i++) {
                assert_has(&f.slice[i], LIMIT_UNSET, REASON_ROOM);
                assert_true(f.slice[i].share == LIMIT_UNSET);
        }
        assert_true(f.round.level == LIMIT_UNSET);
}

/* Two who take all they get, one who is content with little, one who does nothing. */
static void test_contention_caps_who_is_above_the_level(void **state _unused_) {
        Fixture f;

        fixture_init(&f, true, 1800000);
        uses(&f.slice[0], 1000000);
        uses(&f.slice[1], 900000);
        uses(&f.slice[2], 100000);
        apply(&f, SHARE_MAX_MIN);

        assert_in_range(f.slice[2].demand, 100001, 106000);
        assert_has(&f.slice[0], 840000, REASON_ABOVE_LEVEL);
        assert_has(&f.slice[1], 840000, REASON_ABOVE_LEVEL);
        assert_has(&f.slice[2], LIMIT_UNSET, REASON_BELOW_LEVEL);
        assert_has(&f.slice[3], LIMIT_UNSET, REASON_BELOW_LEVEL);
        assert_int_equal(f.slice[2].share, 840000);
        assert_int_equal(f.round.level, 840000);
}

static void test_weight_and_cap_count(void **state _unused_) {
        Fixture f;

        fixture_init(&f, true, 1800000);
        for (size_t i = 0; i < 3; i++)
                uses(&f.slice[i], 1000000);
        f.slice[0].weight = 200;
        f.slice[2].cap = 300000;
        apply(&f, SHARE_MAX_MIN);

        assert_has(&f.slice[0], 1000000, REASON_ABOVE_LEVEL);
        assert_has(&f.slice[1], 500000, REASON_ABOVE_LEVEL);
        assert_has(&f.slice[2], LIMIT_UNSET, REASON_BELOW_LEVEL);
}

/* A quota is for those who would take more than it. */
static void test_a_claim_of_just_the_share_is_left_alone(void **state _unused_) {
        Fixture f;

        fixture_init(&f, true, 1800000);
        for (size_t i = 0; i < 3; i++)
                uses(&f.slice[i], 1000000);
        f.slice[2].cap = 600000;
        apply(&f, SHARE_MAX_MIN);
        assert_int_equal(f.slice[2].share, 600000);
        assert_has(&f.slice[1], 600000, REASON_ABOVE_LEVEL);
        assert_has(&f.slice[2], LIMIT_UNSET, REASON_BELOW_LEVEL);
}

/* The quota is hit all the time. */
static void hits(EngineSlice *slice, uint64_t quota) {
        slice->quota = quota;
        slice->tracker = (Tracker){};
        for (unsigned i = 0; i <= 4; i++)
                tracker_observe(&slice->tracker, START + i * WINDOW / 4, WINDOW, i * quota / 4, i, NULL);
        slice->use = quota;
        slice->throttled = true;
}

/* Who has hit the quota until a look ago, and now uses so much. */
static void goes_on_with(EngineSlice *slice, uint64_t quota, uint64_t rate) {
        hits(slice, quota);
        tracker_observe(&slice->tracker, START + 5 * WINDOW / 4, WINDOW, quota + rate / 4, 4, NULL);
}

/* What is left is lent at once, but not when somebody has just waited for a CPU. */
static void test_who_stops_claims_what_is_left(void **state _unused_) {
        static const struct {
                uint64_t rate, claim_at_most;
        } cases[] = { { 0, 0 }, { 100000, 120000 }, { 600000, DEMAND_UNBOUNDED } };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Fixture f;

                fixture_init(&f, true, 1800000);
                goes_on_with(&f.slice[0], 900000, cases[i].rate);
                uses(&f.slice[1], 1800000);
                apply(&f, SHARE_MAX_MIN);
                assert_in_range(f.slice[0].demand, cases[i].rate, cases[i].claim_at_most);
                assert_int_equal(f.slice[0].reason,
                                 cases[i].claim_at_most < 900000 ? REASON_BELOW_LEVEL : REASON_ABOVE_LEVEL);
        }
}

/* Use that a quota holds down says nothing about the demand. */
static void test_throttled_wants_all(void **state _unused_) {
        Fixture f;

        fixture_init(&f, true, 1800000);
        hits(&f.slice[0], 100000);
        uses(&f.slice[1], 1700000);
        apply(&f, SHARE_MAX_MIN);

        assert_true(f.slice[0].demand == DEMAND_UNBOUNDED);
        assert_has(&f.slice[0], 900000, REASON_ABOVE_LEVEL);
        assert_has(&f.slice[1], 900000, REASON_ABOVE_LEVEL);
}

/* The quota was hit in the first half of a window, and not since, with this use. */
static void hit_half_a_window_ago(EngineSlice *slice, uint64_t quota, uint64_t rate) {
        slice->quota = quota;
        slice->tracker = (Tracker){};
        tracker_observe(&slice->tracker, START, WINDOW, 0, 0, NULL);
        for (unsigned i = 1; i <= 4; i++)
                tracker_observe(&slice->tracker, START + i * WINDOW / 4, WINDOW, i * rate / 4, 1, NULL);
        slice->use = rate;
}

/* One process that waits for its CPU while others are on it. */
static void test_who_was_throttled_and_still_uses_most_claims_most(void **state _unused_) {
        const uint64_t most = 900000 - 900000 / 32;
        static const struct {
                uint64_t use;
                bool keeps;
        } looks[] = { { 750000, true }, { 680000, true }, { 670000, false }, { 100000, false } };

        for (size_t i = 0; i < ELEMENTSOF(looks); i++) {
                Fixture f;

                fixture_init(&f, true, 1800000);
                uses(&f.slice[0], 1000000);
                hit_half_a_window_ago(&f.slice[1], 900000, looks[i].use);
                apply(&f, SHARE_MAX_MIN);
                assert_int_equal(f.slice[1].demand == most, looks[i].keeps);
                assert_int_equal(f.slice[1].demand < most, !looks[i].keeps);
                /* Multiples of 10 ms. */
                assert_int_equal(f.slice[0].want / 10000 == (1800000 - most) / 10000, looks[i].keeps);
        }
}

static void test_claims_rise_at_once_and_fall_by_more_than_a_little(void **state _unused_) {
        static const struct {
                uint64_t use;
                bool moves;
        } looks[] = { { 400000, true }, { 390000, false }, { 381000, false },
                      { 401000, true }, { 300000, true },  { 310000, true } };
        Fixture f;

        fixture_init(&f, true, 1800000);
        for (size_t i = 0; i < ELEMENTSOF(looks); i++) {
                uint64_t before = f.slice[0].demand;

                uses(&f.slice[0], looks[i].use);
                apply(&f, SHARE_MAX_MIN);
                assert_int_equal(f.slice[0].demand != before, looks[i].moves);
                assert_in_range(f.slice[0].demand, looks[i].use, looks[i].use + 35000);
        }
}

/* Who is about to lose a quota is taken to want more than who is about to get one. */
static void test_use_at_the_level_keeps_what_it_has(void **state _unused_) {
        for (unsigned capped = 0; capped <= 1; capped++) {
                Fixture f;

                fixture_init(&f, true, 1800000);
                uses(&f.slice[0], 870000);
                f.slice[0].quota = capped ? 900000 : LIMIT_UNSET;
                uses(&f.slice[1], 1700000);
                apply(&f, SHARE_MAX_MIN);
                assert_int_equal(f.slice[0].want != LIMIT_UNSET, capped);
        }
}

static void test_crowded(void **state _unused_) {
        Fixture f;

        fixture_init(&f, true, 3 * QUOTA_STEP);
        for (size_t i = 0; i < SLICES; i++) {
                uses(&f.slice[i], 500000);
                f.slice[i].quota = QUOTA_STEP;
        }
        apply(&f, SHARE_MAX_MIN);
        for (size_t i = 0; i < SLICES; i++)
                assert_has(&f.slice[i], LIMIT_UNSET, REASON_CROWDED);
}

static void test_a_crowd_ends_with_room_to_spare(void **state _unused_) {
        Fixture f;

        fixture_init(&f, true, 2 * SLICES * QUOTA_STEP);
        for (size_t i = 0; i < SLICES; i++)
                uses(&f.slice[i], 500000);
        for (int crowded = 1; crowded >= 0; crowded--) {
                f.round.crowded = crowded;
                apply(&f, SHARE_MAX_MIN);
                assert_int_equal(f.round.crowded, crowded);
                assert_int_equal(f.slice[0].reason, crowded ? REASON_CROWDED : REASON_ABOVE_LEVEL);
        }
        f.round.crowded = true;
        f.round.budget = 3 * SLICES * QUOTA_STEP;
        apply(&f, SHARE_MAX_MIN);
        assert_false(f.round.crowded);

        f.round.crowded = true;
        f.round.contended = false;
        apply(&f, SHARE_MAX_MIN);
        assert_false(f.round.crowded);
}

/* All claims fit, and contention goes on for having come back. */
static void test_a_pause_holds_nobody_back(void **state _unused_) {
        Fixture f;

        fixture_init(&f, true, 3600000);
        f.round.dwelling = true;
        f.slice[0].cap = 2000000; /* CPUQuota= */
        f.slice[0].quota = 1200000;
        f.slice[1].quota = 1200000;
        uses(&f.slice[0], 1200000);
        f.slice[0].throttled = true;
        apply(&f, SHARE_MAX_MIN);
        assert_has(&f.slice[0], LIMIT_UNSET, REASON_BELOW_LEVEL);
        assert_int_equal(f.slice[1].want, 1200000);
}

/* A login node has hundreds of sessions that do nothing. They cost the others nothing. */
static void test_who_does_nothing_claims_nothing(void **state _unused_) {
        Fixture f;

        fixture_init(&f, true, 1800000);
        f.slice[1].quota = 900000;
        uses(&f.slice[2], 1000);
        apply(&f, SHARE_MAX_MIN);
        assert_int_equal(f.slice[0].demand, 0);
        assert_int_equal(f.slice[1].demand, 0);
        assert_in_range(f.slice[2].demand, 1000, 1500);
}

/* Also when it was long ago that claims counted, and other policies were in between. */
static void test_claims_end_with_what_they_were_for(void **state _unused_) {
        static const SharePolicy between[] = { SHARE_MAX_MIN, SHARE_EQUAL, SHARE_WEIGHT };

        for (size_t i = 0; i < ELEMENTSOF(between); i++) {
                Fixture f;

                fixture_init(&f, true, 1800000);
                f.round.now = START;
                uses(&f.slice[0], 500000);
                uses(&f.slice[1], 1800000);
                apply(&f, SHARE_MAX_MIN);
                apply(&f, SHARE_MAX_MIN);
                assert_in_range(f.slice[0].demand, 500000, 520000);
                f.round.contended = false;
                apply(&f, between[i]);
                assert_int_equal(f.slice[0].demand, 0);

                f.round.contended = true;
                f.round.now += 60 * USEC_PER_SEC;
                uses(&f.slice[0], 0);
                apply(&f, SHARE_MAX_MIN);
                assert_int_equal(f.slice[0].demand, 0);
                assert_has(&f.slice[1], 1800000, REASON_ABOVE_LEVEL);
        }
}

/* int(0.9 · 2 · 100000) / A in 100 ms, for A = 3. */
static void test_equal_is_the_same_for_all_active(void **state _unused_) {
        for (unsigned contended = 0; contended <= 1; contended++) {
                Fixture f;

                fixture_init(&f, contended, 1850000);
                f.slice[0].active = f.slice[1].active = f.slice[3].active = true;
                f.slice[1].weight = CPU_WEIGHT_MAX;
                f.round.active = 3;
                apply(&f, SHARE_EQUAL);
                assert_has(&f.slice[0], 610000, REASON_EQUAL_SHARE);
                assert_has(&f.slice[1], 610000, REASON_EQUAL_SHARE);
                assert_has(&f.slice[2], LIMIT_UNSET, REASON_INACTIVE);
                assert_has(&f.slice[3], 610000, REASON_EQUAL_SHARE);
        }
}

static void test_equal_with_nobody_or_nothing(void **state _unused_) {
        Fixture f;

        fixture_init(&f, true, 1800000);
        apply(&f, SHARE_EQUAL);
        assert_has(&f.slice[0], LIMIT_UNSET, REASON_INACTIVE);

        fixture_init(&f, true, QUOTA_STEP - 1);
        f.slice[0].active = true;
        f.round.active = 1;
        apply(&f, SHARE_EQUAL);
        assert_has(&f.slice[0], LIMIT_UNSET, REASON_CROWDED);
}

static void test_weight_never_has_a_quota(void **state _unused_) {
        Fixture f;

        fixture_init(&f, true, 1800000);
        for (size_t i = 0; i < SLICES; i++) {
                uses(&f.slice[i], 1000000);
                f.slice[i].quota = 100000;
        }
        apply(&f, SHARE_WEIGHT);
        for (size_t i = 0; i < SLICES; i++)
                assert_has(&f.slice[i], LIMIT_UNSET, REASON_WEIGHTS);
}

/* One look later at users 0 and 1, who take all they get: user 0 hits the quota, or gets a little less. */
static void look_again(Fixture *f, SharePolicy policy, bool hits) {
        f->round.now += WINDOW / 4;
        for (size_t i = 0; i < 2; i++) {
                EngineSlice *s = &f->slice[i];

                s->usage_usec += i == 1 || hits ? 220000 : 200000;
                s->nr_throttled += i == 1 || hits;
                tracker_observe(&s->tracker, f->round.now, WINDOW, s->usage_usec, s->nr_throttled, NULL);
                s->use = tracker_use(&s->tracker, WINDOW);
        }
        apply(f, policy);
        for (size_t i = 0; i < SLICES; i++) {
                f->slice[i].quota = f->slice[i].want;
                f->slice[i].yields = f->slice[i].want_yields;
        }
}

static void look_for(Fixture *f, usec_t duration, bool hits) {
        for (usec_t passed = 0; passed < duration; passed += WINDOW / 4)
                look_again(f, SHARE_MAX_MIN, hits);
}

static void yield_from_the_start(Fixture *f) {
        fixture_init(f, true, 1800000);
        f->round.now = START;
        uses(&f->slice[2], 100000);
        look_for(f, WINDOW / 2, true);
        assert_true(f->slice[0].yields);
        assert_true(f->slice[1].yields);
        assert_false(f->slice[2].yields);
}

static void test_who_is_held_back_yields(void **state _unused_) {
        Fixture f;

        yield_from_the_start(&f);
        look_for(&f, 60 * USEC_PER_SEC, true);
        assert_true(f.slice[0].yields);
        f.round.contended = false;
        look_again(&f, SHARE_MAX_MIN, false);
        assert_false(f.slice[0].yields);
        f.round.contended = true;
        look_again(&f, SHARE_MAX_MIN, true);
        assert_true(f.slice[0].yields);
        f.slice[0].active = true;
        look_again(&f, SHARE_EQUAL, true);
        assert_false(f.slice[0].yields);
}

/* One process that needs its CPU nearly all the time for its share. */
static void test_who_falls_short_has_all_weight(void **state _unused_) {
        Fixture f;

        yield_from_the_start(&f);
        look_for(&f, WINDOW, false);
        assert_true(f.slice[0].yields);
        look_for(&f, WINDOW / 2, false);
        assert_false(f.slice[0].yields);
        assert_true(f.slice[1].yields);
        /* Also when it has hit the quota since. */
        look_for(&f, 60 * USEC_PER_SEC, true);
        assert_false(f.slice[0].yields);

        f.round.contended = false;
        look_for(&f, FULL_WEIGHT - WINDOW, false);
        f.round.contended = true;
        look_again(&f, SHARE_MAX_MIN, true);
        assert_false(f.slice[0].yields);

        f.round.contended = false;
        look_for(&f, FULL_WEIGHT + WINDOW, false);
        f.round.contended = true;
        look_again(&f, SHARE_MAX_MIN, true);
        assert_true(f.slice[0].yields);
}

/* One process may hit the quota in some periods and not get it used in others. */
static void test_who_falls_short_may_hit_the_quota(void **state _unused_) {
        static const struct {
                uint64_t lack; /* of the share, per cent */
                bool yields;
        } cases[] = { { 0, true }, { 4, true }, { 12, false } };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Fixture f;

                yield_from_the_start(&f);
                for (usec_t passed = 0; passed < 3 * WINDOW; passed += WINDOW / 4) {
                        f.slice[0].usage_usec -= f.slice[0].share / 400 * cases[i].lack;
                        look_again(&f, SHARE_MAX_MIN, true);
                }
                assert_int_equal(f.slice[0].yields, cases[i].yields);
                assert_true(f.slice[1].yields);
        }
}

/* With less weight not even enough for a claim of the share. What is kept is a quota, not the lack of
 * weight. */
static void test_who_gets_less_than_the_share_has_all_weight(void **state _unused_) {
        Fixture f;

        yield_from_the_start(&f);
        uses(&f.slice[0], 600000);
        apply(&f, SHARE_MAX_MIN);
        assert_has(&f.slice[0], f.slice[0].quota, REASON_BELOW_LEVEL);
        assert_false(f.slice[0].want_yields);
        assert_true(f.slice[0].full_weight_until > f.round.now);

        yield_from_the_start(&f);
        uses(&f.slice[0], 100000);
        apply(&f, SHARE_MAX_MIN);
        assert_has(&f.slice[0], f.slice[0].quota, REASON_BELOW_LEVEL);
        assert_true(f.slice[0].want_yields);
        assert_int_equal(f.slice[0].full_weight_until, 0);
}

/* What they use on the way up is not all that less weight lets them have. */
static void test_who_comes_back_still_yields(void **state _unused_) {
        Fixture f;

        yield_from_the_start(&f);
        uses(&f.slice[0], 100000);
        apply(&f, SHARE_MAX_MIN);
        uses(&f.slice[0], 600000);
        apply(&f, SHARE_MAX_MIN);
        assert_has(&f.slice[0], f.slice[0].quota, REASON_BELOW_LEVEL);
        assert_true(f.slice[0].want_yields);
        assert_int_equal(f.slice[0].full_weight_until, 0);
}

/* But what they go on with may be: whoever asks for less than the share comes first. */
static void test_who_goes_on_below_the_share_has_all_weight(void **state _unused_) {
        static const struct {
                uint64_t rate;
                bool yields;
        } cases[] = { { 200000, true }, { 600000, false } };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                EngineSlice *slice;
                Fixture f;

                yield_from_the_start(&f);
                slice = &f.slice[0];
                uses(slice, 100000);
                apply(&f, SHARE_MAX_MIN);
                slice->keep_until = f.round.now + 60 * USEC_PER_SEC;
                uses(slice, cases[i].rate);
                for (usec_t passed = 0; passed <= 2 * WINDOW; passed += WINDOW / 4) {
                        f.round.now += WINDOW / 4;
                        apply(&f, SHARE_MAX_MIN);
                        assert_has(slice, slice->quota, REASON_BELOW_LEVEL);
                        slice->yields = slice->want_yields;
                        assert_true(slice->yields || passed >= WINDOW);
                }
                assert_int_equal(slice->yields, cases[i].yields);
        }
}

/* The quota is higher than the share, which is used. */
static void test_who_has_the_share_does_not_fall_short(void **state _unused_) {
        Fixture f;

        yield_from_the_start(&f);
        f.round.budget = 1700000;
        look_for(&f, 10 * USEC_PER_SEC, false);
        assert_in_range(f.slice[0].share, 790000, 800000);
        assert_true(f.slice[0].yields);
}

/* Nobody hits a quota that does not stand. */
static void test_nobody_falls_short_of_what_is_pretended(void **state _unused_) {
        EngineConfig pretending = config;
        Fixture f;

        yield_from_the_start(&f);
        pretending.pretend = true;
        f.round.config = &pretending;
        look_for(&f, 10 * USEC_PER_SEC, false);
        assert_true(f.slice[0].yields);
}

/* Does next to nothing from `now` on. */
static void rests(Fixture *f, EngineSlice *slice, usec_t now) {
        slice->throttled = false;
        goes_on_with(slice, 900000, 0);
        slice->throttled = false;
        f->round.now = now;
        apply(f, SHARE_MAX_MIN);
        assert_int_equal(slice->reason, REASON_BELOW_LEVEL);
}

/* Is above the level at START, `pause` after it was last below it, and is below it from then on. Returns how
 * long the quota is kept. */
static usec_t keeps_quota_after(usec_t pause) {
        EngineSlice *slice;
        usec_t kept = 0;
        Fixture f;

        fixture_init(&f, true, 1800000);
        f.round.now = START;
        slice = &f.slice[0];
        uses(&f.slice[1], 1800000);
        slice->below_since = START - pause;
        hits(slice, 900000);
        apply(&f, SHARE_MAX_MIN);
        assert_int_equal(slice->want, 900000);
        while (slice->want == 900000) {
                kept += WINDOW;
                assert_true(kept <= 2 * 60 * USEC_PER_SEC);
                rests(&f, slice, START + kept);
        }
        return kept - WINDOW;
}

static void test_the_quota_is_kept_for_a_while(void **state _unused_) {
        assert_int_equal(keeps_quota_after(START), 5 * USEC_PER_SEC);
}

static void test_who_comes_and_goes_keeps_the_quota(void **state _unused_) {
        assert_int_equal(keeps_quota_after(USEC_PER_SEC), 39 * USEC_PER_SEC);
        assert_int_equal(keeps_quota_after(19 * USEC_PER_SEC), 39 * USEC_PER_SEC);
        assert_int_equal(keeps_quota_after(21 * USEC_PER_SEC), 5 * USEC_PER_SEC);
}

static void test_what_the_policies_need(void **state _unused_) {
        assert_true(policy_needs_contention(SHARE_MAX_MIN));
        assert_false(policy_needs_contention(SHARE_EQUAL));
        assert_true(policy_counts_outside(SHARE_MAX_MIN));
        assert_false(policy_counts_outside(SHARE_EQUAL));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_room_means_no_quota),
                cmocka_unit_test(test_contention_caps_who_is_above_the_level),
                cmocka_unit_test(test_weight_and_cap_count),
                cmocka_unit_test(test_a_claim_of_just_the_share_is_left_alone),
                cmocka_unit_test(test_throttled_wants_all),
                cmocka_unit_test(test_who_was_throttled_and_still_uses_most_claims_most),
                cmocka_unit_test(test_claims_rise_at_once_and_fall_by_more_than_a_little),
                cmocka_unit_test(test_use_at_the_level_keeps_what_it_has),
                cmocka_unit_test(test_crowded),
                cmocka_unit_test(test_a_crowd_ends_with_room_to_spare),
                cmocka_unit_test(test_a_pause_holds_nobody_back),
                cmocka_unit_test(test_who_does_nothing_claims_nothing),
                cmocka_unit_test(test_claims_end_with_what_they_were_for),
                cmocka_unit_test(test_equal_is_the_same_for_all_active),
                cmocka_unit_test(test_equal_with_nobody_or_nothing),
                cmocka_unit_test(test_weight_never_has_a_quota),
                cmocka_unit_test(test_who_is_held_back_yields),
                cmocka_unit_test(test_who_falls_short_has_all_weight),
                cmocka_unit_test(test_who_falls_short_may_hit_the_quota),
                cmocka_unit_test(test_who_gets_less_than_the_share_has_all_weight),
                cmocka_unit_test(test_who_comes_back_still_yields),
                cmocka_unit_test(test_who_goes_on_below_the_share_has_all_weight),
                cmocka_unit_test(test_who_has_the_share_does_not_fall_short),
                cmocka_unit_test(test_nobody_falls_short_of_what_is_pretended),
                cmocka_unit_test(test_who_stops_claims_what_is_left),
                cmocka_unit_test(test_the_quota_is_kept_for_a_while),
                cmocka_unit_test(test_who_comes_and_goes_keeps_the_quota),
                cmocka_unit_test(test_what_the_policies_need),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
