/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "basic/macro.h"

/* The system bus, connected again whenever the connection is lost. Nothing here waits for the bus.
 *
 * File descriptors are not taken: whoever sends some is refused by the bus. */
typedef struct BusConnection BusConnection;

typedef struct BusConnectionHandlers {
        void (*connected)(sd_bus *bus, void *userdata);
        /* The bus that was handed out last is dead. Called once for each `connected`. */
        void (*lost)(void *userdata);
        /* The bus cannot be reached; called once until it has been. It is tried again all the time. */
        void (*unreachable)(int error, void *userdata);
        void *userdata;
} BusConnectionHandlers;

/* `priority` is that of the connection's events in the loop. */
int bus_connection_new(sd_event *event, int64_t priority, const BusConnectionHandlers *handlers,
                       BusConnection **ret);

/* What is still to be sent is lost. `lost` is not called. */
BusConnection *bus_connection_free(BusConnection *connection);
DEFINE_CLEANUP(BusConnection *, bus_connection_free)

/* Ends the connection, without sending what is still to be sent, and makes another. `lost` is called. */
void bus_connection_renew(BusConnection *connection);

/* Waits until all is sent; without a connection it does nothing. */
void bus_connection_flush(BusConnection *connection);
