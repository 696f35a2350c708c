/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/host.h"

/* Beginning and end: the timer of its own, signals, and hosts on which it cannot start. */

#define MEMORY_64M "[Memory]\nMemoryMax=64M\n"

static void test_start_and_stop(_unused_ void **state) {
        host_start();
        host_stop();
        assert_int_equal(host.script.n_calls, 0);
        assert_int_equal(log_capture_count("Cannot"), 0);
}

static void test_stop_before_anything(_unused_ void **state) {
        host.offline = true;
        host_start();
        host_stop();
}

/* Nobody calls manager_glance(): the real timer does, again and again. */
static void test_glances_by_itself(_unused_ void **state) {
        usec_t first;

        fixture_configure(host.fixture, MEMORY_64M "[Manager]\nIntervalSec=100ms\n");
        fixture_add_user(host.fixture, 1000);
        host_start();
        assert_true(sd_event_source_set_enabled(host.manager->glance_timer, SD_EVENT_ONESHOT) >= 0);
        host.manager->housekeeping_at = 0;
        DRIVE_UNTIL(host.manager->housekeeping_at > 0);
        first = host.manager->housekeeping_at;
        host.manager->housekeeping_at = 0;
        DRIVE_UNTIL(host.manager->housekeeping_at > 0);
        assert_int_equal(host.manager->housekeeping_at, first); /* the clock stands still */
}

static void test_sigint_and_twice(_unused_ void **state) {
        host_start();
        assert_int_equal(kill(getpid(), SIGINT), 0);
        assert_int_equal(kill(getpid(), SIGTERM), 0);
        assert_int_equal(kill(getpid(), SIGHUP), 0);
        host_settle();
        assert_int_equal(sd_event_get_state(host.manager->event), SD_EVENT_FINISHED);
}

/* The backend never answers: the service ends nevertheless, and the next one knows what is left. */
static void test_stop_without_answers(_unused_ void **state) {
        host_start();
        ledger_get(host.manager->ledger, 1000)->fair = true;
        ledger_changed(host.manager->ledger);
        host.script.hold = true;
        manager_stop(host.manager);
        host_settle();
        assert_int_equal(host.script.under_way, 1);
        assert_true(sd_event_source_set_time(host.manager->stop_timer, 0) >= 0);
        host_settle();
        assert_int_equal(sd_event_get_state(host.manager->event), SD_EVENT_FINISHED);
        assert_int_equal(log_capture_count("Not all fair-share quotas could be lifted"), 1);
        assert_false(ledger_is_clean(host.manager->ledger));
}

static void expect_no_start(const char *message) {
        assert_int_equal(manager_new(&host.options, &host.manager), 0);
        drive_add(host.manager->event);
        assert_true(manager_start(host.manager) < 0);
        assert_int_equal(log_capture_count(message), 1);
}

static void test_no_cgroup_tree(_unused_ void **state) {
        fixture_put_host(host.fixture, "proc/self/mountinfo",
                         "30 20 0:26 / /nonexistent rw - cgroup2 cgroup2 rw\n");
        expect_no_start("the host has no cgroup tree");
        assert_int_equal(log_capture_count("cannot be reached at /nonexistent"), 1);
}

/* Something else is mounted over it: whatever is found there, it is not the kernel's. */
static void test_hidden_cgroup_tree(_unused_ void **state) {
        fixture_put_host(host.fixture, "proc/self/mountinfo", "30 20 0:0 / /tmp rw - cgroup2 cgroup2 rw\n");
        expect_no_start("the host has no cgroup tree");
        assert_int_equal(log_capture_count("The cgroup hierarchy of cgroup2 cannot be reached at /tmp"), 1);
        assert_int_not_equal(access("/tmp/user.slice", F_OK), 0);
}

static void test_no_mounts(_unused_ void **state) {
        fixture_put_host(host.fixture, "proc/self/mountinfo", "this is not mountinfo\n");
        expect_no_start("Cannot find out how cgroups are mounted");
}

static void test_backend_is_said(_unused_ void **state) {
        host_start();
        assert_int_equal(
                log_capture_count("Backend systemd: the host has the unified cgroup tree, and systemd "
                                  "as PID 1."),
                1);
}

