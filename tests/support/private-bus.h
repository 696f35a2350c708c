/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "basic/macro.h"

/* A real dbus-daemon with a configuration of its own, in a temporary directory, that everybody may do
 * everything on. DBUS_SYSTEM_BUS_ADDRESS leads to it, also for sd_bus_open_system(); no bus of the host is
 * touched. It ends with the test, however that ends. */
typedef struct PrivateBus PrivateBus;

/* Returns when it can be connected to. */
PrivateBus *private_bus_new(void);
PrivateBus *private_bus_free(PrivateBus *bus);

/* Kills the daemon; all its connections are lost. */
void private_bus_kill(PrivateBus *bus);
/* Starts another at the same address. */
void private_bus_start(PrivateBus *bus);
/* Nobody may have the name from now on; NULL: everybody may have all names again. */
void private_bus_deny_name(PrivateBus *bus, const char *name);
/* One of its limits, for connections that come later. */
void private_bus_limit(PrivateBus *bus, const char *name, unsigned value);
/* The daemon stands still, and goes on. */
void private_bus_freeze(PrivateBus *bus);
void private_bus_thaw(PrivateBus *bus);

/* A connection of its own that never ends the process, in no event loop. */
sd_bus *private_bus_connect(void);
sd_bus *private_bus_disconnect(sd_bus *bus);

/* Returns when the daemon has done all that this connection has sent, and has passed on the signals. */
void private_bus_sync(sd_bus *bus);
