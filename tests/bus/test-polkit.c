/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/polkit.h"

#include <limits.h>
#include <string.h>

#include "bus/answers.h"
#include "bus/bus-host.h"
#include "bus/caller.h"
#include "support/fake-polkit.h"

#define PATH      "/org/freedesktop/PolicyKit1/Authority"
#define INTERFACE "org.freedesktop.PolicyKit1.Authority"
#define ACTION    "org.fairslice1.test" /* and the caller's text */

static const char *const details[] = { "slice", "user-1000.slice", "MemoryMax", "1G", NULL };

static struct {
        unsigned asked, handled, done;
        int allowed, refused; /* the last */
        uid_t uid;            /* to ask with */
        bool with_details;
        void *userdata;
} told;

static FakePolkit *fake;
static Polkit *polkit;
static Caller caller;

static void on_allowed(sd_bus_message *m, int allowed, void *userdata) {
        assert_ptr_equal(userdata, &told.userdata);
        told.handled++;
        told.allowed = allowed;
        (void) sd_bus_reply_method_return(m, NULL);
}

static void on_done(void *userdata) {
        assert_ptr_equal(userdata, &told.userdata);
        told.done++;
}

/* The methods Ask and AskAgain; the latter is for what may be remembered. */
static int on_call(sd_bus_message *m, _unused_ void *userdata, _unused_ sd_bus_error *error) {
        bool remember = strcmp(sd_bus_message_get_member(m), "AskAgain") == 0;
        char action[64];
        const char *text;

        assert_true(sd_bus_message_read(m, "s", &text) > 0);
        snprintf(action, sizeof action, ACTION "%s", text);
        told.asked++;
        told.refused = polkit_ask(polkit, m, told.uid, action, told.with_details ? details : NULL, remember,
                                  on_allowed, on_done, &told.userdata);
        return 1;
}

static int setup(_unused_ void **state) {
        memset(&told, 0, sizeof told);
        told.uid = 1000;
        told.allowed = told.refused = INT_MAX;
        bus_host_start();
        assert_true(sd_bus_add_object(host.client, NULL, "/", on_call, NULL) >= 0);
        fake = fake_polkit_new(host.fakes_loop);
        fake_polkit_connect(fake);
        assert_int_equal(polkit_new(host.client, &polkit), 0);
        caller_connect(&caller, geteuid());
        private_bus_sync(host.client);
        return 0;
}

static int teardown(_unused_ void **state) {
        polkit = polkit_free(polkit);
        caller_leave(&caller);
        fake = fake_polkit_free(fake);
        bus_host_stop();
        return 0;
}

static void ask(const char *method) {
        unsigned handled = told.handled;

        caller_call(&caller, method, "");
        DRIVE_UNTIL(told.handled == handled + 1);
        assert_int_equal(told.refused, 0);
        assert_int_equal(told.done, told.handled);
}

/* One that polkit leaves open. */
static void ask_and_hold(bool interactive) {
        unsigned checks = fake->n_checks;

        fake->verdict = FAKE_VERDICT_HOLD;
        if (interactive)
                caller_call_interactive(&caller, "Ask", "");
        else
                caller_call(&caller, "Ask", "");
        DRIVE_UNTIL(fake->n_checks == checks + 1);
        assert_int_equal(told.refused, 0);
}

static void test_question(_unused_ void **state) {
        fake->verdict = FAKE_VERDICT_YES;
        told.with_details = true;
        ask("Ask");
        assert_int_equal(told.allowed, 1);
        assert_string_equal(fake->last.kind, "system-bus-name");
        assert_string_equal(fake->last.name, caller.name);
        assert_string_equal(fake->last.action, ACTION);
        assert_string_equal(fake->last.details, "slice=user-1000.slice;MemoryMax=1G;");
        assert_int_equal(fake->last.flags, 0);
        assert_int_not_equal(fake->last.id[0], '\0');
        DRIVE_UNTIL(caller.answers == 1);
        told.with_details = false;
        ask("Ask");
        assert_string_equal(fake->last.details, "");
        assert_int_equal(fake->n_cancels, 0);
}

static void test_interactive_if_the_caller_says_so(_unused_ void **state) {
        fake->verdict = FAKE_VERDICT_YES;
        caller_call_interactive(&caller, "Ask", "");
        DRIVE_UNTIL(told.handled == 1);
        assert_int_equal(fake->last.flags, 1);
}

static void test_refusals(_unused_ void **state) {
        static const struct {
                FakeVerdict verdict;
                int allowed;
        } expected[] = {
                { FAKE_VERDICT_NO, 0 },
                { FAKE_VERDICT_CHALLENGE, 0 },
                { FAKE_VERDICT_ERROR, -EIO },
                { FAKE_VERDICT_OTHER_TYPE, -EBADMSG },
                { FAKE_VERDICT_EMPTY_BODY, -EBADMSG },
        };

        for (size_t i = 0; i < ELEMENTSOF(expected); i++) {
                fake->verdict = expected[i].verdict;
                ask("Ask");
                assert_int_equal(told.allowed, expected[i].allowed);
        }
}

