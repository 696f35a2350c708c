/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What one tick says about a random host, and what must be true of it. */

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "host.h"
#include "oracle.h"
#include "seed.h"

#define HOSTS 10000

typedef void (*Check)(Host *host, uint64_t seed);

/* Runs the check over all seeds; returns how many of the hosts got a fair-share quota, so that a test can
 * see that it was about something. */
static size_t for_each_host(SharePolicy policy, Check check) {
        Seeds seeds = seeds_from_environment(HOSTS);
        size_t capped = 0;

        for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; seed++) {
                Host host;

                seed_enter(seed);
                host_init(&host, seed, policy);
                check(&host, seed);
                capped += host.plan.level != LIMIT_UNSET || host.plan.count > 0;
                host_done(&host);
        }
        printf("%zu of %zu hosts got quotas\n", capped, seeds.count);
        return seeds.count < HOSTS ? HOSTS : capped;
}

static bool all_crowded(const Host *host) {
        return host->n > 0 && host->slice[0].reason == REASON_CROWDED;
}

/* Not one that was kept. */
static bool holds_back(const Host *host, size_t i) {
        const EngineSlice *s = &host->slice[i];

        return s->quota != LIMIT_UNSET &&
               (s->reason != REASON_BELOW_LEVEL || host_claim(host, i) > s->quota);
}

/* Quotas, and the claims of those who are not held back by one. */
static uint64_t sum_of_claims(const Host *host) {
        uint64_t sum = 0;

        for (size_t i = 0; i < host->n; i++)
                sum += holds_back(host, i) ? host->slice[i].quota : host_claim(host, i);
        return sum;
}

/* The plan of a host that is contended keeps the budget. */
static void check_budget(Host *host, uint64_t seed _unused_) {
        host_look_twice(host);
        host_apply_plan(host);
        if (host->plan.level == LIMIT_UNSET)
                return;
        CHECK(sum_of_claims(host) <= host->plan.budget, "%" PRIu64 " > %" PRIu64, sum_of_claims(host),
              host->plan.budget);
}

static void test_quotas_keep_the_budget(void **state _unused_) {
        assert_true(for_each_host(SHARE_MAX_MIN, check_budget) > HOSTS / 3);
}

/* … also where quotas were in force before, of which small changes are left undone. */
static void check_budget_with_old_quotas(Host *host, uint64_t seed) {
        host_set_old_quotas(host, seed);
        check_budget(host, seed);
}

static void test_quotas_keep_the_budget_whatever_was_before(void **state _unused_) {
        assert_true(for_each_host(SHARE_MAX_MIN, check_budget_with_old_quotas) > HOSTS / 3);
}

/* What is left for the active when the inactive have what they claim. */
static double left_for_active(const Host *host) {
        double left = (double) host->plan.budget;

        for (size_t i = 0; i < host->n; i++)
                if (!host->slice[i].active)
                        left -= (double) host_claim(host, i);
        return left;
}

/* The guaranteed share of a weight of one. Those too light for a whole QUOTA_STEP get one all the same, at
 * the expense of the others: they are set aside until nobody is too light. */
static double guaranteed_level(const Host *host) {
        double level = INFINITY, before;

        do {
                double left = left_for_active(host), weights = 0;

                before = level;
                for (size_t i = 0; i < host->n; i++) {
                        double weight = (double) host->slice[i].weight;

                        if (!host->slice[i].active)
                                continue;
                        if (before * weight < (double) QUOTA_STEP)
                                left -= (double) QUOTA_STEP;
                        else
                                weights += weight;
                }
                level = weights > 0 && left > 0 ? left / weights : 0;
        } while (level < before);
        return level;
}

