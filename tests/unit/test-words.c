/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <time.h>

#include "cli/words.h"
#include "unit.h"
#include "words-golden.h"

#define NOW (UINT64_C(1795328655) * USEC_PER_SEC) /* 2026-11-22 06:24:15 UTC */
#define AGO (NOW - 123 * USEC_PER_SEC)
#define CPU UINT64_C(1000000)
#define GIB (UINT64_C(1) << 30)

static char *words(const WhyFacts *facts) {
        Terminal terminal = {};
        Sentences sentences;
        char *text = NULL;
        size_t length;
        FILE *f = open_memstream(&text, &length);

        assert_int_equal(why_sentences(facts, &sentences), 0);
        sentences_print(&sentences, &terminal, 0, f);
        fclose(f);
        sentences_done(&sentences);
        return text;
}

static SliceInfo slice_of(const Case *c) {
        SliceInfo slice = {
                .uid = 1000,
                .use = 840000,
                .share = c->contended ? 950000 : LIMIT_UNSET,
                .guaranteed = 760000,
                .held_by = (char *) c->hold,
                .held_since = AGO,
                .throttled = c->throttled,
                .exempt = c->exempt,
                .memory_current = GIB,
        };

        for (size_t i = 0; i < _LIMIT_COUNT; i++)
                slice.limits[i] = LIMIT_UNSET;
        slice.limits[LIMIT_CPU_WEIGHT] = 200;
        slice.limits[LIMIT_CPU_QUOTA] = c->quota ? c->quota : LIMIT_UNSET;
        slice.configured.limits = LIMITS_UNSET;
        if (c->configured) {
                slice.configured.mask = 1U << LIMIT_CPU_QUOTA;
                slice.configured.limits.value[LIMIT_CPU_QUOTA] = c->configured;
        }
        return slice;
}

static HostInfo host_of(const Case *c) {
        return (HostInfo){
                .policy = (char *) (c->policy ? c->policy : "max-min"),
                .cpus = 4 * CPU,
                .budget = 3800000,
                .use = c->contended ? 3790000 : 1200000,
                .contended = c->contended,
                .observing = c->observing,
                .active = 4,
        };
}

static char *words_of(const Case *c) {
        SliceInfo slice = slice_of(c);
        HostInfo host = host_of(c);

        return words(&(WhyFacts){ .user = c->other ? "alice" : NULL,
                                  .name = "alice",
                                  .slice = &slice,
                                  .host = &host,
                                  .now = NOW });
}

static void test_golden(_unused_ void **state) {
        for (size_t i = 0; i < ELEMENTSOF(golden); i++) {
                char *text = words_of(&golden[i].facts);

                assert_string_equal(text, golden[i].text);
                free(text);
        }
}

static bool says(const char *text, const char *what) {
        return strstr(text, what) != NULL;
}

/* Every combination: nothing is claimed that the figures do not show. */
static void check_truth(const Case *c, const char *text) {
        bool nothing = strcmp(c->hold, "nothing") == 0, left = c->exempt || c->observing;

        assert_false(says(text, "  "));
        assert_false(says(text, "?"));
        assert_true(
                says(text, c->other ? "alice is using 0.84 of 4 CPUs." : "You are using 0.84 of 4 CPUs."));
        if (c->other)
                assert_false(says(text, "You") || says(text, " you ") || says(text, "your"));
        if (c->contended)
                assert_false(says(text, "has room"));
        else
                assert_false(says(text, "is busy") || says(text, "ask for more than the 3.8"));
        if (!c->throttled)
                assert_false(says(text, "kernel throttle"));
        if (left || nothing)
                assert_false(says(text, "held at") || says(text, "by weight alone"));
        if (!left && strcmp(c->hold, "fair-share") == 0)
                assert_true(says(text, "held at"));
        if (c->contended || c->throttled || (!left && !nothing))
                assert_false(says(text, "look at the disk"));
        else
                assert_true(says(text, "look at the disk"));
        assert_int_equal(says(text, "leaves"), c->exempt);
        assert_int_equal(says(text, "only looks on"), c->observing && !c->exempt);
}

