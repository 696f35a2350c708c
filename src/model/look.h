/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/time-util.h"
#include "model/limits.h"

/* One look that was kept: what a slice, or the whole host, had at that moment. Rates are in µs of CPU a
 * second, over the time since the look before. */
typedef struct Look {
        usec_t time;    /* CLOCK_REALTIME */
        uint64_t use;   /* of the host: by all managed slices together */
        uint64_t grant; /* the quota that stood, fair share or configured; LIMIT_UNSET: none. Of the host:
                         * the budget */
        uint64_t throttled; /* time that it was throttled for, all CPUs together, µs a second. Of the host:
                               the sum */
        uint64_t memory;    /* bytes. Of the host: the sum */
} Look;

/* How many looks are kept at most: a day of one each ten seconds. */
#define HISTORY_LOOKS_MAX 8640U

/* A negative errno ends the round. */
typedef int (*LookVisitor)(const Look *look, void *userdata);
