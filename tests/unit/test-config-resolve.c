/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "config-tree.h"
#include "unit.h"

#define GIBIBYTE (UINT64_C(1) << 30)
#define RAM      (16 * GIBIBYTE)

/* The weight says which section won. */
static unsigned weight(const Config *config, uid_t uid, const char *name, const char *const *groups) {
        User user = { .uid = uid, .name = (char *) name, .groups = (char **) groups };
        SliceConfig slice;

        config_resolve(config, NULL, &user, RAM, &slice);
        return (unsigned) slice.limits.value[LIMIT_CPU_WEIGHT];
}

static SliceConfig resolve(const Config *config, uid_t uid, const char *name, const char *group,
                           uint64_t ram) {
        char *groups[] = { (char *) group, NULL };
        User user = { .uid = uid, .name = (char *) name, .groups = groups };
        SliceConfig slice;

        config_resolve(config, NULL, &user, ram, &slice);
        return slice;
}

static void test_specific_wins(void **state) {
        static const char *const staff[] = { "users", "staff", NULL }, *const users[] = { "users", NULL };
        _cleanup_(config_freep) Config *config = tree_load_good(
                *state,
                "[CPU]\nCPUWeight=1\n[User alice]\nCPUWeight=2\nPlan=gold\n[Plan gold]\nCPUWeight=3\n"
                "[Group staff]\nCPUWeight=4\n[User bob]\nPlan=gold\n[Group users]\nPlan=gold\n");

        assert_int_equal(weight(config, 1000, "alice", staff), 2);
        assert_int_equal(weight(config, 1000, "carol", staff), 4);
        assert_int_equal(weight(config, 1000, "bob", staff), 4); /* a group over a plan */
        assert_int_equal(weight(config, 1000, "bob", NULL), 3);
        assert_int_equal(weight(config, 1000, "carol", users), 3);
        assert_int_equal(weight(config, 1000, "carol", NULL), 1);
        assert_int_equal(weight(config, 1000, NULL, NULL), 1);
}

/* Each key by itself, so sections add up. */
static void test_keys_by_themselves(void **state) {
        _cleanup_(config_freep) Config *config = tree_load_good(
                *state,
                "[CPU]\nCPUQuota=100%\nCPUWeight=1\n[Memory]\nMemoryMax=1G\nMemoryHigh=1G\n"
                "[Plan p]\nCPUQuota=200%\nMemoryMax=2G\nMemoryHigh=1G\nMemorySwapMax=2G\nMemoryStrict=yes\n"
                "[Group staff]\nPlan=p\nMemoryMax=3G\n"
                "[User alice]\nMemoryStrict=no\nCPUWeight=5\n");
        SliceConfig slice = resolve(config, 1000, "alice", "staff", RAM);

        assert_int_equal(slice.limits.value[LIMIT_CPU_QUOTA], 2000000);
        assert_int_equal(slice.limits.value[LIMIT_CPU_WEIGHT], 5);
        assert_int_equal(slice.limits.value[LIMIT_MEMORY_MAX], 3 * GIBIBYTE);
        assert_int_equal(slice.limits.value[LIMIT_MEMORY_HIGH], GIBIBYTE);
        assert_int_equal(slice.limits.value[LIMIT_MEMORY_SWAP_MAX], 2 * GIBIBYTE);
        assert_false(slice.memory_strict);
        assert_true(resolve(config, 1000, "bob", "staff", RAM).memory_strict);
}

/* "infinity" is said, an empty value is not. */
static void test_infinity_and_empty(void **state) {
        _cleanup_(config_freep) Config *config =
                tree_load_good(*state, "[CPU]\nCPUQuota=100%\n[User alice]\nCPUQuota=infinity\n[User bob]\n"
                                       "CPUQuota=50%\nCPUQuota=\n[User carol]\nPlan=p\nPlan=\n[Plan p]\n"
                                       "CPUQuota=20%\n");

        assert_true(resolve(config, 1, "alice", NULL, RAM).limits.value[LIMIT_CPU_QUOTA] == LIMIT_UNSET);
        assert_int_equal(resolve(config, 1, "bob", NULL, RAM).limits.value[LIMIT_CPU_QUOTA], 1000000);
        assert_int_equal(resolve(config, 1, "carol", NULL, RAM).limits.value[LIMIT_CPU_QUOTA], 1000000);
}

