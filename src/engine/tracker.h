/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"
#include "basic/time-util.h"

/* A counter of CPU time, looked at now and then, made into rates. All rates are µs of CPU a second. */

/* No host has more CPUs than this; a rate above it is a counter gone wrong. */
#define CPU_RATE_MAX (UINT64_C(65536) * USEC_PER_SEC)

/* Looks come four to a window, so that a window and one look before it fit. */
#define TRACKER_SAMPLES 8

/* What is kept of a look is coarser than what goes in, so that very many slices take little memory. */
#define TRACKER_UNIT      UINT64_C(10) /* µs, and µs of CPU; the sums are exact to one of it */
#define TRACKER_RATE_UNIT UINT64_C(20) /* µs of CPU a second */

typedef struct Sample {
        /* Since the look before, in TRACKER_UNIT; a long time is shortened, and what was used in proportion.
         */
        uint32_t elapsed, used;
        uint32_t use; /* the rate over the window that ended here, in TRACKER_RATE_UNIT, rounded up */
} Sample;

typedef struct Tracker {
        usec_t when;         /* the last look; monotonic */
        uint64_t usage_usec; /* the counters, as of then */
        uint64_t nr_throttled;
        Sample sample[TRACKER_SAMPLES]; /* a ring; all zero is an empty tracker */
        uint8_t next, count;
        uint8_t throttled; /* a bit for each sample: the quota was hit since the look before */
} Tracker;

_Static_assert(TRACKER_SAMPLES <= 8, "a bit for each sample");
_Static_assert(CPU_RATE_MAX / TRACKER_RATE_UNIT <= UINT32_MAX, "every rate can be kept");

/* Takes one look. A counter that went backwards belongs to another cgroup of the same name: what was known
 * is forgotten. Of looks that come closer together than an eighth of the window only the first and the last
 * are kept. Time that went backwards is no look at all. Returns the CPU time in µs since the look before, 0
 * if that is unknown. *ret_use is what tracker_use() says of the window from then on; NULL if nobody asks.
 */
uint64_t tracker_observe(Tracker *tracker, usec_t now, usec_t window, uint64_t usage_usec,
                         uint64_t nr_throttled, uint64_t *ret_use);

/* The rate over the last `window`, ending at the last look; over what there is if that is less, and over the
 * time since the look before it if that is longer ago. 0 without two looks an eighth of the window apart. */
uint64_t tracker_use(const Tracker *tracker, usec_t window);

/* The largest rate that was found at the looks within the last `window`. */
uint64_t tracker_peak(const Tracker *tracker, usec_t window);

/* Whether the quota was hit within the last `window`. */
bool tracker_throttled(const Tracker *tracker, usec_t window);
