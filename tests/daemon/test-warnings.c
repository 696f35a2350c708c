/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/host.h"

/* Memory that runs short is told before it runs out. */

#define LOOK          (10 * USEC_PER_SEC + 250 * USEC_PER_MSEC)
#define CONFIGURATION "[Memory]\nMemoryMax=100M\n[Manager]\nObserve=yes\n"
#define RUNS_SHORT    "Would record: User "

static void use(uid_t uid, uint64_t current, uint64_t file, uint64_t shmem) {
        char text[256];

        snprintf(text, sizeof text, "%" PRIu64 "\n", current * MIB);
        fixture_put(host.fixture, uid, "memory.current", text);
        snprintf(text, sizeof text, "anon 0\nfile %" PRIu64 "\nshmem %" PRIu64 "\n", file * MIB,
                 shmem * MIB);
        fixture_put(host.fixture, uid, "memory.stat", text);
}

static void start(const char *configuration) {
        fixture_configure(host.fixture, configuration);
        fixture_add_user(host.fixture, 1000);
        fixture_add_user(host.fixture, 1001);
        fixture_set_limit(host.fixture, 1000, LIMIT_MEMORY_MAX, 100 * MIB);
        fixture_set_limit(host.fixture, 1001, LIMIT_MEMORY_MAX, LIMIT_UNSET);
        host_start();
        host_settle();
        host_want(1001, USEC_PER_SEC / 2); /* or nobody looks */
        host_run(LOOK);
}

typedef struct Found {
        unsigned count;
        Event last;
} Found;

static int on_event(const Event *event, void *userdata) {
        Found *found = userdata;

        if (event->kind == EVENT_MEMORY_WARNING) {
                found->count++;
                found->last = *event;
        }
        return 0;
}

static Found find(void) {
        const BusOperations *ops = &host.manager->bus_operations;
        Found found = {};

        assert_int_equal(ops->events(0, on_event, &found, ops->userdata), 0);
        return found;
}

static void test_warned(_unused_ void **state) {
        Found found;

        start(CONFIGURATION);
        use(1000, 74, 0, 0);
        host_run(LOOK);
        assert_int_equal(find().count, 0);
        use(1000, 80, 4, 0);
        host_run(3 * LOOK);
        found = find();
        assert_int_equal(found.count, 1);
        assert_string_equal(found.last.slice, SLICE(1000));
        assert_int_equal(found.last.uid, 1000);
        assert_in_range(found.last.time, host_realtime() - 3 * LOOK, host_realtime() - LOOK);
        assert_int_equal(found.last.warning.percent, 75);
        assert_int_equal(found.last.warning.used, 76 * MIB);
        assert_int_equal(found.last.warning.current, 80 * MIB);
        assert_int_equal(found.last.warning.max, 100 * MIB);
        assert_int_equal(log_capture_count(RUNS_SHORT), 1);
        use(1000, 90, 0, 0);
        host_run(LOOK);
        assert_int_equal(find().count, 2);
        assert_int_equal(find().last.warning.percent, 85);
}

/* A kernel keeps of files what it can, and gives that back; what is in a tmpfs it cannot. */
static void test_page_cache_does_not_count(_unused_ void **state) {
        start(CONFIGURATION);
        use(1000, 100, 30, 0);
        host_run(2 * LOOK);
        assert_int_equal(find().count, 0);
        use(1000, 100, 30, 10);
        host_run(LOOK);
        assert_int_equal(find().count, 1);
        assert_int_equal(find().last.warning.used, 80 * MIB);
}

static void test_nobody_knows_the_page_cache(_unused_ void **state) {
        start(CONFIGURATION);
        use(1000, 99, 0, 0);
        fixture_put(host.fixture, 1000, "memory.stat", "anon 1\n");
        host_run(LOOK);
        assert_int_equal(find().count, 0);
}

static void test_no_limit(_unused_ void **state) {
        start("[Manager]\nObserve=yes\n");
        fixture_set_limit(host.fixture, 1000, LIMIT_MEMORY_MAX, LIMIT_UNSET);
        use(1001, UINT64_C(1) << 30, 0, 0);
        host_run(2 * LOOK);
        assert_int_equal(find().count, 0);
}

