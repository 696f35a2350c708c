/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* What a slice's memory is held against before it runs out: percentages of its limit (MemoryMax=). */

#define MEMORY_THRESHOLDS_MAX 4U

typedef struct MemoryThresholds {
        uint8_t percent[MEMORY_THRESHOLDS_MAX]; /* ascending, 1 - 99; 0: none from here on */
} MemoryThresholds;

/* One time that a slice reached one of them. */
typedef struct MemoryWarning {
        unsigned percent; /* the highest that was reached */
        /* Bytes */
        uint64_t used;    /* without the page cache, which is given back before anything is killed */
        uint64_t current; /* with it: what the kernel holds against the limit */
        uint64_t max;     /* the limit */
} MemoryWarning;
