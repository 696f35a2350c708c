/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "basic/bus-connection.h"
#include "support/drive.h"
#include "support/private-bus.h"

static struct {
        unsigned connected, lost, unreachable;
        sd_bus *bus; /* handed out, and not lost since */
} told;

static PrivateBus *private_bus;
static sd_event *loop;
static BusConnection *connection;

static void on_connected(sd_bus *bus, _unused_ void *userdata) {
        assert_null(told.bus);
        told.connected++;
        told.bus = bus;
}

static void on_lost(_unused_ void *userdata) {
        assert_non_null(told.bus);
        told.lost++;
        told.bus = NULL;
}

static void on_unreachable(int error, _unused_ void *userdata) {
        assert_true(error < 0);
        told.unreachable++;
}

static int setup(_unused_ void **state) {
        const BusConnectionHandlers handlers = {
                .connected = on_connected,
                .lost = on_lost,
                .unreachable = on_unreachable,
        };

        memset(&told, 0, sizeof told);
        private_bus = private_bus_new();
        assert_true(sd_event_new(&loop) >= 0);
        drive_add(loop);
        assert_int_equal(bus_connection_new(loop, SD_EVENT_PRIORITY_NORMAL, &handlers, &connection), 0);
        return 0;
}

static int teardown(_unused_ void **state) {
        connection = bus_connection_free(connection);
        drive_remove(loop);
        loop = sd_event_unref(loop);
        private_bus = private_bus_free(private_bus);
        return 0;
}

/* That the daemon answers shows that the connection is one. */
static bool works(void) {
        return told.bus && sd_bus_is_ready(told.bus) > 0;
}

static void test_connects_from_the_loop(_unused_ void **state) {
        assert_int_equal(told.connected, 0);
        DRIVE_UNTIL(works());
        drive_quiet();
        assert_int_equal(told.connected, 1);
        assert_int_equal(told.lost + told.unreachable, 0);
}

static void test_bus_restarts(_unused_ void **state) {
        DRIVE_UNTIL(works());
        private_bus_kill(private_bus);
        DRIVE_UNTIL(told.lost == 1);
        private_bus_start(private_bus);
        DRIVE_UNTIL(works());
        assert_int_equal(told.connected, 2);
        assert_int_equal(told.lost, 1);
}

static void test_unreachable_is_said_once(_unused_ void **state) {
        private_bus_kill(private_bus);
        DRIVE_UNTIL(told.unreachable == 1);
        for (usec_t end = now_monotonic() + 500 * USEC_PER_MSEC; now_monotonic() < end;)
                drive_step(50 * USEC_PER_MSEC);
        assert_int_equal(told.unreachable, 1);
        assert_int_equal(told.connected + told.lost, 0);
        private_bus_start(private_bus);
        DRIVE_UNTIL(works());
        /* And again, when it was there in between. */
        private_bus_kill(private_bus);
        DRIVE_UNTIL(told.unreachable == 2);
}

static void test_freed_while_it_is_down(_unused_ void **state) {
        DRIVE_UNTIL(works());
        private_bus_kill(private_bus);
        DRIVE_UNTIL(told.lost == 1);
        connection = bus_connection_free(connection);
        drive_quiet();
        assert_int_equal(told.lost, 1);
}

static void test_freed_at_once(_unused_ void **state) {
        connection = bus_connection_free(connection);
        assert_int_equal(told.connected, 0);
        assert_null(bus_connection_free(NULL));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_connects_from_the_loop),
                TEST(test_bus_restarts),
                TEST(test_unreachable_is_said_once),
                TEST(test_freed_while_it_is_down),
                TEST(test_freed_at_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