static void test_name_and_uid(void **state) {
        _cleanup_(config_freep) Config *config = tree_load_good(
                *state,
                "[User alice]\nCPUWeight=1\n[User 1000]\nCPUWeight=2\n[User 1001-1001]\nCPUWeight=3\n"
                "[User bob]\nCPUWeight=4\n[User 1000-1999]\nCPUWeight=5\n");

        assert_int_equal(weight(config, 1000, "alice", NULL), 2); /* read later */
        assert_int_equal(weight(config, 1001, "bob", NULL), 4);
        assert_int_equal(weight(config, 1001, "alice", NULL), 3); /* a range of one is a UID */
        assert_int_equal(weight(config, 1002, "alice", NULL), 1);
        assert_int_equal(weight(config, 1002, "carol", NULL), 5);
        assert_int_equal(weight(config, 2000, "carol", NULL), 100);
}

/* It is the line that is later, not the section's first appearance. */
static void test_later_line(void **state) {
        _cleanup_(config_freep) Config *config =
                tree_load_good(*state, "[User alice]\nCPUWeight=1\n[User 1000]\nCPUWeight=2\nMemoryMax=1G\n"
                                       "[User alice]\nCPUWeight=3\n");

        assert_int_equal(weight(config, 1000, "alice", NULL), 3);
        assert_int_equal(resolve(config, 1000, "alice", NULL, RAM).limits.value[LIMIT_MEMORY_MAX], GIBIBYTE);
}

static void test_ranges(void **state) {
        _cleanup_(config_freep) Config *config = tree_load_good(
                *state, "[User 1000-1999]\nCPUWeight=1\nMemoryMax=1G\n[User 1500-1599]\nCPUWeight=2\n"
                        "[User 1550-1649]\nCPUWeight=3\n[User 1640-1739]\nCPUWeight=4\n[User 1-4294967294]\n"
                        "CPUWeight=5\nMemoryMax=5G\n");

        assert_int_equal(weight(config, 1000, NULL, NULL), 1);
        assert_int_equal(weight(config, 1499, NULL, NULL), 1);
        assert_int_equal(weight(config, 1500, NULL, NULL), 2);
        assert_int_equal(weight(config, 1550, NULL, NULL), 3); /* as small, read later */
        assert_int_equal(weight(config, 1600, NULL, NULL), 3);
        assert_int_equal(weight(config, 1639, NULL, NULL), 3);
        assert_int_equal(weight(config, 1640, NULL, NULL), 4);
        assert_int_equal(weight(config, 1739, NULL, NULL), 4);
        assert_int_equal(weight(config, 1740, NULL, NULL), 1);
        assert_int_equal(weight(config, 2000, NULL, NULL), 5);
        assert_int_equal(weight(config, UINT32_MAX - 1, NULL, NULL), 5);
        assert_int_equal(weight(config, 0, NULL, NULL), 100);
        /* The smaller range says nothing of memory. */
        assert_int_equal(resolve(config, 1550, NULL, NULL, RAM).limits.value[LIMIT_MEMORY_MAX], GIBIBYTE);
        assert_int_equal(resolve(config, 5, NULL, NULL, RAM).limits.value[LIMIT_MEMORY_MAX], 5 * GIBIBYTE);
}

