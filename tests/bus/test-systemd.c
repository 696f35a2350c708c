/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "backend/systemd.h"
#include "bus/bus-host.h"
#include "support/fake-systemd.h"

/* What the contract test does not ask: the backend of systemd when the bus or PID 1 misbehave. */

#define NAME      "org.freedesktop.systemd1"
#define PATH      "/org/freedesktop/systemd1"
#define INTERFACE "org.freedesktop.systemd1.Manager"

static struct {
        size_t n_done;
        int error;
        bool was_online; /* when the last call ended */
        unsigned online, offline, reloaded;
} told;

static Script script;
static FakeSystemd *systemd;
static Backend *backend;

static void on_done(_unused_ const char *slice, int error, _unused_ const char *message,
                    _unused_ void *userdata) {
        told.n_done++;
        told.error = error;
        told.was_online = backend->is_online;
}

static void on_online(bool online, _unused_ void *userdata) {
        told.online += online;
        told.offline += !online;
}

static void on_reloading(bool active, _unused_ void *userdata) {
        told.reloaded += !active;
}

static int setup(_unused_ void **state) {
        const BackendHandlers handlers = { .done = on_done, .online = on_online, .reloading = on_reloading };

        memset(&told, 0, sizeof told);
        bus_host_start();
        systemd = fake_systemd_new(host.fakes_loop, &script);
        assert_int_equal(backend_systemd_new(&handlers, &backend), 0);
        return 0;
}

static int teardown(_unused_ void **state) {
        backend = backend_free(backend);
        systemd = fake_systemd_free(systemd);
        bus_host_stop();
        script_done(&script);
        (void) unsetenv("SYSTEMD_BUS_TIMEOUT");
        return 0;
}

static void come_online(void) {
        fake_systemd_connect(systemd);
        assert_int_equal(backend_systemd_attach(backend, host.client), 0);
        DRIVE_UNTIL(backend->is_online);
}

static void set_one(void) {
        Limits limits = LIMITS_UNSET;

        limits.value[LIMIT_MEMORY_MAX] = 1 << 20;
        assert_int_equal(backend_set_limits(backend, "user-1000.slice", &limits, 1U << LIMIT_MEMORY_MAX), 0);
}

/* A call that systemd has got and does not answer. */
static void hold_one(void) {
        size_t n = script.n_calls;

        script.hold = true;
        set_one();
        DRIVE_UNTIL(script.n_calls == n + 1);
}

/* Whatever was sent to the client before has been seen when this has come about. */
static void expect_reloads(unsigned n) {
        fake_systemd_reloading(systemd, false);
        DRIVE_UNTIL(told.reloaded >= n);
        assert_int_equal(told.reloaded, n);
}

static void test_no_systemd(_unused_ void **state) {
        assert_int_equal(backend_systemd_attach(backend, host.client), 0);
        drive_quiet();
        assert_false(backend->is_online);
        fake_systemd_connect(systemd);
        DRIVE_UNTIL(backend->is_online);
        assert_int_equal(told.online, 1);
}

static void test_forged_reloading(_unused_ void **state) {
        come_online();
        bus_host_forge(PATH, INTERFACE, "Reloading", "b", false);
        expect_reloads(1);
}

static void test_forged_owner(_unused_ void **state) {
        come_online();
        bus_host_forge("/org/freedesktop/DBus", "org.freedesktop.DBus", "NameOwnerChanged", "sss", NAME,
                       ":1.1", "");
        bus_host_forge("/org/freedesktop/DBus", "org.freedesktop.DBus", "NameOwnerChanged", "sss", NAME, "",
                       ":1.99");
        expect_reloads(1);
        assert_true(backend->is_online);
        assert_int_equal(told.offline, 0);
        assert_int_equal(fake_systemd_subscribe_calls(systemd), 1);
}

static void test_malformed_reloading(_unused_ void **state) {
        sd_bus *bus;

        come_online();
        bus = fake_systemd_bus(systemd);
        assert_true(sd_bus_emit_signal(bus, PATH, INTERFACE, "Reloading", NULL) >= 0);
        assert_true(sd_bus_emit_signal(bus, PATH, INTERFACE, "Reloading", "s", "false") >= 0);
        assert_true(sd_bus_emit_signal(bus, PATH, INTERFACE, "Reloading", "u", 0) >= 0);
        fake_systemd_reloading(systemd, true);
        expect_reloads(1);
}

/* As at a re-execution: gone, and back with another unique name and without subscribers. */
static void test_comes_back(_unused_ void **state) {
        come_online();
        fake_systemd_disconnect(systemd);
        DRIVE_UNTIL(!backend->is_online);
        fake_systemd_connect(systemd);
        DRIVE_UNTIL(backend->is_online);
        assert_int_equal(fake_systemd_subscribe_calls(systemd), 2);
        expect_reloads(1);
}

/* The name passes from one to the other without a gap. */
static void test_replaced(_unused_ void **state) {
        FakeSystemd *next = fake_systemd_new(host.fakes_loop, &script);

        come_online();
        fake_systemd_connect(next);
        fake_systemd_release_name(systemd);
        DRIVE_UNTIL(fake_systemd_subscribe_calls(next) == 1);
        DRIVE_UNTIL(told.reloaded == 1);
        /* The old one has no say any more. */
        fake_systemd_reloading(systemd, false);
        private_bus_sync(fake_systemd_bus(systemd));
        fake_systemd_reloading(next, false);
        DRIVE_UNTIL(told.reloaded == 2);
        drive_quiet();
        assert_int_equal(told.reloaded, 2);
        assert_true(backend->is_online);
        fake_systemd_free(next);
}

