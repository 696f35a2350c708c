/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "backend/systemd.h"

#include <string.h>
#include <sys/queue.h>

#include "basic/bus-peer.h"
#include "model/slice-name.h"

#define SYSTEMD_NAME      "org.freedesktop.systemd1"
#define SYSTEMD_PATH      "/org/freedesktop/systemd1"
#define SYSTEMD_INTERFACE "org.freedesktop.systemd1.Manager"

typedef struct SystemdBackend SystemdBackend;

/* One SetUnitProperties under way. */
typedef struct Call {
        LIST_ENTRY(Call) entry;
        SystemdBackend *owner;
        sd_bus_slot *slot;
        SliceName slice;
} Call;

struct SystemdBackend {
        Backend base;
        sd_bus *bus;
        BusPeer peer;
        sd_bus_slot *reloading_match, *subscribe_call;
        bool subscribed;
        LIST_HEAD(, Call) calls;
};

static Call *call_free(Call *call) {
        LIST_REMOVE(call, entry);
        call->owner->base.pending--;
        sd_bus_slot_unref(call->slot);
        free(call);
        return NULL;
}

static int append_limits(sd_bus_message *m, const Limits *limits, LimitMask mask) {
        int r = sd_bus_message_open_container(m, 'a', "(sv)");

        for (unsigned i = 0; r >= 0 && i < _LIMIT_COUNT; i++)
                if (mask & 1U << i)
                        r = sd_bus_message_append(m, "(sv)", limit_to_string(i), "t", limits->value[i]);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int new_set_properties(sd_bus *bus, const char *slice, const Limits *limits, LimitMask mask,
                              sd_bus_message **ret) {
        _cleanup_(bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_method_call(bus, &m, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_INTERFACE,
                                           "SetUnitProperties");
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "sb", slice, true);
        if (r < 0)
                return r;
        r = append_limits(m, limits, mask);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(m);
        return 0;
}

/* Nobody knows whether the call was carried out: PID 1 or the bus went away, or did not answer in time. */
static int call_error(const sd_bus_error *error) {
        static const char *const lost[] = {
                SD_BUS_ERROR_NO_REPLY,          SD_BUS_ERROR_DISCONNECTED, SD_BUS_ERROR_SERVICE_UNKNOWN,
                SD_BUS_ERROR_NAME_HAS_NO_OWNER, SD_BUS_ERROR_TIMEOUT,
        };

        if (!error)
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(lost); i++)
                if (sd_bus_error_has_name(error, lost[i]))
                        return -ECANCELED;
        return -abs(sd_bus_error_get_errno(error));
}

static void set_online(SystemdBackend *b, bool online) {
        if (b->base.is_online == online)
                return;
        b->base.is_online = online;
        b->base.handlers.online(online, b->base.handlers.userdata);
}

/* When the connection breaks, sd-bus ends all calls with an error first, and then tells that it broke. */
static bool connection_is_broken(const SystemdBackend *b) {
        return sd_bus_is_open(b->bus) <= 0;
}

static int on_properties_set(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error _unused_) {
        Call *call = userdata;
        BackendHandlers handlers = call->owner->base.handlers;
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        SliceName slice;

        if (connection_is_broken(call->owner))
                set_online(call->owner, false);
        memcpy(slice, call->slice, sizeof slice);
        call_free(call);
        handlers.done(slice, call_error(error),
                      error ? (error->message ? error->message : error->name) : NULL, handlers.userdata);
        return 0;
}

/* PID 1 sends Reloading only to who has subscribed. The answer also shows that it is there. Where it is
 * refused or lost, limits can be set all the same; it is asked again with the next of them. */
static int on_subscribed(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error _unused_) {
        SystemdBackend *b = userdata;

        b->subscribe_call = sd_bus_slot_unref(b->subscribe_call);
        b->subscribed = !sd_bus_message_is_method_error(reply, NULL) ||
                        sd_bus_message_is_method_error(reply, SYSTEMD_NAME ".AlreadySubscribed");
        set_online(b, b->peer.owner && !connection_is_broken(b));
        return 0;
}

static int subscribe(SystemdBackend *b) {
        b->subscribed = false;
        b->subscribe_call = sd_bus_slot_unref(b->subscribe_call);
        return sd_bus_call_method_async(b->bus, &b->subscribe_call, SYSTEMD_NAME, SYSTEMD_PATH,
                                        SYSTEMD_INTERFACE, "Subscribe", on_subscribed, b, NULL);
}