/* For who keeps no history there are still looks. */
static void test_without_history(_unused_ void **state) {
        start(CONFIGURATION "HistorySec=0\n");
        use(1000, 80, 0, 0);
        host_run(LOOK);
        assert_int_equal(find().count, 1);
        assert_int_equal(host.manager->bus_operations.history("", 0, NULL, NULL, host.manager), 0);
}

static void test_reload(_unused_ void **state) {
        start(CONFIGURATION "[OOM]\nWarnAt=0\n");
        use(1000, 80, 0, 0);
        host_run(LOOK);
        assert_int_equal(find().count, 0);
        host_reload(CONFIGURATION "[OOM]\nWarnAt=50%, 60%\n");
        host_run(LOOK);
        assert_int_equal(find().count, 1);
        assert_int_equal(find().last.warning.percent, 60);
        host_reload(CONFIGURATION "[OOM]\nWarnAt=60% 50%\n[CPU]\nCPUWeight=50\n"); /* the same */
        host_run(LOOK);
        assert_int_equal(find().count, 1);
        host_reload(CONFIGURATION "HistoryIntervalSec=5s\n[OOM]\nWarnAt=50% 60%\n"); /* other looks */
        host_run(LOOK);
        assert_int_equal(find().count, 1);
        host_reload(CONFIGURATION "HistorySec=0\n[OOM]\nWarnAt=0\n");
        use(1000, 99, 0, 0);
        host_run(LOOK);
        assert_int_equal(find().count, 1);
}

static void test_logging_in_again(_unused_ void **state) {
        start(CONFIGURATION);
        use(1000, 80, 0, 0);
        host_run(LOOK);
        assert_int_equal(find().count, 1);
        fixture_remove_user(host.fixture, 1000);
        host_settle();
        fixture_add_user(host.fixture, 1000);
        fixture_set_limit(host.fixture, 1000, LIMIT_MEMORY_MAX, 100 * MIB);
        host_settle();
        use(1000, 80, 0, 0);
        host_run(6 * LOOK);
        assert_int_equal(find().count, 1);
        host_run(30 * 60 * USEC_PER_SEC);
        assert_int_equal(find().count, 2);
}

static void put_process(int pid, unsigned pages, const char *comm) {
        char path[256], text[64];

        snprintf(path, sizeof path, "%s/%d", fixture_proc_path(host.fixture), pid);
        assert_int_equal(mkdir(path, 0755), 0);
        snprintf(path, sizeof path, "proc/%d/statm", pid);
        snprintf(text, sizeof text, "900 %u 1 1 0 1 0\n", pages);
        fixture_put_host(host.fixture, path, text);
        snprintf(path, sizeof path, "proc/%d/comm", pid);
        snprintf(text, sizeof text, "%s\n", comm);
        fixture_put_host(host.fixture, path, text);
}

/* Who uses it is told along, and so it is when it has run out. */
static void test_processes(_unused_ void **state) {
        const LargeProcesses *processes;
        Found found;

        start(CONFIGURATION);
        fixture_put(host.fixture, 1000, "cgroup.procs", "4711\n4712\n");
        put_process(4711, 300, "small");
        put_process(4712, 500, "large");
        use(1000, 80, 0, 0);
        host_run(LOOK);
        found = find();
        processes = &found.last.processes;
        assert_int_equal(found.count, 1);
        assert_int_equal(processes->count, 2);
        assert_int_equal(processes->process[0].pid, 4712);
        assert_int_equal(processes->process[0].rss, 500 * sysconf(_SC_PAGESIZE));
        assert_string_equal(processes->process[0].comm, "large");
        assert_string_equal(processes->process[1].comm, "small");
        fixture_put(host.fixture, 1000, "memory.events", "low 0\nhigh 0\nmax 9\noom 1\noom_kill 1\n");
        DRIVE_UNTIL(log_capture_count("The largest process left is large (PID 4712) with ") == 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, host_setup, host_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_warned),
                TEST(test_page_cache_does_not_count),
                TEST(test_nobody_knows_the_page_cache),
                TEST(test_no_limit),
                TEST(test_without_history),
                TEST(test_reload),
                TEST(test_logging_in_again),
                TEST(test_processes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
