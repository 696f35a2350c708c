/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Looks at a host on which nothing can be relied on: the engine neither breaks nor plans nonsense, and finds
 * back when the numbers are sound again. */

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "host.h"
#include "seed.h"

#define HOSTS         10000
#define HOSTILE_LOOKS 15

static uint64_t hostile_counter(Prng *prng, uint64_t counter) {
        switch (prng_between(prng, 0, 5)) {
        case 0:
                return UINT64_MAX;
        case 1:
                return 0;
        case 2:
                return counter / 2;
        case 3:
                return counter + prng_log_between(prng, 1, UINT64_MAX - counter / 2 - 1);
        default:
                return counter;
        }
}

static usec_t hostile_time(Prng *prng, usec_t now) {
        usec_t back = prng_log_between(prng, 1, 60 * USEC_PER_SEC);

        switch (prng_between(prng, 0, 5)) {
        case 0:
                return now;
        case 1:
                return now + 1;
        case 2:
                return now - MIN(now, back);
        case 3:
                return now + 60 * USEC_PER_SEC;
        default:
                return now + 250 * USEC_PER_MSEC;
        }
}

static uint64_t hostile_capacity(Prng *prng, uint64_t capacity) {
        switch (prng_between(prng, 0, 9)) {
        case 0:
                return 0;
        case 1:
                return UINT64_MAX;
        case 2:
                return prng_log_between(prng, 1, UINT64_MAX - 1);
        case 3:
                return capacity / 2;
        case 4:
                return 2 * USEC_PER_SEC;
        default:
                return capacity;
        }
}

static void make_hostile(EngineSlice *slice, Prng *prng) {
        slice->looked = prng_chance(prng, 80);
        slice->usage_usec = hostile_counter(prng, slice->usage_usec);
        slice->nr_throttled = hostile_counter(prng, slice->nr_throttled);
        if (prng_chance(prng, 20))
                slice->weight = prng_chance(prng, 50) ? CPU_WEIGHT_MIN : CPU_WEIGHT_MAX;
        if (prng_chance(prng, 20))
                slice->cap = prng_chance(prng, 50) ? 1 : LIMIT_UNSET;
        if (prng_chance(prng, 20))
                slice->quota = prng_log_between(prng, 1, UINT64_MAX - 1) - 1;
}

static void check_plan(const Host *host) {
        for (size_t i = 0; i < host->plan.count; i++) {
                const Change *c = &host->plan.change[i];

                CHECK(c->slice < host->n && (i == 0 || c->slice > c[-1].slice), "change %zu", i);
                CHECK(c->from == host->slice[c->slice].quota, "change %zu", i);
                CHECK(c->to != c->from || c->yields != host->slice[c->slice].yields, "change %zu", i);
                CHECK(!c->yields || c->to != LIMIT_UNSET, "change %zu", i);
                CHECK(c->to == LIMIT_UNSET || c->to == c->from || (c->to > 0 && c->to % QUOTA_STEP == 0),
                      "to %" PRIu64, c->to);
        }
}

static void hostile_look(Host *host, Prng *prng) {
        if (prng_chance(prng, 10))
                host->config.policy = prng_next(prng) % _SHARE_POLICY_COUNT;
        host->now = hostile_time(prng, host->now);
        host->look.capacity = hostile_capacity(prng, host->look.capacity);
        host->look.usage_usec = hostile_counter(prng, host->look.usage_usec);
        for (size_t i = 0; i < host->n; i++)
                make_hostile(&host->slice[i], prng);

        engine_glance(host->engine, &host->config, host->now, &host->look);
        if (engine_tick(host->engine, &host->config, host->now, &host->look, host->slices, host->n,
                        &host->plan) < 0)
                abort();
        check_plan(host);
        if (prng_chance(prng, 70))
                host_apply_plan(host);
        if (host->n > 0 && prng_chance(prng, 5))
                host->n--; /* its user is gone */
}

static void make_sound(Host *host) {
        host->config.policy = SHARE_MAX_MIN;
        host->now += HOSTILE_LOOKS * 60 * USEC_PER_SEC; /* time that went back has caught up */
        host->look.usage_usec = 0;
        host->look.capacity = 8 * USEC_PER_SEC;
        host->outside = USEC_PER_SEC / 2;
        for (size_t i = 0; i < host->n; i++) {
                EngineSlice *s = &host->slice[i];

                s->looked = true;
                s->usage_usec = s->nr_throttled = 0;
                s->cap = LIMIT_UNSET;
                host->rate[i] = 40000;
                host->hits[i] = false;
        }
}

/* For the users are steady, no quota is hit, and so nothing may change after a while. */
static void check_recovery(Host *host, uint64_t seed) {
        Prng prng = { seed };

        for (unsigned i = 0; i < HOSTILE_LOOKS; i++)
                hostile_look(host, &prng);
        make_sound(host);
        for (unsigned i = 0; i < 120; i++) {
                host_tick_after(host, 500 * USEC_PER_MSEC);
                host_apply_plan(host);
        }
        host_tick_after(host, 500 * USEC_PER_MSEC);
        CHECK(host->plan.count == 0, "%zu changes a minute later", host->plan.count);
        CHECK(host->plan.outside >= 490000 && host->plan.outside <= 510000, "outside %" PRIu64,
              host->plan.outside);
        CHECK(host->plan.use == host->n * 40000, "use %" PRIu64 " by %zu", host->plan.use, host->n);
}

static void test_hostile_numbers(void **state _unused_) {
        Seeds seeds = seeds_from_environment(HOSTS);

        for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; seed++) {
                Host host;

                seed_enter(seed);
                host_init(&host, seed, SHARE_MAX_MIN);
                host.n = MIN(host.n, (size_t) 20);
                check_recovery(&host, seed);
                host_done(&host);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_hostile_numbers),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