static void test_subscribe_refused(_unused_ void **state) {
        fake_systemd_refuse_subscribe(systemd, SD_BUS_ERROR_ACCESS_DENIED);
        come_online();
        set_one();
        DRIVE_UNTIL(told.n_done == 1);
        assert_int_equal(told.error, 0);
        DRIVE_UNTIL(fake_systemd_subscribe_calls(systemd) == 2);
        fake_systemd_refuse_subscribe(systemd, NULL);
        set_one();
        DRIVE_UNTIL(told.n_done == 2 && fake_systemd_subscribe_calls(systemd) == 3);
        drive_quiet();
        set_one();
        DRIVE_UNTIL(told.n_done == 3);
        assert_int_equal(fake_systemd_subscribe_calls(systemd), 3);
        expect_reloads(1);
}

static void test_already_subscribed(_unused_ void **state) {
        fake_systemd_refuse_subscribe(systemd, NAME ".AlreadySubscribed");
        come_online();
        set_one();
        DRIVE_UNTIL(told.n_done == 1);
        assert_int_equal(fake_systemd_subscribe_calls(systemd), 1);
}

/* A PID 1 that never answers costs its call and nothing else; an answer that comes too late is none. */
static void test_never_and_late(_unused_ void **state) {
        assert_int_equal(setenv("SYSTEMD_BUS_TIMEOUT", "200ms", true), 0);
        bus_host_reconnect();
        come_online();
        hold_one();
        DRIVE_UNTIL(told.n_done == 1);
        assert_int_equal(told.error, -ECANCELED);
        assert_int_equal(backend->pending, 0);
        assert_true(backend->is_online);
        fake_systemd_release(systemd);
        drive_quiet();
        assert_int_equal(told.n_done, 1);
        set_one();
        DRIVE_UNTIL(told.n_done == 2);
        assert_int_equal(told.error, 0);
}

/* Everything is lost at once; nobody is told that limits can be set as long as they cannot. */
static void test_bus_dies(_unused_ void **state) {
        come_online();
        for (unsigned i = 0; i < 3; i++)
                hold_one();
        private_bus_kill(host.bus);
        DRIVE_UNTIL(told.n_done == 3);
        assert_int_equal(told.error, -ECANCELED);
        assert_false(told.was_online);
        assert_int_equal(told.offline, 1);
        backend_systemd_detach(backend);
        assert_int_equal(told.offline, 1);
        assert_int_equal(told.n_done, 3);
}

static void test_bus_dies_before_the_first_answer(_unused_ void **state) {
        fake_systemd_ignore_subscribe(systemd, true);
        fake_systemd_connect(systemd);
        assert_int_equal(backend_systemd_attach(backend, host.client), 0);
        DRIVE_UNTIL(fake_systemd_subscribe_calls(systemd) == 1);
        private_bus_kill(host.bus);
        DRIVE_UNTIL(sd_bus_is_open(host.client) <= 0);
        drive_quiet();
        assert_int_equal(told.online, 0);
        assert_false(backend->is_online);
}

static void test_attached_again(_unused_ void **state) {
        come_online();
        hold_one();
        private_bus_kill(host.bus);
        private_bus_start(host.bus);
        fake_systemd_disconnect(systemd);
        bus_host_reconnect();
        fake_systemd_connect(systemd);
        script.hold = false;
        assert_int_equal(backend_systemd_attach(backend, host.client), 0);
        assert_int_equal(told.n_done, 1);
        assert_int_equal(told.error, -ECANCELED);
        DRIVE_UNTIL(backend->is_online);
        set_one();
        DRIVE_UNTIL(told.n_done == 2);
        assert_int_equal(told.error, 0);
        expect_reloads(1);
}

static void test_detached_with_calls_under_way(_unused_ void **state) {
        come_online();
        hold_one();
        backend_systemd_detach(backend);
        assert_int_equal(told.n_done, 1);
        assert_int_equal(told.error, -ECANCELED);
        assert_false(told.was_online);
        backend_systemd_detach(backend);
        fake_systemd_release(systemd);
        drive_quiet();
        assert_int_equal(told.n_done, 1);
        assert_int_equal(told.offline, 1);
}

static void test_freed_before_a_late_answer(_unused_ void **state) {
        come_online();
        hold_one();
        backend = backend_free(backend);
        fake_systemd_release(systemd);
        drive_quiet();
        assert_int_equal(told.n_done, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_no_systemd),
                TEST(test_forged_reloading),
                TEST(test_forged_owner),
                TEST(test_malformed_reloading),
                TEST(test_comes_back),
                TEST(test_replaced),
                TEST(test_subscribe_refused),
                TEST(test_already_subscribed),
                TEST(test_never_and_late),
                TEST(test_bus_dies),
                TEST(test_bus_dies_before_the_first_answer),
                TEST(test_attached_again),
                TEST(test_detached_with_calls_under_way),
                TEST(test_freed_before_a_late_answer),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
