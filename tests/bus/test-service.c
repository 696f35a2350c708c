/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/service.h"

#include <string.h>

#include "basic/bus-peer.h"
#include "bus/backlog.h"
#include "bus/bus-host.h"
#include "bus/peer.h"
#include "model/names.h"
#include "support/fake-operations.h"

static struct {
        unsigned owned, failed;
        int error; /* the last */
        /* The objects, as the service has made them. */
        unsigned made, freed;
        sd_bus *bus; /* theirs */
        bool refuse_to_make;
        unsigned answers; /* of the service */
        int answer_error;
} told;

static FakeOperations fake;
static BusService *service;

int __real_endpoint_new(sd_bus *bus, const BusOperations *operations, Endpoint **ret);
Endpoint *__real_endpoint_free(Endpoint *endpoint);
int __wrap_endpoint_new(sd_bus *bus, const BusOperations *o, Endpoint **ret);
Endpoint *__wrap_endpoint_free(Endpoint *endpoint);

int __wrap_endpoint_new(sd_bus *bus, const BusOperations *o, Endpoint **ret) {
        assert_ptr_equal(o, &fake.operations);
        assert_null(told.bus);
        if (told.refuse_to_make)
                return -ENOMEM;
        told.made++;
        told.bus = bus;
        return __real_endpoint_new(bus, o, ret);
}

Endpoint *__wrap_endpoint_free(Endpoint *endpoint) {
        if (!endpoint)
                return NULL;
        told.freed++;
        told.bus = NULL;
        return __real_endpoint_free(endpoint);
}

static void on_owned(_unused_ void *userdata) {
        assert_non_null(bus_service_endpoint(service));
        told.owned++;
}

static void on_failed(int error, _unused_ void *userdata) {
        told.failed++;
        told.error = error;
}

static void start(void) {
        const BusServiceHandlers handlers = { .owned = on_owned, .failed = on_failed };

        assert_int_equal(bus_service_new(host.loop, &fake.operations, &handlers, &service), 0);
}

static int setup(_unused_ void **state) {
        memset(&told, 0, sizeof told);
        fake_operations_init(&fake);
        bus_host_start();
        return 0;
}

static int teardown(_unused_ void **state) {
        service = bus_service_free(service);
        bus_host_stop();
        return 0;
}

static int on_answer(sd_bus_message *reply, _unused_ void *userdata, _unused_ sd_bus_error *error) {
        told.answers++;
        told.answer_error = sd_bus_message_get_errno(reply);
        return 0;
}

static void call(void) {
        assert_true(sd_bus_call_method_async(host.client, NULL, BUS_NAME, MANAGER_PATH, MANAGER_INTERFACE,
                                             "ListSlices", on_answer, NULL, NULL) >= 0);
}

static void expect_reachable(void) {
        unsigned answers = told.answers;

        call();
        DRIVE_UNTIL(told.answers == answers + 1);
        assert_int_equal(told.answer_error, 0);
}

static void test_owns_the_name(_unused_ void **state) {
        start();
        assert_null(bus_service_endpoint(service));
        DRIVE_UNTIL(told.owned == 1);
        expect_reachable();
        drive_quiet();
        assert_int_equal(told.made, 1);
        assert_int_equal(told.owned, 1);
        assert_int_equal(told.failed, 0);
        service = bus_service_free(service);
        assert_int_equal(told.freed, 1);
        assert_null(bus_service_free(NULL));
}

/* Nobody finds the name without the objects. */
static void test_no_name_without_objects(_unused_ void **state) {
        told.refuse_to_make = true;
        start();
        DRIVE_UNTIL(told.failed == 1);
        assert_int_equal(told.error, -ENOMEM);
        drive_quiet();
        call();
        DRIVE_UNTIL(told.answers == 1);
        assert_int_equal(told.answer_error, EHOSTUNREACH);
        told.refuse_to_make = false;
        DRIVE_UNTIL(told.owned == 1);
        assert_int_equal(told.failed, 1);
}

static void test_bus_restarts(_unused_ void **state) {
        start();
        DRIVE_UNTIL(told.owned == 1);
        private_bus_kill(host.bus);
        DRIVE_UNTIL(told.freed == 1);
        assert_null(bus_service_endpoint(service));
        DRIVE_UNTIL(told.failed == 1);
        assert_true(told.error < 0);
        private_bus_start(host.bus);
        DRIVE_UNTIL(told.owned == 2);
        bus_host_reconnect();
        expect_reachable();
        assert_int_equal(told.made, 2);
        assert_int_equal(told.failed, 1);
        /* Told anew, since it was there in between. */
        private_bus_kill(host.bus);
        DRIVE_UNTIL(told.failed == 2);
}

