/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* A set of CPUs by number. Linux is built for at most 8192. */
#define CPU_LIST_MAX 8192

typedef struct CpuList {
        uint64_t bits[CPU_LIST_MAX / 64];
} CpuList;

/* The kernel's list format, "0-3,5\n"; an empty line is the empty set. 0, or -EBADMSG. */
int cpu_list_parse(const char *text, size_t length, CpuList *ret);

/* How many CPUs are in both sets; the same set twice counts one. */
unsigned cpu_list_count_common(const CpuList *a, const CpuList *b);
