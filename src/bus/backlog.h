/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "basic/macro.h"
#include "basic/time-util.h"

/* Notices when the bus does not take what is sent to it.
 *
 * dbus-daemon keeps an answer until it is read, and counts it against who has sent it: when callers who do
 * not read have max_incoming_bytes of our answers (127 MiB), it takes nothing from us any more, whoever it
 * is for, until these callers have left. A new connection begins at nothing.
 *
 * So the bus is asked for a sign of life when somebody calls, at most once in a while; and as long as many
 * answers wait for room no further call is read, so that the bus keeps them and not we. */
typedef struct Backlog Backlog;

/* Messages that wait for room. */
#define BACKLOG_MAX 32U
/* Without a sign of life for so long the connection is stuck. The same is the pause between two. */
#define BACKLOG_STUCK_USEC (5 * USEC_PER_SEC)

/* The bus is attached to an event loop, with this priority. `stuck` is called by the loop, once; the
 * connection, and with it the backlog, may be freed there. */
int backlog_new(sd_bus *bus, int64_t priority, void (*stuck)(void *userdata), void *userdata, Backlog **ret);
/* Freed before the connection is. Takes NULL, returns NULL. */
Backlog *backlog_free(Backlog *backlog);
