/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"
#include "basic/time-util.h"

/* A counter of CPU time, looked at now and then, made into rates. All rates are µs of CPU a second. */

/* No host has more CPUs than this; a rate above it is a counter gone wrong. */
#define CPU_RATE_MAX (UINT64_C(65536) * USEC_PER_SEC)

/* Looks come four to a window, so that a window and one look before it fit. */
#define TRACKER_SAMPLES 8

typedef struct Sample {
        usec_t when;           /* monotonic */
        uint64_t usage_usec;   /* the counter */
        uint64_t nr_throttled; /* the counter */
        uint64_t use;          /* the rate over the window that ended here */
} Sample;

typedef struct Tracker {
        Sample sample[TRACKER_SAMPLES]; /* a ring; all zero is an empty tracker */
        unsigned next, count;
} Tracker;

/* Takes one look. A counter that went backwards belongs to another cgroup of the same name: what was known
 * is forgotten. Of looks that come closer together than an eighth of the window only the first and the last
 * are kept. Time that went backwards is no look at all. Returns the CPU time in µs since the look before, 0
 * if that is unknown. */
uint64_t tracker_observe(Tracker *tracker, usec_t now, usec_t window, uint64_t usage_usec,
                         uint64_t nr_throttled);

/* The rate over the last `window`, ending at the last look; over what there is if that is less, and over the
 * time since the look before it if that is longer ago. 0 without two looks an eighth of the window apart. */
uint64_t tracker_use(const Tracker *tracker, usec_t window);

/* The largest rate that was found at the looks within the last `window`. */
uint64_t tracker_peak(const Tracker *tracker, usec_t window);

/* Whether the quota was hit within the last `window`. */
bool tracker_throttled(const Tracker *tracker, usec_t window);
