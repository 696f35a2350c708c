/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "backend/cgroup1.h"
#include "bus/bus-host.h"
#include "support/fake-systemd.h"
#include "support/raw-kernel.h"

/* Version 1 under systemd: groups are had from it and never made, and what it resets is told. */

#define SLICE     "user-1000.slice"
#define MIB       (UINT64_C(1) << 20)
#define PATH      "/org/freedesktop/systemd1"
#define INTERFACE "org.freedesktop.systemd1.Manager"

static struct {
        unsigned n_done, reloaded, online, offline;
        int error;
        char message[512];
} told;

static Script script;
static FakeSystemd *systemd;
static Backend *backend;

static void on_done(_unused_ const char *slice, int error, const char *message, _unused_ void *userdata) {
        told.n_done++;
        told.error = error;
        snprintf(told.message, sizeof told.message, "%s", message ?: "");
}

static void on_online(bool online, _unused_ void *userdata) {
        told.online += online;
        told.offline += !online;
}

static void on_reloading(bool active, _unused_ void *userdata) {
        told.reloaded += !active;
}

static void account(const char *slice, bool cpu, bool memory) {
        if (cpu)
                raw_kernel_add_group("cpu", slice);
        if (memory)
                raw_kernel_add_group("memory", slice);
}

static int setup(_unused_ void **state) {
        const BackendHandlers handlers = { .done = on_done, .online = on_online, .reloading = on_reloading };

        memset(&told, 0, sizeof told);
        bus_host_start();
        raw_kernel_start(RAW_KERNEL_SYSTEMD);
        raw_kernel_add_slice(SLICE);
        script.account = account;
        systemd = fake_systemd_new(host.fakes_loop, &script);
        assert_int_equal(backend_cgroup1_new(&handlers, host.loop, raw_kernel.tree, &backend), 0);
        DRIVE_UNTIL(backend->is_online);
        return 0;
}

static int teardown(_unused_ void **state) {
        backend = backend_free(backend);
        systemd = fake_systemd_free(systemd);
        raw_kernel_stop();
        bus_host_stop();
        script_done(&script);
        return 0;
}

static void meet_systemd(void) {
        unsigned n = fake_systemd_subscribe_calls(systemd);

        DRIVE_UNTIL(fake_systemd_subscribe_calls(systemd) > n);
        private_bus_sync(fake_systemd_bus(systemd));
        drive_quiet();
}

static void attach(void) {
        fake_systemd_connect(systemd);
        assert_int_equal(backend_cgroup1_attach(backend, host.client), 0);
        meet_systemd();
}

static void begin(const char *slice, Limit limit, uint64_t value) {
        Limits limits = LIMITS_UNSET;

        limits.value[limit] = value;
        assert_int_equal(backend_set_limits(backend, slice, &limits, 1U << limit), 0);
}

static int set_one(Limit limit, uint64_t value) {
        unsigned n = told.n_done;

        begin(SLICE, limit, value);
        DRIVE_UNTIL(told.n_done > n);
        return told.error;
}

/* A change that waits for systemd's answer. */
static void hold_one(void) {
        size_t n = script.n_calls;

        script.hold = true;
        begin(SLICE, LIMIT_CPU_WEIGHT, 200);
        DRIVE_UNTIL(script.n_calls == n + 1);
        assert_int_equal(backend->pending, 1);
}

static void expect_asked(size_t n, bool cpu, bool memory) {
        assert_int_equal(script.n_calls, n);
        assert_string_equal(script.call[n - 1].slice, SLICE);
        assert_int_equal(script.call[n - 1].mask, 0);
        assert_int_equal(script.call[n - 1].cpu_accounting, cpu);
        assert_int_equal(script.call[n - 1].memory_accounting, memory);
}

