/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/access.h"

#include <string.h>

#include "bus/bus-host.h"
#include "bus/caller.h"
#include "bus/callers.h"
#include "bus/polkit.h"
#include "model/names.h"
#include "model/user.h"
#include "support/fake-polkit.h"

static const char *const details[] = { "slice", "user-1000.slice", NULL };

static struct {
        unsigned asked, handled;
        uid_t caller; /* the last */
        bool allowed;
        char text[16];
        uid_t owner; /* to check with */
        int outcome; /* of the handler: 0 answers, negative is returned */
        bool fails;  /* the handler sets an error */
} told;

static FakePolkit *fake;
static Access *access_rights;
static Caller caller;
static uid_t somebody; /* who is not root */

static int on_checked(sd_bus_message *m, uid_t uid, bool allowed, void *userdata, sd_bus_error *error) {
        const char *text;

        assert_ptr_equal(userdata, &told);
        told.handled++;
        told.caller = uid;
        told.allowed = allowed;
        assert_true(sd_bus_message_read(m, "s", &text) > 0);
        snprintf(told.text, sizeof told.text, "%s", text);
        if (told.fails)
                return access_denied(error, ACTION_SET_LIMITS, "set limits");
        return told.outcome < 0 ? told.outcome : sd_bus_reply_method_return(m, NULL);
}

/* The methods are Read, which may be remembered, Set, and Who, which nobody is asked about. */
static int on_call(sd_bus_message *m, _unused_ void *userdata, sd_bus_error *error) {
        const char *member = sd_bus_message_get_member(m), *text;
        const char *action = strcmp(member, "Read") == 0  ? ACTION_READ_OTHERS
                             : strcmp(member, "Set") == 0 ? ACTION_SET_LIMITS
                                                          : NULL;

        told.asked++;
        assert_true(sd_bus_message_read(m, "s", &text) > 0);
        return access_check(access_rights, m, action, told.owner, action ? details : NULL, on_checked, &told,
                            error);
}

static int setup(_unused_ void **state) {
        memset(&told, 0, sizeof told);
        told.owner = told.caller = UID_INVALID;
        somebody = geteuid() == 0 ? 1 : geteuid();
        bus_host_start();
        assert_true(sd_bus_add_object(host.client, NULL, "/", on_call, NULL) >= 0);
        fake = fake_polkit_new(host.fakes_loop);
        fake_polkit_connect(fake);
        fake->verdict = FAKE_VERDICT_YES;
        assert_int_equal(access_new(host.client, &access_rights), 0);
        caller_connect(&caller, somebody);
        return 0;
}

static int teardown(_unused_ void **state) {
        access_rights = access_free(access_rights);
        caller_leave(&caller);
        fake = fake_polkit_free(fake);
        bus_host_stop();
        (void) unsetenv("SYSTEMD_BUS_TIMEOUT");
        return 0;
}

static void call(const char *method) {
        unsigned handled = told.handled;

        caller_call(&caller, method, "text");
        DRIVE_UNTIL(told.handled == handled + 1);
}

static void expect(const char *method, bool allowed, unsigned checks) {
        call(method);
        assert_int_equal(told.caller, somebody);
        assert_int_equal(told.allowed, allowed);
        assert_string_equal(told.text, "text");
        assert_int_equal(fake->n_checks, checks);
}

static void test_polkit_decides(_unused_ void **state) {
        expect("Set", true, 1);
        assert_string_equal(fake->last.name, caller.name);
        assert_string_equal(fake->last.action, ACTION_SET_LIMITS);
        assert_string_equal(fake->last.details, "slice=user-1000.slice;");
        fake->verdict = FAKE_VERDICT_NO;
        expect("Set", false, 2);
        fake->verdict = FAKE_VERDICT_ERROR;
        expect("Set", false, 3);
        fake_polkit_disconnect(fake);
        expect("Set", false, 3);
        DRIVE_UNTIL(caller.answers == 4);
}

static void test_reading_is_remembered(_unused_ void **state) {
        expect("Read", true, 1);
        expect("Read", true, 1);
        expect("Set", true, 2);
        expect("Set", true, 3);
}

