/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "bus/private-socket.h"
#include "bus/raw-client.h"
#include "support/drive.h"

/* The private socket in a temporary directory, over operations that only count, and clients in processes of
 * their own. */

/* Nobody of this host; owns one of the three slices. */
#define USER_UID 64321

/* Of a server that drops nobody for silence in the time of a test. */
#define PATIENCE_USEC (10 * DRIVE_LIMIT_USEC)

typedef struct SocketHost {
        char directory[48], path[64];
        int dirfd;
        sd_event *loop;
        PrivateSocket *server;
        HostFigures figures;
        unsigned reloads;
        int reload_result;
} SocketHost;

extern SocketHost socket_host;

/* For cmocka_unit_test_setup_teardown(): with the socket open and PATIENCE_USEC. */
int socket_host_setup(void **state);
int socket_host_teardown(void **state);
/* Another server, with another patience. */
void socket_host_restart(usec_t silence_max);
/* Another one beside it, in the same directory. */
int socket_host_second(PrivateSocket **ret);

/* Runs the client in a process with this UID while the server is driven. It returns 0 if all was well. */
void as_user(uid_t uid, int (*client)(void));
/* What a client uses; false: says what is wrong, for `return 1`. */
sd_bus *client_connect(void);
#define CHECK(condition)                                                                \
        do {                                                                            \
                if (!(condition)) {                                                     \
                        fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
                        return 1;                                                       \
                }                                                                       \
        } while (0)

/* A property is read, and ListSlices answered: for as_user(). */
int client_is_served(void);

/* Sends all, whatever the server takes at a time. False if the server has ended the connection before. */
bool raw_send(int fd, const void *data, size_t size);
/* Whether the server has ended the connection; what it has sent is thrown away. */
bool raw_ended(int fd);