static int systemd_set_limits(Backend *backend, const char *slice, const Limits *limits, LimitMask mask) {
        _cleanup_(bus_message_unrefp) sd_bus_message *m = NULL;
        SystemdBackend *b = (SystemdBackend *) backend;
        Call *call;
        int r;

        if (strlen(slice) > SLICE_NAME_MAX)
                return -EINVAL;
        if (!b->subscribed && !b->subscribe_call)
                (void) subscribe(b);
        r = new_set_properties(b->bus, slice, limits, mask, &m);
        if (r < 0)
                return r;
        call = calloc(1, sizeof *call);
        if (!call)
                return -ENOMEM;
        call->owner = b;
        strcpy(call->slice, slice);
        LIST_INSERT_HEAD(&b->calls, call, entry);
        b->base.pending++;
        r = sd_bus_call_async(b->bus, &call->slot, m, on_properties_set, call, 0);
        if (r < 0)
                call_free(call);
        return r < 0 ? r : 0;
}

static int on_reloading(sd_bus_message *m, void *userdata, sd_bus_error *ret_error _unused_) {
        SystemdBackend *b = userdata;
        int active;

        if (bus_peer_sent(&b->peer, m) && sd_bus_message_read(m, "b", &active) >= 0 && !active)
                b->base.handlers.reloaded(b->base.handlers.userdata);
        return 0;
}

/* A new owner of the name is a PID 1 that has come back, as after a re-execution; it may have forgotten who
 * had subscribed. */
static void on_peer_changed(bool present, void *userdata) {
        SystemdBackend *b = userdata;

        if (!present)
                set_online(b, false);
        else if (subscribe(b) >= 0 && b->base.is_online)
                b->base.handlers.reloaded(b->base.handlers.userdata);
}

int backend_systemd_attach(Backend *backend, sd_bus *bus) {
        SystemdBackend *b = (SystemdBackend *) backend;
        int r;

        backend_systemd_detach(backend);
        b->bus = sd_bus_ref(bus);
        r = sd_bus_match_signal_async(bus, &b->reloading_match, SYSTEMD_NAME, SYSTEMD_PATH,
                                      SYSTEMD_INTERFACE, "Reloading", on_reloading, NULL, b);
        if (r >= 0)
                r = bus_peer_attach(&b->peer, bus);
        if (r < 0)
                backend_systemd_detach(backend);
        return r < 0 ? r : 0;
}

void backend_systemd_detach(Backend *backend) {
        SystemdBackend *b = (SystemdBackend *) backend;
        Call *call;

        b->reloading_match = sd_bus_slot_unref(b->reloading_match);
        bus_peer_detach(&b->peer);
        b->subscribe_call = sd_bus_slot_unref(b->subscribe_call);
        b->bus = sd_bus_unref(b->bus);
        set_online(b, false);
        while ((call = LIST_FIRST(&b->calls))) {
                SliceName slice;

                memcpy(slice, call->slice, sizeof slice);
                call_free(call);
                b->base.handlers.done(slice, -ECANCELED, "the connection to the bus was lost",
                                      b->base.handlers.userdata);
        }
}

static Backend *systemd_free(Backend *backend) {
        SystemdBackend *b = (SystemdBackend *) backend;

        while (!LIST_EMPTY(&b->calls))
                call_free(LIST_FIRST(&b->calls));
        sd_bus_slot_unref(b->reloading_match);
        bus_peer_detach(&b->peer);
        sd_bus_slot_unref(b->subscribe_call);
        sd_bus_unref(b->bus);
        free(b);
        return NULL;
}

int backend_systemd_new(const BackendHandlers *handlers, Backend **ret) {
        static const BackendOps ops = {
                .name = "systemd",
                .set_limits = systemd_set_limits,
                .free = systemd_free,
        };
        SystemdBackend *b = calloc(1, sizeof *b);

        if (!b)
                return -ENOMEM;
        b->base.ops = &ops;
        b->base.handlers = *handlers;
        b->peer = (BusPeer){ .name = SYSTEMD_NAME, .changed = on_peer_changed, .userdata = b };
        LIST_INIT(&b->calls);
        *ret = &b->base;
        return 0;
}
