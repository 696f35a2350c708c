/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/backlog.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>

struct Backlog {
        sd_bus *bus;
        sd_event *event;
        int64_t priority;
        void (*stuck)(void *userdata);
        void *userdata;
        sd_bus_slot *filter, *asked; /* `asked`: for a sign of life */
        int fd;                      /* a copy, since a loop takes each descriptor once */
        sd_event_source *room;       /* on: the bus is out of the loop */
        sd_event_source *timer;      /* off: may be asked */
        bool called;                 /* since it was asked last */
};

static void start_timer(Backlog *backlog) {
        (void) sd_event_source_set_time_relative(backlog->timer, BACKLOG_STUCK_USEC);
        (void) sd_event_source_set_enabled(backlog->timer, SD_EVENT_ONESHOT);
}

/* An error is a sign of life, too. */
static int on_sign(sd_bus_message *reply _unused_, void *userdata, sd_bus_error *ret_error _unused_) {
        Backlog *backlog = userdata;

        backlog->asked = sd_bus_slot_unref(backlog->asked);
        start_timer(backlog);
        return 0;
}

static void ask(Backlog *backlog) {
        backlog->called = false;
        if (sd_bus_call_method_async(backlog->bus, &backlog->asked, "org.freedesktop.DBus",
                                     "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetId", on_sign,
                                     backlog, NULL) >= 0)
                start_timer(backlog);
}

static int on_timer(sd_event_source *s _unused_, uint64_t usec _unused_, void *userdata) {
        Backlog *backlog = userdata;

        if (backlog->asked)
                backlog->stuck(backlog->userdata);
        else if (backlog->called)
                ask(backlog);
        return 0;
}

static bool may_ask(const Backlog *backlog) {
        int enabled;

        return sd_event_source_get_enabled(backlog->timer, &enabled) >= 0 && enabled == SD_EVENT_OFF;
}

/* Outside of a loop sd-bus neither reads nor writes. */
static void hold(Backlog *backlog) {
        if (sd_bus_detach_event(backlog->bus) >= 0)
                (void) sd_event_source_set_enabled(backlog->room, SD_EVENT_ON);
}

/* Back in the loop sd-bus writes as much as there is room for before it reads. */
static int on_room(sd_event_source *s, int fd _unused_, uint32_t events _unused_, void *userdata) {
        Backlog *backlog = userdata;

        if (sd_bus_attach_event(backlog->bus, backlog->event, backlog->priority) >= 0)
                (void) sd_event_source_set_enabled(s, SD_EVENT_OFF);
        return 0;
}

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *ret_error _unused_) {
        Backlog *backlog = userdata;
        uint64_t n;

        if (sd_bus_message_is_method_call(m, NULL, NULL) <= 0)
                return 0;
        backlog->called = true;
        if (may_ask(backlog))
                ask(backlog);
        if (sd_bus_get_n_queued_write(backlog->bus, &n) >= 0 && n >= BACKLOG_MAX)
                hold(backlog);
        return 0;
}

static int add_sources(Backlog *backlog) {
        int r = sd_event_add_io(backlog->event, &backlog->room, backlog->fd, EPOLLOUT, on_room, backlog);

        if (r >= 0)
                r = sd_event_source_set_enabled(backlog->room, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_source_set_priority(backlog->room, backlog->priority);
        if (r >= 0)
                r = sd_event_add_time_relative(backlog->event, &backlog->timer, CLOCK_MONOTONIC, 0, 0,
                                               on_timer, backlog);
        if (r >= 0)
                r = sd_event_source_set_enabled(backlog->timer, SD_EVENT_OFF);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(backlog->room, "bus-room");
        (void) sd_event_source_set_description(backlog->timer, "bus-stuck");
        /* What is there to be read comes first: the sign may be among it. */
        return sd_event_source_set_priority(backlog->timer, backlog->priority + 1);
}

static int attach(Backlog *backlog) {
        int r = sd_bus_get_fd(backlog->bus);

        if (r < 0)
                return r;
        backlog->fd = fcntl(r, F_DUPFD_CLOEXEC, 3);
        if (backlog->fd < 0)
                return -errno;
        r = add_sources(backlog);
        return r < 0 ? r : sd_bus_add_filter(backlog->bus, &backlog->filter, on_message, backlog);
}

int backlog_new(sd_bus *bus, int64_t priority, void (*stuck)(void *userdata), void *userdata,
                Backlog **ret) {
        Backlog *backlog = calloc(1, sizeof *backlog);
        int r;

        if (!backlog)
                return -ENOMEM;
        *backlog = (Backlog){
                .bus = sd_bus_ref(bus),
                .event = sd_event_ref(sd_bus_get_event(bus)),
                .priority = priority,
                .stuck = stuck,
                .userdata = userdata,
                .fd = -1,
        };
        r = attach(backlog);
        if (r < 0) {
                backlog_free(backlog);
                return r;
        }
        *ret = backlog;
        return 0;
}

Backlog *backlog_free(Backlog *backlog) {
        if (!backlog)
                return NULL;
        sd_event_source_disable_unref(backlog->room);
        sd_event_source_disable_unref(backlog->timer);
        safe_close(backlog->fd);
        sd_bus_slot_unref(backlog->asked);
        sd_bus_slot_unref(backlog->filter);
        sd_bus_unref(backlog->bus);
        sd_event_unref(backlog->event);
        free(backlog);
        return NULL;
}
