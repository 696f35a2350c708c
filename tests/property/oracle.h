/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/water.h"

/* Water-filling as in the textbook, by sorting: an answer to compare the engine's with that shares no code
 * with it. Levels are µs of CPU a second for one unit of weight, in real numbers and not rounded. */

/* The level at which Σ min(demand, max(QUOTA_STEP, level × weight)) = budget. INFINITY if all demands can be
 * met, negative if not even QUOTA_STEP can be given to each who asks for it. */
double oracle_level(const Claim *claims, size_t n, uint64_t budget);

/* Whether one level gives each of the `n` weights its share, rounded down to whole QUOTA_STEPs but never to
 * none. Exact. */
bool oracle_one_level(const uint64_t *shares, const uint64_t *weights, size_t n);

/* What all would take at the first level where one of them gets more than its share now: the least that is
 * needed to give anybody more without taking from somebody worse off. Exact; UINT64_MAX if it is more. */
uint64_t oracle_take_at_next_level(const Claim *claims, const uint64_t *shares, size_t n);
