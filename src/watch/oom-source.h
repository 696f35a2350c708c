/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "watch/oom-victims.h"

/* Where the kernel's lines come from: kernel-log.h on a host, something scripted in a test. */
typedef struct OomLineSource {
        /* Feeds lines to `victims`, each line once over all calls, but none from before `not_before`
         * (CLOCK_MONOTONIC). Reads a bounded number of them and does not wait. 1 if there may be more at
         * once, 0 if that was all for now; negative if lines cannot be had here: then ask again at the next
         * event, not in a loop. */
        int (*poll)(void *userdata, usec_t not_before, usec_t now, OomVictims *victims);

        /* Nobody needs lines for the time being. */
        void (*release)(void *userdata);

        void *userdata;
} OomLineSource;
