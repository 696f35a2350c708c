/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/live.h"

#include <stdarg.h>
#include <sys/epoll.h>

/* Between two tries to connect again, and how long an answer may take. */
#define RETRY_USEC  (1 * USEC_PER_SEC)
#define ANSWER_USEC (5 * USEC_PER_SEC)

struct Live {
        Cli *cli;
        const LiveCallbacks *callbacks;
        void *userdata;

        sd_event *event;
        sd_event_source *retry, *output;
        sd_bus_slot *match, *disconnected;
        BusPeer peer; /* who owns the name; not on the private socket */
        bool told, there;
};

static void tell(Live *live, bool there) {
        if (live->told && live->there == there)
                return;
        live->told = true;
        live->there = there;
        if (live->callbacks->present)
                live->callbacks->present(there, live->userdata);
}

static void on_owner(bool present, void *userdata) {
        Live *live = userdata;

        /* Another owner of the name is another service: that one has gone. */
        if (present && live->told && live->there)
                tell(live, false);
        tell(live, present);
}

static int on_signal(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        Live *live = userdata;

        if (live->callbacks->signal && (live->cli->direct || bus_peer_sent(&live->peer, m)))
                live->callbacks->signal(m, live->userdata);
        return 0;
}

static void detach(Live *live) {
        bus_peer_detach(&live->peer);
        live->match = sd_bus_slot_unref(live->match);
        live->disconnected = sd_bus_slot_unref(live->disconnected);
        if (live->cli->bus)
                (void) sd_bus_detach_event(live->cli->bus);
}

static int on_disconnected(_unused_ sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        Live *live = userdata;

        tell(live, false);
        return sd_event_source_set_enabled(live->retry, SD_EVENT_ON);
}

static int attach(Live *live) {
        sd_bus *bus = live->cli->bus;
        int r = sd_bus_attach_event(bus, live->event, SD_EVENT_PRIORITY_NORMAL);

        if (r >= 0)
                r = sd_bus_match_signal_async(bus, &live->disconnected, "org.freedesktop.DBus.Local", NULL,
                                              "org.freedesktop.DBus.Local", "Disconnected", on_disconnected,
                                              NULL, live);
        if (r < 0)
                return r;
        if (live->cli->direct) {
                r = sd_bus_add_match(bus, &live->match, "type='signal',path_namespace='" MANAGER_PATH "'",
                                     on_signal, live);
                if (r >= 0)
                        tell(live, true);
                return r;
        }
        r = sd_bus_add_match_async(bus, &live->match,
                                   "type='signal',sender='" BUS_NAME "',path_namespace='" MANAGER_PATH "'",
                                   on_signal, NULL, live);
        return r < 0 ? r : bus_peer_attach(&live->peer, bus);
}

/* Another host is asked over ssh, which may want a password: once is enough. */
static int on_retry(sd_event_source *source, _unused_ uint64_t usec, void *userdata) {
        Live *live = userdata;
        int r;

        if (live->cli->options.host)
                return sd_event_exit(live->event, -ECONNRESET);
        detach(live);
        r = client_reconnect(live->cli);
        if (r >= 0)
                r = attach(live);
        if (r >= 0)
                return sd_event_source_set_enabled(source, SD_EVENT_OFF);
        r = sd_event_source_set_time_relative(source, RETRY_USEC);
        return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_output(_unused_ sd_event_source *source, _unused_ int fd, _unused_ uint32_t events,
                     void *userdata) {
        Live *live = userdata;

        return sd_event_exit(live->event, 0);
}

static int add_sources(Live *live) {
        int r = sd_event_add_time_relative(live->event, &live->retry, CLOCK_MONOTONIC, RETRY_USEC, 0,
                                           on_retry, live);

        if (r >= 0)
                r = sd_event_source_set_enabled(live->retry, SD_EVENT_OFF);
        if (r < 0)
                return r;
        /* No events: but that the reader is gone is always told. Files cannot be watched and have no
         * readers. */
        r = sd_event_add_io(live->event, &live->output, STDOUT_FILENO, 0, on_output, live);
        return r == -EPERM || r == -EBADF ? 0 : r;
}

int live_new(Cli *cli, const LiveCallbacks *callbacks, void *userdata, Live **ret) {
        _cleanup_(live_freep) Live *live = calloc(1, sizeof *live);
        int r;

        if (!live)
                return -ENOMEM;
        *live = (Live){
                .cli = cli,
                .callbacks = callbacks,
                .userdata = userdata,
                .peer = { .name = BUS_NAME, .changed = on_owner, .userdata = live },
        };
        r = sd_event_new(&live->event);
        if (r >= 0)
                r = add_sources(live);
        if (r >= 0)
                r = attach(live);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(live);
        return 0;
}

Live *live_free(Live *live) {
        if (!live)
                return NULL;
        detach(live);
        sd_event_source_disable_unref(live->retry);
        sd_event_source_disable_unref(live->output);
        sd_event_unref(live->event);
        free(live);
        return NULL;
}

sd_event *live_event(Live *live) {
        return live->event;
}

int live_call(Live *live, sd_bus_slot **slot, sd_bus_message_handler_t callback, void *userdata,
              const char *interface, const char *member, const char *types, ...) {
        _cleanup_(bus_message_unrefp) sd_bus_message *m = NULL;
        sd_bus *bus = live->cli->bus;
        va_list arguments;
        int r;

        if (!bus || sd_bus_is_open(bus) <= 0)
                return -ENOTCONN;
        r = sd_bus_message_new_method_call(bus, &m, live->cli->direct ? NULL : BUS_NAME, MANAGER_PATH,
                                           interface, member);
        if (r >= 0)
                r = sd_bus_message_set_auto_start(m, false);
        if (r >= 0 && types) {
                va_start(arguments, types);
                r = sd_bus_message_appendv(m, types, arguments);
                va_end(arguments);
        }
        return r < 0 ? r : sd_bus_call_async(bus, slot, m, callback, userdata, ANSWER_USEC);
}

int live_flush(Live *live) {
        int r = fflush(stdout) == EOF ? -errno : 0;

        if (r < 0)
                (void) sd_event_exit(live->event, r == -EPIPE ? 0 : r);
        return r;
}

int live_run(Live *live) {
        return sd_event_loop(live->event);
}
