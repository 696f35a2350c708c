/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus/bus-host.h"
#include "bus/endpoint.h"
#include "bus/socket-host.h"
#include "model/names.h"

/* The objects of org.fairslice1 over operations that are made up, on a private bus without polkit or on the
 * private socket, and clients in processes of their own. */

typedef struct ObjectsHost {
        bool on_bus;
        FakeOperations *fake;
        Endpoint *endpoint;  /* on the bus */
        uid_t own, stranger; /* who has a slice (without a name), and who has none */
        const char *own_slice, *own_path;
} ObjectsHost;

extern ObjectsHost objects;

int objects_setup_on_bus(void **state);
int objects_setup_on_socket(void **state);
int objects_teardown(void **state);

/* Calls it with each endpoint that there is. */
void objects_foreach_endpoint(void (*tell)(Endpoint *endpoint, void *userdata), void *userdata);

/* In the client: connects, or ends the process. */
sd_bus *objects_connect(void);

/* One test on each. */
#define ON_BOTH(f)                                                                 \
        { #f " (bus)", f, objects_setup_on_bus, objects_teardown, NULL }, {        \
#f " (socket)", f, objects_setup_on_socket, objects_teardown, NULL \
        }

/* In the client: whether the call fails with this error, and with this in its text. */
#define FAILS(bus, path, interface, member, expected, text, ...)                                           \
        ({                                                                                                 \
                sd_bus_error _error = SD_BUS_ERROR_NULL;                                                   \
                int _r = sd_bus_call_method((bus), BUS_NAME, (path), (interface), (member), &_error, NULL, \
                                            __VA_ARGS__);                                                  \
                bool _as_said = _r < 0 && sd_bus_error_has_name(&_error, (expected)) &&                    \
                                strstr(_error.message ?: "", (text));                                      \
                                                                                                           \
                if (!_as_said)                                                                             \
                        fprintf(stderr, "%s: %d, %s: %s\n", (member), _r, _error.name ?: "no error",       \
                                _error.message ?: "");                                                     \
                sd_bus_error_free(&_error);                                                                \
                _as_said;                                                                                  \
        })
