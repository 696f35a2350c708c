/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"
#include "model/event.h"

/* The last EVENT_LOG_MAX events, in memory. No more than a quarter of them are of one slice, or of the host,
 * so that nobody pushes out what happened to the others: then the oldest of the same slice goes. */
typedef struct EventLog EventLog;

#define EVENT_LOG_MAX       512U
#define EVENT_LOG_SLICE_MAX (EVENT_LOG_MAX / 4)

/* Returns NULL if there is no memory. */
EventLog *event_log_new(void);
EventLog *event_log_free(EventLog *log);
DEFINE_CLEANUP(EventLog *, event_log_free)

/* Copies the event and gives the copy its number, which is returned; 0 if there is no memory. */
uint64_t event_log_add(EventLog *log, const Event *event);

/* Those not older than `since` (CLOCK_REALTIME), in the order in which they were added. Returns what the
 * visitor returned last, or 0. */
int event_log_foreach(const EventLog *log, usec_t since, EventVisitor visitor, void *userdata);
