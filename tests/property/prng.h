/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* splitmix64 (Steele, Lea and Flood, 2014): the same numbers on every machine. */
typedef struct Prng {
        uint64_t state;
} Prng;

static inline uint64_t prng_next(Prng *prng) {
        uint64_t z = prng->state += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        return z ^ z >> 31;
}

/* Uniform enough for tests; `low` and `high` may both come out. */
static inline uint64_t prng_between(Prng *prng, uint64_t low, uint64_t high) {
        return low + prng_next(prng) % (high - low + 1);
}

static inline bool prng_chance(Prng *prng, unsigned percent) {
        return prng_next(prng) % 100 < percent;
}

/* Like prng_between(), but 1 to 10 is as likely as 1000 to 10,000. `low` > 0. */
static inline uint64_t prng_log_between(Prng *prng, uint64_t low, uint64_t high) {
        uint64_t top = low;

        for (unsigned doublings = prng_next(prng) % 64; doublings > 0 && top < high; doublings--)
                top = top > high / 2 ? high : top * 2;
        return prng_between(prng, low, top);
}
