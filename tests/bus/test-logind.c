/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "bus/bus-host.h"
#include "support/fake-logind.h"
#include "watch/logind.h"

#define NAME      "org.freedesktop.login1"
#define PATH      "/org/freedesktop/login1"
#define INTERFACE "org.freedesktop.login1.Manager"

static struct {
        unsigned n_lists, n_new, n_removed, n_failed;
        uid_t last_new, last_removed;
        int error;
} told;

static FakeLogind *logind;
static LogindWatch *watch;

static void on_new(uid_t uid, _unused_ void *userdata) {
        told.n_new++;
        told.last_new = uid;
}

static void on_users(const uid_t *uids, size_t n, void *userdata) {
        told.n_lists++;
        for (size_t i = 0; i < n; i++)
                on_new(uids[i], userdata);
}

static void on_removed(uid_t uid, _unused_ void *userdata) {
        told.n_removed++;
        told.last_removed = uid;
}

static void on_failed(int error, _unused_ const char *message, _unused_ void *userdata) {
        told.n_failed++;
        told.error = error;
}

static int setup(_unused_ void **state) {
        const LogindHandlers handlers = {
                .users = on_users, .user_new = on_new, .user_removed = on_removed, .failed = on_failed
        };

        memset(&told, 0, sizeof told);
        bus_host_start();
        logind = fake_logind_new(host.fakes_loop);
        assert_int_equal(logind_watch_new(&handlers, &watch), 0);
        return 0;
}

static int teardown(_unused_ void **state) {
        watch = logind_watch_free(watch);
        logind = fake_logind_free(logind);
        bus_host_stop();
        (void) unsetenv("SYSTEMD_BUS_TIMEOUT");
        return 0;
}

static void attach(void) {
        fake_logind_connect(logind);
        assert_int_equal(logind_watch_attach(watch, host.client), 0);
        DRIVE_UNTIL(fake_logind_list_calls(logind) > 0);
        drive_quiet();
}

/* Whatever was sent before has been seen when this one has come. */
static void expect_only(uid_t uid) {
        unsigned n = told.n_new;

        fake_logind_add(logind, uid);
        DRIVE_UNTIL(told.last_new == uid);
        assert_int_equal(told.n_new, n + 1);
}

static void test_list_and_signals(_unused_ void **state) {
        fake_logind_add(logind, 1000);
        fake_logind_add(logind, 1001);
        attach();
        assert_int_equal(told.n_new, 2);
        expect_only(1002);
        fake_logind_remove(logind, 1001);
        DRIVE_UNTIL(told.n_removed == 1);
        assert_int_equal(told.last_removed, 1001);
        assert_int_equal(told.n_failed, 0);
        assert_int_equal(fake_logind_list_calls(logind), 1);
}

static void test_nobody(_unused_ void **state) {
        attach();
        assert_int_equal(told.n_lists, 1);
        assert_int_equal(told.n_new, 0);
        assert_int_equal(told.n_failed, 0);
}

static void test_forged(_unused_ void **state) {
        attach();
        bus_host_forge(PATH, INTERFACE, "UserNew", "uo", 0, PATH "/user/_0");
        bus_host_forge(PATH, INTERFACE, "UserRemoved", "uo", 1000, PATH "/user/_1000");
        expect_only(1000);
        assert_int_equal(told.n_removed, 0);
}

static void test_malformed_signals(_unused_ void **state) {
        sd_bus *bus;

        attach();
        bus = fake_logind_bus(logind);
        assert_true(sd_bus_emit_signal(bus, PATH, INTERFACE, "UserNew", NULL) >= 0);
        assert_true(sd_bus_emit_signal(bus, PATH, INTERFACE, "UserNew", "s", "1000") >= 0);
        assert_true(sd_bus_emit_signal(bus, PATH, INTERFACE, "UserNew", "u", 1000) >= 0);
        assert_true(sd_bus_emit_signal(bus, PATH, INTERFACE, "UserRemoved", "i", -1) >= 0);
        expect_only(1001);
        assert_int_equal(told.n_removed, 0);
}

