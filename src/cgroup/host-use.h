/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/time-util.h"
#include "cgroup/capacity.h"

/* How much CPU time the whole host has used: all that was not idle.
 *
 * The root's cpu.stat would be the obvious place, but the kernel fills it from what each timer tick happens
 * to find, and loses what happens between ticks and the ticks that a virtual machine misses: seen to be a
 * fifth below the sum of the groups, which are timed exactly. Idle time is timed exactly as well (NO_HZ),
 * and what it leaves holds kernel threads, interrupts and stolen time too.
 *
 * In a container /proc may speak of another host than the tree does. There, and in a test's tree, the root's
 * cpu.stat is what counts; it is a group like others then, and exact. */
typedef struct HostUse HostUse;

/* `proc_fd` is an open "/proc" and may be closed afterwards. The tree and the capacity reader must outlive
 * it. */
int host_use_open(int proc_fd, const CgroupTree *tree, CapacityReader *capacity, HostUse **ret);
HostUse *host_use_free(HostUse *use);
DEFINE_CLEANUP(HostUse *, host_use_free)

/* A counter, in µs of CPU, that begins somewhere; only differences mean something. `now` is monotonic.
 *
 * The glance is cheap on any host, and takes time spent waiting for I/O for use: it may be too high, never
 * too low. Where there is only the root's counter, what was read at the same `now` is not read again. The
 * other reads /proc/stat, which takes about a millisecond with hundreds of CPUs. The two counters have
 * nothing to do with each other. */
int host_use_glance(HostUse *use, usec_t now, unsigned online_cpus, uint64_t *ret);
int host_use_read(HostUse *use, usec_t now, unsigned online_cpus, uint64_t *ret);

/* Idle time of all CPUs together in µs, from the text of /proc/uptime (without waiting for I/O) and of
 * /proc/stat (with it). -EBADMSG. */
int host_idle_parse_uptime(const char *text, uint64_t *ret);
int host_idle_parse_stat(const char *text, uint64_t *ret);
