/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cgroup/tree.h"

/* How much CPU there is for the users, and how much of it the whole host uses. */
typedef struct CapacityReader CapacityReader;

typedef struct Capacity {
        unsigned online_cpus; /* at least 1 */
        unsigned usable_cpus; /* of these, the ones that the cpuset lets users have; at least 1 */
        uint64_t quota; /* what user.slice or a group above it may use, in µs of CPU a second; UINT64_MAX
                         * if nothing is set */
        uint64_t cpu;   /* the smaller of the two: what there is for users, in µs of CPU a second */
} Capacity;

/* `sysfs_fd` is an open "/sys" and may be closed afterwards; the tree must outlive the reader. Holds two
 * descriptors: the list of online CPUs and the root's cpu.stat, or cpuacct.usage. */
int capacity_reader_open(int sysfs_fd, CgroupTree *tree, CapacityReader **ret);

CapacityReader *capacity_reader_free(CapacityReader *reader);
DEFINE_CLEANUP(CapacityReader *, capacity_reader_free)

/* Meant for once an interval. -EBADMSG if the kernel's files hold what they should not; a cpuset or a quota
 * that is not there is no failure. */
int capacity_read(CapacityReader *reader, Capacity *ret);

/* CPU time in µs that everything on the host has used since boot: the root's cpu.stat or cpuacct.usage. One pread, so it can
 * be asked several times a second. */
int capacity_read_host_usage(CapacityReader *reader, uint64_t *ret_usec);
