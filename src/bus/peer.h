/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "basic/macro.h"
#include "basic/time-util.h"

/* One connection to the private socket: D-Bus without a bus between the two.
 *
 * Who it is, is what the kernel says of the socket; what the peer itself claims in the handshake counts for
 * nothing. What it may cost is bounded: GATE_MESSAGE_MAX for what it sends, one answer that it does not
 * fetch (besides signals, see ENDPOINT_SIGNALS_MAX), some kilobytes in the kernel, and the time until it
 * says something and until it has fetched an answer. What it calls meanwhile is looked at later. */
typedef struct Peer Peer;

/* Bytes of the handshake; usual are 60. */
#define PEER_HANDSHAKE_MAX 1024U

/* Behind everything else that the service does. */
#define PEER_PRIORITY (SD_EVENT_PRIORITY_NORMAL + 10)

typedef struct PeerHandlers {
        /* It said something: called for each message. */
        void (*heard)(Peer *peer, void *userdata);
        /* The connection has ended, or the peer went beyond its bounds. It is to be freed, at once or later;
         * nothing comes of it any more. */
        void (*gone)(Peer *peer, void *userdata);
        void *userdata;
} PeerHandlers;

/* Takes the connected socket over, also on failure. Drops the peer unless it says something within
 * `silence_max`, and later if it does not fetch an answer in that time. Objects are to be attached to the
 * bus before the event loop runs again. */
int peer_new(sd_event *event, int fd, usec_t silence_max, const PeerHandlers *handlers, Peer **ret);
/* May be called from within any of the callbacks, and of those of the bus. */
Peer *peer_free(Peer *peer);
DEFINE_CLEANUP(Peer *, peer_free)

/* Valid as long as the peer. */
sd_bus *peer_bus(const Peer *peer);
uid_t peer_uid(const Peer *peer);
/* Who connected; 0 if it is in a PID namespace that cannot be seen from here. */
pid_t peer_pid(const Peer *peer);
