/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "oracle.h"

#include <math.h>

/* At a level, what all take together begins to grow faster by a weight, or slower. */
typedef struct Bend {
        double level, slope;
} Bend;

static int compare_bends(const void *a, const void *b) {
        double x = ((const Bend *) a)->level, y = ((const Bend *) b)->level;

        return (x > y) - (x < y);
}

double oracle_level(const Claim *claims, size_t n, uint64_t budget) {
        Bend *bends = calloc(2 * n + 1, sizeof *bends);
        double take = 0, slope = 0, level = 0, found = INFINITY;
        size_t count = 0;

        if (!bends)
                abort();
        for (size_t i = 0; i < n; i++) {
                double weight = (double) claims[i].weight;

                take += (double) MIN(claims[i].demand, QUOTA_STEP);
                if (claims[i].demand <= QUOTA_STEP)
                        continue;
                bends[count++] = (Bend){ (double) QUOTA_STEP / weight, weight };
                bends[count++] = (Bend){ (double) claims[i].demand / weight, -weight };
        }
        qsort(bends, count, sizeof *bends, compare_bends);

        if (take > (double) budget)
                found = -1;
        for (size_t i = 0; i < count && isinf(found); i++) {
                double more = slope * (bends[i].level - level);

                if (take + more > (double) budget)
                        found = level + ((double) budget - take) / slope;
                take += more;
                slope += bends[i].slope;
                level = bends[i].level;
        }
        free(bends);
        return found;
}

/* a/b < c/d */
static bool less(uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
        return (unsigned __int128) a * d < (unsigned __int128) c * b;
}

bool oracle_one_level(const uint64_t *shares, const uint64_t *weights, size_t n) {
        size_t least = 0; /* whose share ends first as the level rises */

        for (size_t i = 1; i < n; i++)
                if (less(shares[i] + QUOTA_STEP, weights[i], shares[least] + QUOTA_STEP, weights[least]))
                        least = i;
        for (size_t i = 0; i < n; i++)
                if (shares[i] % QUOTA_STEP != 0 || shares[i] == 0 ||
                    (shares[i] > QUOTA_STEP &&
                     !less(shares[i], weights[i], shares[least] + QUOTA_STEP, weights[least])))
                        return false;
        return true;
}

uint64_t oracle_take_at_next_level(const Claim *claims, const uint64_t *shares, size_t n) {
        unsigned __int128 take = 0;
        size_t next = n; /* who gets more first */

        for (size_t i = 0; i < n; i++)
                if (claims[i].demand > shares[i] &&
                    (next == n || less(shares[i] + QUOTA_STEP, claims[i].weight, shares[next] + QUOTA_STEP,
                                       claims[next].weight)))
                        next = i;
        for (size_t i = 0; i < n && next < n; i++) {
                uint64_t share = (uint64_t) ((unsigned __int128) (shares[next] + QUOTA_STEP) *
                                             claims[i].weight / claims[next].weight);

                share = MAX(share - share % QUOTA_STEP, shares[i]);
                take += MIN(claims[i].demand, share);
        }
        return (uint64_t) MIN(take, (unsigned __int128) UINT64_MAX);
}
