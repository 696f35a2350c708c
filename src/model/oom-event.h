/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/macro.h"
#include "basic/time-util.h"
#include "model/slice-name.h"
#include "model/user.h"

/* One time that memory ran out in a slice: what becomes one journal record. */

#define OOM_VALUE_UNKNOWN     UINT64_MAX
#define OOM_VICTIM_COMM_MAX   15 /* the kernel's limit */
#define OOM_EVENT_VICTIMS_MAX 16

/* Whose memory it was that ran out. */
typedef enum OomCause {
        OOM_CAUSE_UNKNOWN,
        OOM_CAUSE_SLICE, /* the slice reached its own limit */
        OOM_CAUSE_INNER, /* a group inside the slice reached a limit of its own */
        OOM_CAUSE_OUTER, /* a group above the slice (user.slice) did */
        OOM_CAUSE_HOST,  /* the host had no memory left */
        _OOM_CAUSE_COUNT,
} OomCause;

/* "slice", "inner", "outer", "host", "unknown": the words of the field OOM_CAUSE=. */
const char *oom_cause_to_string(OomCause cause);

typedef struct OomVictim {
        pid_t pid;
        uid_t uid;
        char comm[OOM_VICTIM_COMM_MAX + 1]; /* the user's own choice: any bytes, ended by NUL */
} OomVictim;

typedef struct OomEvent {
        uint64_t id;     /* counts up from 1 since boot, over restarts of the service; 0: nobody keeps it */
        bool again;      /* was told before, and nobody has acknowledged it: the journal has it */
        usec_t time;     /* CLOCK_REALTIME, when it was told first */
        SliceName slice; /* "user.slice" if nobody can tell any more in which slice below it it was */
        uid_t uid;       /* the slice's user, or UID_INVALID */
        uint64_t kills;  /* processes killed; 0 if the limit was hit and nothing had to die */
        uint64_t hits;   /* times that the slice's own limit was hit */
        OomCause cause;
        bool late; /* happened while nobody was watching, and was found in the counters later */

        /* Bytes, OOM_VALUE_UNKNOWN if they could not be had (the slice is gone). */
        bool memory_max_known;
        uint64_t memory_max; /* of the slice; with memory_max_known, LIMIT_UNSET is: no limit */
        uint64_t memory_current;
        uint64_t memory_peak;

        /* Who was killed, oldest first, as far as the kernel's log told: may be fewer than `kills`. */
        OomVictim victims[OOM_EVENT_VICTIMS_MAX];
        size_t n_victims;
} OomEvent;

/* An event of which nothing is known but its slice, and the user as the slice's name tells. */
void oom_event_init(OomEvent *event, const char *slice);