static void check_guaranteed_share(Host *host, uint64_t seed _unused_) {
        double level;

        host_look_twice(host);
        host_apply_plan(host);
        level = guaranteed_level(host);
        for (size_t i = 0; i < host->n; i++) {
                const EngineSlice *s = &host->slice[i];
                /* A hair less, for the rounding of the double. */
                double share = floor(level * (double) s->weight * (1 - 1e-9) / (double) QUOTA_STEP) *
                               (double) QUOTA_STEP;

                CHECK((double) s->quota >= share, "slice %zu has %" PRIu64 ", is guaranteed %.0f", i,
                      s->quota, share);
        }
}

/* What a small change that was left undone may make of a quota: a fiftieth more, or a QUOTA_STEP if that is
 * no more than a twentieth. */
static uint64_t with_small_change(uint64_t quota) {
        return quota + MAX(quota / 50, MIN(QUOTA_STEP, quota / 20));
}

static void check_guaranteed_share_with_old_quotas(Host *host, uint64_t seed) {
        host_set_old_quotas(host, seed);
        host_look_twice(host);
        host_apply_plan(host);
        for (size_t i = 0; i < host->n; i++) {
                const EngineSlice *s = &host->slice[i];

                CHECK(!holds_back(host, i) || with_small_change(s->quota) >= s->share,
                      "slice %zu has %" PRIu64 " of %" PRIu64, i, s->quota, s->share);
        }
}

static void test_old_quotas_come_near_the_share(void **state _unused_) {
        assert_true(for_each_host(SHARE_MAX_MIN, check_guaranteed_share_with_old_quotas) > HOSTS / 3);
}

static void test_nobody_is_capped_below_the_guaranteed_share(void **state _unused_) {
        assert_true(for_each_host(SHARE_MAX_MIN, check_guaranteed_share) > HOSTS / 3);
}

static Claim *claims_of(const Host *host) {
        Claim *claims = calloc(host->n + 1, sizeof *claims);

        if (!claims)
                abort();
        for (size_t i = 0; i < host->n; i++)
                claims[i] = (Claim){ host_claim(host, i), host->slice[i].weight };
        return claims;
}

static void check_share_of_capped(const Host *host, double level) {
        for (size_t i = 0; i < host->n; i++) {
                const EngineSlice *s = &host->slice[i];
                double exact = level * (double) s->weight * (1 - 1e-9);

                if (s->want == LIMIT_UNSET) {
                        CHECK(host_claim(host, i) <= s->share, "slice %zu is above its share", i);
                        continue;
                }
                CHECK(s->want == s->share, "slice %zu has not its share", i);
                CHECK(host_claim(host, i) > s->want, "slice %zu is capped, asks for less", i);
                CHECK((double) s->want > exact - (double) QUOTA_STEP,
                      "slice %zu has %" PRIu64 ", %.0f by the oracle", i, s->want, exact);
        }
}

/* All have the shares of one level, and the next higher one is too high. */
static void check_max_min(Host *host, uint64_t seed _unused_) {
        _cleanup_free_ Claim *claims = NULL;
        _cleanup_free_ uint64_t *shares = NULL, *weights = NULL;
        double level;

        host_look_twice(host);
        if (!host->plan.contended)
                return;
        if (all_crowded(host))
                return;
        claims = claims_of(host);
        level = oracle_level(claims, host->n, host->plan.budget);
        CHECK(level >= 0, "the budget has no %" PRIu64 " for each", QUOTA_STEP);
        CHECK(isinf(level) == (host->plan.level == LIMIT_UNSET), "level %g", level);
        if (isinf(level))
                return;

        shares = calloc(host->n, sizeof *shares);
        weights = calloc(host->n, sizeof *weights);
        assert_true(shares && weights);
        for (size_t i = 0; i < host->n; i++) {
                shares[i] = host->slice[i].share;
                weights[i] = host->slice[i].weight;
        }
        check_share_of_capped(host, level);
        CHECK(oracle_one_level(shares, weights, host->n), "the shares are of different levels");
        CHECK(oracle_take_at_next_level(claims, shares, host->n) > host->plan.budget,
              "everybody could have more");
}

