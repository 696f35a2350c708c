/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "bus/socket-host.h"
#include "model/limits.h"

/* What org.fairslice1.Manager answers, to whom. */

/* The host's totals are for everybody. */
static int reads_properties(void) {
        sd_bus *bus = client_connect();

        CHECK(private_client_text_is(bus, "Version", PROJECT_VERSION));
        CHECK(private_client_text_is(bus, "Backend", "fake"));
        CHECK(private_client_text_is(bus, "SharePolicy", "max-min"));
        CHECK(private_client_number_is(bus, "CPUsUSecPerSec", 't', 4000000));
        CHECK(private_client_number_is(bus, "BudgetUSecPerSec", 't', 3600000));
        CHECK(private_client_number_is(bus, "WaterLevelUSecPerSec", 't', 1400000));
        CHECK(private_client_number_is(bus, "UseUSecPerSec", 't', 2750000));
        CHECK(private_client_number_is(bus, "OutsideUSecPerSec", 't', 150000));
        CHECK(private_client_number_is(bus, "Contended", 'b', 1));
        CHECK(private_client_number_is(bus, "ContendedTimestamp", 't', FAKE_NOW - 120 * USEC_PER_SEC));
        CHECK(private_client_number_is(bus, "ActiveUsers", 'u', 4));
        CHECK(private_client_number_is(bus, "Observing", 'b', 0));
        return 0;
}

static int reads_other_properties(void) {
        sd_bus *bus = client_connect();

        CHECK(private_client_text_is(bus, "SharePolicy", "weight"));
        CHECK(private_client_number_is(bus, "WaterLevelUSecPerSec", 't', UINT64_MAX));
        CHECK(private_client_number_is(bus, "Contended", 'b', 0));
        CHECK(private_client_number_is(bus, "Observing", 'b', 1));
        CHECK(private_client_number_is(bus, "ActiveUsers", 'u', 7));
        CHECK(sd_bus_set_property(bus, MANAGER, "Contended", NULL, "b", 0) < 0);
        return 0;
}

static bool next_slice(sd_bus_message *reply, const char *name, uint32_t uid, const char *user,
                       const char *path) {
        const char *n, *u, *p;
        uint32_t id;

        return sd_bus_message_read(reply, "(suso)", &n, &id, &u, &p) > 0 && strcmp(n, name) == 0 &&
               id == uid && strcmp(u, user) == 0 && strcmp(p, path) == 0;
}

static sd_bus_message *list_slices(sd_bus *bus) {
        sd_bus_message *reply = NULL;

        if (sd_bus_call_method(bus, MANAGER, "ListSlices", NULL, &reply, NULL) < 0 ||
            sd_bus_message_enter_container(reply, 'a', "(suso)") < 0)
                _exit(4);
        return reply;
}

static int sees_all_slices(void) {
        sd_bus_message *reply = list_slices(client_connect());

        CHECK(next_slice(reply, "user-1000.slice", 1000, "alice",
                         "/org/fairslice1/slice/user_2d1000_2eslice"));
        for (unsigned i = 1; i < FAKE_USERS - 1; i++)
                CHECK(sd_bus_message_skip(reply, "(suso)") > 0);
        CHECK(next_slice(reply, "user-61184.slice", USER_UID, "",
                         "/org/fairslice1/slice/user_2d61184_2eslice"));
        CHECK(sd_bus_message_at_end(reply, false) > 0);
        return 0;
}

static int sees_own_slice(void) {
        sd_bus_message *reply = list_slices(client_connect());

        CHECK(next_slice(reply, "user-61184.slice", USER_UID, "",
                         "/org/fairslice1/slice/user_2d61184_2eslice"));
        CHECK(sd_bus_message_at_end(reply, false) > 0);
        return 0;
}

static int sees_no_slice(void) {
        CHECK(sd_bus_message_at_end(list_slices(client_connect()), false) > 0);
        return 0;
}

static int reload_gives(const char *error_name, const char *message) {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = sd_bus_call_method(client_connect(), MANAGER, "Reload", &error, NULL, NULL);

        if (!error_name) {
                CHECK(r >= 0);
                return 0;
        }
        CHECK(r < 0);
        CHECK(sd_bus_error_has_name(&error, error_name));
        CHECK(strstr(error.message, message));
        return 0;
}

static int reload_works(void) {
        return reload_gives(NULL, NULL);
}

static int reload_is_denied(void) {
        return reload_gives(SD_BUS_ERROR_ACCESS_DENIED, "call this as root");
}

static int reload_finds_errors(void) {
        return reload_gives("org.fairslice1.Error.BadConfiguration", "fairslicectl check");
}

static int reload_is_too_late(void) {
        return reload_gives("org.fairslice1.Error.ShuttingDown", "about to end");
}

static int reload_fails(void) {
        return reload_gives(SD_BUS_ERROR_NO_MEMORY, "");
}

