/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/bus-peer.h"
#include "model/limits.h"

/* org.freedesktop.systemd1.Manager on a bus, for the backends that need it: whether it is there, when it has
 * read its configuration again, and setting properties. */
typedef struct SystemdManager {
        /* It has answered, or is gone. Called again with `true` each time that it has answered. */
        void (*present)(bool present, void *userdata);
        /* It begins to read its configuration again (active), or has done so, or another has come in its
         * place without a gap. */
        void (*reloading)(bool active, void *userdata);
        void *userdata;

        sd_bus *bus; /* NULL: not attached */
        BusPeer peer;
        sd_bus_slot *reloading_match, *subscribe_call;
        bool subscribed, is_present;
} SystemdManager;

/* The struct's callbacks are set by the caller. It must not move from then on. */
void systemd_manager_init(SystemdManager *manager);

/* Takes a reference on the bus. */
int systemd_manager_attach(SystemdManager *manager, sd_bus *bus);

/* Calls nobody back. Does nothing without a bus. */
void systemd_manager_detach(SystemdManager *manager);

/* A SetUnitProperties(unit, runtime), to which the properties are to be appended as one "a(sv)". Where the
 * subscription was refused it is asked for again. */
int systemd_manager_new_set_properties(SystemdManager *manager, const char *unit, sd_bus_message **ret);

/* Whether the connection is broken: sd-bus ends all calls with an error first, and then tells. */
bool systemd_manager_is_broken(const SystemdManager *manager);

/* The negative errno of an answer; 0 for NULL, -ECANCELED if nobody knows whether the call was carried out:
 * systemd or the bus went away, or did not answer in time. */
int systemd_manager_call_error(const sd_bus_error *error);

/* The error in words, or NULL. */
const char *systemd_manager_call_message(const sd_bus_error *error);