static void test_shares_are_max_min_fair(void **state _unused_) {
        assert_true(for_each_host(SHARE_MAX_MIN, check_max_min) > HOSTS / 3);
}

/* Nobody has a quota where there is less than the least for each, and only there. */
static void check_crowded(Host *host, uint64_t seed _unused_) {
        uint64_t least = 0;

        host_look_twice(host);
        host_apply_plan(host);
        if (!host->plan.contended)
                return;
        for (size_t i = 0; i < host->n; i++) {
                const EngineSlice *s = &host->slice[i];
                uint64_t demand = s->throttled ? s->cap : MIN(s->use, s->cap);

                least += MIN(demand, QUOTA_STEP);
                CHECK(!all_crowded(host) || s->quota == LIMIT_UNSET, "slice %zu has a quota", i);
        }
        CHECK(least <= host->plan.budget || all_crowded(host), "quotas on a crowded host");
}

static void test_a_crowded_host_has_no_quotas(void **state _unused_) {
        for_each_host(SHARE_MAX_MIN, check_crowded);
}

static int by_weight(const void *a, const void *b) {
        const EngineSlice *x = a, *y = b;

        return (x->weight > y->weight) - (x->weight < y->weight);
}

static void check_order(Host *host, uint64_t seed _unused_) {
        const EngineSlice *lighter = NULL;

        host_look_twice(host);
        qsort(host->slice, host->n, sizeof *host->slice, by_weight);
        for (size_t i = 0; i < host->n; i++) {
                const EngineSlice *s = &host->slice[i];

                if (s->want == LIMIT_UNSET)
                        continue;
                if (lighter) {
                        CHECK(s->want >= lighter->want, "weight %" PRIu64 " has less than %" PRIu64,
                              s->weight, lighter->weight);
                        CHECK(s->weight > lighter->weight || s->want == lighter->want,
                              "weight %" PRIu64 " has two shares", s->weight);
                }
                lighter = s;
        }
}

static void test_order_follows_weight(void **state _unused_) {
        assert_true(for_each_host(SHARE_MAX_MIN, check_order) > HOSTS / 3);
}

static bool same_plan(const Plan *a, const Plan *b) {
        bool same = a->count == b->count && a->contended == b->contended && a->budget == b->budget &&
                    a->outside == b->outside && a->use == b->use && a->level == b->level &&
                    a->active == b->active;

        for (size_t i = 0; same && i < a->count; i++)
                same = a->change[i].slice == b->change[i].slice && a->change[i].from == b->change[i].from &&
                       a->change[i].to == b->change[i].to && a->change[i].reason == b->change[i].reason;
        return same;
}

static void check_same_plan(Host *host, uint64_t seed) {
        Host again;

        host_init(&again, seed, host->config.policy);
        host_set_old_quotas(host, seed);
        host_set_old_quotas(&again, seed);
        host_look_twice(host);
        host_look_twice(&again);
        CHECK(same_plan(&host->plan, &again.plan), "two plans for one host");
        host_done(&again);
}

static void test_same_input_same_plan(void **state _unused_) {
        for_each_host(SHARE_MAX_MIN, check_same_plan);
}

static void check_nothing_left(Host *host, uint64_t seed) {
        if (seed % 2)
                host_set_old_quotas(host, seed);
        host_look_twice(host);
        host_apply_plan(host);
        host_tick_after(host, 0);
        CHECK(host->plan.count == 0, "%zu changes are left, the first of slice %zu: %" PRIu64 " to %" PRIu64,
              host->plan.count, host->plan.change[0].slice, host->plan.change[0].from,
              host->plan.change[0].to);
}

static void test_a_plan_leaves_nothing_to_change(void **state _unused_) {
        for (SharePolicy policy = 0; policy < _SHARE_POLICY_COUNT; policy++)
                for_each_host(policy, check_nothing_left);
}

