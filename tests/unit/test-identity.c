/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "daemon/identity.h"
#include "support/test.h"

/* A name service of the test's own stands in for the host's (ld's --wrap). */
static struct {
        int error;         /* of getpwuid_r; 0: the user is there */
        bool no_name;      /* nobody has the UID */
        size_t entry_size; /* of what the name service has to say about user and group */
        int n_groups;      /* 100, 101, … */
        gid_t nameless;    /* a group that has only a number */
} service;

int __wrap_getpwuid_r(uid_t uid, struct passwd *pw, char *buffer, size_t size, struct passwd **ret);
int __wrap_getgrgid_r(gid_t gid, struct group *group, char *buffer, size_t size, struct group **ret);
int __wrap_getgrouplist(const char *user, gid_t primary, gid_t *gids, int *n);

int __wrap_getpwuid_r(uid_t uid, struct passwd *pw, char *buffer, size_t size, struct passwd **ret) {
        *ret = NULL;
        if (service.error || service.no_name)
                return service.error;
        if (size < service.entry_size)
                return ERANGE;
        strcpy(buffer, "alice");
        *pw = (struct passwd){ .pw_name = buffer, .pw_uid = uid, .pw_gid = 100 };
        *ret = pw;
        return 0;
}

int __wrap_getgrgid_r(gid_t gid, struct group *group, char *buffer, size_t size, struct group **ret) {
        *ret = NULL;
        if (gid == service.nameless)
                return 0;
        if (size < service.entry_size)
                return ERANGE;
        snprintf(buffer, size, "group%u", (unsigned) gid);
        *group = (struct group){ .gr_name = buffer, .gr_gid = gid };
        *ret = group;
        return 0;
}

int __wrap_getgrouplist(const char *user, gid_t primary, gid_t *gids, int *n) {
        bool fits = *n >= service.n_groups;

        assert_string_equal(user, "alice");
        assert_int_equal(primary, 100);
        for (int i = 0; i < MIN(*n, service.n_groups); i++)
                gids[i] = 100 + (gid_t) i;
        *n = service.n_groups;
        return fits ? *n : -1;
}

static int setup(_unused_ void **state) {
        memset(&service, 0, sizeof service);
        service.n_groups = 2;
        return 0;
}

static void test_name_and_groups(_unused_ void **state) {
        _cleanup_(user_done) User user = {};

        assert_int_equal(identity_lookup(1000, &user), 0);
        assert_int_equal(user.uid, 1000);
        assert_string_equal(user.name, "alice");
        assert_string_equal(user.groups[0], "group100");
        assert_string_equal(user.groups[1], "group101");
        assert_null(user.groups[2]);
        assert_int_equal(user.gid_count, 2);
        assert_int_equal(user.gids[1], 101);
}

static void test_nobody(_unused_ void **state) {
        _cleanup_(user_done) User user = {};

        service.no_name = true;
        assert_int_equal(identity_lookup(1000, &user), 0);
        assert_int_equal(user.uid, 1000);
        assert_null(user.name);
        assert_int_equal(user.gid_count, 0);
        assert_null(user.groups);
}

static void test_group_without_a_name(_unused_ void **state) {
        _cleanup_(user_done) User user = {};

        service.nameless = 100;
        assert_int_equal(identity_lookup(1000, &user), 0);
        assert_string_equal(user.groups[0], "group101");
        assert_null(user.groups[1]);
        assert_int_equal(user.gid_count, 2);
        assert_int_equal(user.gids[0], 100);
}

static void test_service_fails(_unused_ void **state) {
        _cleanup_(user_done) User user = {};

        service.error = EIO;
        assert_int_equal(identity_lookup(1000, &user), -EIO);
        assert_int_equal(user.uid, 1000);
        assert_null(user.name);
        assert_null(user.groups);
}

static void test_long_entries(_unused_ void **state) {
        _cleanup_(user_done) User user = {}, endless = {};

        service.entry_size = 1 << 20;
        assert_int_equal(identity_lookup(1000, &user), 0);
        assert_string_equal(user.groups[1], "group101");
        service.entry_size = SIZE_MAX;
        assert_int_equal(identity_lookup(1000, &endless), -ERANGE);
        assert_int_equal(endless.uid, 1000);
}

static void test_many_groups(_unused_ void **state) {
        _cleanup_(user_done) User user = {}, too_many = {};

        service.n_groups = 5000;
        assert_int_equal(identity_lookup(1000, &user), 0);
        assert_string_equal(user.groups[4999], "group5099");
        assert_null(user.groups[5000]);
        assert_int_equal(user.gid_count, 5000);
        service.n_groups = 1 << 20;
        assert_int_equal(identity_lookup(1000, &too_many), -E2BIG);
        assert_int_equal(too_many.gid_count, 0);
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_name_and_groups), TEST(test_nobody),       TEST(test_group_without_a_name),
                TEST(test_service_fails),   TEST(test_long_entries), TEST(test_many_groups),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
