/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "basic/macro.h"
#include "basic/time-util.h"
#include "bus/endpoint.h"
#include "bus/operations.h"
#include "model/names.h"

/* The private socket: the same objects as on the bus, also where there is no bus. Anybody may connect; what
 * they may do depends on the UID that the kernel has for the other end of the socket. */
typedef struct PrivateSocket PrivateSocket;

/* Connections at once: of one UID, and of all but root's together. One more is let in all the same, and the
 * one that has been silent longest is dropped for it, so that nobody can keep others out by being there. */
#define PRIVATE_SOCKET_PER_UID_MAX 16U
#define PRIVATE_SOCKET_USERS_MAX   256U

/* Whether a service listens on `private` in the directory: 1, 0, or a negative errno if that cannot be told.
 */
int private_socket_is_served(int dirfd);

/* Listens on `private` in the directory, which only the service may write to. What a service that has died
 * left there is replaced. The operations must stay. A peer has to say something within `silence_max`.
 *
 * -EADDRINUSE if another service listens there. */
int private_socket_new(sd_event *event, int dirfd, const BusOperations *operations, usec_t silence_max,
                       PrivateSocket **ret);
/* Ends all connections, and removes the socket from the directory if it is still this one. */
PrivateSocket *private_socket_free(PrivateSocket *server);
DEFINE_CLEANUP(PrivateSocket *, private_socket_free)

/* Calls `tell` for each connection's objects, to send signals. It must not free the socket. */
void private_socket_foreach_endpoint(const PrivateSocket *server,
                                     void (*tell)(Endpoint *endpoint, void *userdata), void *userdata);
