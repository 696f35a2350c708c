/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "host.h"

static uint64_t random_weight(Prng *prng, bool all_alike) {
        if (all_alike || prng_chance(prng, 40))
                return CPU_WEIGHT_DEFAULT;
        return prng_log_between(prng, CPU_WEIGHT_MIN, CPU_WEIGHT_MAX);
}

static uint64_t random_cap(Prng *prng, uint64_t capacity) {
        return prng_chance(prng, 15) ? prng_log_between(prng, 1, 2 * capacity) : LIMIT_UNSET;
}

static uint64_t random_rate(Prng *prng, uint64_t capacity, size_t n) {
        switch (prng_between(prng, 0, 4)) {
        case 0:
                return 0;
        case 1:
                return prng_log_between(prng, 1, capacity);
        case 2:
                return prng_between(prng, 0, 4 * capacity / n);
        default:
                return prng_between(prng, capacity / n, 2 * capacity / n);
        }
}

static void make_slices(Host *host, Prng *prng) {
        uint64_t capacity = host->look.capacity;
        bool all_alike = prng_chance(prng, 30);

        for (size_t i = 0; i < host->n; i++) {
                EngineSlice *s = &host->slice[i];

                *s = ENGINE_SLICE_INIT;
                s->weight = random_weight(prng, all_alike);
                s->cap = random_cap(prng, capacity);
                s->looked = true;
                s->usage_usec = prng_log_between(prng, 1, UINT64_C(1) << 50);
                s->nr_throttled = prng_log_between(prng, 1, UINT64_C(1) << 30);
                host->rate[i] = MIN(random_rate(prng, capacity, host->n), s->cap);
                host->hits[i] = host->rate[i] == s->cap || prng_chance(prng, 10);
                host->rate[i] -= host->rate[i] % 5; /* whole µs in 200 ms */
                host->slices[i] = s;
        }
}

void host_init(Host *host, uint64_t seed, SharePolicy policy) {
        static const usec_t intervals[] = { 200 * USEC_PER_MSEC, USEC_PER_SEC, 5 * USEC_PER_SEC };
        Prng prng = { seed };
        size_t n = prng_log_between(&prng, 1, 150) - 1;

        *host = (Host){
                .config = { .policy = policy,
                            .threshold_permyriad = prng_between(&prng, 100, 9800),
                            .activity_permyriad = prng_between(&prng, 0, 1000),
                            .interval = intervals[prng_next(&prng) % ELEMENTSOF(intervals)] },
                .look = { .usage_usec = prng_log_between(&prng, 1, UINT64_C(1) << 50),
                          .capacity = prng_log_between(&prng, 1, 256) * USEC_PER_SEC },
                .now = prng_log_between(&prng, 1, UINT64_C(1) << 50),
                .slice = calloc(n + 1, sizeof(EngineSlice)),
                .rate = calloc(n + 1, sizeof(uint64_t)),
                .hits = calloc(n + 1, sizeof(bool)),
                .slices = calloc(n + 1, sizeof(EngineSlice *)),
                .n = n,
                .engine = engine_new(),
        };
        if (!host->slice || !host->rate || !host->hits || !host->slices || !host->engine)
                abort();
        if (prng_chance(&prng, 20)) /* a parent's quota */
                host->look.capacity -= prng_between(&prng, 1, 900000);
        if (prng_chance(&prng, 50))
                host->outside = prng_between(&prng, 0, host->look.capacity);
        make_slices(host, &prng);
}

void host_done(Host *host) {
        engine_free(host->engine);
        plan_done(&host->plan);
        free(host->slice);
        free(host->rate);
        free(host->hits);
        free(host->slices);
        *host = (Host){};
}

static uint64_t random_old_quota(Prng *prng, uint64_t near) {
        switch (prng_between(prng, 0, 9)) {
        case 0:
                return prng_log_between(prng, 1, UINT64_MAX - 1);
        case 1:
                return LIMIT_UNSET;
        default:
                return MAX(QUOTA_STEP, near * prng_between(prng, 90, 110) / 100 / QUOTA_STEP * QUOTA_STEP);
        }
}

void host_set_old_quotas(Host *host, uint64_t seed) {
        uint64_t near = host->look.capacity / MAX(host->n, (size_t) 1);
        Prng prng = { ~seed };

        for (size_t i = 0; i < host->n; i++)
                host->slice[i].quota = random_old_quota(&prng, near);
}

void host_tick_after(Host *host, usec_t duration) {
        uint64_t use = host->outside;

        for (size_t i = 0; i < host->n; i++) {
                host->slice[i].usage_usec += host->rate[i] * duration / USEC_PER_SEC;
                host->slice[i].nr_throttled += duration > 0 && host->hits[i];
                use += host->rate[i];
        }
        host->look.usage_usec += use * duration / USEC_PER_SEC;
        host->now += duration;
        (void) engine_glance(host->engine, &host->config, host->now, &host->look);
        if (engine_tick(host->engine, &host->config, host->now, &host->look, host->slices, host->n,
                        &host->plan) < 0)
                abort();
}

void host_look_twice(Host *host) {
        host_tick_after(host, 0);
        host_tick_after(host, engine_window(&host->config));
}

void host_apply_plan(Host *host) {
        for (size_t i = 0; i < host->plan.count; i++) {
                const Change *change = &host->plan.change[i];

                host->slice[change->slice].quota = change->to;
                host->slice[change->slice].yields = change->yields;
        }
}

uint64_t host_claim(const Host *host, size_t i) {
        return MIN(host->slice[i].demand, host->slice[i].cap);
}