static void test_groups(void **state) {
        static const char *const ab[] = { "a", "b", NULL }, *const ba[] = { "b", "a", NULL };
        _cleanup_(config_freep) Config *config = tree_load_good(
                *state, "[Group a]\nCPUWeight=1\n[Group b]\nCPUWeight=2\n[Group 7]\nCPUWeight=3\n"
                        "[Group domain users]\nMemoryMax=1G\n");
        gid_t gids[] = { 5, 7 };
        User user = { .uid = 1000, .gids = gids, .gid_count = 2 };
        SliceConfig slice;

        assert_int_equal(weight(config, 1, NULL, ab), 2); /* read last, not named first */
        assert_int_equal(weight(config, 1, NULL, ba), 2);
        config_resolve(config, NULL, &user, RAM, &slice);
        assert_int_equal(slice.limits.value[LIMIT_CPU_WEIGHT], 3);
        assert_int_equal(resolve(config, 1, "x", "domain users", RAM).limits.value[LIMIT_MEMORY_MAX],
                         GIBIBYTE);
        assert_int_equal(weight(config, 1, "a", NULL), 100); /* a user of a group's name */
        assert_int_equal(weight(config, 7, "x", NULL), 100);
}

static void test_plans(void **state) {
        static const char *const g[] = { "g", NULL };
        _cleanup_(config_freep) Config *config = tree_load_good(
                *state,
                "[User alice]\nPlan=one\n[Group g]\nPlan=two\n[User 2001-2010]\nPlan=three\n[Plan one]\n"
                "CPUWeight=1\n[Plan two]\nCPUWeight=2\n[Plan three]\n[Plan one]\nMemoryMax=1G\n");

        assert_int_equal(weight(config, 100, "alice", g), 1);
        assert_int_equal(weight(config, 100, "bob", g), 2);
        assert_int_equal(weight(config, 2005, "alice", g), 1);
        /* The user's plan stands in for the group's, even if it says nothing. */
        assert_int_equal(weight(config, 2005, "bob", g), 100);
        assert_int_equal(resolve(config, 100, "alice", NULL, RAM).limits.value[LIMIT_MEMORY_MAX], GIBIBYTE);
}

static void test_share_of_memory(void **state) {
        _cleanup_(config_freep) Config *config =
                tree_load_good(*state, "[Memory]\nMemoryMax=25%\nMemoryHigh=0.01%\nMemorySwapMax=0%\n");
        SliceConfig slice = resolve(config, 1, NULL, NULL, RAM);

        assert_int_equal(slice.limits.value[LIMIT_MEMORY_MAX], 4 * GIBIBYTE);
        assert_int_equal(slice.limits.value[LIMIT_MEMORY_HIGH], RAM / 10000);
        assert_int_equal(slice.limits.value[LIMIT_MEMORY_SWAP_MAX], 0);
        slice = resolve(config, 1, NULL, NULL, UINT64_MAX);
        assert_true(slice.limits.value[LIMIT_MEMORY_MAX] == UINT64_MAX / 4);
        slice = resolve(config, 1, NULL, NULL, 100);
        assert_int_equal(slice.limits.value[LIMIT_MEMORY_HIGH], 1); /* never nothing */
        slice = resolve(config, 1, NULL, NULL, 0);
        assert_true(slice.limits.value[LIMIT_MEMORY_MAX] == LIMIT_UNSET);
}

/* ---- against the rules, applied the slow way ---- */

enum { USERS = 40, SECTIONS = 60, GROUPS = 4, PLANS = 3 };

/* A section as it was written; the weight is its number, which makes winners distinct. */
typedef struct Written {
        enum { BY_NAME, BY_RANGE, BY_GROUP } kind;
        unsigned first, last; /* of UIDs; `first` is the number of the name or group otherwise */
        bool weighs;
        int plan; /* -1: none */
} Written;

static Written random_section(unsigned *seed) {
        Written w = { .kind = (unsigned) rand_r(seed) % 5, .plan = rand_r(seed) % (3 * PLANS) };

        w.first = (unsigned) rand_r(seed) % USERS;
        w.last = w.first;
        if (w.kind > BY_GROUP)
                w.kind = BY_RANGE;
        if (w.kind == BY_RANGE)
                w.last += (unsigned) rand_r(seed) % 8;
        if (w.kind == BY_GROUP)
                w.first = w.last = w.first % GROUPS;
        w.weighs = rand_r(seed) % 2;
        if (w.plan >= PLANS)
                w.plan = -1;
        return w;
}

