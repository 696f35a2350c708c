/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/callers.h"

#include <string.h>

#include "bus/bus-host.h"
#include "bus/caller.h"
#include "model/user.h"

static struct {
        unsigned answers, forgotten;
        int error; /* the last */
        uid_t uid;
} told;

static Callers *callers;

static void on_uid(int error, uid_t uid, void *userdata) {
        assert_ptr_equal(userdata, &told);
        told.answers++;
        told.error = error;
        told.uid = uid;
}

static void on_forgotten(void *userdata) {
        assert_ptr_equal(userdata, &told);
        told.forgotten++;
}

static int setup(_unused_ void **state) {
        memset(&told, 0, sizeof told);
        bus_host_start();
        assert_int_equal(callers_new(host.client, &callers), 0);
        return 0;
}

static int teardown(_unused_ void **state) {
        callers = callers_free(callers);
        bus_host_stop();
        return 0;
}

static int ask(const char *name) {
        return callers_ask(callers, name, on_uid, on_forgotten, &told);
}

static void test_known_until_it_leaves(_unused_ void **state) {
        const uid_t somebody = geteuid() == 0 ? 1 : geteuid();
        uid_t uid = UID_INVALID;
        char name[32];
        Caller caller;

        caller_connect(&caller, somebody);
        snprintf(name, sizeof name, "%s", caller.name);
        assert_false(callers_find(callers, caller.name, &uid));
        assert_int_equal(ask(caller.name), 0);
        assert_int_equal(ask(caller.name), 0);
        assert_false(callers_find(callers, caller.name, &uid));
        assert_int_equal(told.answers, 0);
        DRIVE_UNTIL(told.answers == 2);
        assert_int_equal(told.error, 0);
        assert_int_equal(told.uid, somebody);
        assert_true(callers_find(callers, caller.name, &uid));
        assert_int_equal(uid, somebody);
        bus_host_forge("/org/freedesktop/DBus", "org.freedesktop.DBus", "NameOwnerChanged", "sss",
                       caller.name, caller.name, "");
        drive_quiet();
        assert_true(callers_find(callers, caller.name, &uid));
        caller_leave(&caller);
        DRIVE_UNTIL(!callers_find(callers, name, &uid));
        assert_int_equal(told.forgotten, 0);
}

static void test_nobody_there(_unused_ void **state) {
        uid_t uid;

        assert_int_equal(ask(":1.999999"), 0);
        DRIVE_UNTIL(told.forgotten == 1);
        assert_int_equal(told.answers, 0);
        assert_false(callers_find(callers, ":1.999999", &uid));
        assert_int_equal(ask(":1.999999"), 0);
        DRIVE_UNTIL(told.forgotten == 2);
}

static void test_bus_does_not_answer(_unused_ void **state) {
        assert_int_equal(ask(":1.999999"), 0);
        private_bus_freeze(host.bus);
        private_bus_kill(host.bus);
        DRIVE_UNTIL(told.answers == 1);
        assert_true(told.error < 0);
        assert_int_equal(told.forgotten, 0);
}

/* The bus tells the owner of any name, and who has one may have hundreds. */
static const char *name_of(char name[32], unsigned i) {
        snprintf(name, 32, "org.fairslice1.Test.n%u", i);
        return name;
}

static void own(sd_bus *bus, unsigned from, unsigned to) {
        char name[32];

        for (unsigned i = from; i < to; i++)
                assert_true(sd_bus_request_name(bus, name_of(name, i), 0) >= 0);
}

static void learn(unsigned i) {
        unsigned answers = told.answers;
        char name[32];

        assert_int_equal(ask(name_of(name, i)), 0);
        DRIVE_UNTIL(told.answers == answers + 1);
        assert_int_equal(told.error, 0);
}

static bool is_known(unsigned i) {
        char name[32];
        uid_t uid;

        return callers_find(callers, name_of(name, i), &uid);
}

/* Who has called a moment ago stays. */
static void test_as_many_are_known(_unused_ void **state) {
        sd_bus *owner[3];

        for (unsigned i = 0; i < ELEMENTSOF(owner); i++) {
                owner[i] = private_bus_connect();
                own(owner[i], 400 * i, 400 * (i + 1));
        }
        for (unsigned i = 0; i < CALLERS_KNOWN_MAX; i++)
                learn(i);
        assert_true(is_known(0));
        learn(CALLERS_KNOWN_MAX);
        assert_false(is_known(1));
        assert_true(is_known(0));
        assert_true(is_known(2));
        assert_true(is_known(CALLERS_KNOWN_MAX));
        for (unsigned i = 0; i < ELEMENTSOF(owner); i++)
                private_bus_disconnect(owner[i]);
}

static void test_as_many_wait(_unused_ void **state) {
        char name[32];

        for (unsigned i = 0; i < CALLERS_WAITING_MAX; i++)
                assert_int_equal(ask(name_of(name, i / CALLERS_WAITING_PER_CONNECTION_MAX)), 0);
        assert_int_equal(ask(":1.1"), -EBUSY);
        DRIVE_UNTIL(told.forgotten == CALLERS_WAITING_MAX);
        assert_int_equal(ask(":1.999999"), 0);
}

static void test_as_many_wait_for_one(_unused_ void **state) {
        for (unsigned i = 0; i < CALLERS_WAITING_PER_CONNECTION_MAX; i++)
                assert_int_equal(ask(":1.1"), 0);
        assert_int_equal(ask(":1.1"), -EBUSY);
        assert_int_equal(ask(":1.2"), 0);
        callers = callers_free(callers);
        assert_int_equal(told.forgotten, CALLERS_WAITING_PER_CONNECTION_MAX + 1);
        assert_null(callers_free(NULL));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_known_until_it_leaves), TEST(test_nobody_there), TEST(test_bus_does_not_answer),
                TEST(test_as_many_are_known),     TEST(test_as_many_wait), TEST(test_as_many_wait_for_one),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
