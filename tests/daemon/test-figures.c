/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <sys/stat.h>

#include "daemon/host.h"

/* What is told of the host and of slices, to who asks. */

#define TWO_CPUS (2 * USEC_PER_SEC)
#define CPU_80   "[CPU]\nCPUThreshold=80%\n"
#define BUDGET   (TWO_CPUS / 100 * 80)

/* Strings of a visit are gone after it. */
typedef struct Seen {
        SliceFigures figures;
        char group[300];
} Seen;

static void start(const char *configuration) {
        fixture_configure(host.fixture, configuration);
        fixture_add_user(host.fixture, 1000);
        fixture_add_user(host.fixture, 1001);
        host_start();
        host_run(2 * USEC_PER_SEC);
}

static int on_slice(const SliceFigures *figures, void *userdata) {
        Seen *seen = userdata;

        seen->figures = *figures;
        snprintf(seen->group, sizeof seen->group, "%s", figures->group);
        return 1;
}

static Seen look(uid_t uid) {
        const BusOperations *ops = &host.manager->bus_operations;
        SliceName name;
        Seen seen = {};

        assert_int_equal(ops->slice(slice_name_for_uid(name, uid), on_slice, &seen, ops->userdata), 1);
        assert_int_equal(seen.figures.uid, uid);
        return seen;
}

static HostFigures look_at_host(void) {
        HostFigures figures;

        host.manager->bus_operations.host(&figures, host.manager->bus_operations.userdata);
        return figures;
}

static void expect_about(uint64_t is, uint64_t should_be) {
        assert_in_range(is, should_be - should_be / 20, should_be + should_be / 20);
}

static void test_host(_unused_ void **state) {
        HostFigures figures;
        usec_t since;

        start(CPU_80);
        figures = look_at_host();
        assert_int_equal(figures.cpus, TWO_CPUS);
        assert_int_equal(figures.budget, BUDGET);
        assert_false(figures.contended);
        assert_int_equal(figures.contended_since, 0);
        assert_false(figures.observing);
        host_want(1000, TWO_CPUS);
        host_run(5 * USEC_PER_SEC);
        figures = look_at_host();
        assert_true(figures.contended);
        assert_in_range(figures.contended_since, host_realtime() - 5 * USEC_PER_SEC, host_realtime());
        expect_about(figures.use, BUDGET);
        assert_int_equal(figures.active, 1);
        since = figures.contended_since;
        host_run(5 * USEC_PER_SEC);
        assert_int_equal(look_at_host().contended_since, since);
        host_want(1000, 0);
        host_run(5 * USEC_PER_SEC);
        figures = look_at_host();
        assert_false(figures.contended);
        assert_true(figures.contended_since > since);
}

/* Nobody looks while the host has room, and who asks gets what is used now all the same. */
static void test_fresh_with_room(_unused_ void **state) {
        start(CPU_80);
        host_want(1000, USEC_PER_SEC / 2);
        host_run(60 * USEC_PER_SEC);
        expect_about(look(1000).figures.use, USEC_PER_SEC / 2);
        host_want(1000, USEC_PER_SEC / 4);
        host_run(30 * USEC_PER_SEC);
        expect_about(look_at_host().use, USEC_PER_SEC / 4);
        assert_false(look_at_host().contended);
}

static void test_slice(_unused_ void **state) {
        const BusOperations *ops;
        Seen seen;

        start(CPU_80 "[Memory]\nMemoryMax=64M\n[Manager]\nExemptUsers=1001\n");
        seen = look(1000);
        assert_string_equal(seen.group, "/user.slice/user-1000.slice");
        assert_false(seen.figures.exempt);
        assert_int_equal(seen.figures.limits.value[LIMIT_MEMORY_MAX], 64 * MIB);
        assert_int_equal(seen.figures.configured.value[LIMIT_MEMORY_MAX], 64 * MIB);
        assert_int_equal(seen.figures.guaranteed, BUDGET);
        seen = look(1001);
        assert_true(seen.figures.exempt);
        assert_int_equal(seen.figures.limits.value[LIMIT_MEMORY_MAX], LIMIT_UNSET);
        assert_int_equal(seen.figures.configured.value[LIMIT_MEMORY_MAX], LIMIT_UNSET);
        assert_int_equal(seen.figures.guaranteed, 0);
        ops = &host.manager->bus_operations;
        assert_int_equal(ops->slice("user-1002.slice", on_slice, &seen, ops->userdata), -ENOENT);
        assert_int_equal(ops->slice("..", on_slice, &seen, ops->userdata), -ENOENT);
}