static void write_section(FILE *f, const Written *w, unsigned number) {
        if (w->kind == BY_NAME)
                fprintf(f, "[User name%u]\n", w->first);
        else if (w->kind == BY_GROUP)
                fprintf(f, "[Group group%u]\n", w->first);
        else
                fprintf(f, "[User %u-%u]\n", 2000 + w->first, 2000 + w->last);
        if (w->weighs)
                fprintf(f, "CPUWeight=%u\n", 200 + number);
        if (w->plan >= 0)
                fprintf(f, "Plan=plan%d\n", w->plan);
}

/* 0 if the section is not about this user, else more the more specific it is. User N is in group N % GROUPS.
 */
static unsigned precedence(const Written *w, unsigned user) {
        switch (w->kind) {
        case BY_NAME:
                return w->first == user ? 1000 : 0;
        case BY_GROUP:
                return w->first == user % GROUPS ? 1 : 0;
        default:
                return user < w->first || user > w->last ? 0 : 1000 - (w->last - w->first);
        }
}

static unsigned expected_weight(const Written *sections, unsigned user) {
        unsigned best_weight = 0, best_plan = 0, w = 0;
        int plan = -1;

        for (unsigned i = 0; i < SECTIONS; i++) {
                unsigned p = precedence(&sections[i], user);

                if (sections[i].weighs && p > 0 && p >= best_weight) {
                        best_weight = p;
                        w = 200 + i;
                }
                if (sections[i].plan >= 0 && p > 0 && p >= best_plan) {
                        best_plan = p;
                        plan = sections[i].plan;
                }
        }
        return w > 0 ? w : plan >= 0 ? 110 + (unsigned) plan : 100;
}

static void check_random_configuration(const Tree *tree, unsigned *seed) {
        Written sections[SECTIONS];
        _cleanup_(config_freep) Config *config = NULL;
        char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);

        for (unsigned i = 0; i < SECTIONS; i++) {
                sections[i] = random_section(seed);
                write_section(f, &sections[i], i);
        }
        for (unsigned i = 0; i < PLANS; i++)
                fprintf(f, "[Plan plan%u]\nCPUWeight=%u\n", i, 110 + i);
        fclose(f);
        config = tree_load_good(tree, text);
        free(text);
        for (unsigned i = 0; i < USERS + 10; i++) {
                char name[20], group[20];
                const char *groups[] = { group, NULL };

                snprintf(name, sizeof name, "name%u", i);
                snprintf(group, sizeof group, "group%u", i % GROUPS);
                assert_int_equal(weight(config, 2000 + i, name, groups), expected_weight(sections, i));
        }
}

static void test_random(void **state) {
        unsigned seed = 1;

        for (unsigned i = 0; i < 100; i++)
                check_random_configuration(*state, &seed);
}

/* ---- size ---- */

/* About a second. Were a section looked for by going through all of them, the test's time limit would end
 * it. */
static void test_many_sections(void **state) {
        _cleanup_(config_freep) Config *config = NULL;
        char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);
        unsigned sum = 0;

        for (unsigned i = 0; i < 5000; i++)
                fprintf(f, "[User user%u]\nCPUWeight=%u\nMemoryMax=8G\n[User %u-%u]\nCPUWeight=%u\n", i,
                        i + 1, 10000 + i, 30000 - i, i + 1);
        fclose(f);
        config = tree_load_good(*state, text);
        free(text);
        for (unsigned i = 0; i < 100000; i++) {
                char name[20];

                snprintf(name, sizeof name, "user%u", i % 10000);
                sum += weight(config, i, name, NULL);
        }
        assert_true(sum > 0);
        assert_int_equal(weight(config, 1000, "user77", NULL), 78);
        assert_int_equal(weight(config, 14000, "x", NULL), 4001);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_specific_wins),
                TEST(test_keys_by_themselves),
                TEST(test_infinity_and_empty),
                TEST(test_name_and_uid),
                TEST(test_later_line),
                TEST(test_ranges),
                TEST(test_groups),
                TEST(test_plans),
                TEST(test_share_of_memory),
                TEST(test_random),
                TEST(test_many_sections),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
