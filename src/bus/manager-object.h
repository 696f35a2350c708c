/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>
#include <systemd/sd-bus.h>

#include "basic/macro.h"
#include "bus/operations.h"

/* /org/fairslice1 with the interface org.fairslice1.Manager. Each member is in docs/dbus.md; a test asks for
 * it. */
typedef struct ManagerObject ManagerObject;

/* `caller` is who calls on this connection, as the kernel says. The operations must stay, and the object is
 * to be freed before the connection is. */
int manager_object_attach(sd_bus *bus, uid_t caller, const BusOperations *operations, ManagerObject **ret);
/* Takes NULL, returns NULL. */
ManagerObject *manager_object_free(ManagerObject *object);
