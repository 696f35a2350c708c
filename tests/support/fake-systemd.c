/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/fake-systemd.h"

#include <string.h>
#include <sys/queue.h>

#include "support/private-bus.h"
#include "support/test.h"

#define NAME      "org.freedesktop.systemd1"
#define PATH      "/org/freedesktop/systemd1"
#define INTERFACE "org.freedesktop.systemd1.Manager"

typedef struct Held {
        STAILQ_ENTRY(Held) entry;
        sd_bus_message *message;
        RecordedCall call;
} Held;

struct FakeSystemd {
        sd_event *loop;
        sd_bus *bus;
        Script *script;
        STAILQ_HEAD(, Held) held;
        const char *subscribe_error;
        bool ignore_subscribe;
        unsigned subscribers, subscribe_calls;
};

static const char *error_name(int error) {
        switch (error) {
        case EACCES:
                return SD_BUS_ERROR_ACCESS_DENIED;
        case EINVAL:
                return SD_BUS_ERROR_INVALID_ARGS;
        case ENOENT:
                return NAME ".NoSuchUnit";
        default:
                return SD_BUS_ERROR_FAILED;
        }
}

static void answer(FakeSystemd *systemd, sd_bus_message *m, const RecordedCall *call) {
        int error = script_answer(systemd->script, call);

        /* The bus may be gone by now. */
        if (error)
                (void) sd_bus_reply_method_errorf(m, error_name(error), "%s: %s", call->slice,
                                                  strerror(error));
        else
                (void) sd_bus_reply_method_return(m, NULL);
}

static void hold(FakeSystemd *systemd, sd_bus_message *m, const RecordedCall *call) {
        Held *held = calloc(1, sizeof *held);

        assert_non_null(held);
        held->message = sd_bus_message_ref(m);
        held->call = *call;
        STAILQ_INSERT_TAIL(&systemd->held, held, entry);
}

static void drop_first_held(FakeSystemd *systemd) {
        Held *held = STAILQ_FIRST(&systemd->held);

        STAILQ_REMOVE_HEAD(&systemd->held, entry);
        sd_bus_message_unref(held->message);
        free(held);
}

static void read_accounting(sd_bus_message *m, bool *accounting) {
        int value;

        assert_false(*accounting);
        assert_true(sd_bus_message_read(m, "v", "b", &value) > 0);
        assert_true(value);
        *accounting = true;
}

static void read_limit(sd_bus_message *m, const char *property, RecordedCall *call) {
        int limit = limit_from_string(property);

        assert_true(limit >= 0);
        assert_false(call->mask & 1U << limit);
        assert_true(sd_bus_message_read(m, "v", "t", &call->limits.value[limit]) > 0);
        call->mask |= 1U << limit;
}

/* A property that is neither a limit of the model nor accounting, or is there twice, or has another type,
 * fails the test. */
static void read_properties(sd_bus_message *m, RecordedCall *call) {
        const char *property;
        int r;

        *call = (RecordedCall){ .limits = LIMITS_UNSET };
        assert_true(sd_bus_message_enter_container(m, 'a', "(sv)") > 0);
        while ((r = sd_bus_message_enter_container(m, 'r', "sv")) > 0) {
                assert_true(sd_bus_message_read(m, "s", &property) > 0);
                if (strcmp(property, "CPUAccounting") == 0)
                        read_accounting(m, &call->cpu_accounting);
                else if (strcmp(property, "MemoryAccounting") == 0)
                        read_accounting(m, &call->memory_accounting);
                else
                        read_limit(m, property, call);
                assert_int_equal(sd_bus_message_exit_container(m), 1);
        }
        assert_int_equal(r, 0);
        assert_int_equal(sd_bus_message_exit_container(m), 1);
}

