/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "backend/systemd.h"

#include <string.h>
#include <sys/queue.h>

#include "backend/systemd-manager.h"
#include "model/slice-name.h"

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
        SystemdManager manager;
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

static void set_online(SystemdBackend *b, bool online) {
        if (b->base.is_online == online)
                return;
        b->base.is_online = online;
        b->base.handlers.online(online, b->base.handlers.userdata);
}

static int on_properties_set(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error _unused_) {
        Call *call = userdata;
        BackendHandlers handlers = call->owner->base.handlers;
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        SliceName slice;

        if (systemd_manager_is_broken(&call->owner->manager))
                set_online(call->owner, false);
        memcpy(slice, call->slice, sizeof slice);
        call_free(call);
        handlers.done(slice, systemd_manager_call_error(error), systemd_manager_call_message(error),
                      handlers.userdata);
        return 0;
}

static int systemd_set_limits(Backend *backend, const char *slice, const Limits *limits, LimitMask mask) {
        _cleanup_(bus_message_unrefp) sd_bus_message *m = NULL;
        SystemdBackend *b = (SystemdBackend *) backend;
        Call *call;
        int r;

        if (strlen(slice) > SLICE_NAME_MAX)
                return -EINVAL;
        r = systemd_manager_new_set_properties(&b->manager, slice, &m);
        if (r >= 0)
                r = append_limits(m, limits, mask);
        if (r < 0)
                return r;
        call = calloc(1, sizeof *call);
        if (!call)
                return -ENOMEM;
        call->owner = b;
        strcpy(call->slice, slice);
        LIST_INSERT_HEAD(&b->calls, call, entry);
        b->base.pending++;
        r = sd_bus_call_async(b->manager.bus, &call->slot, m, on_properties_set, call, 0);
        if (r < 0)
                call_free(call);
        return r < 0 ? r : 0;
}

static void on_present(bool present, void *userdata) {
        set_online(userdata, present);
}

static void on_reloading(bool active, void *userdata) {
        SystemdBackend *b = userdata;

        b->base.handlers.reloading(active, b->base.handlers.userdata);
}

int backend_systemd_attach(Backend *backend, sd_bus *bus) {
        SystemdBackend *b = (SystemdBackend *) backend;

        backend_systemd_detach(backend);
        return systemd_manager_attach(&b->manager, bus);
}

void backend_systemd_detach(Backend *backend) {
        SystemdBackend *b = (SystemdBackend *) backend;
        Call *call;

        systemd_manager_detach(&b->manager);
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
        systemd_manager_detach(&b->manager);
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
        b->manager = (SystemdManager){ .present = on_present, .reloading = on_reloading, .userdata = b };
        systemd_manager_init(&b->manager);
        LIST_INIT(&b->calls);
        *ret = &b->base;
        return 0;
}
