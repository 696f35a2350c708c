/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "daemon/host.h"
#include "support/private-client.h"
#include "support/raw-client.h"

/* What the service tells through its private socket; there is no bus here. */

#define MEMORY_64M  "[Memory]\nMemoryMax=64M\n"
#define MEMORY_128M "[Memory]\nMemoryMax=128M\n"
#define TWO_CPUS    (2 * USEC_PER_SEC)

static const char *socket_path(void) {
        static char path[128];

        snprintf(path, sizeof path, "%s/" PRIVATE_SOCKET_NAME, fixture_runtime_path(host.fixture));
        return path;
}

static sd_bus *connect_client(void) {
        return private_client_connect(socket_path());
}

/* The fixture is its owner's alone, /run is not. */
static void let_others_in(void) {
        char path[128];

        snprintf(path, sizeof path, "%s/..", fixture_runtime_path(host.fixture));
        assert_int_equal(chmod(path, 0711), 0);
}

static void start(const char *configuration) {
        assert_int_equal(setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent", true), 0);
        fixture_configure(host.fixture, configuration);
        fixture_add_user(host.fixture, 1000);
        host_start();
        host_run(1 * USEC_PER_SEC);
}

static int finds_room(void) {
        sd_bus *bus = connect_client();

        CHECK(private_client_text_is(bus, "Version", PROJECT_VERSION));
        CHECK(private_client_text_is(bus, "Backend", "fake"));
        CHECK(private_client_text_is(bus, "SharePolicy", "max-min"));
        CHECK(private_client_number_is(bus, "Contended", 'b', false));
        CHECK(private_client_number_is(bus, "ActiveUsers", 'u', 0));
        CHECK(private_client_number_is(bus, "BudgetUSecPerSec", 't', TWO_CPUS / 100 * 80));
        CHECK(private_client_number_is(bus, "WaterLevelUSecPerSec", 't', UINT64_MAX));
        return 0;
}

static int finds_contention(void) {
        sd_bus *bus = connect_client();

        CHECK(private_client_number_is(bus, "Contended", 'b', true));
        CHECK(private_client_number_is(bus, "ActiveUsers", 'u', 2));
        CHECK(private_client_number_is(bus, "BudgetUSecPerSec", 't', TWO_CPUS / 100 * 80));
        CHECK(private_client_number_is(bus, "WaterLevelUSecPerSec", 't', TWO_CPUS / 100 * 40));
        return 0;
}

static void test_figures(_unused_ void **state) {
        start("[CPU]\nCPUThreshold=80%\n");
        as_user(getuid(), finds_room);
        fixture_add_user(host.fixture, 1001);
        host_want(1000, TWO_CPUS);
        host_want(1001, TWO_CPUS);
        host_run(5 * USEC_PER_SEC);
        as_user(getuid(), finds_contention);
        assert_int_equal(log_capture_count("Cannot"), 0);
        assert_int_equal(log_capture_count("bus"), 0);
}

static int has_slices(const char *first, const char *second) {
        const char *slices[] = { first, second }, *name;
        sd_bus_message *reply = NULL;

        CHECK(sd_bus_call_method(connect_client(), MANAGER, "ListSlices", NULL, &reply, NULL) >= 0);
        CHECK(sd_bus_message_enter_container(reply, 'a', "(suso)") >= 0);
        for (size_t i = 0; i < ELEMENTSOF(slices) && slices[i]; i++) {
                CHECK(sd_bus_message_read(reply, "(suso)", &name, NULL, NULL, NULL) > 0);
                CHECK(strcmp(name, slices[i]) == 0);
        }
        CHECK(sd_bus_message_at_end(reply, false) > 0);
        return 0;
}

static int has_both(void) {
        return has_slices(SLICE(1001), SLICE(1000));
}

static int has_1000(void) {
        return has_slices(SLICE(1000), NULL);
}

static void test_slices(_unused_ void **state) {
        need_root_to_be_others();
        let_others_in();
        start("");
        manager_user_new(1002, host.manager); /* has no cgroup */
        as_user(0, has_1000);
        fixture_add_user(host.fixture, 1001);
        host_settle();
        as_user(0, has_both);
        as_user(1000, has_1000);
        fixture_remove_user(host.fixture, 1001);
        host_settle();
        as_user(0, has_1000);
}

static int reloads(void) {
        CHECK(sd_bus_call_method(connect_client(), MANAGER, "Reload", NULL, NULL, NULL) >= 0);
        return 0;
}

static int reloads_in_vain(void) {
        sd_bus_error error = SD_BUS_ERROR_NULL;

        CHECK(sd_bus_call_method(connect_client(), MANAGER, "Reload", &error, NULL, NULL) < 0);
        CHECK(sd_bus_error_has_name(&error, "org.fairslice1.Error.BadConfiguration"));
        return 0;
}

static int reloads_too_late(void) {
        sd_bus_error error = SD_BUS_ERROR_NULL;

        CHECK(sd_bus_call_method(connect_client(), MANAGER, "Reload", &error, NULL, NULL) < 0);
        CHECK(sd_bus_error_has_name(&error, "org.fairslice1.Error.ShuttingDown"));
        return 0;
}

static void test_reload(_unused_ void **state) {
        need_root_to_be_others();
        start(MEMORY_64M);
        fixture_configure(host.fixture, MEMORY_128M);
        as_user(0, reloads);
        host_settle();
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 128 * MIB);
        fixture_configure(host.fixture, "[Memory]\nMemoryMax=much\n");
        as_user(0, reloads_in_vain);
        assert_int_equal(log_capture_count("fairsliced.conf:2:"), 1);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 128 * MIB);
}

