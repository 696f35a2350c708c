/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"
#include "model/look.h"

/* Looks of a history, spread over the columns of a picture. */

/* What was in one column's time, on average. Rates in µs of CPU a second. */
typedef struct Bin {
        bool known; /* else nobody looked */
        double use;
        double throttled;
        double memory;  /* bytes */
        uint64_t grant; /* the last one; LIMIT_UNSET: none */
} Bin;

typedef struct Series {
        usec_t from, to; /* CLOCK_REALTIME */
        Bin *bin;        /* owned */
        size_t count;
        double use_max;    /* of all bins */
        double grant_max;  /* of those that there are; 0 without */
        double memory_max; /* bytes */
        bool throttled;    /* some bin was */
} Series;

void series_done(Series *series);

/* A look tells of the time since the look before it, but of no more than two intervals. Looks that are not
 * later than the one before (somebody set the clock back) are left out. `bins` is 1 - SERIES_BINS_MAX.
 * Returns 0, -ENODATA if there is no look, or -ENOMEM. */
#define SERIES_BINS_MAX 4096U
int series_make(const Look *looks, size_t n, usec_t interval, size_t bins, Series *ret);

/* The next higher number that is easy to divide: 1, 1.5, 2, 3, 4, 5, 6, 8 times a power of ten. At least
 * `least`, which is > 0. */
double axis_top(double max, double least);

/* The top of the axis of CPU, µs a second. A grant far above all use would press the rest flat, so it then
 * is not in the picture. */
double series_cpu_top(const Series *series);

/* A size's unit: 1024^n that is not larger than the size, and its letter. */
double axis_unit(double bytes, char *ret_letter);
