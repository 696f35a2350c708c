/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/service.h"

#include <string.h>

#include "basic/bus-connection.h"
#include "basic/bus-peer.h"
#include "bus/backlog.h"
#include "bus/peer.h"
#include "model/names.h"

/* After a refusal of the bus; each pause is twice the one before. */
#define RETRY_MIN_USEC (1 * USEC_PER_SEC)
#define RETRY_MAX_USEC (60 * USEC_PER_SEC)

struct BusService {
        const BusOperations *operations;
        BusServiceHandlers handlers;
        BusConnection *connection;
        sd_bus *bus; /* the connection's; NULL: there is none */
        Endpoint *endpoint;
        Backlog *backlog;
        BusPeer name; /* who has it */
        sd_bus_slot *request;
        sd_event_source *timer;
        usec_t retry; /* the next pause */
        bool owned, complained;
        bool left; /* a connection that was stuck, which may still have the name */
};

static void fail(BusService *service, int error) {
        if (!service->complained)
                service->handlers.failed(error, service->handlers.userdata);
        service->complained = true;
}

static void fail_and_retry(BusService *service, int error) {
        (void) sd_event_source_set_time_relative(service->timer, service->retry);
        (void) sd_event_source_set_enabled(service->timer, SD_EVENT_ONESHOT);
        service->retry = MIN(service->retry * 2, RETRY_MAX_USEC);
        fail(service, error);
}

/* Whoever has the name is told by the bus in another way, also if it is this service. */
static int on_requested(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error _unused_) {
        BusService *service = userdata;
        int error;

        service->request = sd_bus_slot_unref(service->request);
        if (!sd_bus_message_is_method_error(reply, NULL))
                return 0;
        error = sd_bus_message_get_errno(reply);
        fail_and_retry(service, error > 0 ? -error : -EIO);
        return 0;
}

/* Nobody can take the name from who has it, and nobody queues for it. */
static void request_name(BusService *service) {
        int r = 0;

        if (!service->request)
                r = sd_bus_request_name_async(service->bus, &service->request, BUS_NAME, 0, on_requested,
                                              service);
        if (r < 0)
                fail_and_retry(service, r);
}

static bool is_ours(const BusService *service) {
        const char *self;

        return service->name.owner && sd_bus_get_unique_name(service->bus, &self) >= 0 &&
               strcmp(service->name.owner, self) == 0;
}

/* The bus does not read from a connection that is stuck, so it finds out that we have left it when it has
 * something to write there. Whoever else may have the name by now does not mind. */
static void poke_owner(BusService *service) {
        _cleanup_(bus_message_unrefp) sd_bus_message *m = NULL;

        service->left = false;
        if (sd_bus_message_new_method_call(service->bus, &m, BUS_NAME, "/", "org.freedesktop.DBus.Peer",
                                           "Ping") >= 0 &&
            sd_bus_message_set_expect_reply(m, false) >= 0 && sd_bus_message_set_auto_start(m, false) >= 0)
                (void) sd_bus_send(service->bus, m, NULL);
}

static void on_owner(bool present, void *userdata) {
        BusService *service = userdata;
        bool was_owned = service->owned;

        service->owned = is_ours(service);
        if (!present)
                request_name(service);
        else if (!service->owned && service->left)
                poke_owner(service);
        else if (!service->owned)
                fail(service, -EEXIST);
        else if (!was_owned) {
                service->retry = RETRY_MIN_USEC;
                service->complained = service->left = false;
                service->handlers.owned(service->handlers.userdata);
        }
}

/* What callers have not read stays with the bus, and does not count for the next connection. */
static void on_stuck(void *userdata) {
        BusService *service = userdata;

        service->handlers.failed(-ETIMEDOUT, service->handlers.userdata);
        service->left = true;
        bus_connection_renew(service->connection);
}

/* The objects come before the name does, so that nobody finds it without them. */
static int set_up(BusService *service) {
        int r = 0;

        if (!service->endpoint)
                r = endpoint_new(service->bus, service->operations, &service->endpoint);
        if (r >= 0 && !service->backlog)
                r = backlog_new(service->bus, PEER_PRIORITY, on_stuck, service, &service->backlog);
        if (r >= 0)
                r = bus_peer_attach(&service->name, service->bus);
        return r;
}

static int on_timer(sd_event_source *s _unused_, uint64_t usec _unused_, void *userdata) {
        BusService *service = userdata;
        int r = set_up(service);

        if (r < 0)
                fail_and_retry(service, r);
        return 0;
}

static void on_connected(sd_bus *bus, void *userdata) {
        BusService *service = userdata;

        service->bus = bus;
        (void) on_timer(NULL, 0, service);
}

static void tear_down(BusService *service) {
        (void) sd_event_source_set_enabled(service->timer, SD_EVENT_OFF);
        service->request = sd_bus_slot_unref(service->request);
        bus_peer_detach(&service->name);
        service->endpoint = endpoint_free(service->endpoint);
        service->backlog = backlog_free(service->backlog);
        service->bus = NULL;
}

static void on_lost(void *userdata) {
        tear_down(userdata);
}

static void on_unreachable(int error, void *userdata) {
        fail(userdata, error);
}

static int add_timer(BusService *service, sd_event *event) {
        int r;

        r = sd_event_add_time_relative(event, &service->timer, CLOCK_MONOTONIC, 0, 0, on_timer, service);
        if (r >= 0)
                r = sd_event_source_set_enabled(service->timer, SD_EVENT_OFF);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(service->timer, "bus-service");
        return 0;
}

int bus_service_new(sd_event *event, const BusOperations *operations, const BusServiceHandlers *handlers,
                    BusService **ret) {
        _cleanup_(bus_service_freep) BusService *service = calloc(1, sizeof *service);
        BusConnectionHandlers connection = {
                .connected = on_connected,
                .lost = on_lost,
                .unreachable = on_unreachable,
                .userdata = service,
        };
        int r;

        if (!service)
                return -ENOMEM;
        service->operations = operations;
        service->handlers = *handlers;
        service->name = (BusPeer){ .name = BUS_NAME, .changed = on_owner, .userdata = service };
        service->retry = RETRY_MIN_USEC;
        r = add_timer(service, event);
        if (r >= 0)
                r = bus_connection_new(event, PEER_PRIORITY, &connection, &service->connection);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(service);
        return 0;
}

BusService *bus_service_free(BusService *service) {
        if (!service)
                return NULL;
        tear_down(service);
        bus_connection_free(service->connection);
        sd_event_source_disable_unref(service->timer);
        free(service);
        return NULL;
}

Endpoint *bus_service_endpoint(const BusService *service) {
        return service->endpoint;
}