/* What is only said does not stand. */
static void test_observing(_unused_ void **state) {
        Seen seen;

        start(CPU_80 "[Memory]\nMemoryMax=64M\n[Manager]\nObserve=yes\n");
        host_want(1000, TWO_CPUS);
        host_want(1001, TWO_CPUS);
        host_run(5 * USEC_PER_SEC);
        seen = look(1000);
        assert_int_equal(seen.figures.limits.value[LIMIT_MEMORY_MAX], LIMIT_UNSET);
        assert_int_equal(seen.figures.limits.value[LIMIT_CPU_QUOTA], LIMIT_UNSET);
        assert_int_equal(seen.figures.configured.value[LIMIT_MEMORY_MAX], 64 * MIB);
        assert_int_equal(seen.figures.share, BUDGET / 2);
        assert_int_equal(seen.figures.hold, HOLD_NOTHING);
        assert_true(look_at_host().observing);
}

static void test_guaranteed(_unused_ void **state) {
        start(CPU_80 "[User 1001]\nCPUWeight=300\n[User 1002]\nCPUQuota=10%\n");
        host_want(1000, TWO_CPUS);
        host_run(5 * USEC_PER_SEC);
        assert_int_equal(look(1000).figures.guaranteed, BUDGET);
        /* Beside the one who is active */
        assert_int_equal(look(1001).figures.guaranteed, BUDGET / 4 * 3);
        host_want(1001, TWO_CPUS);
        host_run(5 * USEC_PER_SEC);
        assert_int_equal(look(1000).figures.guaranteed, BUDGET / 4);
        assert_int_equal(look(1001).figures.guaranteed, BUDGET / 4 * 3);
        fixture_add_user(host.fixture, 1002);
        host_run(1 * USEC_PER_SEC);
        assert_int_equal(look(1002).figures.guaranteed, USEC_PER_SEC / 10);
        /* Nor does the share lift the quota */
        assert_int_equal(look(1002).figures.share, USEC_PER_SEC / 10);
}

static void test_fair_share_holds(_unused_ void **state) {
        usec_t since;

        start(CPU_80);
        assert_int_equal(look(1000).figures.hold, HOLD_NOTHING);
        assert_int_equal(look(1000).figures.hold_since, 0);
        host_want(1000, TWO_CPUS);
        host_want(1001, USEC_PER_SEC / 10);
        host_run(5 * USEC_PER_SEC);
        assert_int_equal(look(1000).figures.hold, HOLD_FAIR_SHARE);
        assert_int_equal(look(1001).figures.hold, HOLD_NOTHING);
        since = look(1000).figures.hold_since;
        assert_in_range(since, host_realtime() - 5 * USEC_PER_SEC, host_realtime());
        host_run(5 * USEC_PER_SEC);
        assert_int_equal(look(1000).figures.hold_since, since);
        host_want(1000, 0);
        host_run(10 * USEC_PER_SEC);
        assert_int_equal(look(1000).figures.hold, HOLD_NOTHING);
        assert_true(look(1000).figures.hold_since > since);
}

static void test_quota_holds(_unused_ void **state) {
        start(CPU_80 "[User 1000]\nCPUQuota=20%\n");
        host_want(1000, USEC_PER_SEC / 10);
        host_run(30 * USEC_PER_SEC);
        assert_int_equal(look(1000).figures.hold, HOLD_NOTHING);
        /* Also while the host has room, when nobody looks but for who asks */
        host_want(1000, TWO_CPUS);
        host_run(30 * USEC_PER_SEC);
        assert_int_equal(look(1000).figures.hold, HOLD_CPU_QUOTA);
        assert_int_equal(look(1000).figures.limits.value[LIMIT_CPU_QUOTA], USEC_PER_SEC / 5);
        assert_int_equal(look(1001).figures.hold, HOLD_NOTHING);
}

static void test_weight_holds(_unused_ void **state) {
        start(CPU_80 "SharePolicy=weight\n");
        host_want(1000, TWO_CPUS);
        host_want(1001, USEC_PER_SEC / 10);
        host_run(5 * USEC_PER_SEC);
        assert_int_equal(look(1000).figures.hold, HOLD_WEIGHT);
        assert_int_equal(look(1001).figures.hold, HOLD_NOTHING);
}