static void test_failure_is_told_once(_unused_ void **state) {
        private_bus_kill(host.bus);
        start();
        DRIVE_UNTIL(told.failed == 1);
        assert_int_not_equal(told.error, -EEXIST);
        private_bus_start(host.bus);
        host.stranger = private_bus_disconnect(host.stranger);
        host.stranger = private_bus_connect();
        assert_true(sd_bus_request_name(host.stranger, BUS_NAME, 0) > 0);
        DRIVE_UNTIL(told.made == 1);
        drive_quiet();
        assert_int_equal(told.owned, 0);
        assert_int_equal(told.failed, 1);
        assert_true(sd_bus_release_name(host.stranger, BUS_NAME) >= 0);
        DRIVE_UNTIL(told.owned == 1);
}

static void test_freed_while_the_bus_is_down(_unused_ void **state) {
        start();
        DRIVE_UNTIL(told.owned == 1);
        private_bus_kill(host.bus);
        DRIVE_UNTIL(told.failed == 1);
        service = bus_service_free(service);
        drive_quiet();
        assert_int_equal(told.freed, 1);
}

static void test_somebody_else_has_the_name(_unused_ void **state) {
        assert_true(sd_bus_request_name(host.stranger, BUS_NAME, 0) >= 0);
        start();
        DRIVE_UNTIL(told.failed == 1);
        assert_int_equal(told.error, -EEXIST);
        drive_quiet();
        assert_int_equal(told.owned, 0);
        assert_true(sd_bus_release_name(host.stranger, BUS_NAME) >= 0);
        DRIVE_UNTIL(told.owned == 1);
        expect_reachable();
        assert_int_equal(told.failed, 1);
}

static void test_name_cannot_be_taken_away(_unused_ void **state) {
        start();
        DRIVE_UNTIL(told.owned == 1);
        assert_int_equal(sd_bus_request_name(host.stranger, BUS_NAME, SD_BUS_NAME_REPLACE_EXISTING),
                         -EEXIST);
        expect_reachable();
}

static void test_name_is_lost(_unused_ void **state) {
        start();
        DRIVE_UNTIL(told.owned == 1);
        assert_true(sd_bus_release_name_async(told.bus, NULL, BUS_NAME, NULL, NULL) >= 0);
        DRIVE_UNTIL(told.owned == 2);
        expect_reachable();
        assert_int_equal(told.made, 1);
        /* To somebody who was waiting for it. */
        assert_int_equal(sd_bus_request_name(host.stranger, BUS_NAME, SD_BUS_NAME_QUEUE), 0);
        assert_true(sd_bus_release_name_async(told.bus, NULL, BUS_NAME, NULL, NULL) >= 0);
        DRIVE_UNTIL(told.failed == 1);
        assert_int_equal(told.error, -EEXIST);
        assert_true(sd_bus_release_name(host.stranger, BUS_NAME) >= 0);
        DRIVE_UNTIL(told.owned == 3);
}

static void test_name_is_denied(_unused_ void **state) {
        private_bus_deny_name(host.bus, BUS_NAME);
        start();
        DRIVE_UNTIL(told.failed == 1);
        assert_int_equal(told.error, -EACCES);
        private_bus_deny_name(host.bus, NULL);
        DRIVE_UNTIL(told.owned == 1);
        expect_reachable();
        assert_int_equal(told.failed, 1);
}

static int on_tick(_unused_ sd_event_source *s, _unused_ void *userdata) {
        return 0;
}

/* Callers do not keep the service from its own work. */
static void test_callers_come_last(_unused_ void **state) {
        sd_event_source *tick;

        start();
        DRIVE_UNTIL(told.owned == 1);
        drive_quiet();
        assert_true(sd_event_add_defer(host.loop, &tick, on_tick, NULL) >= 0);
        assert_true(sd_event_source_set_priority(tick, PEER_PRIORITY - 1) >= 0);
        assert_true(sd_event_source_set_enabled(tick, SD_EVENT_ON) >= 0);
        call();
        for (unsigned i = 0; i < 1000; i++)
                assert_true(sd_event_run(host.loop, 0) >= 0);
        private_bus_sync(host.stranger);
        for (unsigned i = 0; i < 1000; i++)
                assert_true(sd_event_run(host.loop, 0) >= 0);
        assert_int_equal(told.answers, 0);
        sd_event_source_unref(tick);
        DRIVE_UNTIL(told.answers == 1);
}

