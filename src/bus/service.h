/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "basic/macro.h"
#include "bus/endpoint.h"
#include "bus/operations.h"

/* org.fairslice1 on the system bus: one connection of its own, so that what callers send does not wait in
 * front of what PID 1 answers. It comes when the bus does, and comes back when the bus was restarted. Its
 * events have PEER_PRIORITY (peer.h).
 *
 * Memory: sd-bus makes room for one message at a time, up to what the bus lets through (dbus-daemon's
 * max_message_size, 32 MiB on the system bus; in no case 128 MiB), and frees it when it has been answered.
 * What waits for an answer of the bus or of polkit is bounded in access.h. That holds as long as nothing on
 * this connection waits for a reply, such as sd_bus_call(): sd-bus would take in all that comes meanwhile,
 * up to 393216 messages. What the bus does not take of our answers is bounded in backlog.h. */
typedef struct BusService BusService;

typedef struct BusServiceHandlers {
        /* The name is owned: callers can reach the service. Called each time. */
        void (*owned)(void *userdata);
        /* Somebody else has the name: -EEXIST; or the bus does not let us: -EACCES; or it cannot be reached.
         * Called once until `owned` was. It is tried again all the time. Or, each time: the bus has not
         * taken our answers for a while, and another connection is made: -ETIMEDOUT. */
        void (*failed)(int error, void *userdata);
        void *userdata;
} BusServiceHandlers;

/* The operations must stay. */
int bus_service_new(sd_event *event, const BusOperations *operations, const BusServiceHandlers *handlers,
                    BusService **ret);
/* Does not wait; answers that the bus has not taken yet are lost. Not to be called by an operation. */
BusService *bus_service_free(BusService *service);
DEFINE_CLEANUP(BusService *, bus_service_free)

/* The objects there; NULL while there is no bus. */
Endpoint *bus_service_endpoint(const BusService *service);
