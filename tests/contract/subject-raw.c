/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "backend/cgroup1.h"
#include "backend/cgroup2.h"
#include "contract/subject.h"
#include "support/drive.h"
#include "support/fake-systemd.h"
#include "support/private-bus.h"
#include "support/raw-kernel.h"

/* The backends that write files themselves. */

static sd_event *loop;

static void start_cgroup1(RawKernelKind kind, const BackendHandlers *handlers, Script *script,
                          Backend **ret) {
        assert_true(sd_event_new(&loop) >= 0);
        drive_add(loop);
        raw_kernel_start(kind);
        raw_kernel.script = script;
        assert_int_equal(backend_cgroup1_new(handlers, loop, raw_kernel.tree, ret), 0);
}

static void start_apart(const BackendHandlers *handlers, Script *script, Backend **ret) {
        start_cgroup1(RAW_KERNEL_APART, handlers, script, ret);
}

static void start_together(const BackendHandlers *handlers, Script *script, Backend **ret) {
        start_cgroup1(RAW_KERNEL_TOGETHER, handlers, script, ret);
}

static void start_cgroup2(const BackendHandlers *handlers, Script *script, Backend **ret) {
        assert_true(sd_event_new(&loop) >= 0);
        drive_add(loop);
        raw_kernel_start(RAW_KERNEL_UNIFIED);
        raw_kernel.script = script;
        assert_int_equal(backend_cgroup2_new(handlers, loop, raw_kernel.tree, ret), 0);
}

static void stop(void) {
        raw_kernel_stop();
        drive_remove(loop);
        loop = sd_event_unref(loop);
}

static void release(void) {
}

const Subject subject_cgroup1_apart = {
        .name = "cgroup1-apart",
        .start = start_apart,
        .stop = stop,
        .add_slice = raw_kernel_add_slice,
        .standing = raw_kernel_limits,
        .release = release,
};

const Subject subject_cgroup1_together = {
        .name = "cgroup1-together",
        .start = start_together,
        .stop = stop,
        .add_slice = raw_kernel_add_slice,
        .standing = raw_kernel_limits,
        .release = release,
};

const Subject subject_cgroup2 = {
        .name = "cgroup2",
        .start = start_cgroup2,
        .stop = stop,
        .add_slice = raw_kernel_add_slice,
        .standing = raw_kernel_limits,
        .release = release,
};

/* Version 1 under systemd: it makes the groups of the controllers when it is asked to account. */

static PrivateBus *private_bus;
static sd_event *systemd_loop;
static FakeSystemd *systemd;
static sd_bus *bus;

static void account(const char *slice, bool cpu, bool memory) {
        if (cpu)
                raw_kernel_add_group("cpu", slice);
        if (memory)
                raw_kernel_add_group("memory", slice);
}

static void start_under_systemd(const BackendHandlers *handlers, Script *script, Backend **ret) {
        private_bus = private_bus_new();
        assert_true(sd_event_new(&systemd_loop) >= 0);
        drive_add(systemd_loop);
        systemd = fake_systemd_new(systemd_loop, script);
        fake_systemd_connect(systemd);
        bus = private_bus_connect();
        start_cgroup1(RAW_KERNEL_SYSTEMD, handlers, script, ret);
        script->account = account;
        assert_true(sd_bus_attach_event(bus, loop, SD_EVENT_PRIORITY_NORMAL) >= 0);
        assert_int_equal(backend_cgroup1_attach(*ret, bus), 0);
}

static void stop_under_systemd(void) {
        systemd = fake_systemd_free(systemd);
        bus = private_bus_disconnect(bus);
        drive_remove(systemd_loop);
        systemd_loop = sd_event_unref(systemd_loop);
        private_bus = private_bus_free(private_bus);
        stop();
}

/* Online it is without this; but systemd can be asked only then. */
static void meet_systemd(const char *slice) {
        DRIVE_UNTIL(fake_systemd_subscribe_calls(systemd) > 0);
        private_bus_sync(fake_systemd_bus(systemd));
        drive_quiet();
        raw_kernel_add_slice(slice);
}

static void reload(void) {
        fake_systemd_reloading(systemd, true);
        fake_systemd_reloading(systemd, false);
}

static void release_systemd(void) {
        fake_systemd_release(systemd);
}

const Subject subject_cgroup1_systemd = {
        .name = "cgroup1-systemd",
        .start = start_under_systemd,
        .stop = stop_under_systemd,
        .add_slice = meet_systemd,
        .standing = raw_kernel_limits,
        .reload = reload,
        .release = release_systemd,
};