static void test_all(_unused_ void **state) {
        static const char *const holds[] = { "nothing", "fair-share", "cpu-quota", "weight" };
        static const char *const policies[] = { "max-min", "equal", "weight" };

        for (unsigned i = 0; i < 4 * 3 * 64; i++) {
                Case c = {
                        .hold = holds[i % 4],
                        .policy = policies[i / 4 % 3],
                        .contended = i / 12 & 1,
                        .throttled = i / 12 & 2,
                        .exempt = i / 12 & 4,
                        .observing = i / 12 & 8,
                        .other = i / 12 & 16,
                        .quota = i / 12 & 32 || i % 4 == 2 ? 1500000 : 0,
                };
                char *text = words_of(&c);

                check_truth(&c, text);
                free(text);
        }
}

static char *memory_words(uint64_t current, uint64_t max, uint64_t high, uint64_t swap,
                          MemoryTrouble trouble) {
        Case c = { .hold = "nothing" };
        SliceInfo slice = slice_of(&c);
        HostInfo host = host_of(&c);

        slice.memory_current = current;
        slice.limits[LIMIT_MEMORY_MAX] = max;
        slice.limits[LIMIT_MEMORY_HIGH] = high;
        slice.limits[LIMIT_MEMORY_SWAP_MAX] = swap;
        return words(&(WhyFacts){
                .name = "alice", .slice = &slice, .host = &host, .trouble = trouble, .now = NOW });
}

static void check_memory(char *text, const char *expected) {
        const char *advice = "If things are slow";

        if (expected) {
                if (!says(text, expected))
                        fail_msg("%s", text);
                assert_false(says(text, advice));
        } else {
                assert_true(says(text, advice));
                assert_false(says(text, "limit,") || says(text, "MemoryHigh") || says(text, "ran out"));
        }
        free(text);
}

static void test_memory(_unused_ void **state) {
        const MemoryTrouble none = {};
        MemoryTrouble one = {
                .time = AGO, .times = 1, .kills = 1, .cause = "slice", .victim = "python3", .pid = 4711
        };

        check_memory(memory_words(GIB, LIMIT_UNSET, LIMIT_UNSET, LIMIT_UNSET, none), NULL);
        check_memory(memory_words(GIB, 2 * GIB, 2 * GIB, 0, none), NULL);
        check_memory(memory_words(LIMIT_UNSET, GIB, GIB, 0, none), NULL);
        check_memory(
                memory_words(GIB, GIB + (GIB >> 4), LIMIT_UNSET, LIMIT_UNSET, none),
                "Your memory is near its limit, MemoryMax=1G. What is cached of files counts too, and is "
                "given up "
                "first, which can make programs slow; if programs themselves need more, the kernel swaps, "
                "where "
                "there is swap, and in the end kills one. Ending programs helps. An administrator can raise "
                "MemoryMax=.\n");
        check_memory(
                memory_words(GIB, GIB, LIMIT_UNSET, 0, none),
                "Your memory is at its limit, MemoryMax=1G. What is cached of files counts too, and is "
                "given up "
                "first, which can make programs slow; nothing may be swapped out (MemorySwapMax=0), so if "
                "programs themselves need more, the kernel kills one.");
        check_memory(
                memory_words(GIB, 2 * GIB, GIB, 0, none),
                "Your memory is at MemoryHigh=1G: above that the kernel slows the programs down and takes "
                "memory back from them.");
        check_memory(memory_words(GIB, LIMIT_UNSET, LIMIT_UNSET, 0, one),
                     "Your memory ran out at 06:22:12, at MemoryMax=; the kernel killed python3 (PID 4711). "
                     "More: "
                     "fairslicectl events.\n");
        one.victim = NULL;
        one.cause = "host";
        one.times = 3;
        check_memory(memory_words(GIB, LIMIT_UNSET, LIMIT_UNSET, 0, one),
                     "Your memory ran out at 06:22:12, since the whole host had none left; the kernel "
                     "killed 1 process. "
                     "That was 3 times in the last hour. More: fairslicectl events.\n");
        one.kills = 0;
        one.cause = "something new";
        check_memory(memory_words(GIB, LIMIT_UNSET, LIMIT_UNSET, 0, one),
                     "Your memory ran out at 06:22:12; nothing was killed. That");
        one.kills = UINT64_MAX;
        check_memory(memory_words(GIB, LIMIT_UNSET, LIMIT_UNSET, 0, one),
                     "Your memory ran out at 06:22:12. That");
}

