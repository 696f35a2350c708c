/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/caller.h"

#include <string.h>

#include "basic/bus-peer.h"
#include "bus/bus-host.h"

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error _unused_) {
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        Caller *caller = userdata;

        if (!error) {
                caller->answers++;
                return 0;
        }
        caller->errors++;
        snprintf(caller->error, sizeof caller->error, "%s", error->name);
        snprintf(caller->message, sizeof caller->message, "%s", error->message);
        return 0;
}

void caller_connect(Caller *caller, uid_t uid) {
        uid_t self = geteuid();

        memset(caller, 0, sizeof *caller);
        if (uid != self)
                assert_int_equal(seteuid(uid), 0);
        caller->bus = private_bus_connect();
        private_bus_sync(caller->bus);
        if (uid != self)
                assert_int_equal(seteuid(self), 0);
        assert_true(sd_bus_get_unique_name(caller->bus, &caller->name) >= 0);
        assert_true(sd_bus_attach_event(caller->bus, host.fakes_loop, SD_EVENT_PRIORITY_NORMAL) >= 0);
}

void caller_leave(Caller *caller) {
        caller->bus = private_bus_disconnect(caller->bus);
}

static void call(Caller *caller, const char *method, const char *text, bool interactive) {
        _cleanup_(bus_message_unrefp) sd_bus_message *m = NULL;
        const char *service;

        assert_true(sd_bus_get_unique_name(host.client, &service) >= 0);
        assert_true(sd_bus_message_new_method_call(caller->bus, &m, service, "/", "org.fairslice1.Test",
                                                   method) >= 0);
        assert_true(sd_bus_message_append(m, "s", text) >= 0);
        assert_true(sd_bus_message_set_allow_interactive_authorization(m, interactive) >= 0);
        assert_true(sd_bus_call_async(caller->bus, NULL, m, on_answer, caller, 0) >= 0);
}

void caller_call(Caller *caller, const char *method, const char *text) {
        call(caller, method, text, false);
}

void caller_call_interactive(Caller *caller, const char *method, const char *text) {
        call(caller, method, text, true);
}
