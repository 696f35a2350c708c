/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <sys/stat.h>

#include "daemon/host.h"

/* Limits that are set over the bus: at once, for as long as was said, above the rest of the configuration.
 */

#define MEMORY_64M "[Memory]\nMemoryMax=64M\n"
#define FILE_1000  "user-1000.slice.conf"
#define NOBODY     65534 /* has a name on each host */

static void start(const char *configuration) {
        fixture_configure(host.fixture, configuration);
        fixture_add_user(host.fixture, 1000);
        host_start();
        host_run(1 * USEC_PER_SEC);
}

static int set_limit(const char *slice, Limit limit, uint64_t value, bool runtime) {
        const BusOperations *ops = &host.manager->bus_operations;

        return ops->set_limits(slice, &(LimitSetting){ .limit = limit, .value = value }, 1, runtime, 0,
                               ops->userdata);
}

static int set_memory(uint64_t mebibytes, bool runtime) {
        return set_limit(SLICE(1000), LIMIT_MEMORY_MAX, mebibytes * MIB, runtime);
}

static int reset(const char *slice) {
        const BusOperations *ops = &host.manager->bus_operations;

        return ops->reset_limits(slice, 0, ops->userdata);
}

static bool memory_is(uid_t uid, uint64_t mebibytes) {
        return fixture_limit(host.fixture, uid, LIMIT_MEMORY_MAX) == mebibytes * MIB;
}

static bool has_file(bool runtime) {
        char path[128];

        snprintf(path, sizeof path, "%s/control.d/" FILE_1000,
                 runtime ? fixture_runtime_path(host.fixture) : fixture_state_path(host.fixture));
        return access(path, F_OK) >= 0;
}

typedef struct Events {
        size_t n[_EVENT_KIND_COUNT];
        Event last[_EVENT_KIND_COUNT];
} Events;

static int on_event(const Event *event, void *userdata) {
        Events *events = userdata;

        events->n[event->kind]++;
        events->last[event->kind] = *event;
        return 0;
}

static Events all_events(void) {
        const BusOperations *ops = &host.manager->bus_operations;
        Events events = {};

        assert_int_equal(ops->events(0, on_event, &events, ops->userdata), 0);
        return events;
}

/* Until what was written has been heard of, and some more. */
static void wait_for_watch(void) {
        usec_t end = now_monotonic() + 3 * CONTROL_PAUSE_USEC;

        while (now_monotonic() < end)
                drive_step(10 * USEC_PER_MSEC);
}

/* No glance comes between the call and the kernel's file. */
static void test_at_once(_unused_ void **state) {
        Events events;

        start(MEMORY_64M);
        assert_int_equal(set_memory(128, true), 0);
        host_settle();
        assert_true(memory_is(1000, 128));
        assert_true(has_file(true));
        assert_false(has_file(false));
        events = all_events();
        assert_int_equal(events.n[EVENT_LIMITS_SET], 1);
        assert_string_equal(events.last[EVENT_LIMITS_SET].slice, SLICE(1000));
        assert_int_equal(events.last[EVENT_LIMITS_SET].mask, 1U << LIMIT_MEMORY_MAX);
        assert_int_equal(events.last[EVENT_LIMITS_SET].limits.value[LIMIT_MEMORY_MAX], 128 * MIB);
        assert_true(events.last[EVENT_LIMITS_SET].runtime);
        assert_int_equal(log_capture_count("Limits of user-1000.slice ("), 1);
        assert_int_equal(log_capture_count("set for now by UID 0: MemoryMax=128M."), 1);
        assert_int_equal(reset(SLICE(1000)), 1);
        host_settle();
        assert_true(memory_is(1000, 64));
        assert_false(has_file(true));
        assert_int_equal(all_events().n[EVENT_LIMITS_RESET], 1);
        assert_int_equal(reset(SLICE(1000)), 0);
}

