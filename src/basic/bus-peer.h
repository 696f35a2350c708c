/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "basic/macro.h"

/* A service on the bus by its well-known name, and the connection that owns the name at the moment.
 *
 * Anybody may send anybody a signal on the system bus, and a match for a well-known sender lets the signals
 * of all connections through (the daemon fills in unique names, which sd-bus cannot tell from the one it
 * looks for). So a signal counts only if it comes from the owner. */
typedef struct BusPeer {
        const char *name; /* static */
        /* The owner is known now, has changed or is gone. */
        void (*changed)(bool present, void *userdata);
        void *userdata;

        sd_bus *bus;
        sd_bus_slot *match, *query;
        char *owner; /* unique name; NULL: none, or not known yet */
} BusPeer;

/* Starts following the name on the bus, of which a reference is taken. `changed` is called at least once,
 * later. The struct must not move until it is detached. */
int bus_peer_attach(BusPeer *peer, sd_bus *bus);

/* Does nothing without a bus. */
void bus_peer_detach(BusPeer *peer);

/* Whether the message was sent by the owner of the name. */
bool bus_peer_sent(const BusPeer *peer, sd_bus_message *m);

static inline void bus_message_unrefp(sd_bus_message **m) {
        sd_bus_message_unref(*m);
}
