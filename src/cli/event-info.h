/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/figures.h"

/* What ListEvents() tells. */

typedef struct EventInfo {
        uint64_t id, time; /* CLOCK_REALTIME */
        char *kind;        /* a word of model/event.h, or of a newer service */
        char *slice;       /* "": the host */
        uid_t uid;         /* UID_INVALID: not a user's */

        /* Details; what was not told is UINT64_MAX, UID_INVALID, 0 (percent), NULL or false. */
        ConfiguredLimits limits;
        bool runtime, late;
        uid_t by;
        uint64_t kills, hits, memory_max, memory_current, memory_peak;
        uint64_t memory_used;
        uint32_t percent;
        char *cause;
        char *victim;  /* command of the first; any text */
        char *largest; /* command of the largest process; any text */
        uint32_t pid, largest_pid;
        uint64_t largest_rss; /* bytes; if there is a command */
} EventInfo;

void event_info_done(EventInfo *event);

/* Reads the next of an a(ttssua{sv}) that was entered. Returns 1, 0 at the end, or a negative errno. The
 * struct is to be freed in each case. */
int event_info_read(sd_bus_message *m, EventInfo *ret);

/* What happened in words, without the time: "alice: limits set by root: MemoryMax=1G". Writes text that
 * still has to be escaped. `local`: UIDs are those of this host, and have names here. */
void event_info_describe(const EventInfo *event, bool local, FILE *out);

/* The name of the user, else of the slice, else "host"; not escaped. */
const char *event_info_subject(const EventInfo *event, bool local, char *buffer, size_t size);