static void test_reload_while_stopping(_unused_ void **state) {
        need_root_to_be_others();
        start(MEMORY_64M);
        ledger_get(host.manager->ledger, 1000)->fair = true;
        ledger_changed(host.manager->ledger);
        host.script.hold = true;
        manager_stop(host.manager);
        as_user(0, reloads_too_late);
        assert_int_equal(log_capture_count("was read again"), 0);
}

static void test_socket_goes_with_the_service(_unused_ void **state) {
        start("");
        assert_int_equal(access(socket_path(), F_OK), 0);
        host_stop();
        assert_int_equal(access(socket_path(), F_OK), -1);
}

static void test_dry_run_serves_nothing(_unused_ void **state) {
        host.options.dry_run = true;
        start("");
        assert_int_equal(access(socket_path(), F_OK), -1);
}

static PrivateSocket *new_other(sd_event **ret_loop) {
        _cleanup_close_ int fd = open(fixture_runtime_path(host.fixture), O_RDONLY | O_CLOEXEC);
        static const BusOperations none;
        PrivateSocket *other;

        assert_true(sd_event_new(ret_loop) >= 0);
        assert_int_equal(private_socket_new(*ret_loop, fd, &none, USEC_PER_SEC, &other), 0);
        return other;
}

/* What there is belongs to one that runs, so nothing is lifted. */
static void test_no_release_beside_a_service(_unused_ void **state) {
        PrivateSocket *other;
        sd_event *loop;

        assert_int_equal(manager_new(&host.options, &host.manager), 0);
        drive_add(host.manager->event);
        other = new_other(&loop);
        assert_int_equal(manager_release(host.manager), -EADDRINUSE);
        assert_int_equal(log_capture_count("Another fairsliced listens on"), 1);
        assert_int_equal(access(socket_path(), F_OK), 0);
        private_socket_free(other);
        sd_event_unref(loop);
}

/* Somebody else listens there: this one does not start, and leaves everything as it is. */
static void test_second_service(_unused_ void **state) {
        PrivateSocket *other;
        sd_event *loop;

        assert_int_equal(manager_new(&host.options, &host.manager), 0);
        drive_add(host.manager->event);
        other = new_other(&loop);
        assert_int_equal(manager_start(host.manager), -EADDRINUSE);
        assert_int_equal(log_capture_count("Another fairsliced listens on"), 1);
        assert_int_equal(access(socket_path(), F_OK), 0);
        private_socket_free(other);
        sd_event_unref(loop);
}

