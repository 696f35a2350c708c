/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "engine/water.h"

#define LEVEL_SHIFT 16

uint64_t water_share(WaterLevel level, uint64_t weight) {
        uint64_t share;

        if (level == WATER_LEVEL_UNBOUNDED)
                return UINT64_MAX;
        /* The largest weight at the largest level still fits: both come to less than 2^56. */
        share = (uint64_t) (((unsigned __int128) level * weight) >> LEVEL_SHIFT);
        return MAX(share - share % QUOTA_STEP, QUOTA_STEP);
}

/* Of very many users most do next to nothing, and what they claim is below any share. */
static uint64_t taken(const Claim *claim, WaterLevel level) {
        return claim->demand <= QUOTA_STEP ? claim->demand
                                           : MIN(claim->demand, water_share(level, claim->weight));
}

/* Whether the level keeps to the budget. Stops adding as soon as it does not, so that nothing overflows. */
static bool fits(const Claim *claims, size_t n, uint64_t budget, WaterLevel level) {
        uint64_t left = budget;

        for (size_t i = 0; i < n; i++) {
                uint64_t take = taken(&claims[i], level);

                if (take > left)
                        return false;
                left -= take;
        }
        return true;
}

int water_fill(const Claim *claims, size_t n, uint64_t budget, WaterLevel *ret) {
        WaterLevel low = 0, high;

        if (fits(claims, n, budget, WATER_LEVEL_UNBOUNDED)) {
                *ret = WATER_LEVEL_UNBOUNDED;
                return 0;
        }
        if (!fits(claims, n, budget, low))
                return -ENOSPC;

        /* Somebody's demand is not met at the level sought, so it is at most the whole budget for a weight
         * of one. The sum only grows with the level: halve the range until one value is left. */
        high = (budget + QUOTA_STEP) << LEVEL_SHIFT;
        while (low < high) {
                WaterLevel middle = low + (high - low + 1) / 2;

                if (fits(claims, n, budget, middle))
                        low = middle;
                else
                        high = middle - 1;
        }
        *ret = low;
        return 0;
}
