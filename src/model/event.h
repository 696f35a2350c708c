/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/time-util.h"
#include "model/large-process.h"
#include "model/limits.h"
#include "model/memory-warning.h"
#include "model/oom-event.h"

/* What is worth telling: the entries of ListEvents(), and what journal and signals are made from. */
typedef enum EventKind {
        EVENT_CONTENDED,      /* "contended": the slices ask for more than the budget */
        EVENT_ROOM,           /* "room": that has ended */
        EVENT_LIMITS_SET,     /* "limits-set": somebody called SetLimits() */
        EVENT_LIMITS_RESET,   /* "limits-reset": ResetLimits(), or the file was removed */
        EVENT_MEMORY_WARNING, /* "memory-warning": a slice comes near to its memory limit */
        EVENT_OUT_OF_MEMORY,  /* "out-of-memory" */
        EVENT_RELOADED,       /* "reloaded": the configuration was read again */
        EVENT_RELEASED,       /* "released": Release() */
        /* Of each slice; too many for ListEvents(), so only in EventLog= */
        EVENT_FAIR_SHARE,       /* "fair-share": a quota holds it to its fair share */
        EVENT_FAIR_SHARE_ENDED, /* "fair-share-ended" */
        _EVENT_KIND_COUNT,
} EventKind;

const char *event_kind_to_string(EventKind kind);

/* Returns an EventKind, or -EINVAL. */
int event_kind_from_string(const char *s);

typedef struct Event {
        uint64_t id; /* counts from 1 since the service started; 0: not in ListEvents() */
        usec_t time; /* CLOCK_REALTIME */
        EventKind kind;
        SliceName slice; /* "" if it is about the host */
        uid_t uid;       /* the slice's user, or UID_INVALID */

        /* EVENT_LIMITS_SET */
        LimitMask mask;
        Limits limits;
        bool runtime;
        uid_t by; /* who set or reset them; UID_INVALID if not known */

        uint64_t quota;        /* EVENT_FAIR_SHARE: µs of CPU a second */
        MemoryWarning warning; /* EVENT_MEMORY_WARNING */
        OomEvent oom;          /* EVENT_OUT_OF_MEMORY */

        /* Of both: what uses the slice's memory now. Who was killed is not among them any more. */
        LargeProcesses processes;
} Event;

/* The event of that, with the slice and the user that it has, and the time if it has one; else that is left
 * at 0, and so is the id. */
Event event_from_oom(const OomEvent *oom);
Event event_from_memory_warning(const MemoryWarning *warning, const char *slice, uid_t uid);

/* A negative errno ends the round. */
typedef int (*EventVisitor)(const Event *event, void *userdata);