/* A descriptor would be opened here, and be open as long as the call waits. */
static void test_descriptors_are_not_taken(_unused_ void **state) {
        _cleanup_(bus_message_unrefp) sd_bus_message *m = NULL;

        start();
        DRIVE_UNTIL(told.owned == 1);
        assert_true(sd_bus_message_new_method_call(host.client, &m, BUS_NAME, MANAGER_PATH,
                                                   "org.freedesktop.DBus.Peer", "Ping") >= 0);
        assert_true(sd_bus_message_append(m, "h", STDIN_FILENO) >= 0);
        assert_true(sd_bus_call_async(host.client, NULL, m, on_answer, NULL, 0) >= 0);
        DRIVE_UNTIL(told.answers == 1);
        assert_int_equal(told.answer_error, EOPNOTSUPP);
        expect_reachable();
}

static void send_until_the_bus_is_full(void) {
        uint64_t waiting = 0;

        while (waiting == 0) {
                assert_true(sd_bus_emit_signal(told.bus, MANAGER_PATH, MANAGER_INTERFACE, "Contended", "b",
                                               true) >= 0);
                assert_true(sd_bus_get_n_queued_write(told.bus, &waiting) >= 0);
        }
}

/* Else the test hangs. */
static void test_a_bus_that_stands_still_is_not_waited_for(_unused_ void **state) {
        start();
        DRIVE_UNTIL(told.owned == 1);
        private_bus_freeze(host.bus);
        send_until_the_bus_is_full();
        assert_true(sd_event_exit(host.loop, 0) >= 0);
        assert_true(sd_event_loop(host.loop) >= 0);
        service = bus_service_free(service);
        private_bus_thaw(host.bus);
        assert_int_equal(told.freed, 1);
}

static void call_without_reading(void) {
        assert_true(sd_bus_call_method_async(host.stranger, NULL, BUS_NAME, MANAGER_PATH,
                                             "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
                                             on_answer, NULL, NULL) >= 0);
}

/* Returns false. */
static bool remember_most(uint64_t *most) {
        uint64_t waiting;

        if (told.bus && sd_bus_get_n_queued_write(told.bus, &waiting) >= 0)
                *most = MAX(*most, waiting);
        return false;
}

/* The bus keeps answers that nobody reads, counts them as ours, and then takes no more from us. */
static void test_callers_who_do_not_read_stop_nobody_for_long(_unused_ void **state) {
        uint64_t most = 0;

        private_bus_limit(host.bus, "max_incoming_bytes", 256 * 1024);
        fake.many = 1000;
        start();
        DRIVE_UNTIL(told.owned == 1);
        private_bus_sync(host.stranger);
        call_without_reading();
        DRIVE_UNTIL(fake.rounds == 1); /* it is known who that is */
        for (unsigned i = 0; i < 100; i++)
                call_without_reading();
        DRIVE_UNTIL(remember_most(&most) || told.failed == 1);
        assert_int_equal(told.error, -ETIMEDOUT);
        assert_true(most >= BACKLOG_MAX && most <= BACKLOG_MAX + 2); /* its answer; the question */
        DRIVE_UNTIL(told.owned == 2);
        assert_int_equal(told.failed, 1);
        assert_int_equal(told.made, 2);
        assert_int_equal(told.freed, 1);
        expect_reachable();
}

/* Nor is a bus given up that has only been slow, or that nobody calls on. */
static void test_many_answers_wait_for_room(_unused_ void **state) {
        fake.many = 1000;
        start();
        DRIVE_UNTIL(told.owned == 1);
        for (unsigned i = 0; i < 100; i++)
                assert_true(sd_bus_call_method_async(host.client, NULL, BUS_NAME, MANAGER_PATH,
                                                     "org.freedesktop.DBus.ObjectManager",
                                                     "GetManagedObjects", on_answer, NULL, NULL) >= 0);
        DRIVE_UNTIL(sd_bus_flush(host.client) == 0);
        private_bus_sync(host.stranger);
        private_bus_freeze(host.bus);
        drive_quiet();
        private_bus_thaw(host.bus);
        DRIVE_UNTIL(told.answers == 100);
        assert_int_equal(told.answer_error, 0);
        assert_int_equal(told.failed, 0);
        assert_int_equal(told.made, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_owns_the_name),
                TEST(test_no_name_without_objects),
                TEST(test_bus_restarts),
                TEST(test_failure_is_told_once),
                TEST(test_freed_while_the_bus_is_down),
                TEST(test_somebody_else_has_the_name),
                TEST(test_name_cannot_be_taken_away),
                TEST(test_name_is_lost),
                TEST(test_name_is_denied),
                TEST(test_callers_come_last),
                TEST(test_descriptors_are_not_taken),
                TEST(test_a_bus_that_stands_still_is_not_waited_for),
                TEST(test_callers_who_do_not_read_stop_nobody_for_long),
                TEST(test_many_answers_wait_for_room),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