static void expect_failed_list(FakeList list) {
        fake_logind_add(logind, 1000);
        fake_logind_answer(logind, list);
        attach();
        DRIVE_UNTIL(told.n_failed == 1);
        assert_true(told.error < 0);
        assert_int_equal(told.n_new, 0);
        /* Signals go on. */
        expect_only(1001);
        assert_int_equal(told.n_failed, 1);
}

static void test_list_refused(_unused_ void **state) {
        expect_failed_list(FAKE_LIST_REFUSED);
}

static void test_list_of_another_type(_unused_ void **state) {
        expect_failed_list(FAKE_LIST_OTHER_TYPE);
}

static void test_list_with_empty_body(_unused_ void **state) {
        expect_failed_list(FAKE_LIST_EMPTY_BODY);
}

static void test_list_never_answered(_unused_ void **state) {
        assert_int_equal(setenv("SYSTEMD_BUS_TIMEOUT", "200ms", true), 0);
        bus_host_reconnect();
        expect_failed_list(FAKE_LIST_NEVER);
}

static void test_no_logind_yet(_unused_ void **state) {
        fake_logind_add(logind, 1000);
        assert_int_equal(logind_watch_attach(watch, host.client), 0);
        DRIVE_UNTIL(told.n_failed == 1);
        fake_logind_connect(logind);
        DRIVE_UNTIL(told.n_new == 1);
        assert_int_equal(told.n_failed, 1);
}

/* Who came while it was away is found in the list of the next one. */
static void test_restarted(_unused_ void **state) {
        attach();
        fake_logind_disconnect(logind);
        drive_quiet();
        fake_logind_add(logind, 1000);
        fake_logind_connect(logind);
        DRIVE_UNTIL(told.n_new == 1);
        assert_int_equal(fake_logind_list_calls(logind), 2);
        assert_int_equal(told.n_failed, 0);
        expect_only(1001);
}

static void test_many_users(_unused_ void **state) {
        for (uid_t uid = 1000; uid < 6000; uid++)
                fake_logind_add(logind, uid);
        attach();
        DRIVE_UNTIL(told.n_new == 5000);
        assert_int_equal(told.n_failed, 0);
}

/* The bus is lost, and that is said elsewhere. */
static void test_bus_dies_before_the_list(_unused_ void **state) {
        fake_logind_answer(logind, FAKE_LIST_NEVER);
        attach();
        private_bus_kill(host.bus);
        DRIVE_UNTIL(sd_bus_is_open(host.client) <= 0);
        drive_quiet();
        assert_int_equal(told.n_failed, 0);

        private_bus_start(host.bus);
        fake_logind_disconnect(logind);
        bus_host_reconnect();
        fake_logind_answer(logind, FAKE_LIST_RIGHT);
        fake_logind_add(logind, 1000);
        fake_logind_connect(logind);
        assert_int_equal(logind_watch_attach(watch, host.client), 0);
        DRIVE_UNTIL(told.n_new == 1);
}

static void test_detached(_unused_ void **state) {
        attach();
        logind_watch_detach(watch);
        logind_watch_detach(watch);
        fake_logind_add(logind, 1000);
        drive_quiet();
        assert_int_equal(told.n_new, 0);
        assert_null(logind_watch_free(NULL));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_list_and_signals),
                TEST(test_nobody),
                TEST(test_forged),
                TEST(test_malformed_signals),
                TEST(test_list_refused),
                TEST(test_list_of_another_type),
                TEST(test_list_with_empty_body),
                TEST(test_list_never_answered),
                TEST(test_no_logind_yet),
                TEST(test_restarted),
                TEST(test_many_users),
                TEST(test_bus_dies_before_the_list),
                TEST(test_detached),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
