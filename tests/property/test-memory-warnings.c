/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whatever users do with their memory: nobody is warned without a reason, nor too often, and nobody who
 * stays above a threshold is left without a warning. */

#include "report/memory-warnings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "prng.h"
#include "seed.h"

#define SEEDS 300
#define LOOKS 600
#define USERS 12U

/* What a user has to show for one threshold. */
typedef struct Record {
        usec_t warned;  /* of it; 0: never */
        bool below;     /* since then, or ever */
        usec_t covered; /* it was warned of it or of a higher one; 0: never */
} Record;

typedef struct Member {
        uint64_t limit, used;
        Record record[MEMORY_THRESHOLDS_MAX];
} Member;

typedef struct World {
        Prng prng;
        MemoryThresholds thresholds;
        usec_t interval, now;
        MemoryWarnings *warnings;
        Member member[USERS];
} World;

static void change(World *w, Member *member) {
        if (prng_chance(&w->prng, 2))
                member->limit = prng_chance(&w->prng, 20) ? UINT64_MAX
                                                          : prng_log_between(&w->prng, 1, UINT64_C(1) << 50);
        if (prng_chance(&w->prng, 20))
                member->used = member->limit == UINT64_MAX
                                       ? prng_next(&w->prng)
                                       : prng_between(&w->prng, 0, member->limit + member->limit / 50);
}

/* Exactly, unlike the code under test. */
static bool is_reached(const World *w, const Member *member, unsigned i) {
        return member->limit != UINT64_MAX && w->thresholds.percent[i] > 0 &&
               member->used >=
                       (uint64_t) ((unsigned __int128) member->limit * w->thresholds.percent[i] / 100);
}

static unsigned count_reached(const World *w, const Member *member) {
        unsigned n = 0;

        while (n < MEMORY_THRESHOLDS_MAX && is_reached(w, member, n))
                n++;
        return n;
}

static void check(World *w, Member *member, unsigned percent) {
        unsigned reached = count_reached(w, member), highest = reached - 1;
        Record *record;

        for (unsigned i = reached; i < MEMORY_THRESHOLDS_MAX; i++)
                member->record[i].below = true;
        if (percent == 0) {
                if (reached > 0)
                        CHECK(!member->record[highest].below ||
                                      (member->record[highest].covered > 0 &&
                                       w->now - member->record[highest].covered < w->interval),
                              "no warning of what is due");
                return;
        }
        CHECK(reached > 0 && percent == w->thresholds.percent[highest], "not the highest that is reached");
        record = &member->record[highest];
        CHECK(record->below, "warned twice without a change");
        CHECK(record->warned == 0 || w->now - record->warned >= w->interval, "warned too soon");
        record->warned = w->now;
        for (unsigned i = 0; i < reached; i++) {
                member->record[i].covered = w->now;
                member->record[i].below = false;
        }
}

static void look(World *w, unsigned i) {
        Member *member = &w->member[i];
        uid_t uid = 1000 + i * 7919 % 13;

        if (prng_chance(&w->prng, 3)) {
                memory_warnings_forget(w->warnings, uid, w->now);
                for (unsigned k = 0; k < MEMORY_THRESHOLDS_MAX; k++)
                        member->record[k].below = true;
                return;
        }
        change(w, member);
        check(w, member, memory_warnings_look(w->warnings, uid, member->used, member->limit, w->now));
}

static void set_up(World *w, uint64_t seed) {
        uint8_t percent = 0;

        *w = (World){ .prng = { seed }, .now = USEC_PER_SEC };
        for (unsigned i = 0; i < prng_between(&w->prng, 1, MEMORY_THRESHOLDS_MAX) && percent < 99; i++) {
                percent = (uint8_t) prng_between(&w->prng, percent + 1U, MIN(percent + 40U, 99U));
                w->thresholds.percent[i] = percent;
        }
        w->interval = prng_log_between(&w->prng, 60, 7200) * USEC_PER_SEC;
        for (unsigned i = 0; i < USERS; i++) {
                w->member[i].limit = UINT64_C(1) << 30;
                for (unsigned k = 0; k < MEMORY_THRESHOLDS_MAX; k++)
                        w->member[i].record[k].below = true;
        }
        w->warnings = memory_warnings_new(&w->thresholds, w->interval);
        assert_non_null(w->warnings);
}

static void test_all(_unused_ void **state) {
        Seeds seeds = seeds_from_environment(SEEDS);

        for (size_t n = 0; n < seeds.count; n++) {
                World w;

                seed_enter(seeds.first + n);
                set_up(&w, seeds.first + n);
                for (unsigned i = 0; i < LOOKS; i++) {
                        for (unsigned k = 0; k < USERS; k++)
                                look(&w, k);
                        w.now += prng_log_between(&w.prng, 1, 3600) * USEC_PER_SEC;
                }
                memory_warnings_free(w.warnings);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_all),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
