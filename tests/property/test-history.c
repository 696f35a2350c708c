/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What comes out of the rings is what went in, within what the header promises, whatever went in. */

#include "report/history.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "prng.h"
#include "seed.h"

#define SEEDS     400
#define LOOKS_MAX 300U
#define RINGS     3U

/* What a ring has to show. */
typedef struct Model {
        Look look[LOOKS_MAX];
        History *history;
        Look now;       /* what the slice does */
        uint64_t first; /* number of its first look; UINT64_MAX: none yet */
} Model;

typedef struct World {
        Prng prng;
        unsigned looks;
        HistoryClock *clock;
        uint64_t next;
        usec_t time[LOOKS_MAX];
        Model model[RINGS];
} World;

static uint64_t any_value(Prng *prng, uint64_t usual) {
        if (prng_chance(prng, 3))
                return UINT64_MAX - 1 - prng_next(prng) % 100;
        if (prng_chance(prng, 10))
                return prng_log_between(prng, 1, UINT64_MAX / 2);
        return prng_log_between(prng, 1, usual) - 1;
}

static void change(Look *look, Prng *prng) {
        switch (prng_between(prng, 0, 4)) {
        case 0: /* rests */
                look->use = look->throttled = 0;
                break;
        case 1:
                look->use = any_value(prng, 64 * USEC_PER_SEC);
                break;
        case 2:
                look->grant = prng_chance(prng, 50) ? LIMIT_UNSET : any_value(prng, 64 * USEC_PER_SEC);
                break;
        case 3:
                look->throttled = any_value(prng, 64 * USEC_PER_SEC);
                break;
        default:
                look->memory = any_value(prng, UINT64_C(1) << 40);
        }
}

/* One slice at one look; `left_out` is the whole host's rest. */
static void look_at(World *w, Model *model, bool left_out) {
        unsigned i = (unsigned) (w->next % w->looks);

        if (prng_chance(&w->prng, 30))
                change(&model->now, &w->prng);
        if (left_out || prng_chance(&w->prng, 5)) {
                const Look *before = &model->look[(w->next + w->looks - 1) % w->looks];

                model->look[i] = (Look){ .grant = before->grant, .memory = before->memory };
                return;
        }
        model->look[i] = model->now;
        if (model->first == UINT64_MAX)
                model->first = w->next;
        assert_int_equal(history_add(&model->history, w->clock, &model->now), 0);
}

static void make_look(World *w, bool left_out) {
        for (unsigned i = 0; i < RINGS; i++)
                look_at(w, &w->model[i], left_out);
        w->time[w->next % w->looks] = prng_between(&w->prng, 1000, 2000);
        history_clock_add(w->clock, w->time[w->next % w->looks]);
        w->next++;
}

static uint64_t difference(uint64_t a, uint64_t b) {
        return a > b ? a - b : b - a;
}

static bool is_about(uint64_t out, uint64_t in, uint64_t precision, uint64_t most) {
        return difference(out, MIN(in, most)) <= precision;
}

#define CPU_MOST    (UINT64_C(42949) * USEC_PER_SEC)
#define MEMORY_MOST ((UINT64_C(1) << 48) - (UINT64_C(64) << 10))

static bool is_rate(uint64_t out, uint64_t in) {
        return in > CPU_MOST ? out >= CPU_MOST && out <= CPU_MOST + USEC_PER_SEC : is_about(out, in, 5, in);
}

static bool is_throttled(uint64_t out, uint64_t in) {
        const uint64_t most = UINT64_C(4395899) * USEC_PER_SEC;

        if (in > most)
                return out >= most && out <= most + USEC_PER_SEC;
        return in < 2048 ? out == in : out <= in && in - out <= in / 1024;
}

typedef struct Check {
        const World *world;
        const Model *model;
        usec_t since;
        uint64_t number; /* the next that is expected, if it is not too old */
} Check;

static void skip_old(Check *check) {
        while (check->number < check->world->next &&
               check->world->time[check->number % check->world->looks] < check->since)
                check->number++;
}

static int on_look(const Look *out, void *userdata) {
        Check *check = userdata;
        const World *w = check->world;
        const Look *in;

        skip_old(check);
        CHECK(check->number < w->next, "more looks than there were");
        in = &check->model->look[check->number % w->looks];
        CHECK(out->time == w->time[check->number % w->looks], "look %" PRIu64, check->number);
        CHECK(is_rate(out->use, in->use), "look %" PRIu64 ": use %" PRIu64 " was %" PRIu64, check->number,
              out->use, in->use);
        CHECK(in->grant == LIMIT_UNSET ? out->grant == LIMIT_UNSET : is_rate(out->grant, in->grant),
              "look %" PRIu64 ": grant %" PRIu64 " was %" PRIu64, check->number, out->grant, in->grant);
        CHECK(is_throttled(out->throttled, in->throttled),
              "look %" PRIu64 ": throttled %" PRIu64 " was %" PRIu64, check->number, out->throttled,
              in->throttled);
        CHECK(is_about(out->memory, in->memory, 32 << 10, MEMORY_MOST),
              "look %" PRIu64 ": memory %" PRIu64 " was %" PRIu64, check->number, out->memory, in->memory);
        check->number++;
        return 0;
}

static void check_all(const World *w, usec_t since) {
        uint64_t oldest = w->next - MIN(w->next, w->looks);

        for (unsigned i = 0; i < RINGS; i++) {
                const Model *model = &w->model[i];
                Check check = { .world = w,
                                .model = model,
                                .since = since,
                                .number = MIN(MAX(oldest, model->first), w->next) };

                CHECK(history_foreach(model->history, w->clock, since, on_look, &check) == 0, "ring %u", i);
                skip_old(&check);
                CHECK(check.number == w->next, "ring %u: looks from %" PRIu64 " on are missing", i,
                      check.number);
        }
}

/* Now and then nobody is looked at: for a moment, for longer than is kept, or for longer than numbers last.
 */
static uint64_t rest(Prng *prng, unsigned looks) {
        if (prng_chance(prng, 1))
                return prng_between(prng, 65000, 140000);
        return prng_chance(prng, 50) ? prng_between(prng, 1, 5) : prng_between(prng, 1, 3U * looks);
}

static void run(uint64_t seed) {
        World w = { .prng = { .state = seed } };

        seed_enter(seed);
        w.looks = (unsigned) prng_log_between(&w.prng, 1, LOOKS_MAX);
        w.clock = history_clock_new(w.looks);
        assert_non_null(w.clock);
        for (unsigned i = 0; i < RINGS; i++) {
                w.model[i].first = UINT64_MAX;
                w.model[i].now.grant = LIMIT_UNSET;
        }
        for (unsigned step = 0; step < 3 * LOOKS_MAX; step++) {
                bool rests = prng_chance(&w.prng, 3);

                for (uint64_t n = rests ? rest(&w.prng, w.looks) : 1; n > 0; n--)
                        make_look(&w, rests);
                if (prng_chance(&w.prng, 10))
                        check_all(&w, prng_chance(&w.prng, 50) ? 0 : prng_between(&w.prng, 1000, 2000));
        }
        check_all(&w, 0);
        for (unsigned i = 0; i < RINGS; i++)
                history_free(w.model[i].history);
        history_clock_free(w.clock);
}

static void test_random_looks(void **state) {
        Seeds seeds = seeds_from_environment(SEEDS);

        (void) state;
        for (uint64_t i = 0; i < seeds.count; i++)
                run(seeds.first + i);
}

int main(void) {
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_random_looks) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