/* For what is needed, once. */
static void test_asks_for_groups(_unused_ void **state) {
        attach();
        assert_int_equal(set_one(LIMIT_CPU_WEIGHT, 200), 0);
        expect_asked(1, true, false);
        assert_int_equal(raw_kernel_get(SLICE, "cpu.shares"), 2048);
        assert_int_equal(set_one(LIMIT_CPU_QUOTA, 1500000), 0);
        assert_int_equal(script.n_calls, 1);
        assert_int_equal(set_one(LIMIT_MEMORY_MAX, 64 * MIB), 0);
        expect_asked(2, false, true);
        assert_int_equal(raw_kernel_get(SLICE, "memory.limit_in_bytes"), 64 * MIB);
}

/* systemd makes a group and writes its own values then, so ours are not written as soon as it is seen. */
static void test_after_systemd(_unused_ void **state) {
        usec_t begin;

        attach();
        hold_one();
        begin = now_monotonic();
        fake_systemd_release(systemd);
        DRIVE_UNTIL(told.n_done == 1);
        assert_int_equal(told.error, 0);
        assert_true(now_monotonic() - begin >= 90 * USEC_PER_MSEC);
}

static void test_asks_for_both_at_once(_unused_ void **state) {
        const Limits limits = { .value = { 1500000, 200, 64 * MIB, 48 * MIB, 0 } };
        Limits now;

        attach();
        assert_int_equal(backend_set_limits(backend, SLICE, &limits, LIMIT_MASK_ALL), 0);
        DRIVE_UNTIL(told.n_done == 1);
        assert_int_equal(told.error, 0);
        expect_asked(1, true, true);
        raw_kernel_limits(SLICE, &now);
        assert_int_equal(limits_differ(&now, &limits, LIMIT_MASK_ALL), 0);
}

/* What has its group does not wait for what has none. */
static void test_the_others_do_not_wait(_unused_ void **state) {
        const Limits limits = { .value = { LIMIT_UNSET, 200, 64 * MIB, LIMIT_UNSET, LIMIT_UNSET } };

        raw_kernel_add_group("memory", SLICE);
        attach();
        script.hold = true;
        assert_int_equal(backend_set_limits(backend, SLICE, &limits, LIMIT_MASK_ALL), 0);
        DRIVE_UNTIL(script.n_calls == 1);
        assert_int_equal(raw_kernel_get(SLICE, "memory.limit_in_bytes"), 64 * MIB);
        assert_int_equal(told.n_done, 0);
        fake_systemd_release(systemd);
        DRIVE_UNTIL(told.n_done == 1);
        assert_int_equal(told.error, 0);
}

/* Nobody needs a group to have no limit in it; and a user who is not there is not brought back. */
static void test_asks_for_nothing_more(_unused_ void **state) {
        attach();
        assert_int_equal(set_one(LIMIT_CPU_QUOTA, LIMIT_UNSET), 0);
        assert_int_equal(set_one(LIMIT_MEMORY_MAX, LIMIT_UNSET), 0);
        begin("user-1001.slice", LIMIT_CPU_WEIGHT, 200);
        DRIVE_UNTIL(told.n_done == 3);
        assert_int_equal(told.error, -ENOENT);
        assert_int_equal(script.n_calls, 0);
}

static void test_refused(_unused_ void **state) {
        attach();
        script.refuse = SLICE;
        script.error = EACCES;
        assert_int_equal(set_one(LIMIT_CPU_WEIGHT, 200), -EACCES);
        assert_non_null(strstr(told.message, "systemd makes no group for it"));
        script.refuse = NULL;
        assert_int_equal(set_one(LIMIT_CPU_WEIGHT, 200), 0);
}

static void test_never_made(_unused_ void **state) {
        attach();
        script.account = NULL;
        assert_int_equal(set_one(LIMIT_CPU_WEIGHT, 200), -ENOENT);
        assert_non_null(strstr(told.message, "no group in the cpu hierarchy, although systemd was asked"));
        assert_int_equal(script.n_calls, 1);
}

static void test_gone_meanwhile(_unused_ void **state) {
        attach();
        hold_one();
        raw_kernel_remove_slice(SLICE);
        script.account = NULL;
        fake_systemd_release(systemd);
        DRIVE_UNTIL(told.n_done == 1);
        assert_int_equal(told.error, -ENOENT);
}

