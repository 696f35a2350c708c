/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/time-util.h"
#include "model/limits.h"
#include "model/oom-event.h"

/* What is worth telling afterwards: the entries of ListEvents(). */
typedef enum EventKind {
        EVENT_CONTENDED,     /* "contended": the slices ask for more than the budget */
        EVENT_ROOM,          /* "room": that has ended */
        EVENT_LIMITS_SET,    /* "limits-set": somebody called SetLimits() */
        EVENT_LIMITS_RESET,  /* "limits-reset": ResetLimits(), or the file was removed */
        EVENT_OUT_OF_MEMORY, /* "out-of-memory" */
        EVENT_RELOADED,      /* "reloaded": the configuration was read again */
        EVENT_RELEASED,      /* "released": Release() */
        _EVENT_KIND_COUNT,
} EventKind;

const char *event_kind_to_string(EventKind kind);

/* Returns an EventKind, or -EINVAL. */
int event_kind_from_string(const char *s);

typedef struct Event {
        uint64_t id; /* counts from 1 since the service started */
        usec_t time; /* CLOCK_REALTIME */
        EventKind kind;
        SliceName slice; /* "" if it is about the host */
        uid_t uid;       /* the slice's user, or UID_INVALID */

        /* EVENT_LIMITS_SET */
        LimitMask mask;
        Limits limits;
        bool runtime;
        uid_t by; /* who set or reset them; UID_INVALID if not known */

        OomEvent oom; /* EVENT_OUT_OF_MEMORY */
} Event;

/* A negative errno ends the round. */
typedef int (*EventVisitor)(const Event *event, void *userdata);