static int on_set_properties(FakeSystemd *systemd, sd_bus_message *m) {
        RecordedCall *call, read;
        const char *slice;
        int runtime;

        assert_true(sd_bus_message_has_signature(m, "sba(sv)"));
        assert_true(sd_bus_message_read(m, "sb", &slice, &runtime) > 0);
        assert_true(runtime);
        read_properties(m, &read);
        script_record(systemd->script, slice, &read.limits, read.mask);
        call = &systemd->script->call[systemd->script->n_calls - 1];
        call->cpu_accounting = read.cpu_accounting;
        call->memory_accounting = read.memory_accounting;
        if (systemd->script->hold)
                hold(systemd, m, call);
        else
                answer(systemd, m, call);
        return 1;
}

static int on_subscribe(FakeSystemd *systemd, sd_bus_message *m) {
        systemd->subscribe_calls++;
        if (systemd->ignore_subscribe)
                return 1;
        if (systemd->subscribe_error)
                return sd_bus_reply_method_errorf(m, systemd->subscribe_error, "no");
        systemd->subscribers++;
        return sd_bus_reply_method_return(m, NULL);
}

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *ret_error _unused_) {
        FakeSystemd *systemd = userdata;

        if (sd_bus_message_is_method_call(m, INTERFACE, "SetUnitProperties"))
                return on_set_properties(systemd, m);
        if (sd_bus_message_is_method_call(m, INTERFACE, "Subscribe"))
                return on_subscribe(systemd, m);
        return 0;
}

FakeSystemd *fake_systemd_new(sd_event *loop, Script *script) {
        FakeSystemd *systemd = calloc(1, sizeof *systemd);

        assert_non_null(systemd);
        systemd->loop = sd_event_ref(loop);
        systemd->script = script;
        STAILQ_INIT(&systemd->held);
        return systemd;
}

void fake_systemd_connect(FakeSystemd *systemd) {
        assert_null(systemd->bus);
        systemd->bus = private_bus_connect();
        assert_true(sd_bus_add_object(systemd->bus, NULL, PATH, on_message, systemd) >= 0);
        assert_true(sd_bus_request_name(systemd->bus, NAME, SD_BUS_NAME_QUEUE) >= 0);
        assert_true(sd_bus_attach_event(systemd->bus, systemd->loop, SD_EVENT_PRIORITY_NORMAL) >= 0);
}

void fake_systemd_disconnect(FakeSystemd *systemd) {
        while (!STAILQ_EMPTY(&systemd->held)) {
                systemd->script->under_way--;
                drop_first_held(systemd);
        }
        systemd->bus = private_bus_disconnect(systemd->bus);
        systemd->subscribers = 0;
}

void fake_systemd_release_name(FakeSystemd *systemd) {
        assert_true(sd_bus_release_name(systemd->bus, NAME) >= 0);
}

sd_bus *fake_systemd_bus(const FakeSystemd *systemd) {
        return systemd->bus;
}

FakeSystemd *fake_systemd_free(FakeSystemd *systemd) {
        if (!systemd)
                return NULL;
        fake_systemd_disconnect(systemd);
        sd_event_unref(systemd->loop);
        free(systemd);
        return NULL;
}

void fake_systemd_release(FakeSystemd *systemd) {
        systemd->script->hold = false;
        while (!STAILQ_EMPTY(&systemd->held)) {
                Held *held = STAILQ_FIRST(&systemd->held);

                answer(systemd, held->message, &held->call);
                drop_first_held(systemd);
        }
}

void fake_systemd_refuse_subscribe(FakeSystemd *systemd, const char *error) {
        systemd->subscribe_error = error;
}

void fake_systemd_ignore_subscribe(FakeSystemd *systemd, bool ignore) {
        systemd->ignore_subscribe = ignore;
}

void fake_systemd_forget_subscribers(FakeSystemd *systemd) {
        systemd->subscribers = 0;
}

unsigned fake_systemd_subscribe_calls(const FakeSystemd *systemd) {
        return systemd->subscribe_calls;
}

void fake_systemd_reloading(FakeSystemd *systemd, bool active) {
        if (systemd->subscribers > 0)
                assert_true(sd_bus_emit_signal(systemd->bus, PATH, INTERFACE, "Reloading", "b", active) >=
                            0);
}
