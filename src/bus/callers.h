/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>
#include <systemd/sd-bus.h>

#include "basic/macro.h"

/* The UIDs of those who call, as the bus says: asked for without waiting, and known until they leave.
 *
 * sd_bus_query_sender_creds() would wait for the bus, and meanwhile take in all that others have sent. */
typedef struct Callers Callers;

/* Connections that are remembered; who has not called for longest is forgotten first. */
#define CALLERS_KNOWN_MAX 1024U
/* Who waits to be told, of one connection and of all. A user may have 256 connections to the bus. */
#define CALLERS_WAITING_PER_CONNECTION_MAX 8U
#define CALLERS_WAITING_MAX                4096U

/* The UID, or a negative errno instead: the bus cannot tell. */
typedef void (*CallerHandler)(int error, uid_t uid, void *userdata);

int callers_new(sd_bus *bus, Callers **ret);
/* Whoever waits is forgotten. */
Callers *callers_free(Callers *callers);
DEFINE_CLEANUP(Callers *, callers_free)

/* Whether the UID of the connection is known already. */
bool callers_find(Callers *callers, const char *unique_name, uid_t *ret);

/* Asks for it. Either the handler is called, later, or `forget`: the connection has left the bus, or the
 * callers are freed; both get `userdata`. Returns 0; or a negative errno, -EBUSY if too many wait, and
 * neither is called. */
int callers_ask(Callers *callers, const char *unique_name, CallerHandler handler,
                void (*forget)(void *userdata), void *userdata);
