/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus/private-socket.h"
#include "support/drive.h"
#include "support/fake-operations.h"
#include "support/private-client.h"
#include "support/raw-client.h"

/* The private socket in a temporary directory, over operations that are made up, and clients in processes of
 * their own. */

/* Nobody of this host; owns one of the slices. */
#define USER_UID FAKE_NAMELESS

/* Of a server that drops nobody for silence in the time of a test. */
#define PATIENCE_USEC (10 * DRIVE_LIMIT_USEC)

typedef struct SocketHost {
        char directory[48], path[64];
        int dirfd;
        sd_event *loop;
        PrivateSocket *server;
        FakeOperations fake;
} SocketHost;

extern SocketHost socket_host;

/* For cmocka_unit_test_setup_teardown(): with the socket open and PATIENCE_USEC. */
int socket_host_setup(void **state);
int socket_host_teardown(void **state);
/* Another server, with another patience. */
void socket_host_restart(usec_t silence_max);
/* Another one beside it, in the same directory. */
int socket_host_second(PrivateSocket **ret);

/* For as_user(). */
sd_bus *client_connect(void);
/* A property is read, and ListSlices answered. */
int client_is_served(void);
