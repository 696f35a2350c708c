/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "backend/backend.h"

/* Limits by SetUnitProperties(runtime) on org.freedesktop.systemd1.Manager. The values last until reboot, in
 * drop-ins below /run/systemd/system.control, also after a logout.
 *
 * sd-bus does not connect again by itself, so the connection comes from outside: attach one, detach it when
 * it is dead, attach the next. */

int backend_systemd_new(const BackendHandlers *handlers, Backend **ret);

/* Takes a reference on the bus. The backend is online when PID 1 has answered. */
int backend_systemd_attach(Backend *backend, sd_bus *bus);

/* Ends what is under way with -ECANCELED and goes offline. Does nothing without a bus. */
void backend_systemd_detach(Backend *backend);
