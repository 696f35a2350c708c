/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* A client of the private socket that has no manners: bytes as they are. */

/* A connected socket that never blocks. */
int raw_connect(const char *path);

/* "\0AUTH EXTERNAL …": claims to be root and begins. */
#define RAW_HANDSHAKE      "\0AUTH EXTERNAL 30\r\nBEGIN\r\n"
#define RAW_HANDSHAKE_SIZE (sizeof RAW_HANDSHAKE - 1)

/* A whole method call of org.fairslice1.Manager at /org/fairslice1, little endian, without arguments.
 * Returns its size. */
#define RAW_CALL_MAX 256
size_t raw_call(uint8_t call[RAW_CALL_MAX], const char *member);

/* Sends all, whatever the server takes at a time. False if the server has ended the connection before. */
bool raw_send(int fd, const void *data, size_t size);
/* Whether the server has ended the connection; what it has sent is thrown away. */
bool raw_ended(int fd);
