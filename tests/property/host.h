/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/engine.h"
#include "prng.h"

/* A random host whose users go on as they are: what the engine says about it can be checked at one moment,
 * without a kernel to play along. */

typedef struct Host {
        EngineConfig config;
        EngineHost look; /* at the host, as engine_tick() takes it */
        uint64_t outside;
        usec_t now;

        EngineSlice *slice; /* owned, `n` */
        uint64_t *rate;     /* owned; what each uses, µs a second */
        bool *hits;         /* owned; whether each runs into its quota all the time */
        EngineSlice **slices;
        size_t n;

        Engine *engine; /* owned */
        Plan plan;      /* of the last tick */
} Host;

/* The same seed makes the same host. Most of them are contended. */
void host_init(Host *host, uint64_t seed, SharePolicy policy);
void host_done(Host *host);

/* Gives each slice some quota in force, most of them near what others have and some of them rubbish. */
void host_set_old_quotas(Host *host, uint64_t seed);

/* Time goes on by `duration`, and the engine is asked. The plan is not applied. */
void host_tick_after(Host *host, usec_t duration);

/* A first look, and another one a window later, when rates are known. */
void host_look_twice(Host *host);

void host_apply_plan(Host *host);

/* What a slice claims of the budget without a quota. */
uint64_t host_claim(const Host *host, size_t i);
