/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/bus-connection.h"

#include "basic/time-util.h"

/* As sd-bus and libdbus have it. */
#define SYSTEM_BUS_ADDRESS "unix:path=/run/dbus/system_bus_socket"

/* Twice as long as before each time, so that a bus that comes back is found after a pause no longer than it
 * was away, and a host without one is not kept busy. */
#define RETRY_MIN_USEC (100 * USEC_PER_MSEC)
#define RETRY_MAX_USEC (30 * USEC_PER_SEC)

struct BusConnection {
        BusConnectionHandlers handlers;
        sd_event *event;
        int64_t priority;
        sd_bus *bus;
        sd_bus_slot *disconnected_match;
        sd_event_source *timer;
        usec_t retry; /* the next pause */
        bool handed_out, complained;
};

static void schedule_retry(BusConnection *c) {
        (void) sd_event_source_set_time_relative(c->timer, c->retry);
        (void) sd_event_source_set_enabled(c->timer, SD_EVENT_ONESHOT);
        c->retry = MIN(c->retry * 2, RETRY_MAX_USEC);
}

static void drop(BusConnection *c) {
        bool was_handed_out = c->handed_out;

        c->handed_out = false;
        if (was_handed_out)
                c->handlers.lost(c->handlers.userdata);
        c->disconnected_match = sd_bus_slot_unref(c->disconnected_match);
        if (c->bus)
                (void) sd_bus_detach_event(c->bus);
        c->bus = sd_bus_close_unref(c->bus);
}

void bus_connection_renew(BusConnection *c) {
        drop(c);
        schedule_retry(c);
}

static int on_disconnected(sd_bus_message *m _unused_, void *userdata, sd_bus_error *ret_error _unused_) {
        bus_connection_renew(userdata);
        return 0;
}

/* As sd_bus_open_system(), which takes descriptors: every one that somebody sends would be opened here. At
 * the end of the loop sd-bus would wait until all is sent. */
static int open_system_bus(sd_bus **ret) {
        const char *address = secure_getenv("DBUS_SYSTEM_BUS_ADDRESS");
        int r;

        r = sd_bus_new(ret);
        if (r >= 0)
                r = sd_bus_set_description(*ret, "system");
        if (r >= 0)
                r = sd_bus_set_address(*ret, address ? address : SYSTEM_BUS_ADDRESS);
        if (r >= 0)
                r = sd_bus_set_bus_client(*ret, true);
        if (r >= 0)
                r = sd_bus_negotiate_fds(*ret, false);
        if (r >= 0)
                r = sd_bus_set_exit_on_disconnect(*ret, false);
        if (r >= 0)
                r = sd_bus_set_close_on_exit(*ret, false);
        return r < 0 ? r : sd_bus_start(*ret);
}

static int try_connect(BusConnection *c) {
        int r = open_system_bus(&c->bus);

        if (r < 0)
                return r;
        r = sd_bus_match_signal_async(c->bus, &c->disconnected_match, "org.freedesktop.DBus.Local", NULL,
                                      "org.freedesktop.DBus.Local", "Disconnected", on_disconnected, NULL,
                                      c);
        if (r < 0)
                return r;
        return sd_bus_attach_event(c->bus, c->event, c->priority);
}

static int on_timer(sd_event_source *s _unused_, uint64_t usec _unused_, void *userdata) {
        BusConnection *c = userdata;
        int r = try_connect(c);

        if (r < 0) {
                drop(c);
                if (!c->complained)
                        c->handlers.unreachable(r, c->handlers.userdata);
                c->complained = true;
                schedule_retry(c);
                return 0;
        }
        c->retry = RETRY_MIN_USEC;
        c->complained = false;
        c->handed_out = true;
        c->handlers.connected(c->bus, c->handlers.userdata);
        return 0;
}

int bus_connection_new(sd_event *event, int64_t priority, const BusConnectionHandlers *handlers,
                       BusConnection **ret) {
        _cleanup_(bus_connection_freep) BusConnection *c = calloc(1, sizeof *c);
        int r;

        if (!c)
                return -ENOMEM;
        c->handlers = *handlers;
        c->event = sd_event_ref(event);
        c->priority = priority;
        c->retry = RETRY_MIN_USEC;
        r = sd_event_add_time_relative(event, &c->timer, CLOCK_MONOTONIC, 0, 10 * USEC_PER_MSEC, on_timer,
                                       c);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(c->timer, "bus-connect");
        *ret = TAKE_PTR(c);
        return 0;
}

void bus_connection_flush(BusConnection *c) {
        if (c->bus)
                (void) sd_bus_flush(c->bus);
}

BusConnection *bus_connection_free(BusConnection *c) {
        if (!c)
                return NULL;
        sd_event_source_disable_unref(c->timer);
        sd_bus_slot_unref(c->disconnected_match);
        if (c->bus) {
                (void) sd_bus_detach_event(c->bus);
                sd_bus_close_unref(c->bus);
        }
        sd_event_unref(c->event);
        free(c);
        return NULL;
}
