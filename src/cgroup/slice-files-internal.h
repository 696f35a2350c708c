/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the two versions' readers share: slice-files.c opens directories and files and tells absent ones from
 * gone ones; slice-files-unified.c and slice-files-legacy.c know which file holds what. */

#include "cgroup/slice-files.h"

/* Longer than any of the files read here but memory.stat. */
#define SMALL_FILE_MAX 4096

/* Files that are read at each look, and are held open. */
typedef enum HeldFile {
        HELD_CPU_STAT,
        HELD_CPU_USAGE, /* legacy: cpuacct.usage */
        _HELD_COUNT,
} HeldFile;

typedef struct SliceFilesOps {
        const char *memory_current, *memory_peak;
        int (*read_cpu)(SliceFiles *files, CpuStat *ret);
        int (*read_cpu_usage)(SliceFiles *files, CpuStat *ret);
        bool throttling_apart; /* is in a file of its own, which is held while it is read */
        /* Keys of memory.stat */
        const char *stat_inactive_file, *stat_file, *stat_shmem, *stat_swapcached;
        /* -ENODATA if there is no such file */
        int (*read_limit)(const SliceFiles *files, Limit limit, uint64_t *ret);
} SliceFilesOps;

struct SliceFiles {
        const SliceFilesOps *ops;
        const CgroupTree *tree;
        uint64_t inode;
        int held_fd[_HELD_COUNT]; /* -1 until it is read */
        char path[];
};

extern const SliceFilesOps slice_files_unified, slice_files_legacy;

/* Returns the number of bytes. What is read may be of another slice of the same name, and -ENODATA may mean
 * that this one is gone: who calls this asks afterwards whether it is there. */
ssize_t slice_files_read_by_name(const SliceFiles *files, Controller controller, const char *name,
                                 char *buffer, size_t size);

/* Likewise, but what is read is this slice's; -ENODATA, -ENODEV as slice-files.h says. */
ssize_t slice_files_read_held(SliceFiles *files, HeldFile held, Controller controller, const char *name,
                              char *buffer, size_t size);

/* One value file by its name, "max" being UINT64_MAX. */
int slice_files_read_value(const SliceFiles *files, Controller controller, const char *name, uint64_t *ret);
