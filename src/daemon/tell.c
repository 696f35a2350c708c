/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/endpoint.h"
#include "daemon/manager-private.h"

/* One thing that has happened. */
typedef struct News {
        const char *slice;
        uid_t uid;
        bool contended;
        uint64_t event;
} News;

typedef void (*Teller)(Endpoint *endpoint, const News *news);

typedef struct Round {
        Teller teller;
        const News *news;
} Round;

static void tell_one(Endpoint *endpoint, void *userdata) {
        const Round *round = userdata;

        round->teller(endpoint, round->news);
}

/* On the bus, and on each connection of the private socket. sd-bus asks on its own whether an object is
 * there, which is no question for figures. */
static void tell_all(Manager *m, Teller teller, const News *news) {
        Endpoint *bus = m->bus_service ? bus_service_endpoint(m->bus_service) : NULL;
        Round round = { teller, news };

        m->telling = true;
        if (bus)
                tell_one(bus, &round);
        if (m->private_socket)
                private_socket_foreach_endpoint(m->private_socket, tell_one, &round);
        m->telling = false;
}

static void contention(Endpoint *endpoint, const News *news) {
        endpoint_contended(endpoint, news->contended);
}

void manager_tell_contention(Manager *m) {
        if (m->contended == m->plan.contended)
                return;
        m->contended = m->plan.contended;
        m->contended_since = m->realtime();
        (void) manager_event(m, &(Event){
                                        .kind = m->contended ? EVENT_CONTENDED : EVENT_ROOM,
                                        .uid = UID_INVALID,
                                        .by = UID_INVALID,
                                });
        tell_all(m, contention, &(News){ .contended = m->contended });
}

static void slice_added(Endpoint *endpoint, const News *news) {
        endpoint_slice_added(endpoint, news->slice);
}

void manager_tell_slice_added(Manager *m, const ManagedSlice *slice) {
        tell_all(m, slice_added, &(News){ .slice = slice->name });
}

static void slice_removed(Endpoint *endpoint, const News *news) {
        endpoint_slice_removed(endpoint, news->slice, news->uid);
}

void manager_tell_slice_removed(Manager *m, const ManagedSlice *slice) {
        tell_all(m, slice_removed, &(News){ .slice = slice->name, .uid = slice->user.uid });
}

static void limits_changed(Endpoint *endpoint, const News *news) {
        endpoint_limits_changed(endpoint, news->slice, news->uid);
}

void manager_tell_limits_changed(Manager *m, const char *slice, uid_t uid) {
        tell_all(m, limits_changed, &(News){ .slice = slice, .uid = uid });
}

static void out_of_memory(Endpoint *endpoint, const News *news) {
        endpoint_out_of_memory(endpoint, news->slice, news->uid, news->event);
}

static void memory_warning(Endpoint *endpoint, const News *news) {
        endpoint_memory_warning(endpoint, news->slice, news->uid, news->event);
}

void manager_tell_memory(Manager *m, Event *event) {
        tell_all(m, event->kind == EVENT_MEMORY_WARNING ? memory_warning : out_of_memory,
                 &(News){ .slice = event->slice, .uid = event->uid, .event = manager_event(m, event) });
}