/* What is heard of our own files changes nothing a second time, and is told to nobody. */
static void test_own_writes(_unused_ void **state) {
        Events events;

        start(MEMORY_64M);
        assert_int_equal(set_memory(128, false), 0);
        host_settle();
        script_forget(&host.script);
        wait_for_watch();
        assert_int_equal(host.script.n_calls, 0);
        assert_int_equal(reset(SLICE(1000)), 1);
        wait_for_watch();
        assert_int_equal(host.script.n_calls, 1);
        events = all_events();
        assert_int_equal(events.n[EVENT_LIMITS_SET], 1);
        assert_int_equal(events.n[EVENT_LIMITS_RESET], 1);
}

static void test_lasts(_unused_ void **state) {
        char runtime[128];

        start(MEMORY_64M);
        assert_int_equal(set_memory(128, false), 0);
        assert_int_equal(set_limit(SLICE(1000), LIMIT_CPU_WEIGHT, 300, true), 0);
        host_settle();
        host_stop();
        host_start();
        assert_true(memory_is(1000, 128));
        EXPECT_LIMIT(1000, LIMIT_CPU_WEIGHT, 300);
        /* As after a boot */
        host_stop();
        snprintf(runtime, sizeof runtime, "%s/new", fixture_runtime_path(host.fixture));
        host.options.runtime_path = runtime;
        fixture_lose_all(host.fixture);
        host_start();
        assert_true(memory_is(1000, 128));
        EXPECT_LIMIT(1000, LIMIT_CPU_WEIGHT, CPU_WEIGHT_DEFAULT);
        host_stop();
}

static void test_precedence(_unused_ void **state) {
        start("[User 1000]\nMemoryMax=64M\n");
        assert_int_equal(set_memory(128, false), 0);
        host_settle();
        assert_true(memory_is(1000, 128));
        assert_int_equal(set_memory(256, true), 0);
        host_settle();
        assert_true(memory_is(1000, 256));
        /* For good takes the place of both. */
        assert_int_equal(set_memory(512, false), 0);
        host_settle();
        assert_true(memory_is(1000, 512));
        assert_false(has_file(true));
        host_reload("[User 1000]\nMemoryMax=32M\n");
        assert_true(memory_is(1000, 512));
        assert_int_equal(reset(SLICE(1000)), 1);
        host_settle();
        assert_true(memory_is(1000, 32));
}

static void test_file_removed(_unused_ void **state) {
        Events events;

        start(MEMORY_64M);
        assert_int_equal(set_memory(128, false), 0);
        host_settle();
        fixture_control(host.fixture, false, FILE_1000, NULL);
        DRIVE_UNTIL(memory_is(1000, 64));
        events = all_events();
        assert_int_equal(events.n[EVENT_LIMITS_RESET], 1);
        assert_string_equal(events.last[EVENT_LIMITS_RESET].slice, SLICE(1000));
        assert_int_equal(events.last[EVENT_LIMITS_RESET].by, UID_INVALID);
}

static void test_file_written(_unused_ void **state) {
        start(MEMORY_64M);
        fixture_control(host.fixture, true, "50-mine.conf", "[User 1000]\nMemoryMax=128M\n");
        DRIVE_UNTIL(memory_is(1000, 128));
        fixture_control(host.fixture, true, "50-mine.conf", NULL);
        DRIVE_UNTIL(memory_is(1000, 64));
        assert_int_equal(all_events().n[EVENT_LIMITS_RESET], 0);
}

/* What is wrong is said once, and all else is in force. */
static void test_broken_file(_unused_ void **state) {
        start(MEMORY_64M);
        fixture_control(host.fixture, false, "10-broken.conf", "[User 1000]\nMemoryMax=lots\n");
        DRIVE_UNTIL(log_capture_count("control.d/10-broken.conf:2: ") == 1);
        assert_true(memory_is(1000, 64));
        fixture_control(host.fixture, false, "20-good.conf", "[User 1000]\nMemoryMax=128M\n");
        DRIVE_UNTIL(memory_is(1000, 128));
        assert_int_equal(set_memory(256, true), 0);
        host_settle();
        assert_true(memory_is(1000, 256));
        assert_int_equal(log_capture_count("control.d/10-broken.conf:2: "), 1);
        /* A reload is not refused for it, and says it again. */
        host_reload("[Memory]\nMemoryMax=32M\n");
        assert_int_equal(log_capture_count("control.d/10-broken.conf:2: "), 2);
        assert_int_equal(log_capture_count("The configuration was read again"), 1);
        assert_int_equal(manager_check_config(&host.options), 0);
        assert_int_equal(log_capture_count("control.d/10-broken.conf:2: "), 3);
}

