/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>
#include <systemd/sd-event.h>

#include "basic/macro.h"

/* Processes that change their user, told by the kernel's process connector (netlink, CN_IDX_PROC).
 *
 * The kernel sends an event for every fork, exec and exit on the host; a filter on the socket throws away
 * all but changes of a whole process to a user that is both real and effective, so that nothing else wakes
 * us: a child has the group and the user of its parent, and what is forked between a change and what is done
 * about it is for the receiver to look for. A program that only takes another effective UID is not told. */
typedef struct ProcEvents ProcEvents;

/* So many processes are told of at once. Where there are more, they count as lost, and the more there are,
 * the longer it is until the next ones: users can make as many of these events as they like. */
#define PROC_EVENTS_MAX 64

typedef struct ProcEventsHandlers {
        /* The process may have ended since, and may have changed its UID again. */
        void (*uid_changed)(pid_t pid, uid_t uid, void *userdata);
        /* Events were lost: look at all processes. */
        void (*lost)(void *userdata);
        void *userdata;
} ProcEventsHandlers;

/* Starts listening. -EOPNOTSUPP where there are no such events for us: a kernel without the connector,
 * another network, user or PID namespace than the first, no CAP_NET_ADMIN. */
int proc_events_new(sd_event *event, const ProcEventsHandlers *handlers, ProcEvents **ret);
ProcEvents *proc_events_free(ProcEvents *events);
DEFINE_CLEANUP(ProcEvents *, proc_events_free)

typedef struct ProcUidEvent {
        pid_t pid;
        uid_t uid;
} ProcUidEvent;

/* Understands one message of the connector: 1 and *ret if a process has changed its UID, 0 if it is
 * something else that the kernel sends there, -EBADMSG if it is none of its messages. `data` needs no
 * alignment. */
int proc_event_parse(const void *data, size_t size, ProcUidEvent *ret);