static void test_owner_is_not_asked_about(_unused_ void **state) {
        fake->verdict = FAKE_VERDICT_NO;
        told.owner = somebody;
        expect("Set", true, 0);
        expect("Set", true, 0);
        told.owner = somebody + 1;
        expect("Set", false, 1);
}

static void test_root_is_not_asked_about(_unused_ void **state) {
        Caller root;

        if (geteuid() != 0)
                skip();
        fake->verdict = FAKE_VERDICT_NO;
        caller_connect(&root, 0);
        for (unsigned i = 1; i < 3; i++) {
                caller_call(&root, "Set", "text");
                DRIVE_UNTIL(told.handled == i);
                assert_int_equal(told.caller, 0);
                assert_true(told.allowed);
        }
        assert_int_equal(fake->n_checks, 0);
        caller_leave(&root);
}

static void test_who_calls(_unused_ void **state) {
        expect("Who", false, 0);
        expect("Who", false, 0);
        told.owner = somebody;
        expect("Who", true, 0);
}

static void expect_error(const char *name, const char *message) {
        unsigned errors = caller.errors;

        call("Set");
        DRIVE_UNTIL(caller.errors == errors + 1);
        assert_string_equal(caller.error, name);
        assert_string_equal(caller.message, message);
        assert_int_equal(caller.answers, 0);
}

/* From the bus's answer, from polkit's, and in the method itself. */
static void test_errors_are_answered(_unused_ void **state) {
        static const char denied[] = "Only an administrator may set limits "
                                     "(polkit action org.fairslice1.set-limits).";

        told.fails = true;
        told.owner = somebody;
        expect_error(SD_BUS_ERROR_ACCESS_DENIED, denied);
        expect_error(SD_BUS_ERROR_ACCESS_DENIED, denied);
        told.owner = UID_INVALID;
        expect_error(SD_BUS_ERROR_ACCESS_DENIED, denied);
        told.fails = false;
        told.outcome = -EXDEV;
        expect_error("System.Error.EXDEV", "Invalid cross-device link");
        told.owner = somebody;
        expect_error("System.Error.EXDEV", "Invalid cross-device link");
        drive_quiet();
        assert_int_equal(caller.errors, 5);
}

static void test_caller_leaves_while_polkit_is_asked(_unused_ void **state) {
        fake->verdict = FAKE_VERDICT_HOLD;
        caller_call(&caller, "Set", "text");
        DRIVE_UNTIL(fake->n_checks == 1);
        caller_leave(&caller);
        DRIVE_UNTIL(fake->n_cancels == 1);
        fake_polkit_release(fake);
        drive_quiet();
        assert_int_equal(told.handled, 0);
}

/* So that the bus says that there is nobody of that name. */
static void test_caller_has_left_before(_unused_ void **state) {
        caller_call(&caller, "Who", "text");
        assert_true(sd_bus_flush(caller.bus) >= 0);
        caller_leave(&caller);
        private_bus_sync(host.stranger);
        DRIVE_UNTIL(told.asked == 1);
        drive_quiet();
        assert_int_equal(told.handled, 0);
}

static void test_freed_while_all_wait(_unused_ void **state) {
        Caller other;

        fake->verdict = FAKE_VERDICT_HOLD;
        caller_connect(&other, somebody);
        caller_call(&caller, "Set", "text");
        DRIVE_UNTIL(fake->n_checks == 1);
        caller_call(&other, "Set", "text");
        assert_true(sd_bus_flush(other.bus) >= 0);
        private_bus_sync(other.bus);
        while (told.asked < 2)
                assert_true(sd_event_run(host.loop, UINT64_MAX) >= 0);
        access_rights = access_free(access_rights);
        DRIVE_UNTIL(fake->n_cancels == 1);
        drive_quiet();
        assert_int_equal(told.handled, 0);
        caller_leave(&other);
        assert_null(access_free(NULL));
}

static void test_bus_dies_while_all_wait(_unused_ void **state) {
        fake->verdict = FAKE_VERDICT_HOLD;
        caller_call(&caller, "Set", "text");
        DRIVE_UNTIL(fake->n_checks == 1);
        private_bus_kill(host.bus);
        DRIVE_UNTIL(sd_bus_is_open(host.client) <= 0);
        drive_quiet();
        assert_false(told.allowed);
}