/* Version 1 has a soft limit instead, at which nothing is slowed down. */
static void test_soft_limit(_unused_ void **state) {
        Case c = { .hold = "nothing" };
        SliceInfo slice = slice_of(&c);
        HostInfo host = host_of(&c);

        slice.limits[LIMIT_MEMORY_HIGH] = GIB;
        host.backend = (char *) "cgroup1";
        check_memory(words(&(WhyFacts){ .name = "alice", .slice = &slice, .host = &host, .now = NOW }),
                     NULL);
}

/* The clock was set back, or is another host's. */
static void test_future(_unused_ void **state) {
        Case c = { .hold = "cpu-quota", .quota = 500000 };
        SliceInfo slice = slice_of(&c);
        HostInfo host = host_of(&c);
        WhyFacts facts = { .name = "alice", .slice = &slice, .host = &host, .now = NOW };
        char *text;

        slice.held_since = NOW + 3600 * USEC_PER_SEC;
        text = words(&facts);
        assert_true(says(text, "(0.5 CPUs) since Nov 22 07:24:15. It holds"));
        free(text);
        slice.held_since = NOW;
        text = words(&facts);
        assert_true(says(text, "(0.5 CPUs) since 06:24:15 (just now). It holds"));
        free(text);
}

/* Whatever a service says. */
static void test_odd_figures(_unused_ void **state) {
        static const uint64_t odd[] = { 0, 1, 9999, 1000000, UINT64_MAX / 3, UINT64_MAX - 1, UINT64_MAX };
        unsigned seed = 1;

        for (unsigned round = 0; round < 5000; round++) {
                SliceInfo slice;
                HostInfo host;
                uint64_t *p[] = { &slice.use,
                                  &slice.share,
                                  &slice.guaranteed,
                                  &slice.held_since,
                                  &slice.memory_current,
                                  &host.cpus,
                                  &host.budget,
                                  &host.use };

                slice = slice_of(&(Case){ .hold = round % 3 == 0   ? NULL
                                                  : round % 3 == 1 ? "fair-share"
                                                                   : "new word" });
                host = host_of(&(Case){ .policy = "a policy", .contended = round % 2 });
                for (size_t i = 0; i < ELEMENTSOF(p); i++)
                        *p[i] = odd[(size_t) rand_r(&seed) % ELEMENTSOF(odd)];
                for (size_t i = 0; i < _LIMIT_COUNT; i++)
                        slice.limits[i] = odd[(size_t) rand_r(&seed) % ELEMENTSOF(odd)];
                if (round % 5 == 0)
                        host.policy = NULL;
                free(words(&(WhyFacts){ .name = "a", .slice = &slice, .host = &host, .now = NOW }));
        }
}

static void test_just_now(_unused_ void **state) {
        SliceInfo slice = slice_of(&golden[0].facts);
        HostInfo host = host_of(&golden[0].facts);
        char *text;

        slice.held_since = NOW - USEC_PER_SEC / 2;
        text = words(&(WhyFacts){ .name = "a", .slice = &slice, .host = &host, .now = NOW });
        assert_non_null(strstr(text, " (just now)."));
        free(text);
}

static void test_wrap(_unused_ void **state) {
        char one[] = "one two three four", long_word[] = "a word_that_is_too_long b",
             *items[] = { one, long_word };
        Sentences sentences = { .item = items, .count = 2 };
        Terminal terminal = {};
        char *text = NULL;
        size_t length;
        FILE *f = open_memstream(&text, &length);

        sentences_print(&sentences, &terminal, 9, f);
        fclose(f);
        assert_string_equal(text, "one two\nthree\nfour\n\na\nword_that_is_too_long\nb\n");
        free(text);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_golden),     cmocka_unit_test(test_all),
                cmocka_unit_test(test_just_now),   cmocka_unit_test(test_memory),
                cmocka_unit_test(test_wrap),       cmocka_unit_test(test_odd_figures),
                cmocka_unit_test(test_soft_limit), cmocka_unit_test(test_future),
        };

        setenv("TZ", "UTC", 1);
        tzset();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