/* The bus comes later, or not at all. */
static void test_without_a_bus(_unused_ void **state) {
        raw_kernel_add_group("memory", SLICE);
        assert_int_equal(set_one(LIMIT_MEMORY_MAX, 64 * MIB), 0);
        assert_int_equal(set_one(LIMIT_CPU_WEIGHT, 200), -ENOENT);
        assert_int_equal(backend_cgroup1_attach(backend, host.client), 0);
        drive_quiet();
        assert_int_equal(set_one(LIMIT_CPU_WEIGHT, 200), -ENOENT);
        fake_systemd_connect(systemd);
        meet_systemd();
        assert_int_equal(set_one(LIMIT_CPU_WEIGHT, 200), 0);
        assert_int_equal(told.reloaded, 0);
        assert_int_equal(told.online, 1);
}

static void test_detached_while_waiting(_unused_ void **state) {
        attach();
        hold_one();
        backend_cgroup1_detach(backend);
        assert_int_equal(told.n_done, 1);
        assert_int_equal(told.error, -ECANCELED);
        assert_true(told.message[0]);
        assert_true(backend->is_online);
        assert_int_equal(backend->pending, 0);
        backend_cgroup1_detach(backend);
        fake_systemd_release(systemd);
        drive_quiet();
        assert_int_equal(told.n_done, 1);
        assert_int_equal(told.offline, 0);
}

static void test_bus_dies(_unused_ void **state) {
        attach();
        hold_one();
        private_bus_kill(host.bus);
        DRIVE_UNTIL(told.n_done == 1);
        assert_int_equal(told.error, -ECANCELED);
        assert_true(backend->is_online);
}

static void test_systemd_goes(_unused_ void **state) {
        attach();
        hold_one();
        fake_systemd_disconnect(systemd);
        DRIVE_UNTIL(told.n_done == 1);
        assert_int_equal(told.error, -ECANCELED);
        /* It may have read its configuration again before it was heard again. */
        script.hold = false;
        fake_systemd_connect(systemd);
        DRIVE_UNTIL(told.reloaded == 1);
        drive_quiet();
        assert_int_equal(told.reloaded, 1);
        assert_int_equal(set_one(LIMIT_CPU_WEIGHT, 200), 0);
}

static void test_attached_again(_unused_ void **state) {
        attach();
        backend_cgroup1_detach(backend);
        assert_int_equal(backend_cgroup1_attach(backend, host.client), 0);
        DRIVE_UNTIL(told.reloaded == 1);
        fake_systemd_reloading(systemd, true);
        fake_systemd_reloading(systemd, false);
        DRIVE_UNTIL(told.reloaded == 2);
        drive_quiet();
        assert_int_equal(told.reloaded, 2);
}

static void test_forged_reloading(_unused_ void **state) {
        attach();
        bus_host_forge(PATH, INTERFACE, "Reloading", "b", false);
        fake_systemd_reloading(systemd, false);
        DRIVE_UNTIL(told.reloaded >= 1);
        assert_int_equal(told.reloaded, 1);
}

static void test_freed_while_waiting(_unused_ void **state) {
        attach();
        hold_one();
        backend = backend_free(backend);
        fake_systemd_release(systemd);
        drive_quiet();
        assert_int_equal(told.n_done, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_asks_for_groups),
                TEST(test_after_systemd),
                TEST(test_asks_for_both_at_once),
                TEST(test_the_others_do_not_wait),
                TEST(test_asks_for_nothing_more),
                TEST(test_refused),
                TEST(test_never_made),
                TEST(test_gone_meanwhile),
                TEST(test_without_a_bus),
                TEST(test_detached_while_waiting),
                TEST(test_bus_dies),
                TEST(test_systemd_goes),
                TEST(test_attached_again),
                TEST(test_forged_reloading),
                TEST(test_freed_while_waiting),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
