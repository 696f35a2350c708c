/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <sys/socket.h>

#include "basic/bus-peer.h"
#include "bus/objects-host.h"
#include "model/user.h"

/* What is told without being asked for: names alone, and on the private socket only to whom it concerns. */

#define ALICE_PATH     SLICE_PATH_PREFIX "/user_2d1000_2eslice"
#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"
#define PROPERTIES     "org.freedesktop.DBus.Properties"

/* Everything that can happen to alice's slice, and at the end something about the host. */
static void tell_all(Endpoint *endpoint, _unused_ void *userdata) {
        endpoint_slice_added(endpoint, "user-1000.slice");
        endpoint_limits_changed(endpoint, "user-1000.slice", FAKE_ALICE);
        endpoint_memory_warning(endpoint, "user-1000.slice", FAKE_ALICE, 7);
        endpoint_out_of_memory(endpoint, "user-1000.slice", FAKE_ALICE, 7);
        endpoint_slice_removed(endpoint, "user-1000.slice", FAKE_ALICE);
        endpoint_contended(endpoint, true);
}

static int on_time(sd_event_source *s, _unused_ uint64_t usec, _unused_ void *userdata) {
        objects_foreach_endpoint(tell_all, NULL);
        (void) sd_event_source_set_time_relative(s, 20 * USEC_PER_MSEC);
        return sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

/* Runs a client that hears it again and again. */
static void as_listener(uid_t uid, int (*client)(void)) {
        sd_event *loop = objects.on_bus ? host.loop : socket_host.loop;
        sd_event_source *timer = NULL;

        assert_true(sd_event_add_time_relative(loop, &timer, CLOCK_MONOTONIC, 0, 0, on_time, NULL) >= 0);
        as_user(uid, client);
        sd_event_source_disable_unref(timer);
}

/* Every signal, until a whole round has passed; whoever connects may miss the beginning of one. */
typedef struct Heard {
        unsigned contended; /* rounds */
        unsigned added, removed, limits, memory, warnings, invalidated, changed;
        bool wrong;
} Heard;

static bool is(sd_bus_message *m, const char *path, const char *interface, const char *member) {
        return strcmp(sd_bus_message_get_path(m), path) == 0 &&
               sd_bus_message_is_signal(m, interface, member) > 0;
}

/* One interface and what is said of it: so many properties, all of them text or a UID. */
static bool read_interface(sd_bus_message *m, const char *interface, const char *const *properties) {
        const char *name;

        if (sd_bus_message_enter_container(m, 'e', "sa{sv}") <= 0 ||
            sd_bus_message_read(m, "s", &name) <= 0 || strcmp(name, interface) != 0 ||
            sd_bus_message_enter_container(m, 'a', "{sv}") <= 0)
                return false;
        for (; *properties; properties++)
                if (sd_bus_message_enter_container(m, 'e', "sv") <= 0 ||
                    sd_bus_message_read(m, "s", &name) <= 0 || strcmp(name, *properties) != 0 ||
                    sd_bus_message_skip(m, "v") < 0 || sd_bus_message_exit_container(m) < 0)
                        return false;
        return sd_bus_message_exit_container(m) >= 0 && sd_bus_message_exit_container(m) >= 0;
}

/* What never changes, and nothing else. */
static bool says_added(sd_bus_message *m) {
        const char *path;

        return sd_bus_message_read(m, "o", &path) > 0 && strcmp(path, ALICE_PATH) == 0 &&
               sd_bus_message_enter_container(m, 'a', "{sa{sv}}") > 0 &&
               read_interface(m, SLICE_INTERFACE, (const char *const[]){ "Id", "ControlGroup", NULL }) &&
               read_interface(m, USER_SLICE_INTERFACE, (const char *const[]){ "UID", "UserName", NULL }) &&
               sd_bus_message_at_end(m, false) > 0;
}

static bool says_removed(sd_bus_message *m) {
        const char *path, *first, *second;

        return sd_bus_message_read(m, "oas", &path, 2, &first, &second) > 0 &&
               strcmp(path, ALICE_PATH) == 0 && strcmp(first, SLICE_INTERFACE) == 0 &&
               strcmp(second, USER_SLICE_INTERFACE) == 0;
}

static bool says_slice(sd_bus_message *m) {
        const char *slice, *path;

        return sd_bus_message_read(m, "so", &slice, &path) > 0 && strcmp(slice, "user-1000.slice") == 0 &&
               strcmp(path, ALICE_PATH) == 0;
}

static bool says_event(sd_bus_message *m) {
        uint64_t event;

        return says_slice(m) && sd_bus_message_read(m, "t", &event) > 0 && event == 7;
}

static bool says_invalidated(sd_bus_message *m) {
        const char *interface, *property;

        return sd_bus_message_read(m, "sa{sv}as", &interface, 0, 1, &property) > 0 &&
               strcmp(interface, SLICE_INTERFACE) == 0 && strcmp(property, "ConfiguredLimits") == 0;
}

static bool says_changed(sd_bus_message *m) {
        const char *interface, *property;
        int contended;

        return sd_bus_message_read(m, "sa{sv}as", &interface, 1, &property, "b", &contended, 0) > 0 &&
               strcmp(interface, MANAGER_INTERFACE) == 0 && strcmp(property, "Contended") == 0 && contended;
}

static bool says_contended(sd_bus_message *m) {
        int contended;

        return sd_bus_message_read(m, "b", &contended) > 0 && contended;
}

static void count(Heard *heard, unsigned *counter, bool as_expected) {
        (*counter)++;
        if (!as_expected)
                heard->wrong = true;
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *ret_error _unused_) {
        Heard *heard = userdata;

        if (is(m, MANAGER_PATH, OBJECT_MANAGER, "InterfacesAdded"))
                count(heard, &heard->added, says_added(m));
        else if (is(m, MANAGER_PATH, OBJECT_MANAGER, "InterfacesRemoved"))
                count(heard, &heard->removed, says_removed(m));
        else if (is(m, MANAGER_PATH, MANAGER_INTERFACE, "LimitsChanged"))
                count(heard, &heard->limits, says_slice(m));
        else if (is(m, MANAGER_PATH, MANAGER_INTERFACE, "MemoryWarning"))
                count(heard, &heard->warnings, says_event(m));
        else if (is(m, MANAGER_PATH, MANAGER_INTERFACE, "OutOfMemory"))
                count(heard, &heard->memory, says_event(m));
        else if (is(m, ALICE_PATH, PROPERTIES, "PropertiesChanged"))
                count(heard, &heard->invalidated, says_invalidated(m));
        else if (is(m, MANAGER_PATH, PROPERTIES, "PropertiesChanged"))
                count(heard, &heard->changed, says_changed(m));
        else if (is(m, MANAGER_PATH, MANAGER_INTERFACE, "Contended"))
                count(heard, &heard->contended, says_contended(m));
        return 0;
}

#define ROUNDS 3U

/* Until so many rounds have been heard. A peer is not known to the service before it has said something. */
static int listen_to(Heard *heard) {
        sd_bus *bus = objects_connect();
        usec_t deadline = now_monotonic() + DRIVE_LIMIT_USEC;

        if (objects.on_bus)
                CHECK(sd_bus_add_match(bus, NULL, "type='signal',sender='" BUS_NAME "'", on_signal, heard) >=
                      0);
        else
                CHECK(sd_bus_add_filter(bus, NULL, on_signal, heard) >= 0);
        CHECK(sd_bus_call_method(bus, BUS_NAME, MANAGER_PATH, MANAGER_INTERFACE, "ListSlices", NULL, NULL,
                                 NULL) >= 0);
        *heard = (Heard){};
        while (heard->contended < ROUNDS) {
                int r = sd_bus_process(bus, NULL);

                CHECK(r >= 0 && now_monotonic() < deadline);
                if (r == 0)
                        (void) sd_bus_wait(bus, 100 * USEC_PER_MSEC);
        }
        CHECK(!heard->wrong);
        return 0;
}

static int hears_all(void) {
        Heard heard = {};

        CHECK(listen_to(&heard) == 0);
        CHECK(heard.added >= ROUNDS - 1 && heard.removed >= ROUNDS - 1 && heard.limits >= ROUNDS - 1);
        CHECK(heard.warnings >= ROUNDS - 1);
        CHECK(heard.memory >= ROUNDS - 1 && heard.invalidated >= ROUNDS - 1 && heard.changed >= ROUNDS - 1);
        return 0;
}

static int hears_of_host(void) {
        Heard heard = {};

        CHECK(listen_to(&heard) == 0);
        CHECK(heard.changed >= ROUNDS - 1);
        CHECK(heard.added + heard.removed + heard.limits + heard.memory + heard.warnings +
                      heard.invalidated ==
              0);
        return 0;
}

static void test_root(_unused_ void **state) {
        as_listener(getuid(), hears_all);
}

static void test_user(_unused_ void **state) {
        need_root_to_be_others();
        if (!objects.on_bus)
                as_listener(FAKE_ALICE, hears_all);
        as_listener(objects.stranger, objects.on_bus ? hears_all : hears_of_host);
}

static void tell_of_nobody(Endpoint *endpoint, _unused_ void *userdata) {
        endpoint_slice_added(endpoint, "user-4711.slice");
        endpoint_limits_changed(endpoint, "user-4711.slice", 4711);
        endpoint_slice_removed(endpoint, "user-4711.slice", UID_INVALID);
        endpoint_out_of_memory(endpoint, "user.slice", UID_INVALID, 1);
}

/* What is told of may have gone since. */
static void test_gone(_unused_ void **state) {
        objects_foreach_endpoint(tell_of_nobody, NULL);
        as_listener(getuid(), hears_all);
}

static void tell_much(Endpoint *endpoint, void *userdata) {
        for (unsigned i = 0; i < 10000; i++)
                tell_all(endpoint, NULL);
        ++*(unsigned *) userdata;
}

/* All that has come, until nothing more does. */
static size_t drain(int fd) {
        size_t size = 0;
        char data[4096];

        for (ssize_t n = 1; n > 0;) {
                drive_quiet();
                n = recv(fd, data, sizeof data, MSG_DONTWAIT);
                size += (size_t) MAX(n, 0);
        }
        return size;
}

/* Somebody connects, says something, and does not read for a while: what happens meanwhile does not pile up,
 * and the service has nothing to do for them. */
static void test_does_not_read(_unused_ void **state) {
        uint8_t call[RAW_CALL_MAX];
        size_t size = raw_call(call, "ListSlices"), before;
        unsigned endpoints = 0;
        int fd = raw_connect(socket_host.path);

        assert_true(raw_send(fd, RAW_HANDSHAKE, RAW_HANDSHAKE_SIZE) && raw_send(fd, call, size));
        DRIVE_UNTIL(socket_host.fake.rounds > 0);
        before = drain(fd);
        assert_true(before > 0);
        objects_foreach_endpoint(tell_much, &endpoints);
        assert_int_equal(endpoints, 1);
        as_listener(getuid(), hears_all);
        assert_in_range(drain(fd), 1, 256 * 1024);
        assert_false(raw_ended(fd));
        close(fd);
}

/* Something happens while somebody connects: who cannot be told yet goes without, and is served. */
static void test_connects_meanwhile(_unused_ void **state) {
        uint8_t call[RAW_CALL_MAX];
        size_t size = raw_call(call, "ListSlices");
        int fd = raw_connect(socket_host.path);

        drive_quiet();
        objects_foreach_endpoint(tell_all, NULL);
        assert_true(raw_send(fd, RAW_HANDSHAKE, RAW_HANDSHAKE_SIZE) && raw_send(fd, call, size));
        DRIVE_UNTIL(socket_host.fake.rounds > 0);
        close(fd);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                ON_BOTH(test_root),
                ON_BOTH(test_user),
                ON_BOTH(test_gone),
                cmocka_unit_test_setup_teardown(test_does_not_read, objects_setup_on_socket,
                                                objects_teardown),
                cmocka_unit_test_setup_teardown(test_connects_meanwhile, objects_setup_on_socket,
                                                objects_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
