/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/macro.h"

/* What uses the memory of a slice at one moment: its largest processes. */

#define LARGE_PROCESSES_MAX    5U
#define LARGE_PROCESS_COMM_MAX 15U /* the kernel's limit */

typedef struct LargeProcess {
        pid_t pid;
        uint64_t rss; /* bytes, as ps(1) shows them: what it shares with others is counted for each */
        char comm[LARGE_PROCESS_COMM_MAX + 1]; /* the user's own choice: any bytes, ended by NUL */
} LargeProcess;

typedef struct LargeProcesses {
        LargeProcess process[LARGE_PROCESSES_MAX]; /* the largest first */
        size_t count;                              /* 0 also if they could not be had */
        bool incomplete; /* there were more processes or groups than are looked at */
} LargeProcesses;
