/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "engine/memory-step.h"

/* Room above what is in use: what a process may take between the look and the write. */
#define ROOM_MIN  (UINT64_C(16) << 20)
#define ROOM(use) MAX(ROOM_MIN, (use) / 16)

/* A step smaller than this is not worth a call to PID 1. */
#define STEP_MIN (UINT64_C(4) << 20)

/* Half of the cache that has not been used for a while is counted as free: a step that squeezes it out is
 * what brings use down, while the other half keeps reclaim from having to look for the last page. */
static uint64_t lowest_safe(const MemoryStep *step) {
        uint64_t use = step->in_use - MIN(step->cache, step->in_use) / 2, room = ROOM(use);

        return use > UINT64_MAX - room ? UINT64_MAX : use + room;
}

uint64_t memory_next_step(const MemoryStep *step) {
        uint64_t next;

        if (step->target >= step->now)
                return step->target;
        if (step->in_use == UINT64_MAX)
                return step->now;
        next = MAX(step->target, lowest_safe(step));
        if (next == step->target)
                return next;
        return next < step->now && step->now - next >= STEP_MIN ? next : step->now;
}
