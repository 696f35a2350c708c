/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* A CPU quota as the kernel takes it: so much in each period, in µs. Both are 1 ms at least, and the period
 * is 1 s at most (tg_set_cfs_bandwidth() in kernel/sched/core.c). */
typedef struct CpuBandwidth {
        uint64_t quota;
        uint64_t period;
} CpuBandwidth;

#define CPU_PERIOD_DEFAULT_USEC UINT64_C(100000)

/* What stands for so many µs of CPU a second. A period that stands (0: none is known) is kept if the quota
 * comes back from it exactly; otherwise it is the default one, or a longer one if the quota would be less
 * than 1 ms. -ERANGE if it still would be (less than 0.1 % of a CPU). */
int cpu_bandwidth_for(uint64_t usec_per_sec, uint64_t standing_period, CpuBandwidth *ret);

/* The period in cpu.max, "QUOTA PERIOD" or "max PERIOD"; 0 if there is none. */
uint64_t cpu_max_period(const char *text, size_t length);
