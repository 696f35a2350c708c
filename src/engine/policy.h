/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/engine.h"

/* The three ways of SharePolicy=. All of them are the same code with another function: it says for each
 * slice which fair-share quota it is to have (slice->want, LIMIT_UNSET for none), whether its weight is
 * lowered meanwhile (slice->want_yields), why (slice->reason), and what of the budget it claims without one
 * (slice->demand). */

typedef struct Round {
        const EngineConfig *config;
        usec_t now;
        bool contended;
        bool dwelling; /* contended, for having been so a moment ago */
        uint64_t budget;
        bool exceeded; /* all together use more than the budget: not all are held back yet who will be */
        bool crowded;  /* in: there was not a QUOTA_STEP for each who asks; out: nor is there now */
        size_t active;
        Claim *claims;  /* room for one claim a slice */
        uint64_t level; /* out: the share of a weight of 100; LIMIT_UNSET */
} Round;

typedef void (*Policy)(Round *round, EngineSlice *const *slices, size_t n);

Policy policy_for(SharePolicy policy);

/* Whether quotas follow from how busy the host is, so that an idle one needs no look at its slices, and a
 * small move is not worth a write. The others give exact numbers. */
bool policy_needs_contention(SharePolicy policy);

/* Whether the budget is what remains beside the use outside of the managed slices. CGroup_Py's formula takes
 * no account of that. */
bool policy_counts_outside(SharePolicy policy);