/* Each has a quota, but only who reaches it is held back by it. */
static void test_equal_share_holds(_unused_ void **state) {
        start(CPU_80 "SharePolicy=equal\n");
        host_want(1000, TWO_CPUS);
        host_want(1001, USEC_PER_SEC / 10);
        host_run(10 * USEC_PER_SEC);
        EXPECT_LIMIT(1001, LIMIT_CPU_QUOTA, BUDGET / 2);
        assert_int_equal(look(1000).figures.hold, HOLD_FAIR_SHARE);
        assert_int_equal(look(1001).figures.hold, HOLD_NOTHING);
        assert_int_equal(look(1000).figures.guaranteed, BUDGET / 2);
}

static void test_usage(_unused_ void **state) {
        const BusOperations *ops;
        SliceUsage usage;

        start(CPU_80);
        ops = &host.manager->bus_operations;
        fixture_put(host.fixture, 1000, "cpu.stat",
                    "usage_usec 5000000\nnr_periods 7\nnr_throttled 3\nthrottled_usec 1234\n");
        fixture_put(host.fixture, 1000, "memory.current", "1048576\n");
        fixture_put(host.fixture, 1000, "memory.peak", "2097152\n");
        fixture_put(host.fixture, 1000, "memory.events", "oom 2\noom_kill 4\n");
        assert_int_equal(ops->usage(SLICE(1000), &usage, ops->userdata), 0);
        assert_int_equal(usage.cpu_usage_nsec, 5000000000);
        assert_int_equal(usage.cpu_throttled_usec, 1234);
        assert_int_equal(usage.memory_current, 1 * MIB);
        assert_int_equal(usage.memory_peak, 2 * MIB);
        assert_int_equal(usage.oom_kills, 4);
        fixture_add_bare_user(host.fixture, 1002);
        host_settle();
        assert_int_equal(ops->usage(SLICE(1002), &usage, ops->userdata), 0);
        assert_int_equal(usage.memory_current, UINT64_MAX);
        assert_int_equal(usage.oom_kills, UINT64_MAX);
        assert_int_equal(ops->usage(SLICE(1003), &usage, ops->userdata), -ENOENT);
}

static void add_process(pid_t pid, const char *group) {
        char path[128], text[256];

        snprintf(path, sizeof path, "%s/%d", fixture_proc_path(host.fixture), (int) pid);
        assert_int_equal(mkdir(path, 0755), 0);
        snprintf(path, sizeof path, "proc/%d/cgroup", (int) pid);
        snprintf(text, sizeof text, "0::%s\n", group);
        fixture_put_host(host.fixture, path, text);
}

static int slice_of(pid_t pid, SliceName ret) {
        const BusOperations *ops = &host.manager->bus_operations;

        return ops->slice_of_pid(pid, ret, ops->userdata);
}

static void test_slice_of_pid(_unused_ void **state) {
        SliceName name;

        start(CPU_80);
        add_process(201, "/user.slice/user-1000.slice/session-1.scope");
        add_process(202, "/user.slice/user-1001.slice");
        add_process(203, "/system.slice/cron.service");
        add_process(204, "/user.slice/user-1002.slice/session-2.scope");
        add_process(205, "/user.slice");
        assert_int_equal(slice_of(201, name), 0);
        assert_string_equal(name, SLICE(1000));
        assert_int_equal(slice_of(202, name), 0);
        assert_string_equal(name, SLICE(1001));
        for (pid_t pid = 203; pid <= 205; pid++)
                assert_int_equal(slice_of(pid, name), -ENOENT);
        assert_int_equal(slice_of(206, name), -ESRCH);
        assert_int_equal(slice_of(0, name), -ESRCH);
        assert_int_equal(slice_of(-1, name), -ESRCH);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, host_setup, host_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_host),        TEST(test_fresh_with_room), TEST(test_slice),
                TEST(test_observing),   TEST(test_guaranteed),      TEST(test_fair_share_holds),
                TEST(test_quota_holds), TEST(test_weight_holds),    TEST(test_equal_share_holds),
                TEST(test_usage),       TEST(test_slice_of_pid),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
