/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "basic/macro.h"

/* Tells which connections leave the bus. The bus never gives a unique name to anybody else again.
 *
 * sd_bus_track would do so too, but asks the bus for each name and waits for the answer. */
typedef struct Leavers {
        void (*left)(const char *unique_name, void *userdata);
        void *userdata;

        sd_bus_slot *match;
} Leavers;

/* What is asked of the bus after this about a connection that is there then is followed by `left` when it
 * goes. The struct must not move until it is detached. */
int leavers_attach(Leavers *leavers, sd_bus *bus);
/* Does nothing if it is not attached. */
void leavers_detach(Leavers *leavers);