static void test_no_such_backend(_unused_ void **state) {
        fixture_configure(host.fixture, "[Manager]\nBackend=cgroup1\n");
        expect_no_start(
                "No backend for this host, nothing can be limited: so it is configured; the host has "
                "the unified cgroup tree, and systemd as PID 1: version 1 has no controllers here.");
}

static void test_no_sysfs(_unused_ void **state) {
        host.options.sysfs_path = "/nonexistent";
        expect_no_start("Cannot open /nonexistent");
}

static void test_no_runtime_directory(_unused_ void **state) {
        host.options.runtime_path = "/nonexistent/fairslice";
        expect_no_start("Cannot make the directory /nonexistent/fairslice");
}

static void test_runtime_directory_is_a_link(_unused_ void **state) {
        char link[128];

        snprintf(link, sizeof link, "%s/etc/link", fixture_root_path(host.fixture));
        assert_int_equal(symlink("/tmp", link), 0);
        host.options.runtime_path = link;
        expect_no_start("Cannot open the directory");
}

static void test_no_root(_unused_ void **state) {
        host.options.root_path = "/nonexistent";
        assert_true(manager_new(&host.options, &host.manager) < 0);
        assert_null(host.manager);
        assert_int_equal(log_capture_count("Cannot open /nonexistent"), 1);
}

static void test_ledger_cannot_be_written(_unused_ void **state) {
        char path[128];

        snprintf(path, sizeof path, "%s/limits", fixture_runtime_path(host.fixture));
        assert_int_equal(mkdir(path, 0700), 0);
        fixture_configure(host.fixture, MEMORY_64M);
        fixture_add_user(host.fixture, 1000);
        host_start();
        host_run(10 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
        assert_int_equal(log_capture_count("/limits"), 1); /* said once */
}

static void put_in_fixture(const char *file, const char *text) {
        char path[256];
        FILE *stream;

        snprintf(path, sizeof path, "%s/%s", fixture_cgroup_path(host.fixture), file);
        stream = fopen(path, "we");
        assert_non_null(stream);
        fputs(text, stream);
        assert_int_equal(fclose(stream), 0);
}

/* The host's counters become unreadable, and readable again: said once, and limits go on. */
static void test_host_unreadable(_unused_ void **state) {
        fixture_configure(host.fixture, MEMORY_64M);
        host_start();
        put_in_fixture("cpu.stat", "rubbish\n");
        host_run(5 * USEC_PER_SEC);
        fixture_add_user(host.fixture, 1000);
        host_settle();
        EXPECT_LIMIT(1000, LIMIT_MEMORY_MAX, 64 * MIB);
        assert_int_equal(log_capture_count("Cannot read the host's CPU use"), 1);
        fixture_run_outside(host.fixture, 0);
        host_run(5 * USEC_PER_SEC);
        put_in_fixture("cpu.stat", "rubbish\n");
        host_run(5 * USEC_PER_SEC);
        assert_int_equal(log_capture_count("Cannot read the host's CPU use"), 2);
}

/* --verbose looks each time and shows a table; it decides nothing else. */
static void test_verbose(_unused_ void **state) {
        host.options.verbose = true;
        fixture_configure(host.fixture, MEMORY_64M "[CPU]\nCPUThreshold=90%\n");
        fixture_add_user(host.fixture, 1000);
        host_start();
        host_run(3 * USEC_PER_SEC);
        host_want(1000, 2 * USEC_PER_SEC);
        host_run(3 * USEC_PER_SEC);
        assert_in_range(fixture_limit(host.fixture, 1000, LIMIT_CPU_QUOTA), 1700000, 1800000);
        host_want(1000, 0);
        host_run(3 * USEC_PER_SEC);
        EXPECT_LIMIT(1000, LIMIT_CPU_QUOTA, LIMIT_UNSET);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, host_setup, host_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_start_and_stop),
                TEST(test_stop_before_anything),
                TEST(test_glances_by_itself),
                TEST(test_sigint_and_twice),
                TEST(test_stop_without_answers),
                TEST(test_no_cgroup_tree),
                TEST(test_hidden_cgroup_tree),
                TEST(test_no_mounts),
                TEST(test_backend_is_said),
                TEST(test_no_such_backend),
                TEST(test_no_sysfs),
                TEST(test_no_runtime_directory),
                TEST(test_runtime_directory_is_a_link),
                TEST(test_no_root),
                TEST(test_ledger_cannot_be_written),
                TEST(test_host_unreadable),
                TEST(test_verbose),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
