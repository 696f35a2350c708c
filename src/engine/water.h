/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* Max-min fairness by water-filling (Bertsekas and Gallager, Data Networks, 6.5.2, with weights): the level
 * λ is the largest for which
 *
 *     Σ min(demand, share(λ)) ≤ budget,      share(λ) = max(QUOTA_STEP, λ · weight), in whole QUOTA_STEPs
 *
 * so whoever asks for less than the share at λ gets what they ask for, and nobody above it could get more
 * without somebody worse off getting less, but for the rounding. */

/* systemd 252 and 254 write CPUQuota= in whole percents into their drop-ins, and lose what is below 1 %. */
#define QUOTA_STEP UINT64_C(10000)

#define DEMAND_UNBOUNDED UINT64_MAX

typedef struct Claim {
        uint64_t demand; /* µs of CPU a second; DEMAND_UNBOUNDED */
        uint64_t weight; /* 1 - 10000 */
} Claim;

/* The level times 2^16, in µs a second for one unit of weight. */
typedef uint64_t WaterLevel;

/* Demands below it are all met. */
#define WATER_LEVEL_UNBOUNDED UINT64_MAX

/* The share of a weight at a level, a multiple of QUOTA_STEP; UINT64_MAX at WATER_LEVEL_UNBOUNDED. */
uint64_t water_share(WaterLevel level, uint64_t weight);

/* Returns 0, or -ENOSPC if the budget has less than one QUOTA_STEP for each who asks for that much, so that
 * no caps can keep it. Budgets up to 2^40 µs a second, a million CPUs. */
int water_fill(const Claim *claims, size_t n, uint64_t budget, WaterLevel *ret);
