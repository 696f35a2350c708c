/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/oom-event.h"

#include <string.h>

static const char *const causes[_OOM_CAUSE_COUNT] = {
        [OOM_CAUSE_UNKNOWN] = "unknown", [OOM_CAUSE_SLICE] = "slice", [OOM_CAUSE_INNER] = "inner",
        [OOM_CAUSE_OUTER] = "outer",     [OOM_CAUSE_HOST] = "host",
};

const char *oom_cause_to_string(OomCause cause) {
        return causes[cause];
}

void oom_event_init(OomEvent *event, const char *slice) {
        *event = (OomEvent){
                .uid = UID_INVALID,
                .memory_max = OOM_VALUE_UNKNOWN,
                .memory_current = OOM_VALUE_UNKNOWN,
                .memory_peak = OOM_VALUE_UNKNOWN,
        };
        snprintf(event->slice, sizeof event->slice, "%s", slice);
        (void) slice_name_to_uid(slice, &event->uid);
}
