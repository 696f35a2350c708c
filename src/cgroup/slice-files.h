/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cgroup/cpu-stat.h"
#include "cgroup/memory-events.h"
#include "model/limits.h"

/* The files of one slice in the unified hierarchy.
 *
 * The directory is held open, and so are cpu.stat and memory.events from their first read on: two
 * descriptors for who reads one of them, three for who reads both. Everything else is opened for each read.
 *
 * A slice may go away at any time, and that is nothing wrong: every call then returns -ENODEV, for ever,
 * even if a slice of the same name has been made since. A file that the slice does not have, because its
 * controller is not on or the kernel is older, is -ENODATA; controllers come and go, so ask again later.
 * What is not what the kernel writes is -EBADMSG. Nothing is written to a ret_ on failure. */
typedef struct SliceFiles SliceFiles;

/* Opens the slice `name` in the directory `parent_fd`. -ENOENT if there is none. */
int slice_files_open(int parent_fd, const char *name, SliceFiles **ret);

SliceFiles *slice_files_free(SliceFiles *files);
DEFINE_CLEANUP(SliceFiles *, slice_files_free)

/* The directory's inode number: it tells a slice from one of the same name that was made after it, whose
 * counters begin at 0 again. The kernel does not use a number twice until the next boot. */
uint64_t slice_files_inode(const SliceFiles *files);

/* The directory, an O_PATH descriptor that stays the struct's. */
int slice_files_dirfd(const SliceFiles *files);

int slice_files_read_cpu(SliceFiles *files, CpuStat *ret);
int slice_files_read_memory_events(SliceFiles *files, MemoryEvents *ret);
/* -ENODATA before Linux 5.2. */
int slice_files_read_memory_events_local(SliceFiles *files, MemoryEvents *ret);

/* Bytes. */
typedef struct MemoryUse {
        uint64_t current;       /* memory.current */
        uint64_t peak;          /* memory.peak, the most there ever was; UINT64_MAX before Linux 5.19 */
        uint64_t inactive_file; /* of current: cache that can be dropped before anything else; UINT64_MAX
                                 * if memory.stat does not tell */
} MemoryUse;

int slice_files_read_memory(SliceFiles *files, MemoryUse *ret);

/* What the kernel holds, read back: cpu.max, cpu.weight, memory.max, memory.high, memory.swap.max.
 * *ret_present says which of the values are there; those whose file is not (controller off, no accounting of
 * swap) are LIMIT_UNSET in *ret as well. "max" is LIMIT_UNSET and present. CPUWeight is 0 for an idle group.
 */
int slice_files_read_limits(SliceFiles *files, Limits *ret, LimitMask *ret_present);

/* One value file of the slice, "max" being UINT64_MAX. */
int slice_files_read_value(SliceFiles *files, const char *name, uint64_t *ret);
