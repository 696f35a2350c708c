/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How long a tick takes: all slices active and contended, weights mixed, which is the most work there is. */

#include <inttypes.h>

#include "basic/time-util.h"
#include "engine/engine.h"

#define ROUNDS 11

static int compare(const void *a, const void *b) {
        usec_t x = *(const usec_t *) a, y = *(const usec_t *) b;

        return (x > y) - (x < y);
}

static void look(EngineSlice *slice, size_t n, EngineHost *host, usec_t window) {
        for (size_t i = 0; i < n; i++) {
                uint64_t use = i % 7 * window / 4;

                slice[i].looked = true;
                slice[i].usage_usec += use;
                slice[i].nr_throttled += slice[i].quota != LIMIT_UNSET;
                host->usage_usec += use;
        }
}

static usec_t median_of_ticks(size_t n) {
        const EngineConfig config = { .policy = SHARE_MAX_MIN,
                                      .threshold_permyriad = 9000,
                                      .activity_permyriad = 100,
                                      .interval = USEC_PER_SEC };
        EngineHost host = { .capacity = n * USEC_PER_SEC / 2 };
        EngineSlice *slice = calloc(n, sizeof *slice), **slices = calloc(n, sizeof *slices);
        Engine *engine = engine_new();
        usec_t took[ROUNDS], now = USEC_PER_SEC;
        Plan plan = {};

        if (!slice || !slices || !engine)
                abort();
        for (size_t i = 0; i < n; i++) {
                slice[i] = ENGINE_SLICE_INIT;
                slice[i].weight = 1 + i * 37 % CPU_WEIGHT_MAX;
                slices[i] = &slice[i];
        }
        for (unsigned round = 0; round < ROUNDS; round++) {
                usec_t begun;

                now += config.interval;
                look(slice, n, &host, config.interval);
                begun = now_monotonic();
                if (engine_tick(engine, &config, now, &host, slices, n, &plan) < 0)
                        abort();
                took[round] = now_monotonic() - begun;
                for (size_t i = 0; i < plan.count; i++)
                        slice[plan.change[i].slice].quota = plan.change[i].to;
        }
        qsort(took, ROUNDS, sizeof *took, compare);
        plan_done(&plan);
        engine_free(engine);
        free(slices);
        free(slice);
        return took[ROUNDS / 2];
}

int main(void) {
        static const size_t sizes[] = { 10, 1000, 10000, 100000 };

        for (size_t i = 0; i < ELEMENTSOF(sizes); i++)
                printf("%6zu slices: %6" PRIu64 " us a tick, median of %d\n", sizes[i],
                       median_of_ticks(sizes[i]), ROUNDS);
        return 0;
}
