/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* Lowering a memory limit below what is in use makes the kernel reclaim and then kill. A configuration
 * change never kills: the limit goes down in steps that stay above what is in use, until it is where it
 * should be. */

typedef struct MemoryStep {
        uint64_t now;    /* the limit in force, bytes; UINT64_MAX: none */
        uint64_t target; /* the limit that is wanted */
        uint64_t in_use; /* memory.current; UINT64_MAX: not known, then nothing is lowered */
        uint64_t cache;  /* what of it the kernel can drop at once: inactive_file */
} MemoryStep;

/* The limit to set next: `target` itself if it can be had now, something between `now` and it if a step can
 * be made, or `now` if it has to wait for use to fall. */
uint64_t memory_next_step(const MemoryStep *step);
