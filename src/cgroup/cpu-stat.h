/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* A group's cpu.stat in the unified hierarchy. Counters since the group was made. */
typedef struct CpuStat {
        uint64_t usage_usec; /* CPU time used, by the whole subtree */
        /* These three are 0 where the cpu controller is not on, and so nothing can be throttled. */
        uint64_t nr_periods;     /* periods in which the group ran under its quota */
        uint64_t nr_throttled;   /* periods in which it was frozen for their rest */
        uint64_t throttled_usec; /* how long, summed over the CPUs */
} CpuStat;

/* 0, or -EBADMSG: usage_usec is not there, or something that is is no number. */
int cpu_stat_parse(const char *text, size_t length, CpuStat *ret);

/* "QUOTA PERIOD" or "max PERIOD" of cpu.max, in µs, as µs of CPU a second; UINT64_MAX for "max". Rounded to
 * the nearest. 0, or -EBADMSG. */
int cpu_max_parse(const char *text, size_t length, uint64_t *ret_usec_per_sec);
