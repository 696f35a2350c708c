/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "daemon/host.h"
#include "support/private-client.h"

/* What has happened is told to who listens, here on the private socket; and Release(). */

#define MEMORY_64M  "[Memory]\nMemoryMax=64M\n"
#define MEMORY_128M "[Memory]\nMemoryMax=128M\n"
#define TWO_CPUS    (2 * USEC_PER_SEC)

/* The signals that have come, by member; and what the last of each said first. */
typedef struct Heard {
        unsigned contended, limits_changed, out_of_memory, added, removed, others;
        int contended_now;
        char slice[64];
        uint64_t event;
} Heard;

static Heard heard;
static sd_event *listener_loop;
static sd_bus *listener;

static void hear_slice(sd_bus_message *m, unsigned *count) {
        const char *slice = NULL;

        assert_true(sd_bus_message_read(m, "so", &slice, NULL) > 0);
        snprintf(heard.slice, sizeof heard.slice, "%s", slice);
        ++*count;
}

static int on_message(sd_bus_message *m, _unused_ void *userdata, _unused_ sd_bus_error *error) {
        const char *member = sd_bus_message_get_member(m) ?: "";

        if (sd_bus_message_is_signal(m, MANAGER_INTERFACE, "Contended")) {
                assert_true(sd_bus_message_read(m, "b", &heard.contended_now) > 0);
                heard.contended++;
        } else if (strcmp(member, "LimitsChanged") == 0)
                hear_slice(m, &heard.limits_changed);
        else if (strcmp(member, "OutOfMemory") == 0) {
                hear_slice(m, &heard.out_of_memory);
                assert_true(sd_bus_message_read(m, "t", &heard.event) > 0);
        } else if (strcmp(member, "InterfacesAdded") == 0)
                heard.added++;
        else if (strcmp(member, "InterfacesRemoved") == 0)
                heard.removed++;
        else
                heard.others++;
        return 0;
}

static void listen_to_manager(void) {
        char path[128];

        snprintf(path, sizeof path, "%s/" PRIVATE_SOCKET_NAME, fixture_runtime_path(host.fixture));
        memset(&heard, 0, sizeof heard);
        assert_true(sd_event_new(&listener_loop) >= 0);
        drive_add(listener_loop);
        listener = private_client_connect(path);
        assert_true(sd_bus_attach_event(listener, listener_loop, SD_EVENT_PRIORITY_NORMAL) >= 0);
        assert_true(sd_bus_add_filter(listener, NULL, on_message, NULL) >= 0);
        DRIVE_UNTIL(sd_bus_is_ready(listener) > 0);
        drive_quiet();
}

static int teardown(void **state) {
        if (listener) {
                (void) sd_bus_detach_event(listener);
                listener = sd_bus_close_unref(listener);
                drive_remove(listener_loop);
                listener_loop = sd_event_unref(listener_loop);
        }
        return host_teardown(state);
}

static void start(const char *configuration) {
        fixture_configure(host.fixture, configuration);
        fixture_add_user(host.fixture, 1000);
        host_start();
        host_run(1 * USEC_PER_SEC);
        listen_to_manager();
}

static int on_event(const Event *event, void *userdata) {
        unsigned *n = userdata;

        n[event->kind]++;
        return 0;
}

static unsigned count_events(EventKind kind) {
        const BusOperations *ops = &host.manager->bus_operations;
        unsigned n[_EVENT_KIND_COUNT] = {};

        assert_int_equal(ops->events(0, on_event, n, ops->userdata), 0);
        return n[kind];
}

static void test_contended(_unused_ void **state) {
        start("");
        host_want(1000, TWO_CPUS);
        host_run(5 * USEC_PER_SEC);
        drive_quiet();
        assert_int_equal(heard.contended, 1);
        assert_true(heard.contended_now);
        assert_int_equal(count_events(EVENT_CONTENDED), 1);
        host_want(1000, 0);
        host_run(5 * USEC_PER_SEC);
        drive_quiet();
        assert_int_equal(heard.contended, 2);
        assert_false(heard.contended_now);
        assert_int_equal(count_events(EVENT_ROOM), 1);
}

static void test_slices(_unused_ void **state) {
        start("");
        fixture_add_user(host.fixture, 1001);
        DRIVE_UNTIL(heard.added == 1);
        fixture_remove_user(host.fixture, 1001);
        DRIVE_UNTIL(heard.removed == 1);
        drive_quiet();
        assert_int_equal(heard.added, 1);
}

static void test_limits_are_set(_unused_ void **state) {
        const LimitSetting setting = { .limit = LIMIT_MEMORY_MAX, .value = 128 * MIB };
        const BusOperations *ops;

        start(MEMORY_64M);
        ops = &host.manager->bus_operations;
        assert_int_equal(ops->set_limits(SLICE(1000), &setting, 1, true, 0, ops->userdata), 0);
        DRIVE_UNTIL(heard.limits_changed == 1);
        assert_string_equal(heard.slice, SLICE(1000));
        /* The same once more is nothing new, nor is what the watch of control.d finds. */
        assert_int_equal(ops->set_limits(SLICE(1000), &setting, 1, true, 0, ops->userdata), 0);
        for (usec_t end = now_monotonic() + 3 * CONTROL_PAUSE_USEC; now_monotonic() < end;)
                drive_step(10 * USEC_PER_MSEC);
        assert_int_equal(heard.limits_changed, 1);
        assert_int_equal(ops->reset_limits(SLICE(1000), 0, ops->userdata), 1);
        DRIVE_UNTIL(heard.limits_changed == 2);
}

