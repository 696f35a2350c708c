/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cgroup/cpu-stat.h"
#include "cgroup/memory-events.h"
#include "cgroup/oom-control.h"
#include "cgroup/tree.h"
#include "model/limits.h"

/* The files of one slice, in the units of the model whichever version they are of.
 *
 * What is read at each look is held open from its first read on, and nothing else, since a process may have
 * so many descriptors and there may be very many slices: cpu.stat in a unified tree; cpuacct.usage in a
 * legacy one, and cpu.stat while it is read. Everything else is opened by its name for each read, if
 * the directory of that name is still the slice's.
 *
 * A slice may go away at any time, and that is nothing wrong: every call then returns -ENODEV, for ever,
 * even if a slice of the same name has been made since. A file that the slice does not have, because its
 * controller is not on or the kernel is older, is -ENODATA; controllers come and go, so ask again later.
 * What is not what the kernel writes is -EBADMSG. Nothing is written to a ret_ on failure. */
typedef struct SliceFiles SliceFiles;

/* Opens the slice at `path`, relative to the root of the tree: "user.slice/user-1000.slice". -ENOENT if
 * there is none in the hierarchy in which slices are seen. A controller's directory may be absent, and may
 * come and go, and so may its files. The tree must outlive what is returned. */
int slice_files_open(const CgroupTree *tree, const char *path, SliceFiles **ret);

/* The same for a child of user.slice by its name. */
int slice_files_open_user(const CgroupTree *tree, const char *name, SliceFiles **ret);

/* The same for the one with that inode number, without looking whether it is there: what is called next says
 * so. For who reads a slice now and then, and keeps no more of it in between. */
int slice_files_for_known_user(const CgroupTree *tree, const char *name, uint64_t inode, SliceFiles **ret);

SliceFiles *slice_files_free(SliceFiles *files);
DEFINE_CLEANUP(SliceFiles *, slice_files_free)

/* The directory's inode number: it tells a slice from one of the same name that was made after it, whose
 * counters begin at 0 again. The kernel does not use a number twice until the next boot. */
uint64_t slice_files_inode(const SliceFiles *files);

/* Opens the directory in the hierarchy in which slices are seen, for the caller to close: an O_PATH
 * descriptor, or -ENODEV. */
int slice_files_open_directory(const SliceFiles *files);

/* The same in the hierarchy of that controller. -ENODATA, -ENODEV. */
int slice_files_open_controller(const SliceFiles *files, Controller controller);

/* Whether there is a process in it: 1 or 0. -ENODATA in a legacy tree, which does not say. */
int slice_files_is_populated(const SliceFiles *files);

int slice_files_read_cpu(SliceFiles *files, CpuStat *ret);
/* For who needs only how much was used, or knows that nothing is throttled. 1 if the other counters are
 * there as well, 0 if they are in a file of their own, as in a legacy tree, and were not read; they are 0
 * then. */
int slice_files_read_cpu_usage(SliceFiles *files, CpuStat *ret);
/* Where throttling is in a file of its own, that is not held any more, until it is read again. */
void slice_files_let_go_throttling(SliceFiles *files);
/* -ENODATA in a legacy tree. */
int slice_files_read_memory_events(const SliceFiles *files, MemoryEvents *ret);
/* -ENODATA before Linux 5.2, and in a legacy tree. */
int slice_files_read_memory_events_local(const SliceFiles *files, MemoryEvents *ret);
/* In a legacy tree: the groups of the slice in the memory hierarchy and the kills in each of them, as
 * oom_groups_read() has it. The first is the slice's own. */
int slice_files_read_oom_groups(const SliceFiles *files, OomGroup **ret, size_t *ret_count);

/* Bytes. */
typedef struct MemoryUse {
        uint64_t current;       /* memory.current, memory.usage_in_bytes */
        uint64_t peak;          /* memory.peak, the most there ever was; UINT64_MAX before Linux 5.19;
                                 * memory.max_usage_in_bytes */
        uint64_t inactive_file; /* of current: cache that can be dropped before anything else; UINT64_MAX
                                 * if memory.stat does not tell */
} MemoryUse;

int slice_files_read_memory(const SliceFiles *files, MemoryUse *ret);
/* MemoryUse.current alone, with three system calls. Unlike everything else here it may be that of another
 * slice of the same name; it is this one's if a read of its CPU time afterwards does not say -ENODEV. */
int slice_files_read_memory_by_name(const SliceFiles *files, uint64_t *ret);

/* How much of it is page cache: what the kernel drops before it kills anything, unlike shared memory and
 * files in a tmpfs, which it counts as files too. -ENODATA also if memory.stat does not tell. */
int slice_files_read_page_cache(const SliceFiles *files, uint64_t *ret);

/* What the kernel holds, read back: cpu.max, cpu.weight, memory.max, memory.high, memory.swap.max; in a
 * legacy tree cpu.cfs_quota_us, cpu.shares, memory.limit_in_bytes, memory.soft_limit_in_bytes and what
 * memory.memsw.limit_in_bytes leaves above the limit. *ret_present says which of the values are there; those
 * whose file is not (controller off, no accounting of swap) are LIMIT_UNSET in *ret as well. "max" is
 * LIMIT_UNSET and present. CPUWeight is 0 for an idle group. */
int slice_files_read_limits(const SliceFiles *files, Limits *ret, LimitMask *ret_present);
