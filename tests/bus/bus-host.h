/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "support/drive.h"
#include "support/private-bus.h"

/* A private bus, and two connections to it: the one that is given to what is tested, and one of somebody who
 * has no business there. */
typedef struct BusHost {
        PrivateBus *bus;
        sd_event *loop, *fakes_loop;
        sd_bus *client, *stranger;
} BusHost;

extern BusHost host;

void bus_host_start(void);
void bus_host_stop(void);

/* Another connection for what is tested, after the bus was started again. */
void bus_host_reconnect(void);

/* The stranger sends the signal to everybody, and to the client alone; returns when the bus has passed both
 * on. The arguments are those of sd_bus_message_append(). */
void bus_host_forge(const char *path, const char *interface, const char *member, const char *types, ...);
