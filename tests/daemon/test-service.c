/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "daemon/host.h"
#include "support/private-client.h"

/* org.fairslice1 on a private system bus, and when the service says that it is ready. */

#define MEMORY_64M "[Memory]\nMemoryMax=64M\n"

static int notify_fd = -1;

/* An abstract name, so that nothing is left. */
static void open_notify_socket(void) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        char name[64];

        snprintf(name, sizeof name, "@fairslice-test-%d", (int) getpid());
        strcpy(address.sun_path, name);
        address.sun_path[0] = '\0';
        notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        assert_true(notify_fd >= 0);
        assert_int_equal(bind(notify_fd, (struct sockaddr *) &address,
                              (socklen_t) (offsetof(struct sockaddr_un, sun_path) + strlen(name))),
                         0);
        assert_int_equal(setenv("NOTIFY_SOCKET", name, true), 0);
}

static bool is_ready(void) {
        char message[512];
        ssize_t n;

        while ((n = recv(notify_fd, message, sizeof message - 1, 0)) >= 0) {
                message[n] = '\0';
                if (strstr(message, "READY=1"))
                        return true;
        }
        return false;
}

static int setup(void **state) {
        (void) host_setup_with_bus(state);
        open_notify_socket(); /* now, since dbus-daemon says that it is ready, too */
        return 0;
}

static int teardown(void **state) {
        assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
        notify_fd = safe_close(notify_fd);
        return host_teardown(state);
}

/* Without waiting for the bus, as host_start() would. */
static void start(void) {
        fixture_configure(host.fixture, MEMORY_64M);
        fixture_add_user(host.fixture, 1000);
        assert_int_equal(manager_new(&host.options, &host.manager), 0);
        drive_add(host.manager->event);
        assert_int_equal(manager_start(host.manager), 0);
}

static bool memory_is(uint64_t mebibytes) {
        return fixture_limit(host.fixture, 1000, LIMIT_MEMORY_MAX) == mebibytes * MIB;
}

static void test_ready_with_the_name(_unused_ void **state) {
        start();
        assert_false(is_ready());
        DRIVE_UNTIL(is_ready());
        assert_true(host.manager->bus_decided);
        assert_int_equal(log_capture_count("org.fairslice1"), 0);
        drive_quiet();
        assert_false(is_ready());
}

static void test_ready_without_an_answer(_unused_ void **state) {
        usec_t begun;

        private_bus_freeze(host.bus);
        begun = now_monotonic();
        start();
        DRIVE_UNTIL(is_ready());
        assert_false(host.manager->bus_decided);
        assert_true(now_monotonic() - begun >= USEC_PER_SEC);
        private_bus_thaw(host.bus);
        DRIVE_UNTIL(host.manager->bus_decided);
        assert_false(is_ready());
}

/* Where there is no bus nobody waits. */
static void test_ready_without_a_bus(_unused_ void **state) {
        private_bus_kill(host.bus);
        start();
        DRIVE_UNTIL(is_ready());
        assert_true(host.manager->bus_decided);
        assert_int_equal(log_capture_count("org.fairslice1"), 0);
}

static void test_name_is_taken(_unused_ void **state) {
        sd_bus *other = private_bus_connect();

        assert_true(sd_bus_request_name(other, BUS_NAME, 0) >= 0);
        start();
        DRIVE_UNTIL(is_ready());
        assert_int_equal(log_capture_count("Another fairsliced owns org.fairslice1"), 1);
        DRIVE_UNTIL(memory_is(64));
        private_bus_disconnect(other);
}

static void test_name_is_denied(_unused_ void **state) {
        private_bus_deny_name(host.bus, BUS_NAME);
        start();
        DRIVE_UNTIL(is_ready());
        assert_int_equal(log_capture_count("does not let this service own org.fairslice1"), 1);
        DRIVE_UNTIL(memory_is(64));
}

static int sets_limits(void) {
        sd_bus *bus = NULL;
        _cleanup_free_ char *path = NULL;
        const char *slice;
        sd_bus_message *reply = NULL;

        CHECK(sd_bus_open_system(&bus) >= 0);
        CHECK(private_client_text_is(bus, "Version", PROJECT_VERSION));
        CHECK(sd_bus_call_method(bus, MANAGER, "GetSliceByUID", NULL, &reply, "u", 1000) >= 0);
        CHECK(sd_bus_message_read(reply, "o", &slice) > 0);
        CHECK(strcmp(slice, SLICE_PATH_PREFIX "/user_2d1000_2eslice") == 0);
        CHECK(sd_bus_call_method(bus, MANAGER, "SetLimits", NULL, NULL, "sa{sv}b", SLICE(1000), 1,
                                 "MemoryMax", "t", 128 * MIB, 1) >= 0);
        sd_bus_message_unref(reply);
        sd_bus_close_unref(bus);
        return 0;
}

static void test_calls(_unused_ void **state) {
        need_root_to_be_others();
        start();
        DRIVE_UNTIL(is_ready());
        DRIVE_UNTIL(memory_is(64));
        as_user(0, sets_limits);
        DRIVE_UNTIL(memory_is(128));
        assert_int_equal(log_capture_count("set for now by UID 0: MemoryMax=128M."), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_ready_with_the_name), TEST(test_ready_without_an_answer),
                TEST(test_ready_without_a_bus), TEST(test_name_is_taken),
                TEST(test_name_is_denied),      TEST(test_calls),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
