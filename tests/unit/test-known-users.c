/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unit.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "config-tree.h"
#include "daemon/known-users.h"

#define T0 (1000 * USEC_PER_SEC)

/* A name service of the test's own stands in for the host's (ld's --wrap). Who it knows is in one group. */
static struct {
        int error;
        const char *name, *group; /* no name: nobody has the UID */
        unsigned asked;
} service;

static Tree *tree;
static Config *config;
static KnownUsers known;

int __wrap_getpwuid_r(uid_t uid, struct passwd *pw, char *buffer, size_t size, struct passwd **ret);
int __wrap_getgrgid_r(gid_t gid, struct group *group, char *buffer, size_t size, struct group **ret);
int __wrap_getgrouplist(const char *user, gid_t primary, gid_t *gids, int *n);

int __wrap_getpwuid_r(uid_t uid, struct passwd *pw, char *buffer, size_t size, struct passwd **ret) {
        service.asked++;
        *ret = NULL;
        if (service.error || !service.name)
                return service.error;
        snprintf(buffer, size, "%s", service.name);
        *pw = (struct passwd){ .pw_name = buffer, .pw_uid = uid, .pw_gid = 100 };
        *ret = pw;
        return 0;
}

int __wrap_getgrgid_r(gid_t gid, struct group *group, char *buffer, size_t size, struct group **ret) {
        snprintf(buffer, size, "%s", service.group);
        *group = (struct group){ .gr_name = buffer, .gr_gid = gid };
        *ret = group;
        return 0;
}

int __wrap_getgrouplist(const char *user _unused_, gid_t primary, gid_t *gids, int *n) {
        gids[0] = primary;
        *n = 1;
        return 1;
}

static int setup(void **state) {
        int r = tree_setup(state);

        if (r < 0)
                return r;
        tree = *state;
        config = tree_load_good(tree, "[Manager]\nExemptGroups=staff\n");
        memset(&service, 0, sizeof service);
        service.name = "alice";
        service.group = "users";
        return 0;
}

static int teardown(void **state) {
        known_users_done(&known);
        config = config_free(config);
        return tree_teardown(state);
}

static const KnownUser *get(uid_t uid, usec_t after) {
        const KnownUser *u = known_users_get(&known, config, uid, T0 + after);

        assert_non_null(u);
        assert_int_equal(u->user.uid, uid);
        return u;
}

static void test_asked_once(_unused_ void **state) {
        for (uid_t uid = 1009; uid >= 1000; uid--)
                assert_string_equal(get(uid, 0)->user.name, "alice");
        assert_int_equal(service.asked, 10);
        for (uid_t uid = 1000; uid < 1010; uid++)
                assert_true(get(uid, KNOWN_USERS_KEEP_USEC - 1)->managed);
        assert_int_equal(service.asked, 10);
        (void) get(1005, KNOWN_USERS_KEEP_USEC);
        assert_int_equal(service.asked, 11);
}

static void test_exempt(_unused_ void **state) {
        service.group = "staff";
        assert_false(get(1000, 0)->managed);
        assert_false(get(999, 0)->managed);
        service.group = "users";
        assert_false(get(1000, 1)->managed);
        known_users_expire(&known);
        assert_true(get(1000, 2)->managed);
}

/* The name service was not up yet when the first process was seen: not for ever. */
static void test_no_answer(_unused_ void **state) {
        service.error = EIO;
        assert_int_equal(get(1000, 0)->error, -EIO);
        assert_true(get(1000, 0)->managed);
        service.error = 0;
        service.group = "staff";
        assert_int_equal(get(1000, KNOWN_USERS_AGAIN_USEC - 1)->error, -EIO);
        assert_int_equal(get(1000, KNOWN_USERS_AGAIN_USEC)->error, 0);
        assert_false(get(1000, KNOWN_USERS_AGAIN_USEC)->managed);
        assert_int_equal(service.asked, 2);
}

static void test_no_name(_unused_ void **state) {
        service.name = NULL;
        assert_null(get(1000, 0)->user.name);
        assert_int_equal(get(1000, 0)->error, 0);
        service.name = "bob";
        assert_string_equal(get(1000, KNOWN_USERS_AGAIN_USEC)->user.name, "bob");
}

/* Not every minute for ever, but often enough for who gets a name after all, and anew after a reload. */
static void test_no_name_for_long(_unused_ void **state) {
        usec_t named = KNOWN_USERS_KEEP_USEC * 4;

        service.name = NULL;
        for (usec_t after = 0; after < KNOWN_USERS_KEEP_USEC; after += USEC_PER_SEC)
                (void) get(1000, after);
        assert_int_equal(service.asked, 6); /* 0, 1, 3, 7, 15 and 31 minutes */
        for (usec_t after = KNOWN_USERS_KEEP_USEC; after < named; after += USEC_PER_SEC)
                (void) get(1000, after);
        assert_int_equal(service.asked, 9);
        service.name = "bob";
        assert_string_equal(get(1000, named + KNOWN_USERS_KEEP_USEC)->user.name, "bob");
        service.name = NULL;
        known_users_expire(&known);
        service.asked = 0;
        (void) get(1000, 2 * named);
        (void) get(1000, 2 * named + KNOWN_USERS_AGAIN_USEC);
        assert_int_equal(service.asked, 2);
}

/* What was known stays where there is no answer now. */
static void test_no_answer_later(_unused_ void **state) {
        service.group = "staff";
        assert_false(get(1000, 0)->managed);
        service.error = EIO;
        known_users_expire(&known);
        assert_false(get(1000, 1)->managed);
        assert_string_equal(get(1000, 1)->user.name, "alice");
        service.error = 0;
        service.name = NULL;
        assert_false(get(1000, 1 + KNOWN_USERS_AGAIN_USEC)->managed);
        assert_string_equal(get(1000, 1 + KNOWN_USERS_AGAIN_USEC)->user.name, "alice");
        assert_int_equal(service.asked, 3);
}

/* Whoever goes through their subordinate UIDs does not fill the memory. */
static void test_too_many(_unused_ void **state) {
        for (uid_t uid = 100000; uid < 100000 + 2 * KNOWN_USERS_MAX + 1; uid++)
                (void) get(uid, 0);
        assert_int_equal(known.count, 1);
        assert_true(known.allocated <= KNOWN_USERS_MAX);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_asked_once),       TEST(test_exempt),          TEST(test_no_answer),
                TEST(test_no_name),          TEST(test_no_answer_later), TEST(test_too_many),
                TEST(test_no_name_for_long),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