static void test_not_there(_unused_ void **state) {
        fake_polkit_disconnect(fake);
        ask("Ask");
        assert_int_equal(told.allowed, -EHOSTUNREACH);
        fake->verdict = FAKE_VERDICT_YES;
        fake_polkit_connect(fake);
        ask("Ask");
        assert_int_equal(told.allowed, 1);
}

static void test_goes_away_while_asked(_unused_ void **state) {
        ask_and_hold(true);
        fake_polkit_disconnect(fake);
        DRIVE_UNTIL(told.handled == 1);
        assert_true(told.allowed < 0);
        assert_int_equal(told.done, 1);
}

/* Who may type a password has longer. */
static void test_silent(_unused_ void **state) {
        char silent[32];

        ask_and_hold(true);
        ask_and_hold(false);
        strcpy(silent, fake->last.id);
        DRIVE_UNTIL(told.handled == 1);
        assert_int_equal(told.allowed, -ETIMEDOUT);
        DRIVE_UNTIL(fake->n_cancels == 1);
        assert_string_equal(fake->cancelled, silent);
        /* The late answer is nobody's; the other one still counts. */
        fake_polkit_release(fake);
        DRIVE_UNTIL(told.handled == 2);
        assert_int_equal(told.allowed, 1);
        drive_quiet();
        assert_int_equal(told.handled, 2);
        assert_int_equal(told.done, 2);
        assert_int_equal(fake->n_cancels, 1);
}

static void test_caller_leaves(_unused_ void **state) {
        Caller other;

        ask_and_hold(true);
        caller_connect(&other, geteuid());
        caller_call(&other, "Ask", "");
        DRIVE_UNTIL(fake->n_checks == 2);
        caller_leave(&other);
        DRIVE_UNTIL(told.done == 1);
        DRIVE_UNTIL(fake->n_cancels == 1);
        assert_string_equal(fake->cancelled, fake->last.id);
        fake_polkit_release(fake);
        DRIVE_UNTIL(told.handled == 1);
        drive_quiet();
        assert_int_equal(told.handled, 1);
        assert_int_equal(told.done, 2);
        assert_int_equal(fake->n_cancels, 1);
}

static void test_forged_leave(_unused_ void **state) {
        ask_and_hold(true);
        bus_host_forge("/org/freedesktop/DBus", "org.freedesktop.DBus", "NameOwnerChanged", "sss",
                       caller.name, caller.name, "");
        drive_quiet();
        assert_int_equal(told.done, 0);
        fake_polkit_release(fake);
        DRIVE_UNTIL(told.handled == 1);
}

static void test_freed_while_asked(_unused_ void **state) {
        ask_and_hold(true);
        polkit = polkit_free(polkit);
        assert_int_equal(told.done, 1);
        DRIVE_UNTIL(fake->n_cancels == 1);
        assert_string_equal(fake->cancelled, fake->last.id);
        fake_polkit_release(fake);
        drive_quiet();
        assert_int_equal(told.handled, 0);
        assert_null(polkit_free(NULL));
}

static void test_bus_dies_while_asked(_unused_ void **state) {
        ask_and_hold(true);
        ask_and_hold(false);
        private_bus_kill(host.bus);
        DRIVE_UNTIL(sd_bus_is_open(host.client) <= 0);
        drive_quiet();
        assert_true(told.allowed < 0 || told.handled == 0);
        polkit = polkit_free(polkit);
        assert_int_equal(told.done, 2);
}

static void test_bound_of_one_uid(_unused_ void **state) {
        for (unsigned i = 0; i < POLKIT_PENDING_PER_UID_MAX; i++)
                ask_and_hold(true);
        caller_call(&caller, "Ask", "");
        DRIVE_UNTIL(told.asked == POLKIT_PENDING_PER_UID_MAX + 1);
        assert_int_equal(told.refused, -EBUSY);
        assert_int_equal(told.done, 0);
        /* Somebody else is served. */
        told.uid = 1001;
        ask_and_hold(true);
        fake_polkit_release(fake);
        DRIVE_UNTIL(told.done == POLKIT_PENDING_PER_UID_MAX + 1);
        told.uid = 1000;
        ask_and_hold(true);
}

static void test_bound_of_all(_unused_ void **state) {
        for (unsigned i = 0; i < POLKIT_PENDING_MAX; i++) {
                told.uid = 1000 + i;
                ask_and_hold(true);
        }
        told.uid = 2000;
        caller_call(&caller, "Ask", "");
        DRIVE_UNTIL(told.asked == POLKIT_PENDING_MAX + 1);
        assert_int_equal(told.refused, -EBUSY);
}

static void expect_checks(const char *method, unsigned n, int allowed) {
        ask(method);
        assert_int_equal(fake->n_checks, n);
        assert_int_equal(told.allowed, allowed);
}

