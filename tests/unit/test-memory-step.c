/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "engine/memory-step.h"

#define M    (UINT64_C(1) << 20)
#define G    (UINT64_C(1) << 30)
#define NONE UINT64_MAX

static void test_next_step(void **state _unused_) {
        static const struct {
                const char *name;
                MemoryStep step;
                uint64_t next;
        } cases[] = {
                { "no limit yet, little in use", { NONE, 4 * G, 1 * G, 0 }, 4 * G },
                { "no limit yet, more in use: just above it", { NONE, 1 * G, 4 * G, 0 }, 4 * G + 256 * M },
                { "higher is had at once", { 1 * G, 4 * G, 1 * G, 0 }, 4 * G },
                { "higher, whatever is in use", { 1 * G, 4 * G, NONE, 0 }, 4 * G },
                { "no limit any more", { 1 * G, NONE, NONE, 0 }, NONE },
                { "nothing to do", { 1 * G, 1 * G, 1 * G, 0 }, 1 * G },
                { "use not known: wait", { 4 * G, 1 * G, NONE, 0 }, 4 * G },
                { "as far down as use allows", { 4 * G, 1 * G, 2 * G, 0 }, 2 * G + 128 * M },
                { "half of the cache counts as free", { 4 * G, 1 * G, 2 * G, 2 * G }, 1 * G + 64 * M },
                { "… and of no more than is in use", { 4 * G, 1 * G, 2 * G, NONE }, 1 * G + 64 * M },
                { "there is always some room", { 1 * G, 0, 1 * M, 0 }, 17 * M },
                { "a step too small to be worth it", { 1 * G, 0, 1 * G - 63 * M, 0 }, 1 * G },
                { "the target is worth any step", { 1 * G, 1 * G - 1, 1 * M, 0 }, 1 * G - 1 },
                { "use above the limit: wait", { 1 * G, 0, 2 * G, 0 }, 1 * G },
                { "all memory that there could be", { NONE, 0, NONE - 1, 0 }, NONE },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                uint64_t next = memory_next_step(&cases[i].step);

                if (next != cases[i].next)
                        fail_msg("%s: %llu, not %llu", cases[i].name, (unsigned long long) next,
                                 (unsigned long long) cases[i].next);
        }
}

/* Use that falls when the limit comes near lets the limit reach its target in a few steps. */
static void test_steps_lead_to_the_target(void **state _unused_) {
        MemoryStep step = { .now = NONE, .target = 1 * G, .in_use = 3 * G, .cache = 3 * G - 100 * M };
        unsigned steps = 0;

        for (; step.now != step.target && steps < 20; steps++) {
                step.now = memory_next_step(&step);
                if (step.in_use > step.now) {
                        step.cache -= step.in_use - step.now;
                        step.in_use = step.now;
                }
        }
        assert_int_equal(step.now, step.target);
        assert_in_range(steps, 2, 5);
}

/* A limit never comes to lie below what cannot be dropped. */
static void test_no_step_kills(void **state _unused_) {
        for (uint64_t in_use = 0; in_use < 8 * G; in_use += 37 * M)
                for (uint64_t cache = 0; cache <= in_use; cache += 411 * M) {
                        MemoryStep step = {
                                .now = 8 * G, .target = 1 * G, .in_use = in_use, .cache = cache
                        };
                        uint64_t next = memory_next_step(&step);

                        assert_true(next >= step.target && next <= step.now);
                        assert_true(next == step.now || next >= in_use - cache);
                }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_next_step),
                cmocka_unit_test(test_steps_lead_to_the_target),
                cmocka_unit_test(test_no_step_kills),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
