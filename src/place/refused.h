/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/time-util.h"
#include "cgroup/process.h"

/* Processes that the kernel would not let into their group, so that they are not tried at each scan. The
 * oldest are forgotten where there are too many. */
#define REFUSED_MAX 256

typedef struct Refused {
        struct {
                pid_t pid; /* 0: a free place */
                uint64_t start;
                usec_t at;
        } entry[REFUSED_MAX];
        size_t next;
} Refused;

void refused_add(Refused *refused, const Process *process, usec_t now);
void refused_clear(Refused *refused);

/* Whether it was refused not long ago, or is still real-time as it was then: such a one is tried again when
 * it no longer is, or after a good while, since only its first thread's policy is known. */
bool refused_stands(const Refused *refused, const Process *process, usec_t now);
