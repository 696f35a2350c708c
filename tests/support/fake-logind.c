/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/fake-logind.h"

#include "basic/bus-peer.h"
#include "support/private-bus.h"
#include "support/test.h"

#define NAME      "org.freedesktop.login1"
#define PATH      "/org/freedesktop/login1"
#define INTERFACE "org.freedesktop.login1.Manager"

struct FakeLogind {
        sd_event *loop;
        sd_bus *bus;
        uid_t *user;
        size_t n_users;
        FakeList list;
        unsigned list_calls;
};

static const char *user_path(char path[64], uid_t uid) {
        snprintf(path, 64, PATH "/user/_%u", (unsigned) uid);
        return path;
}

static int reply_list(const FakeLogind *logind, sd_bus_message *call) {
        _cleanup_(bus_message_unrefp) sd_bus_message *reply = NULL;
        char path[64];

        assert_true(sd_bus_message_new_method_return(call, &reply) >= 0);
        assert_true(sd_bus_message_open_container(reply, 'a', "(uso)") >= 0);
        for (size_t i = 0; i < logind->n_users; i++)
                assert_true(sd_bus_message_append(reply, "(uso)", (uint32_t) logind->user[i], "somebody",
                                                  user_path(path, logind->user[i])) >= 0);
        assert_true(sd_bus_message_close_container(reply) >= 0);
        return sd_bus_send(NULL, reply, NULL);
}

static int on_list(const FakeLogind *logind, sd_bus_message *m) {
        switch (logind->list) {
        case FAKE_LIST_RIGHT:
                return reply_list(logind, m);
        case FAKE_LIST_REFUSED:
                return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_ACCESS_DENIED, "not for you");
        case FAKE_LIST_OTHER_TYPE:
                return sd_bus_reply_method_return(m, "a(us)", 1, 1000, "somebody");
        case FAKE_LIST_EMPTY_BODY:
                return sd_bus_reply_method_return(m, NULL);
        case FAKE_LIST_NEVER:
                return 1;
        }
        return -EINVAL;
}

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *ret_error _unused_) {
        FakeLogind *logind = userdata;

        if (!sd_bus_message_is_method_call(m, INTERFACE, "ListUsers"))
                return 0;
        logind->list_calls++;
        (void) on_list(logind, m); /* the bus may be gone by now */
        return 1;
}

FakeLogind *fake_logind_new(sd_event *loop) {
        FakeLogind *logind = calloc(1, sizeof *logind);

        assert_non_null(logind);
        logind->loop = sd_event_ref(loop);
        return logind;
}

FakeLogind *fake_logind_free(FakeLogind *logind) {
        if (!logind)
                return NULL;
        fake_logind_disconnect(logind);
        sd_event_unref(logind->loop);
        free(logind->user);
        free(logind);
        return NULL;
}

void fake_logind_connect(FakeLogind *logind) {
        assert_null(logind->bus);
        logind->bus = private_bus_connect();
        assert_true(sd_bus_add_object(logind->bus, NULL, PATH, on_message, logind) >= 0);
        assert_true(sd_bus_request_name(logind->bus, NAME, 0) >= 0);
        assert_true(sd_bus_attach_event(logind->bus, logind->loop, SD_EVENT_PRIORITY_NORMAL) >= 0);
}

void fake_logind_disconnect(FakeLogind *logind) {
        logind->bus = private_bus_disconnect(logind->bus);
}

sd_bus *fake_logind_bus(const FakeLogind *logind) {
        return logind->bus;
}

static void emit(const FakeLogind *logind, const char *signal, uid_t uid) {
        char path[64];

        if (logind->bus)
                assert_true(sd_bus_emit_signal(logind->bus, PATH, INTERFACE, signal, "uo", (uint32_t) uid,
                                               user_path(path, uid)) >= 0);
}

void fake_logind_add(FakeLogind *logind, uid_t uid) {
        logind->user = reallocarray(logind->user, logind->n_users + 1, sizeof *logind->user);
        assert_non_null(logind->user);
        logind->user[logind->n_users++] = uid;
        emit(logind, "UserNew", uid);
}

void fake_logind_remove(FakeLogind *logind, uid_t uid) {
        for (size_t i = 0; i < logind->n_users; i++)
                if (logind->user[i] == uid) {
                        logind->user[i] = logind->user[--logind->n_users];
                        emit(logind, "UserRemoved", uid);
                        return;
                }
        fail_msg("no such user");
}

void fake_logind_answer(FakeLogind *logind, FakeList list) {
        logind->list = list;
}

unsigned fake_logind_list_calls(const FakeLogind *logind) {
        return logind->list_calls;
}
