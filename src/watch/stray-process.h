/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/macro.h"

/* What tells whether a process is a stray, read from its directory in /proc. The formats are those of
 * proc(5); whatever is missing or not understood is an error, and the process is left alone then. */

/* The kernel's names have 15 bytes, of kernel threads 63; status escapes line breaks and backslashes. */
#define STRAY_COMM_MAX 64

typedef struct StrayProcess {
        pid_t pid;
        uid_t uid;                 /* the real one */
        bool one_uid;              /* real, effective, saved and file system UID are the same */
        bool dead;                 /* a zombie, or about to be one: it has no group to be moved out of */
        bool kernel;               /* a kernel thread */
        bool inner_pids;           /* in a PID namespace below ours */
        bool inner_users;          /* in another user namespace than ours */
        uint64_t started;          /* clock ticks after boot: with the PID, which process it is */
        char comm[STRAY_COMM_MAX]; /* whatever its owner likes; control characters too */
} StrayProcess;

/* /proc/PID/status: uid, one_uid, inner_pids and comm. -EINVAL. */
int stray_process_parse_status(const char *text, StrayProcess *process);

/* /proc/PID/stat: kernel, dead, started. -EINVAL. */
int stray_process_parse_stat(const char *text, StrayProcess *process);

/* Whether the process is in `group` as systemd has put it there, by /proc/PID/cgroup: in systemd's own
 * hierarchy (name=systemd, where there is none the unified one) its group is this, and in all others this or
 * one above it. Elsewhere somebody else has put it, and takes care of it. */
bool stray_groups_are(const char *text, const char *group);

/* Opens the directory of a process: what is read through it is always of the same process, or -ESRCH. */
int stray_process_open(int proc_fd, pid_t pid);

/* All of the struct. -ESRCH, -ENOENT, -EACCES: it is gone or not for us to see. */
int stray_process_read(int process_fd, int proc_fd, pid_t pid, StrayProcess *ret);

/* 1 if stray_groups_are(), else 0, or a negative errno. */
int stray_process_is_in(int process_fd, const char *group);

/* When the process began and whose it is, for comparing it with others; cheaper. */
int stray_process_age(int proc_fd, pid_t pid, uint64_t *ret_started, uid_t *ret_uid);
