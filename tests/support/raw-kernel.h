/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cgroup/tree.h"
#include "model/limits.h"
#include "support/script.h"

/* Cgroup trees in a temporary directory, one at a time, whose files do with what is written into them what
 * the kernel does: round it, refuse it, reclaim. It stands in the place of write(2), so a test with it is
 * linked with --wrap=write; what is written elsewhere goes where it should. */

typedef enum RawKernelKind {
        RAW_KERNEL_UNIFIED,
        RAW_KERNEL_APART,    /* cpu, cpuacct and memory each by itself */
        RAW_KERNEL_TOGETHER, /* cpu and cpuacct in one hierarchy */
        RAW_KERNEL_SYSTEMD,  /* the same, and name=systemd, in which alone slices are made */
} RawKernelKind;

typedef struct RawWrite {
        SliceName slice;
        char file[40], text[48];
        int error; /* positive */
} RawWrite;

typedef struct RawKernel {
        RawKernelKind kind;
        char path[48];
        CgroupTree *tree;
        const Script *script; /* whose `refuse` holds for all writes; NULL: none */

        const char *refuse_file; /* refuse writes to these */
        int refuse_error;
        uint64_t parent_usec_per_sec; /* quota of user.slice in version 1; LIMIT_UNSET */
        uint64_t unreclaimable;       /* bytes of each slice that stay in use */
        uint64_t most_reclaimed;      /* by one write */
        unsigned kills;

        RawWrite *write;
        size_t n_writes;
} RawKernel;

extern RawKernel raw_kernel;

void raw_kernel_start(RawKernelKind kind);
void raw_kernel_stop(void);

/* A slice without limits; with systemd, without groups for controllers. */
void raw_kernel_add_slice(const char *slice);
/* Its group in one more hierarchy: "cpu", "memory". */
void raw_kernel_add_group(const char *hierarchy, const char *slice);
void raw_kernel_remove_slice(const char *slice);

/* A file of the slice, in whichever hierarchy its controller is; the value of "max" and "-1" is
 * LIMIT_UNSET, and so is that of a file that is not there. */
uint64_t raw_kernel_get(const char *slice, const char *file);
void raw_kernel_put(const char *slice, const char *file, const char *text);
void raw_kernel_remove_file(const char *slice, const char *file);

/* What stands, as the daemon reads it. */
void raw_kernel_limits(const char *slice, Limits *ret);

void raw_kernel_forget_writes(void);

/* "FILE=TEXT FILE=TEXT …" of all writes that were taken, in their order. Static. */
const char *raw_kernel_written(void);
