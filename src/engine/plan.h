/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"
#include "basic/time-util.h"
#include "model/limits.h"

/* What the engine decided: the changes of fair-share quotas, each with its reason. Nothing was done yet. */

typedef enum Reason {
        REASON_NONE,
        REASON_ABOVE_LEVEL, /* asks for more than the water level allows */
        REASON_BELOW_LEVEL, /* asks for less than the water level allows */
        REASON_EQUAL_SHARE, /* SharePolicy=equal: one part of the whole */
        REASON_INACTIVE,    /* SharePolicy=equal: uses too little to count */
        REASON_ROOM,        /* the host has room */
        REASON_CROWDED,     /* not even 1 % of a CPU for each: weights alone share */
        REASON_WEIGHTS,     /* SharePolicy=weight: never a quota */
        _REASON_COUNT,
} Reason;

typedef struct Change {
        size_t slice;  /* index in the array that the engine was given */
        uint64_t from; /* µs of CPU a second; LIMIT_UNSET: no fair-share quota */
        uint64_t to;
        bool yields; /* whether the weight is to be lowered, from now on */
        Reason reason;
} Change;

typedef struct Plan {
        Change *change; /* owned */
        size_t count, allocated;

        /* What the changes follow from; rates in µs of CPU a second. */
        bool contended;
        uint64_t budget;  /* for all managed slices together */
        uint64_t outside; /* use outside of them */
        uint64_t use;     /* use by them */
        uint64_t level;   /* the share of a weight of 100; LIMIT_UNSET without one */
        size_t active;    /* slices that use more than ActivityThreshold= */
} Plan;

/* Frees what the plan holds and leaves it empty. */
void plan_done(Plan *plan);

/* Appends a change. -ENOMEM. */
int plan_add(Plan *plan, const Change *change);

/* The reason in words, to stand behind "because"; `level` as in the plan. Static or in the buffer. */
#define REASON_TEXT_MAX 128
const char *reason_describe(Reason reason, const Plan *plan, char buffer[REASON_TEXT_MAX]);