static void test_directory_removed(_unused_ void **state) {
        char path[128];

        start(MEMORY_64M);
        snprintf(path, sizeof path, "%s/control.d", fixture_state_path(host.fixture));
        assert_int_equal(rmdir(path), 0);
        assert_int_equal(set_memory(128, false), 0);
        host_settle();
        assert_true(memory_is(1000, 128));
        fixture_control(host.fixture, false, FILE_1000, NULL);
        DRIVE_UNTIL(memory_is(1000, 64));
}

static void test_refused(_unused_ void **state) {
        start(MEMORY_64M "[Manager]\nExemptUsers=1001\n");
        fixture_add_user(host.fixture, 1001);
        host_settle();
        assert_int_equal(set_limit("system.slice", LIMIT_MEMORY_MAX, 128 * MIB, true), -ENOENT);
        assert_int_equal(set_limit("user-01000.slice", LIMIT_MEMORY_MAX, 128 * MIB, true), -ENOENT);
        assert_int_equal(set_limit(SLICE(1001), LIMIT_MEMORY_MAX, 128 * MIB, true), -EPERM);
        assert_int_equal(set_limit("user-0.slice", LIMIT_MEMORY_MAX, 128 * MIB, true), -EPERM);
        assert_int_equal(set_limit("user-3999999999.slice", LIMIT_MEMORY_MAX, 128 * MIB, true),
                         -EHOSTUNREACH);
        assert_int_equal(reset("user-3999999999.slice"), -EHOSTUNREACH);
        assert_int_equal(reset("user.slice"), -ENOENT);
        assert_int_equal(all_events().n[EVENT_LIMITS_SET], 0);
        EXPECT_LIMIT(1001, LIMIT_MEMORY_MAX, LIMIT_UNSET);
}

static void test_not_logged_in(_unused_ void **state) {
        start(MEMORY_64M);
        assert_int_equal(set_limit("user-65534.slice", LIMIT_MEMORY_MAX, 128 * MIB, false), 0);
        assert_int_equal(log_capture_count("Limits of user-65534.slice (nobody) set for good by UID 0"), 1);
        fixture_add_user(host.fixture, NOBODY);
        host_settle();
        assert_true(memory_is(NOBODY, 128));
}

/* Where nothing can be kept, limits for now can be set all the same. */
static void test_read_only_state(_unused_ void **state) {
        host.options.state_path = "/proc/self/fairslice";
        start(MEMORY_64M);
        assert_int_equal(log_capture_count("limits cannot be set for good"), 1);
        assert_int_equal(set_memory(128, false), -EROFS);
        assert_int_equal(set_memory(128, false), -EROFS);
        host_settle();
        assert_true(memory_is(1000, 64));
        assert_int_equal(set_memory(128, true), 0);
        host_settle();
        assert_true(memory_is(1000, 128));
        assert_int_equal(log_capture_count("limits cannot be set for good"), 1);
}

/* What is under way, or was refused before, does not keep it waiting. */
static void test_while_busy(_unused_ void **state) {
        start(MEMORY_64M);
        host.script.hold = true;
        assert_int_equal(set_memory(128, true), 0);
        assert_int_equal(set_memory(256, true), 0);
        host_settle();
        fake_backend_release(host.manager->backend);
        host_settle();
        assert_true(memory_is(1000, 256));
        host.script.refuse = "*";
        host.script.error = EACCES;
        assert_int_equal(set_memory(512, true), 0);
        host_settle();
        host.script.refuse = NULL;
        assert_int_equal(set_limit(SLICE(1000), LIMIT_CPU_WEIGHT, 300, true), 0);
        host_settle();
        assert_true(memory_is(1000, 512));
        EXPECT_LIMIT(1000, LIMIT_CPU_WEIGHT, 300);
}

