/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/fake-polkit.h"

#include <string.h>

#include "support/private-bus.h"
#include "support/test.h"

#define NAME      "org.freedesktop.PolicyKit1"
#define PATH      "/org/freedesktop/PolicyKit1/Authority"
#define INTERFACE "org.freedesktop.PolicyKit1.Authority"

static void copy(char *to, size_t size, const char *from) {
        assert_true(snprintf(to, size, "%s", from) < (int) size);
}

static void read_subject(FakeCheck *check, sd_bus_message *m) {
        const char *kind, *key, *name;

        assert_true(sd_bus_message_enter_container(m, 'r', "sa{sv}") > 0);
        assert_true(sd_bus_message_read(m, "sa{sv}", &kind, 1, &key, "s", &name) > 0);
        assert_true(sd_bus_message_exit_container(m) >= 0);
        assert_string_equal(key, "name");
        copy(check->kind, sizeof check->kind, kind);
        copy(check->name, sizeof check->name, name);
}

static void read_details(FakeCheck *check, sd_bus_message *m) {
        const char *key, *value;
        size_t n = 0;

        assert_true(sd_bus_message_enter_container(m, 'a', "{ss}") >= 0);
        while (sd_bus_message_read(m, "{ss}", &key, &value) > 0) {
                n += (size_t) snprintf(check->details + n, sizeof check->details - n, "%s=%s;", key, value);
                assert_true(n < sizeof check->details);
        }
        assert_true(sd_bus_message_exit_container(m) >= 0);
}

static void read_check(FakeCheck *check, sd_bus_message *m) {
        const char *action, *id;

        memset(check, 0, sizeof *check);
        assert_true(sd_bus_message_has_signature(m, "(sa{sv})sa{ss}us") > 0);
        read_subject(check, m);
        assert_true(sd_bus_message_read(m, "s", &action) > 0);
        copy(check->action, sizeof check->action, action);
        read_details(check, m);
        assert_true(sd_bus_message_read(m, "us", &check->flags, &id) > 0);
        copy(check->id, sizeof check->id, id);
}

static int answer(sd_bus_message *m, bool authorized, bool challenge) {
        return sd_bus_reply_method_return(m, "(bba{ss})", authorized, challenge, 1, "polkit.result",
                                          "auth_admin");
}

static int on_check(FakePolkit *polkit, sd_bus_message *m) {
        polkit->n_checks++;
        read_check(&polkit->last, m);
        switch (polkit->verdict) {
        case FAKE_VERDICT_NO:
                return answer(m, false, false);
        case FAKE_VERDICT_YES:
                return answer(m, true, false);
        case FAKE_VERDICT_CHALLENGE:
                return answer(m, false, true);
        case FAKE_VERDICT_HOLD:
                assert_true(polkit->n_held < ELEMENTSOF(polkit->held));
                polkit->held[polkit->n_held++] = sd_bus_message_ref(m);
                return 1;
        case FAKE_VERDICT_ERROR:
                return sd_bus_reply_method_errorf(m, "org.freedesktop.PolicyKit1.Error.Failed",
                                                  "Action is not registered");
        case FAKE_VERDICT_OTHER_TYPE:
                return sd_bus_reply_method_return(m, "(sba{ss})", "yes", 1, 0);
        case FAKE_VERDICT_EMPTY_BODY:
                return sd_bus_reply_method_return(m, NULL);
        }
        return -EINVAL;
}

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *ret_error _unused_) {
        FakePolkit *polkit = userdata;
        const char *id;

        if (sd_bus_message_is_method_call(m, INTERFACE, "CheckAuthorization")) {
                (void) on_check(polkit, m); /* the bus may be gone by now */
                return 1;
        }
        if (sd_bus_message_is_method_call(m, INTERFACE, "CancelCheckAuthorization")) {
                assert_true(sd_bus_message_read(m, "s", &id) > 0);
                copy(polkit->cancelled, sizeof polkit->cancelled, id);
                polkit->n_cancels++;
                return sd_bus_reply_method_return(m, NULL);
        }
        return 0;
}

FakePolkit *fake_polkit_new(sd_event *loop) {
        FakePolkit *polkit = calloc(1, sizeof *polkit);

        assert_non_null(polkit);
        polkit->loop = sd_event_ref(loop);
        return polkit;
}

FakePolkit *fake_polkit_free(FakePolkit *polkit) {
        if (!polkit)
                return NULL;
        fake_polkit_disconnect(polkit);
        sd_event_unref(polkit->loop);
        free(polkit);
        return NULL;
}

void fake_polkit_connect(FakePolkit *polkit) {
        assert_null(polkit->bus);
        polkit->bus = private_bus_connect();
        assert_true(sd_bus_add_object(polkit->bus, NULL, PATH, on_message, polkit) >= 0);
        assert_true(sd_bus_request_name(polkit->bus, NAME, 0) >= 0);
        assert_true(sd_bus_attach_event(polkit->bus, polkit->loop, SD_EVENT_PRIORITY_NORMAL) >= 0);
}

void fake_polkit_disconnect(FakePolkit *polkit) {
        while (polkit->n_held > 0)
                sd_bus_message_unref(polkit->held[--polkit->n_held]);
        polkit->bus = private_bus_disconnect(polkit->bus);
}

void fake_polkit_release(FakePolkit *polkit) {
        for (unsigned i = 0; i < polkit->n_held; i++) {
                (void) answer(polkit->held[i], true, false);
                sd_bus_message_unref(polkit->held[i]);
        }
        polkit->n_held = 0;
}

void fake_polkit_changed(FakePolkit *polkit) {
        assert_true(sd_bus_emit_signal(polkit->bus, PATH, INTERFACE, "Changed", NULL) >= 0);
}