/* The bus stands still, between the call and the question who it is from. */
static void test_bus_does_not_say_who_calls(_unused_ void **state) {
        assert_int_equal(setenv("SYSTEMD_BUS_TIMEOUT", "200ms", true), 0);
        access_rights = access_free(access_rights);
        bus_host_reconnect();
        assert_true(sd_bus_add_object(host.client, NULL, "/", on_call, NULL) >= 0);
        assert_int_equal(access_new(host.client, &access_rights), 0);
        private_bus_sync(host.client);
        caller_call(&caller, "Who", "text");
        private_bus_sync(caller.bus);
        private_bus_freeze(host.bus);
        for (usec_t end = now_monotonic() + 500 * USEC_PER_MSEC; now_monotonic() < end;)
                assert_true(sd_event_run(host.loop, 50 * USEC_PER_MSEC) >= 0);
        assert_int_equal(told.asked, 1);
        private_bus_thaw(host.bus);
        DRIVE_UNTIL(caller.errors == 1);
        assert_string_equal(caller.error, SD_BUS_ERROR_ACCESS_DENIED);
        assert_int_equal(told.handled, 0);
        /* It is asked again. */
        expect("Who", false, 0);
}

/* Calls that come all at once, before the bus has said who it is. */
static void test_bound_of_waiting(_unused_ void **state) {
        const unsigned n = CALLERS_WAITING_PER_CONNECTION_MAX + 3;

        private_bus_sync(host.client);
        for (unsigned i = 0; i < n; i++)
                caller_call(&caller, "Who", "text");
        assert_true(sd_bus_flush(caller.bus) >= 0);
        private_bus_sync(caller.bus);
        DRIVE_UNTIL(caller.answers + caller.errors == n);
        assert_int_equal(caller.answers, CALLERS_WAITING_PER_CONNECTION_MAX);
        assert_string_equal(caller.error, SD_BUS_ERROR_LIMITS_EXCEEDED);
        expect("Who", false, 0);
}

static void test_busy_polkit_is_a_no(_unused_ void **state) {
        fake->verdict = FAKE_VERDICT_HOLD;
        for (unsigned i = 0; i < POLKIT_PENDING_PER_UID_MAX; i++) {
                caller_call(&caller, "Set", "text");
                DRIVE_UNTIL(fake->n_checks == i + 1);
        }
        call("Set");
        assert_false(told.allowed);
        assert_int_equal(fake->n_checks, POLKIT_PENDING_PER_UID_MAX);
        /* The others wait. */
        drive_quiet();
        assert_int_equal(caller.answers, 1);
}

/* What waits stays in memory. */
static void test_large_messages_do_not_wait(_unused_ void **state) {
        char text[ACCESS_MESSAGE_MAX + 1];

        memset(text, 'x', sizeof text);
        text[sizeof text - 1] = '\0';
        caller_call(&caller, "Who", text);
        DRIVE_UNTIL(caller.errors == 1);
        assert_string_equal(caller.error, SD_BUS_ERROR_LIMITS_EXCEEDED);
        assert_int_equal(told.handled, 0);
        /* Who does not have to wait may. */
        expect("Who", false, 0);
        caller_call(&caller, "Who", text);
        DRIVE_UNTIL(told.handled == 2);
        caller_call(&caller, "Set", text);
        DRIVE_UNTIL(caller.errors == 2);
        assert_int_equal(fake->n_checks, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_polkit_decides),
                TEST(test_reading_is_remembered),
                TEST(test_owner_is_not_asked_about),
                TEST(test_root_is_not_asked_about),
                TEST(test_who_calls),
                TEST(test_errors_are_answered),
                TEST(test_caller_leaves_while_polkit_is_asked),
                TEST(test_caller_has_left_before),
                TEST(test_freed_while_all_wait),
                TEST(test_bus_dies_while_all_wait),
                TEST(test_bus_does_not_say_who_calls),
                TEST(test_bound_of_waiting),
                TEST(test_busy_polkit_is_a_no),
                TEST(test_large_messages_do_not_wait),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