/* Without its socket the service does what it is for. */
static void test_no_socket(_unused_ void **state) {
        assert_int_equal(mkdir(socket_path(), 0700), 0);
        start(MEMORY_64M);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
        assert_int_equal(log_capture_count("Cannot listen on"), 1);
        assert_int_equal(rmdir(socket_path()), 0);
}

#define CALLERS 10

/* As many calls as go in, and the answers away. */
static bool flood(const int *fds) {
        uint8_t call[RAW_CALL_MAX];
        size_t size = raw_call(call, "ListSlices");

        for (size_t i = 0; i < CALLERS; i++) {
                assert_false(raw_ended(fds[i]));
                while (send(fds[i], call, size, MSG_NOSIGNAL) == (ssize_t) size)
                        ;
        }
        return false;
}

/* Whoever calls without end has the service glance as often as ever. */
static void test_glances_go_on(_unused_ void **state) {
        int fds[CALLERS];

        start("[Manager]\nIntervalSec=100ms\n");
        for (size_t i = 0; i < CALLERS; i++) {
                fds[i] = raw_connect(socket_path());
                assert_true(raw_send(fds[i], RAW_HANDSHAKE, RAW_HANDSHAKE_SIZE));
        }
        assert_true(sd_event_source_set_enabled(host.manager->glance_timer, SD_EVENT_ONESHOT) >= 0);
        for (unsigned i = 0; i < 3; i++) {
                host.manager->housekeeping_at = 0;
                DRIVE_UNTIL(flood(fds) || host.manager->housekeeping_at > 0);
        }
        for (size_t i = 0; i < CALLERS; i++)
                close(fds[i]);
}

/* No journal either: what would be a record is a line. */
static void test_out_of_memory(_unused_ void **state) {
        if (access("/run/systemd/journal/socket", F_OK) >= 0) {
                fputs("SKIPPED: there is a journal here.\n", stderr);
                skip();
        }
        start(MEMORY_64M);
        fixture_put(host.fixture, 1000, "memory.events", "low 0\nhigh 0\nmax 9\noom 1\noom_kill 1\n");
        DRIVE_UNTIL(log_capture_count("the kernel killed a process.") == 1);
        assert_int_equal(log_capture_count("(" SLICE(1000) ")"), 1);
}

static int on_event(const Event *event, void *userdata) {
        Event *last = userdata;

        *last = *event;
        return 0;
}

/* It is remembered too, for who asks afterwards, also while observing. */
static void test_event_of_memory(_unused_ void **state) {
        const BusOperations *ops;
        Event event = {};

        start(MEMORY_64M "[Manager]\nObserve=yes\n");
        fixture_put(host.fixture, 1000, "memory.events", "low 0\nhigh 0\nmax 9\noom 2\noom_kill 2\n");
        DRIVE_UNTIL(log_capture_count("Would record: ") == 1);
        ops = &host.manager->bus_operations;
        assert_int_equal(ops->events(0, on_event, &event, ops->userdata), 0);
        assert_int_equal(event.id, 1);
        assert_int_equal(event.time, host_realtime());
        assert_int_equal(event.kind, EVENT_OUT_OF_MEMORY);
        assert_string_equal(event.slice, SLICE(1000));
        assert_int_equal(event.uid, 1000);
        assert_int_equal(event.oom.kills, 2);
        event = (Event){};
        assert_int_equal(ops->events(host_realtime() + 1, on_event, &event, ops->userdata), 0);
        assert_int_equal(event.id, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, host_setup, host_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_figures),
                TEST(test_slices),
                TEST(test_reload),
                TEST(test_reload_while_stopping),
                TEST(test_socket_goes_with_the_service),
                TEST(test_dry_run_serves_nothing),
                TEST(test_second_service),
                TEST(test_no_release_beside_a_service),
                TEST(test_no_socket),
                TEST(test_glances_go_on),
                TEST(test_out_of_memory),
                TEST(test_event_of_memory),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