static void test_dry_run_makes_nothing(_unused_ void **state) {
        host.options.dry_run = true;
        start(MEMORY_64M);
        assert_int_equal(access(fixture_state_path(host.fixture), F_OK), -1);
        assert_int_equal(log_capture_count("control.d"), 0);
}

static void test_dry_run_reads(_unused_ void **state) {
        start(MEMORY_64M);
        assert_int_equal(set_memory(128, false), 0);
        host_settle();
        host_stop();
        host.options.dry_run = true;
        fixture_lose_all(host.fixture);
        host_start();
        assert_int_equal(log_capture_count("Would set user-1000.slice"), 1);
        assert_true(log_capture_count("MemoryMax=128M") > 1);
        host_stop();
}

static int find_memory_max(const SettingFigures *setting, void *userdata) {
        SettingFigures *found = userdata;

        if (strcmp(setting->key, "MemoryMax") == 0) {
                assert_string_equal(setting->value, "128M");
                assert_int_equal(setting->line > 0, found->line > 0);
                assert_non_null(strstr(setting->file, found->file));
                found->key = "found";
        }
        return 0;
}

static void test_settings(_unused_ void **state) {
        SettingFigures wanted = { .file = "control.d/" FILE_1000, .line = 1 };
        const BusOperations *ops;

        start(MEMORY_64M);
        ops = &host.manager->bus_operations;
        assert_int_equal(set_memory(128, false), 0);
        assert_int_equal(ops->settings(SLICE(1000), find_memory_max, &wanted, ops->userdata), 0);
        assert_string_equal(wanted.key, "found");
        assert_int_equal(ops->settings("user.slice", find_memory_max, &wanted, ops->userdata), -ENOENT);
}

static int count_problem(const ProblemFigures *problem, void *userdata) {
        size_t *n = userdata;

        n[problem->error]++;
        return 0;
}

static void test_check(_unused_ void **state) {
        const BusOperations *ops;
        size_t n[2] = {};

        start(MEMORY_64M);
        ops = &host.manager->bus_operations;
        assert_int_equal(ops->check(count_problem, n, ops->userdata), 0);
        assert_int_equal(n[false] + n[true], 0);
        fixture_configure(host.fixture, "[Memory]\nMemoryMax=lots\n");
        fixture_control(host.fixture, true, "1.conf", "[User 1000]\nMemoryMax=128M\nCPUWeight=no\n");
        assert_int_equal(ops->check(count_problem, n, ops->userdata), 0);
        assert_int_equal(n[false] + n[true], 2);
        assert_true(memory_is(1000, 64));
        assert_int_equal(manager_check_config(&host.options), -EINVAL);
}

/* A template that is no good is named with its line, and stands in the way of nothing. */
static void test_check_templates(_unused_ void **state) {
        const BusOperations *ops;
        size_t n[2] = {};

        start(MEMORY_64M);
        ops = &host.manager->bus_operations;
        assert_int_equal(mkdirat(host.manager->root_fd, "etc/fairslice/templates", 0755), 0);
        fixture_put_host(host.fixture, "root/etc/fairslice/templates/oom-user.de.txt",
                         "Subject: x\n\n@USER@\n@FOO@\n");
        assert_int_equal(ops->check(count_problem, n, ops->userdata), 0);
        assert_int_equal(n[true], 1);
        assert_int_equal(manager_check_config(&host.options), -EINVAL);
        assert_int_equal(log_capture_count("/etc/fairslice/templates/oom-user.de.txt:4: @FOO@: "), 1);
        host_reload("[Memory]\nMemoryMax=128M\n");
        assert_true(memory_is(1000, 128));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, host_setup, host_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_at_once),
                TEST(test_own_writes),
                TEST(test_lasts),
                TEST(test_precedence),
                TEST(test_file_removed),
                TEST(test_file_written),
                TEST(test_broken_file),
                TEST(test_directory_removed),
                TEST(test_refused),
                TEST(test_not_logged_in),
                TEST(test_read_only_state),
                TEST(test_while_busy),
                TEST(test_dry_run_makes_nothing),
                TEST(test_dry_run_reads),
                TEST(test_settings),
                TEST(test_check),
                TEST(test_check_templates),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
