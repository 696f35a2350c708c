/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "watch/logind.h"

#include "basic/bus-peer.h"

#define LOGIND_NAME      "org.freedesktop.login1"
#define LOGIND_PATH      "/org/freedesktop/login1"
#define LOGIND_INTERFACE "org.freedesktop.login1.Manager"

struct LogindWatch {
        LogindHandlers handlers;
        sd_bus *bus;
        BusPeer peer;
        sd_bus_slot *new_match, *removed_match, *list_call;
        bool listed; /* asked for, on this bus */
};

static int on_user_signal(LogindWatch *watch, sd_bus_message *m, void (*handler)(uid_t, void *)) {
        uint32_t uid;

        if (bus_peer_sent(&watch->peer, m) && sd_bus_message_read(m, "uo", &uid, NULL) >= 0)
                handler(uid, watch->handlers.userdata);
        return 0;
}

static int on_user_new(sd_bus_message *m, void *userdata, sd_bus_error *ret_error _unused_) {
        LogindWatch *watch = userdata;

        return on_user_signal(watch, m, watch->handlers.user_new);
}

static int on_user_removed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error _unused_) {
        LogindWatch *watch = userdata;

        return on_user_signal(watch, m, watch->handlers.user_removed);
}

static int read_users(LogindWatch *watch, sd_bus_message *reply) {
        _cleanup_free_ uid_t *uids = NULL;
        uint32_t uid;
        size_t n = 0;
        int r;

        r = sd_bus_message_enter_container(reply, 'a', "(uso)");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(reply, "(uso)", &uid, NULL, NULL)) > 0) {
                uid_t *more = reallocarray(uids, n + 1, sizeof *more);

                if (!more)
                        return -ENOMEM;
                uids = more;
                uids[n++] = uid;
        }
        if (r < 0)
                return r;
        watch->handlers.users(uids, n, watch->handlers.userdata);
        return 0;
}

static int on_list(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error _unused_) {
        LogindWatch *watch = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        int r;

        watch->list_call = sd_bus_slot_unref(watch->list_call);
        if (sd_bus_is_open(watch->bus) <= 0)
                return 0; /* the connection broke; there will be another list on the next one */
        r = error ? -abs(sd_bus_error_get_errno(error)) : read_users(watch, reply);
        if (r < 0)
                watch->handlers.failed(r, error ? error->message : NULL, watch->handlers.userdata);
        return 0;
}

static int list_users(LogindWatch *watch) {
        watch->list_call = sd_bus_slot_unref(watch->list_call);
        return sd_bus_call_method_async(watch->bus, &watch->list_call, LOGIND_NAME, LOGIND_PATH,
                                        LOGIND_INTERFACE, "ListUsers", on_list, watch, NULL);
}

/* Also when logind was restarted: who came while it was away is in its list only. Asking starts it if it is
 * not there. */
static void on_peer_changed(bool present, void *userdata) {
        LogindWatch *watch = userdata;
        int r;

        if (!present && watch->listed)
                return;
        watch->listed = true;
        r = list_users(watch);
        if (r < 0)
                watch->handlers.failed(r, NULL, watch->handlers.userdata);
}

int logind_watch_attach(LogindWatch *watch, sd_bus *bus) {
        int r;

        logind_watch_detach(watch);
        watch->bus = sd_bus_ref(bus);
        r = sd_bus_match_signal_async(bus, &watch->new_match, LOGIND_NAME, LOGIND_PATH, LOGIND_INTERFACE,
                                      "UserNew", on_user_new, NULL, watch);
        if (r >= 0)
                r = sd_bus_match_signal_async(bus, &watch->removed_match, LOGIND_NAME, LOGIND_PATH,
                                              LOGIND_INTERFACE, "UserRemoved", on_user_removed, NULL, watch);
        if (r >= 0)
                r = bus_peer_attach(&watch->peer, bus);
        if (r < 0)
                logind_watch_detach(watch);
        return r < 0 ? r : 0;
}

void logind_watch_detach(LogindWatch *watch) {
        watch->new_match = sd_bus_slot_unref(watch->new_match);
        watch->removed_match = sd_bus_slot_unref(watch->removed_match);
        bus_peer_detach(&watch->peer);
        watch->listed = false;
        watch->list_call = sd_bus_slot_unref(watch->list_call);
        watch->bus = sd_bus_unref(watch->bus);
}

int logind_watch_new(const LogindHandlers *handlers, LogindWatch **ret) {
        LogindWatch *watch = calloc(1, sizeof *watch);

        if (!watch)
                return -ENOMEM;
        watch->handlers = *handlers;
        watch->peer = (BusPeer){ .name = LOGIND_NAME, .changed = on_peer_changed, .userdata = watch };
        *ret = watch;
        return 0;
}

LogindWatch *logind_watch_free(LogindWatch *watch) {
        if (watch)
                logind_watch_detach(watch);
        free(watch);
        return NULL;
}
