/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "contract/subject.h"

#include "backend/systemd.h"
#include "support/drive.h"
#include "support/fake-systemd.h"
#include "support/private-bus.h"

/* systemd comes onto the bus and drops off it; the bus itself stays. */

static PrivateBus *private_bus;
static const Script *asked;
static sd_event *loop, *systemd_loop;
static FakeSystemd *systemd;
static sd_bus *bus;

static void start(const BackendHandlers *handlers, Script *script, Backend **ret) {
        asked = script;
        private_bus = private_bus_new();
        assert_true(sd_event_new(&loop) >= 0);
        assert_true(sd_event_new(&systemd_loop) >= 0);
        drive_add(loop);
        drive_add(systemd_loop);
        systemd = fake_systemd_new(systemd_loop, script);
        bus = private_bus_connect();
        assert_true(sd_bus_attach_event(bus, loop, SD_EVENT_PRIORITY_NORMAL) >= 0);
        assert_int_equal(backend_systemd_new(handlers, ret), 0);
        assert_int_equal(backend_systemd_attach(*ret, bus), 0);
}

static void stop(void) {
        systemd = fake_systemd_free(systemd);
        bus = private_bus_disconnect(bus);
        drive_remove(loop);
        drive_remove(systemd_loop);
        loop = sd_event_unref(loop);
        systemd_loop = sd_event_unref(systemd_loop);
        private_bus = private_bus_free(private_bus);
}

static void standing(const char *slice, Limits *ret) {
        script_standing(asked, slice, ret);
}

static void go_online(void) {
        fake_systemd_connect(systemd);
}

static void go_offline(void) {
        fake_systemd_disconnect(systemd);
}

static void reload(void) {
        fake_systemd_reloading(systemd, true);
        fake_systemd_reloading(systemd, false);
}

static void release(void) {
        fake_systemd_release(systemd);
}

const Subject subject_systemd = {
        .name = "systemd",
        .calls_out = true,
        .start = start,
        .stop = stop,
        .standing = standing,
        .go_online = go_online,
        .go_offline = go_offline,
        .reload = reload,
        .release = release,
};
