/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>
#include <systemd/sd-bus.h>

#include "basic/macro.h"
#include "bus/operations.h"

/* All objects of org.fairslice1 on one connection: /org/fairslice1 with its Manager and ObjectManager, and
 * one object for each slice. The same on the system bus and on the private socket. */
typedef struct Endpoint Endpoint;

/* Who is at the other end of a private socket, as the kernel says. */
typedef struct EndpointPeer {
        uid_t uid;
        pid_t pid; /* 0: not one that can be seen from here */
} EndpointPeer;

/* On the system bus, where polkit is asked. The operations must stay, and the endpoint is to be freed before
 * the connection is. */
int endpoint_new(sd_bus *bus, const BusOperations *operations, Endpoint **ret);
/* On a connection of the private socket. */
int endpoint_new_for_peer(sd_bus *bus, EndpointPeer peer, const BusOperations *operations, Endpoint **ret);
/* Takes NULL, returns NULL. */
Endpoint *endpoint_free(Endpoint *endpoint);
DEFINE_CLEANUP(Endpoint *, endpoint_free)

/* Signals to a peer that does not read; with one more the peer goes without. */
#define ENDPOINT_SIGNALS_MAX 32U

/* What has happened, for who listens. What a signal says is for everybody's ears: names, never figures. On
 * the private socket what is about a slice goes only to its user and to root, and a peer that does not read,
 * or has not finished its handshake, goes without. Errors are not told: a signal that cannot be sent is lost. */

/* The slice is among those that operations->slice() knows. */
void endpoint_slice_added(Endpoint *endpoint, const char *slice);
/* `uid` is the slice's user, or UID_INVALID; whether the slice is still known does not matter. */
void endpoint_slice_removed(Endpoint *endpoint, const char *slice, uid_t uid);
/* ConfiguredLimits is another. The slice need not be known: limits can be set for who is not logged in. */
void endpoint_limits_changed(Endpoint *endpoint, const char *slice, uid_t uid);
/* What operations->host() says is up to date. */
void endpoint_contended(Endpoint *endpoint, bool contended);
/* `event` is the Event's id. The slice need not be known any more. */
void endpoint_memory_warning(Endpoint *endpoint, const char *slice, uid_t uid, uint64_t event);
void endpoint_out_of_memory(Endpoint *endpoint, const char *slice, uid_t uid, uint64_t event);