static void test_remembered(_unused_ void **state) {
        Caller other;

        fake->verdict = FAKE_VERDICT_YES;
        expect_checks("AskAgain", 1, 1);
        fake->verdict = FAKE_VERDICT_NO;
        expect_checks("AskAgain", 1, 1);
        /* What is to be changed is asked about each time. */
        expect_checks("Ask", 2, 0);
        expect_checks("AskAgain", 2, 1);
        /* Another question. */
        told.with_details = true;
        expect_checks("AskAgain", 3, 0);
        told.with_details = false;
        /* Another connection. */
        caller_connect(&other, geteuid());
        caller_call(&other, "AskAgain", "");
        DRIVE_UNTIL(fake->n_checks == 4 && other.answers == 1);
        assert_int_equal(told.allowed, 0);
        caller_leave(&other);
}

/* Enough to drive all others out, if what the first has left behind stayed. */
static void ask_much_and_leave(unsigned n) {
        Caller other;
        char text[16];

        caller_connect(&other, geteuid());
        for (unsigned i = 0; i < n; i++) {
                snprintf(text, sizeof text, "%u", i);
                caller_call(&other, "AskAgain", text);
                DRIVE_UNTIL(other.answers == i + 1);
        }
        caller_leave(&other);
        drive_quiet();
}

static void test_who_leaves_is_forgotten(_unused_ void **state) {
        fake->verdict = FAKE_VERDICT_YES;
        expect_checks("AskAgain", 1, 1);
        for (unsigned i = 0; i < 3; i++)
                ask_much_and_leave(ANSWERS_MAX / 2);
        assert_int_equal(fake->n_checks, 1 + 3 * ANSWERS_MAX / 2);
        fake->verdict = FAKE_VERDICT_NO;
        expect_checks("AskAgain", 1 + 3 * ANSWERS_MAX / 2, 1);
}

/* A question that is not for reading leaves nothing behind. */
static void test_changes_are_not_remembered(_unused_ void **state) {
        fake->verdict = FAKE_VERDICT_YES;
        expect_checks("Ask", 1, 1);
        fake->verdict = FAKE_VERDICT_NO;
        expect_checks("AskAgain", 2, 0);
}

static void test_errors_are_not_remembered(_unused_ void **state) {
        fake->verdict = FAKE_VERDICT_ERROR;
        expect_checks("AskAgain", 1, -EIO);
        fake->verdict = FAKE_VERDICT_YES;
        expect_checks("AskAgain", 2, 1);
}

static void test_no_is_remembered_until_a_password_may_help(_unused_ void **state) {
        fake->verdict = FAKE_VERDICT_CHALLENGE;
        expect_checks("AskAgain", 1, 0);
        expect_checks("AskAgain", 1, 0);
        caller_call_interactive(&caller, "AskAgain", "");
        DRIVE_UNTIL(told.handled == 3);
        assert_int_equal(fake->n_checks, 2);
        caller_call_interactive(&caller, "AskAgain", "");
        DRIVE_UNTIL(told.handled == 4);
        assert_int_equal(fake->n_checks, 3);
        fake->verdict = FAKE_VERDICT_YES;
        caller_call_interactive(&caller, "AskAgain", "");
        DRIVE_UNTIL(told.handled == 5);
        assert_int_equal(told.allowed, 1);
        expect_checks("AskAgain", 4, 1);
}

static void test_changed_is_heeded(_unused_ void **state) {
        fake->verdict = FAKE_VERDICT_YES;
        expect_checks("AskAgain", 1, 1);
        bus_host_forge(PATH, INTERFACE, "Changed", "");
        drive_quiet();
        fake->verdict = FAKE_VERDICT_NO;
        expect_checks("AskAgain", 1, 1);
        fake_polkit_changed(fake);
        drive_quiet();
        expect_checks("AskAgain", 2, 0);
}

static void test_another_polkit(_unused_ void **state) {
        fake->verdict = FAKE_VERDICT_YES;
        expect_checks("AskAgain", 1, 1);
        fake_polkit_disconnect(fake);
        drive_quiet();
        fake->verdict = FAKE_VERDICT_NO;
        fake_polkit_connect(fake);
        expect_checks("AskAgain", 2, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_question),
                TEST(test_interactive_if_the_caller_says_so),
                TEST(test_refusals),
                TEST(test_not_there),
                TEST(test_goes_away_while_asked),
                TEST(test_silent),
                TEST(test_caller_leaves),
                TEST(test_forged_leave),
                TEST(test_freed_while_asked),
                TEST(test_bus_dies_while_asked),
                TEST(test_bound_of_one_uid),
                TEST(test_bound_of_all),
                TEST(test_remembered),
                TEST(test_who_leaves_is_forgotten),
                TEST(test_changes_are_not_remembered),
                TEST(test_errors_are_not_remembered),
                TEST(test_no_is_remembered_until_a_password_may_help),
                TEST(test_changed_is_heeded),
                TEST(test_another_polkit),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
