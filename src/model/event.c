/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/event.h"

#include <errno.h>
#include <string.h>

static const char *const names[_EVENT_KIND_COUNT] = {
        [EVENT_CONTENDED] = "contended",
        [EVENT_ROOM] = "room",
        [EVENT_LIMITS_SET] = "limits-set",
        [EVENT_LIMITS_RESET] = "limits-reset",
        [EVENT_MEMORY_WARNING] = "memory-warning",
        [EVENT_OUT_OF_MEMORY] = "out-of-memory",
        [EVENT_RELOADED] = "reloaded",
        [EVENT_RELEASED] = "released",
        [EVENT_FAIR_SHARE] = "fair-share",
        [EVENT_FAIR_SHARE_ENDED] = "fair-share-ended",
};

const char *event_kind_to_string(EventKind kind) {
        return names[kind];
}

int event_kind_from_string(const char *s) {
        for (int i = 0; i < _EVENT_KIND_COUNT; i++)
                if (strcmp(s, names[i]) == 0)
                        return i;
        return -EINVAL;
}

Event event_from_oom(const OomEvent *oom) {
        Event event = {
                .time = oom->time,
                .kind = EVENT_OUT_OF_MEMORY,
                .uid = oom->uid,
                .by = UID_INVALID,
                .oom = *oom,
        };

        snprintf(event.slice, sizeof event.slice, "%s", oom->slice);
        return event;
}

Event event_from_memory_warning(const MemoryWarning *warning, const char *slice, uid_t uid) {
        Event event = { .kind = EVENT_MEMORY_WARNING, .uid = uid, .by = UID_INVALID, .warning = *warning };

        snprintf(event.slice, sizeof event.slice, "%s", slice);
        return event;
}
