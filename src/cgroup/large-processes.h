/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/large-process.h"

/* No more than so much is looked at, since the caller waits: a process takes up to 10 µs, so all of them up
 * to 10 ms. A user can have any number of groups and processes. */
#define LARGE_PROCESSES_LOOKED_AT 1000U
#define LARGE_PROCESSES_GROUPS    256U
#define LARGE_PROCESSES_DEPTH     12U

/* Finds the largest processes of a group and of all groups below it. `group_fd` is its directory, O_PATH or
 * not, `proc_fd` is "/proc". Who goes away meanwhile, or must not be looked at, is left out. Returns 0, or a
 * negative errno if the group itself cannot be read. */
int large_processes_find(int group_fd, int proc_fd, LargeProcesses *ret);

/* The resident set of a text of /proc/PID/statm, in pages. 0 or -EBADMSG. */
int process_parse_statm(const char *text, size_t length, uint64_t *ret);
