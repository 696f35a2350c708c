/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "contract/subject.h"

#include "support/drive.h"
#include "support/fake-backend.h"

static const Script *asked;
static sd_event *loop;
static Backend *backend;

static void start(const BackendHandlers *handlers, Script *script, Backend **ret) {
        asked = script;
        assert_true(sd_event_new(&loop) >= 0);
        drive_add(loop);
        assert_int_equal(fake_backend_new(handlers, loop, script, &backend), 0);
        *ret = backend;
}

static void stop(void) {
        drive_remove(loop);
        loop = sd_event_unref(loop);
}

static void standing(const char *slice, Limits *ret) {
        script_standing(asked, slice, ret);
}

static void go_online(void) {
        fake_backend_set_online(backend, true);
}

static void go_offline(void) {
        fake_backend_set_online(backend, false);
}

static void reload(void) {
        fake_backend_reload(backend);
}

static void release(void) {
        fake_backend_release(backend);
}

const Subject subject_fake = {
        .name = "fake",
        .calls_out = true,
        .start = start,
        .stop = stop,
        .standing = standing,
        .go_online = go_online,
        .go_offline = go_offline,
        .reload = reload,
        .release = release,
};
