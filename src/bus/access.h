/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "basic/macro.h"
#include "bus/polkit.h"

/* Who calls, and whether they may. On the bus: root may everything, everybody may see what is their own, and
 * polkit is asked about the rest. On the private socket the same without polkit, which is then a no. */
typedef struct Access {
        Polkit *polkit; /* NULL: the private socket */
        uid_t peer;     /* who is at the other end of it */
} Access;

/* The UID of the sender, as the bus or the kernel says. -ESRCH: gone already. */
int access_caller(const Access *access, sd_bus_message *m, uid_t *ret);

/* Goes on with the message: `allowed` is true or false; the UID is the caller's. What it returns is as of a
 * method's handler: negative becomes an error's answer. */
typedef int (*AccessHandler)(sd_bus_message *m, uid_t caller, bool allowed, void *userdata,
                             sd_bus_error *error);

/* What is to be done is described by `action` (ACTION_…); `owner` is who may do it without being asked,
 * UID_INVALID for nobody but root. The handler is called at once or later, with `userdata`, which must stay
 * as long as the objects on this bus do. If polkit is not there, is busy or silent, allowed is false.
 * To be returned from a method's handler. */
int access_check(Access *access, sd_bus_message *m, const char *action, uid_t owner,
                 const char *const *details, AccessHandler handler, void *userdata, sd_bus_error *error);

/* The error for who may not: AccessDenied, "only an administrator may WHAT (polkit action ACTION)". */
int access_denied(sd_bus_error *error, const char *action, const char *what);