/* A plan names each slice once, in order, with what it has and what it is to have. */
static void check_changes(Host *host, uint64_t seed) {
        host_set_old_quotas(host, seed);
        host_look_twice(host);
        for (size_t i = 0; i < host->plan.count; i++) {
                const Change *c = &host->plan.change[i];

                CHECK(c->slice < host->n && (i == 0 || c->slice > c[-1].slice), "change %zu", i);
                CHECK(c->from == host->slice[c->slice].quota, "change %zu", i);
                CHECK(c->to != c->from || c->yields != host->slice[c->slice].yields, "change %zu", i);
                CHECK(!c->yields || c->to != LIMIT_UNSET, "change %zu", i);
                CHECK(c->to == LIMIT_UNSET || c->to == c->from || (c->to > 0 && c->to % QUOTA_STEP == 0),
                      "to %" PRIu64, c->to);
                CHECK(c->reason > REASON_NONE && c->reason < _REASON_COUNT, "reason %d", (int) c->reason);
        }
}

static void test_changes_are_well_formed(void **state _unused_) {
        for (SharePolicy policy = 0; policy < _SHARE_POLICY_COUNT; policy++)
                for_each_host(policy, check_changes);
}

/* CGroup_Py's quota, int(T · (C − R) · 100000) / A in a period of 100 ms, made whole QUOTA_STEPs a second.
 */
static uint64_t classic_quota(const Host *host) {
        uint64_t in_a_period = host->look.capacity / 10 * host->config.threshold_permyriad / 10000;
        uint64_t threshold = host->look.capacity / 10000 * host->config.activity_permyriad;
        size_t active = 0;

        for (size_t i = 0; i < host->n; i++)
                /* Just at the threshold either is right. */
                if (host->rate[i] + TRACKER_RATE_UNIT >= threshold &&
                    host->rate[i] <= threshold + TRACKER_RATE_UNIT)
                        active += host->slice[i].active;
                else
                        active += host->hits[i] || host->rate[i] > threshold;
        return active == 0 ? 0 : in_a_period / active / 1000 * QUOTA_STEP;
}

static void check_equal(Host *host, uint64_t seed _unused_) {
        uint64_t quota;

        host->look.capacity -= host->look.capacity % 100000;
        host_look_twice(host);
        host_apply_plan(host);
        quota = classic_quota(host);
        for (size_t i = 0; i < host->n; i++) {
                bool active = host->slice[i].active && quota > 0;

                CHECK(host->slice[i].quota == (active ? quota : LIMIT_UNSET),
                      "slice %zu has %" PRIu64 ", not %" PRIu64, i, host->slice[i].quota, quota);
        }
}

static void test_equal_is_the_classic_formula(void **state _unused_) {
        assert_true(for_each_host(SHARE_EQUAL, check_equal) > HOSTS / 3);
}

static void check_no_quota(Host *host, uint64_t seed) {
        if (seed % 2)
                host_set_old_quotas(host, seed);
        host_look_twice(host);
        host_apply_plan(host);
        for (size_t i = 0; i < host->n; i++)
                CHECK(host->slice[i].quota == LIMIT_UNSET, "slice %zu has a quota", i);
}

static void test_weight_sets_no_quota(void **state _unused_) {
        for_each_host(SHARE_WEIGHT, check_no_quota);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_quotas_keep_the_budget),
                cmocka_unit_test(test_quotas_keep_the_budget_whatever_was_before),
                cmocka_unit_test(test_nobody_is_capped_below_the_guaranteed_share),
                cmocka_unit_test(test_old_quotas_come_near_the_share),
                cmocka_unit_test(test_shares_are_max_min_fair),
                cmocka_unit_test(test_a_crowded_host_has_no_quotas),
                cmocka_unit_test(test_order_follows_weight),
                cmocka_unit_test(test_same_input_same_plan),
                cmocka_unit_test(test_a_plan_leaves_nothing_to_change),
                cmocka_unit_test(test_changes_are_well_formed),
                cmocka_unit_test(test_equal_is_the_classic_formula),
                cmocka_unit_test(test_weight_sets_no_quota),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
