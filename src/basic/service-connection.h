/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "basic/time-util.h"

/* The way to a service for who calls it: over the system bus, where it is started if need be; if there is
 * no bus, or the service is not on it and cannot be started by it, over a socket of its own, where it speaks
 * D-Bus without a bus. */

/* Connects. `timeout` is of each call, also of those that are made here; 0: sd-bus's own. Returns 0; 1 if it
 * is the socket: calls then name no destination; or a negative errno, and then *error may say why the bus
 * could not start the service. The connection is not closed by what it is freed with alone: see
 * sd_bus_flush_close_unref(). */
int service_connect(const char *name, const char *socket_path, usec_t timeout, sd_bus_error *error,
                    sd_bus **ret);

/* To such a socket by itself. -ENAMETOOLONG, or what else the connection fails with. */
int service_connect_socket(const char *path, sd_bus **ret);
