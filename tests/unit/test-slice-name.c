/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "model/limits.h"
#include "model/share-policy.h"
#include "model/slice-name.h"
#include "model/user.h"
#include "unit.h"

static void test_for_uid(_unused_ void **state) {
        SliceName name;

        assert_string_equal(slice_name_for_uid(name, 0), "user-0.slice");
        assert_string_equal(slice_name_for_uid(name, 1000), "user-1000.slice");
        assert_string_equal(slice_name_for_uid(name, UINT32_MAX - 1), "user-4294967294.slice");
}

static void test_to_uid(_unused_ void **state) {
        static const char *const wrong[] = {
                "",
                "user-.slice",
                "user-1000",
                "user-1000.slic",
                "user-1000.slice ",
                " user-1000.slice",
                "user-1000.slicex",
                "user-1000.service",
                "user-01000.slice",
                "user-00.slice",
                "user- 1000.slice",
                "user-1000 .slice",
                "user-+1000.slice",
                "user--1.slice",
                "user-0x10.slice",
                "user-1000.slice.slice",
                "user-1000.5.slice",
                "user-1000/x.slice",
                "user-1000-x.slice",
                "user-1000\n.slice",
                "User-1000.slice",
                "user_1000.slice",
                "user.slice",
                "system.slice",
                "-.slice",
                "user-65535.slice",
                "user-4294967295.slice",
                "user-4294967296.slice",
                "user-18446744073709552616.slice",
                "user-99999999999999999999999999999999999999999.slice",
                "user-\xff.slice",
        };
        uid_t uid;

        assert_int_equal(slice_name_to_uid("user-0.slice", &uid), 0);
        assert_int_equal(uid, 0);
        assert_int_equal(slice_name_to_uid("user-1000.slice", &uid), 0);
        assert_int_equal(uid, 1000);
        assert_int_equal(slice_name_to_uid("user-4294967294.slice", &uid), 0);
        assert_true(uid == UINT32_MAX - 1);
        uid = 7;
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                assert_int_equal(slice_name_to_uid(wrong[i], &uid), -EINVAL);
        assert_int_equal(uid, 7);
}

static void test_long_name(_unused_ void **state) {
        char name[4096];
        uid_t uid;

        for (size_t length = 0; length < sizeof name; length++) {
                memset(name, '1', sizeof name);
                memcpy(name, "user-", 5);
                name[length] = '\0';
                assert_int_equal(slice_name_to_uid(name, &uid), -EINVAL);
        }
}

static void test_round_trip(_unused_ void **state) {
        unsigned seed = 1;

        for (unsigned i = 0; i < 100000; i++) {
                uid_t uid = (uid_t) rand_r(&seed) << 1 ^ (uid_t) rand_r(&seed), back = 7;
                SliceName name;

                if (uid == UINT32_MAX || uid == 65535)
                        continue;
                assert_int_equal(slice_name_to_uid(slice_name_for_uid(name, uid), &back), 0);
                assert_int_equal(back, uid);
        }
}

static void test_limits(_unused_ void **state) {
        Limits a = LIMITS_UNSET, b = LIMITS_UNSET;

        for (int i = 0; i < _LIMIT_COUNT; i++) {
                assert_int_equal(limit_from_string(limit_to_string((Limit) i)), i);
                assert_true(a.value[i] == LIMIT_UNSET);
        }
        assert_int_equal(limit_from_string("CPUQuota"), -EINVAL);
        assert_int_equal(limit_from_string(""), -EINVAL);
        assert_int_equal(LIMIT_MASK_ALL, LIMIT_MASK_CPU | LIMIT_MASK_MEMORY);
        assert_int_equal(LIMIT_MASK_CPU & LIMIT_MASK_MEMORY, 0);

        assert_int_equal(limits_differ(&a, &b, LIMIT_MASK_ALL), 0);
        a.value[LIMIT_CPU_WEIGHT] = 1;
        b.value[LIMIT_MEMORY_MAX] = 1;
        assert_int_equal(limits_differ(&a, &b, LIMIT_MASK_ALL),
                         1 << LIMIT_CPU_WEIGHT | 1 << LIMIT_MEMORY_MAX);
        assert_int_equal(limits_differ(&a, &b, LIMIT_MASK_CPU), 1 << LIMIT_CPU_WEIGHT);
        assert_int_equal(limits_differ(&a, &b, 0), 0);
}

static void test_share_policy(_unused_ void **state) {
        for (int i = 0; i < _SHARE_POLICY_COUNT; i++)
                assert_int_equal(share_policy_from_string(share_policy_to_string((SharePolicy) i)), i);
        assert_int_equal(share_policy_from_string(""), -EINVAL);
        assert_int_equal(share_policy_from_string("maxmin"), -EINVAL);
}

static void test_user(_unused_ void **state) {
        User user = { .uid = 1000 };
        char buffer[8];

        assert_string_equal(user_display(&user, buffer, sizeof buffer), "1000");
        user_done(&user);

        user.name = strdup("a-long-name");
        user.groups = calloc(3, sizeof(char *));
        user.groups[0] = strdup("staff");
        user.groups[1] = strdup("users");
        user.gids = calloc(2, sizeof(gid_t));
        user.gid_count = 2;
        assert_string_equal(user_display(&user, buffer, sizeof buffer), "a-long-");
        user_done(&user);
        assert_null(user.name);
        assert_null(user.groups);
        assert_null(user.gids);
        assert_int_equal(user.gid_count, 0);
        user_done(&user);
}

static void test_is_valid(_unused_ void **state) {
        static const char *const right[] = { "user-1000.slice",   "system.slice", "a.slice",
                                             "app-a\\x2db.slice", "user@1.slice", "A_b:c.d-.slice" };
        static const char *const wrong[] = {
                "",          ".slice",     "slice",         "a.slic",         "a.slice ",
                "a/b.slice", "../a.slice", "a\n.slice",     "\xc3\xa9.slice", "a.slice\x7f",
                "a%.slice",  "a b.slice",  "user-1.service"
        };
        char name[SLICE_NAME_MAX + 2];

        for (size_t i = 0; i < ELEMENTSOF(right); i++)
                assert_true(slice_name_is_valid(right[i]));
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                assert_false(slice_name_is_valid(wrong[i]));
        memset(name, 'x', sizeof name);
        strcpy(name + SLICE_NAME_MAX - 5, ".slice");
        assert_false(slice_name_is_valid(name));
        assert_true(slice_name_is_valid(name + 1));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_for_uid),   cmocka_unit_test(test_to_uid),
                cmocka_unit_test(test_long_name), cmocka_unit_test(test_round_trip),
                cmocka_unit_test(test_limits),    cmocka_unit_test(test_share_policy),
                cmocka_unit_test(test_user),      cmocka_unit_test(test_is_valid),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
