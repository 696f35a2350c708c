/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/event.h"

#include <errno.h>
#include <string.h>

static const char *const names[_EVENT_KIND_COUNT] = {
        [EVENT_CONTENDED] = "contended",
        [EVENT_ROOM] = "room",
        [EVENT_LIMITS_SET] = "limits-set",
        [EVENT_LIMITS_RESET] = "limits-reset",
        [EVENT_OUT_OF_MEMORY] = "out-of-memory",
        [EVENT_RELOADED] = "reloaded",
        [EVENT_RELEASED] = "released",
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