static void test_file_is_written(_unused_ void **state) {
        start(MEMORY_64M);
        fixture_control(host.fixture, true, "1.conf", "[User 1000]\nMemoryMax=128M\n");
        DRIVE_UNTIL(heard.limits_changed == 1);
        host_settle();
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 128 * MIB);
}

static void test_reload(_unused_ void **state) {
        start(MEMORY_64M);
        host_reload(MEMORY_128M);
        DRIVE_UNTIL(heard.limits_changed == 1);
        host_reload(MEMORY_128M);
        drive_quiet();
        assert_int_equal(heard.limits_changed, 1);
        assert_int_equal(count_events(EVENT_RELOADED), 2);
        host_reload("[Memory]\nMemoryMax=much\n");
        drive_quiet();
        assert_int_equal(count_events(EVENT_RELOADED), 2);
}

/* A signal is sent from the middle of something: while a reload has reached some slices and others not, or a
 * slice is about to be known. No shares are worked out there, however old the figures are. */
static void test_signals_do_not_look(_unused_ void **state) {
        usec_t looked;

        start(MEMORY_64M);
        looked = host.manager->looked_at;
        host_wait(10 * USEC_PER_SEC);
        assert_int_equal(manager_reload_config(host.manager), 0);
        fixture_control(host.fixture, true, "1.conf", "[User 1000]\nMemoryMax=128M\n");
        DRIVE_UNTIL(heard.limits_changed == 1);
        fixture_add_user(host.fixture, 1001);
        DRIVE_UNTIL(heard.added == 1);
        assert_int_equal(host.manager->looked_at, looked);
}

static void test_out_of_memory(_unused_ void **state) {
        start("[Manager]\nObserve=yes\n"); /* which writes no record */
        fixture_put(host.fixture, 1000, "memory.events", "low 0\nhigh 0\nmax 9\noom 1\noom_kill 1\n");
        DRIVE_UNTIL(heard.out_of_memory == 1);
        assert_string_equal(heard.slice, SLICE(1000));
        assert_int_equal(heard.event, 1);
        assert_int_equal(count_events(EVENT_OUT_OF_MEMORY), 1);
}

static void test_release(_unused_ void **state) {
        const BusOperations *ops;
        HostFigures figures;

        start(MEMORY_64M);
        ops = &host.manager->bus_operations;
        host_want(1000, TWO_CPUS);
        host_run(5 * USEC_PER_SEC);
        assert_true(fixture_limit(host.fixture, 1000, LIMIT_CPU_QUOTA) < TWO_CPUS);
        assert_int_equal(ops->release(0, ops->userdata), 0);
        host_settle();
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, LIMIT_UNSET);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
        ops->host(&figures, ops->userdata);
        assert_true(figures.observing);
        assert_true(host.manager->status_shown.released);
        assert_int_equal(log_capture_count("Released by UID 0"), 1);
        script_forget(&host.script);
        host_run(10 * USEC_PER_SEC);
        assert_int_equal(host.script.n_calls, 0);
        assert_int_equal(ops->release(0, ops->userdata), 0); /* is so already */
        assert_int_equal(count_events(EVENT_RELEASED), 1);
        assert_int_equal(ops->reload(ops->userdata), 0);
        host_run(5 * USEC_PER_SEC);
        assert_true(fixture_limit(host.fixture, 1000, LIMIT_CPU_QUOTA) < TWO_CPUS);
        assert_false(host.manager->status_shown.released);
        host_stop();
}

/* Whoever takes limits is gone for a moment, or refuses: the quotas that stand then are lifted later. */
static void test_release_takes_what_it_needs(_unused_ void **state) {
        const BusOperations *ops;

        start("");
        ops = &host.manager->bus_operations;
        host_want(1000, TWO_CPUS);
        host_run(5 * USEC_PER_SEC);
        fake_backend_set_online(host.manager->backend, false);
        assert_int_equal(ops->release(0, ops->userdata), 0);
        host_settle();
        assert_true(fixture_limit(host.fixture, 1000, LIMIT_CPU_QUOTA) < TWO_CPUS);
        fake_backend_set_online(host.manager->backend, true);
        host_settle();
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, LIMIT_UNSET);

        assert_int_equal(ops->reload(ops->userdata), 0);
        host_run(5 * USEC_PER_SEC);
        assert_true(fixture_limit(host.fixture, 1000, LIMIT_CPU_QUOTA) < TWO_CPUS);
        host.script.refuse = SLICE(1000);
        host.script.error = EACCES;
        assert_int_equal(ops->release(0, ops->userdata), 0);
        host_run(1 * USEC_PER_SEC);
        assert_true(fixture_limit(host.fixture, 1000, LIMIT_CPU_QUOTA) < TWO_CPUS);
        host.script.refuse = NULL;
        host_run(5 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, LIMIT_UNSET);
        host_stop();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, host_setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_contended),       TEST(test_slices),  TEST(test_limits_are_set),
                TEST(test_file_is_written), TEST(test_reload),  TEST(test_signals_do_not_look),
                TEST(test_out_of_memory),   TEST(test_release), TEST(test_release_takes_what_it_needs),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