static int is_introspected(void) {
        sd_bus_message *reply = NULL;
        const char *xml;

        CHECK(sd_bus_call_method(client_connect(), "org.fairslice1", "/org/fairslice1",
                                 "org.freedesktop.DBus.Introspectable", "Introspect", NULL, &reply,
                                 NULL) >= 0);
        CHECK(sd_bus_message_read(reply, "s", &xml) > 0);
        CHECK(strstr(xml, "<interface name=\"org.fairslice1.Manager\">"));
        CHECK(strstr(xml, "<arg type=\"a(suso)\""));
        return 0;
}

static int calls_nonsense(void) {
        sd_bus *bus = client_connect();
        sd_bus_error error = SD_BUS_ERROR_NULL;

        CHECK(sd_bus_call_method(bus, MANAGER, "Rubbish", &error, NULL, NULL) < 0);
        CHECK(sd_bus_error_has_name(&error, SD_BUS_ERROR_UNKNOWN_METHOD));
        sd_bus_error_free(&error);
        CHECK(sd_bus_call_method(bus, MANAGER, "ListSlices", &error, NULL, "u", 7) < 0);
        CHECK(sd_bus_error_has_name(&error, SD_BUS_ERROR_INVALID_ARGS));
        sd_bus_error_free(&error);
        CHECK(sd_bus_call_method(bus, "org.fairslice1", "/nowhere", "org.fairslice1.Manager", "Reload",
                                 &error, NULL, NULL) < 0);
        CHECK(sd_bus_error_has_name(&error, SD_BUS_ERROR_UNKNOWN_OBJECT));
        return 0;
}

static void test_properties(_unused_ void **state) {
        as_user(getuid(), reads_properties);
        socket_host.fake.host = (HostFigures){
                .policy = SHARE_WEIGHT, .budget = 1, .level = LIMIT_UNSET, .active = 7, .observing = true
        };
        as_user(getuid(), reads_other_properties);
}

static void test_introspection(_unused_ void **state) {
        as_user(getuid(), is_introspected);
}

static void test_nonsense(_unused_ void **state) {
        as_user(getuid(), calls_nonsense);
        assert_int_equal(socket_host.fake.reloads, 0);
}

static void test_root(_unused_ void **state) {
        need_root_to_be_others();
        as_user(0, sees_all_slices);
        as_user(0, reload_works);
        assert_int_equal(socket_host.fake.reloads, 1);
        socket_host.fake.reload_result = -EINVAL;
        as_user(0, reload_finds_errors);
        socket_host.fake.reload_result = -ESHUTDOWN;
        as_user(0, reload_is_too_late);
        socket_host.fake.reload_result = -ENOMEM;
        as_user(0, reload_fails);
        assert_int_equal(socket_host.fake.reloads, 4);
}

static void test_user(_unused_ void **state) {
        need_root_to_be_others();
        as_user(USER_UID, reads_properties);
        as_user(USER_UID, is_introspected);
        as_user(USER_UID, sees_own_slice);
        as_user(USER_UID + 1, sees_no_slice);
        as_user(USER_UID, reload_is_denied);
        assert_int_equal(socket_host.fake.reloads, 0);
}

/* The handshake says that it is root. */
static int lies(void) {
        uint8_t call[RAW_CALL_MAX];
        size_t size = raw_call(call, "Reload");
        char answer[1024] = "";
        ssize_t length = 0;
        int fd = raw_connect(socket_host.path);

        CHECK(write(fd, RAW_HANDSHAKE, RAW_HANDSHAKE_SIZE) == RAW_HANDSHAKE_SIZE);
        CHECK(write(fd, call, size) == (ssize_t) size);
        for (usec_t deadline = now_monotonic() + DRIVE_LIMIT_USEC;;) {
                ssize_t n = read(fd, answer + length, sizeof answer - (size_t) length);

                length += MAX(n, 0);
                if (memmem(answer, (size_t) length, "AccessDenied", 12))
                        return 0;
                CHECK(n > 0 || (n < 0 && errno == EAGAIN));
                CHECK(now_monotonic() < deadline);
                usleep(1000);
        }
}

static void test_user_who_lies(_unused_ void **state) {
        need_root_to_be_others();
        as_user(USER_UID, lies);
        assert_int_equal(socket_host.fake.reloads, 0);
}

/* Another implementation of the protocol. */
static int is_served_by_libdbus(void) {
        char peer[96];

        snprintf(peer, sizeof peer, "--peer=unix:path=%s", socket_host.path);
        CHECK(freopen("/dev/null", "w", stdout));
        (void) execlp("dbus-send", "dbus-send", peer, "--print-reply", "/org/fairslice1",
                      "org.fairslice1.Manager.ListSlices", NULL);
        return 1;
}

static void test_libdbus(_unused_ void **state) {
        as_user(getuid(), is_served_by_libdbus);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, socket_host_setup, socket_host_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_properties), TEST(test_introspection), TEST(test_nonsense), TEST(test_root),
                TEST(test_user),       TEST(test_user_who_lies), TEST(test_libdbus),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
