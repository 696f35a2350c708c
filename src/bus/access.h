/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>
#include <systemd/sd-bus.h>

#include "basic/macro.h"

/* Who calls, and whether they may. On the bus: root may everything, everybody may see what is their own, and
 * polkit is asked about the rest. On the private socket the same without polkit, which is then a no.
 *
 * Nothing here waits for the bus. While a message does, it and all that it carries stays in memory, so a
 * message whose body is larger than ACCESS_MESSAGE_MAX is refused instead; at most CALLERS_WAITING_MAX +
 * POLKIT_PENDING_MAX messages wait. On the bus, who asks for more than budget.h allows is refused. */
typedef struct Access Access;

/* Bytes of the values in a message; the largest call there is takes a fraction of it. */
#define ACCESS_MESSAGE_MAX 2048U

/* On the system bus. Freed before the connection is. */
int access_new(sd_bus *bus, Access **ret);
/* On the private socket, with the UID that the kernel has for the other end. */
int access_new_for_peer(uid_t peer, Access **ret);
/* Messages that wait are forgotten. Not to be called by a handler. */
Access *access_free(Access *access);
DEFINE_CLEANUP(Access *, access_free)

/* Goes on with the message, which is to be read from its beginning: `allowed` is true or false; the UID is
 * the caller's. What it returns is as of a method's handler: negative, or `error` set, becomes an error's
 * answer. */
typedef int (*AccessHandler)(sd_bus_message *m, uid_t caller, bool allowed, void *userdata,
                             sd_bus_error *error);

/* What is to be done is described by `action` (ACTION_…, a constant); NULL: polkit is not asked, for who
 * only has to know the caller. `owner` is who may do it without being asked, UID_INVALID for nobody but
 * root. `details` as for polkit_ask(); they are copied. The handler is called at once or later, with
 * `userdata`, which must stay as long as the objects on this bus do. If polkit is not there, is busy or
 * silent, allowed is false. It is never called if the caller has left the bus or if the bus cannot say who
 * it is (which is answered with an error).
 *
 * To be returned from a method's handler. */
int access_check(Access *access, sd_bus_message *m, const char *action, uid_t owner,
                 const char *const *details, AccessHandler handler, void *userdata, sd_bus_error *error);

/* For calls on the bus that are answered without access_check(): 0, or negative with the error set if the
 * sender has asked for too much (budget.h), or too often before it is known who that is. */
int access_admit(Access *access, sd_bus_message *m, sd_bus_error *error);
/* Says how many values the answer to `m` has; a few more or less do not matter. access_check() and
 * access_admit() have counted the call itself. */
void access_charge(Access *access, sd_bus_message *m, size_t values);

/* The error for who may not: AccessDenied, "Only an administrator may WHAT (polkit action ACTION).". */
int access_denied(sd_bus_error *error, const char *action, const char *what);
