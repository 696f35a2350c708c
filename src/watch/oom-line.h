/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/macro.h"

/* The kernel's lines about an out-of-memory kill, in the order in which it writes them:
 *
 *   memory: usage 65536kB, limit 65536kB, failcnt 40
 *   oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/user.slice/…,
 *           task_memcg=/user.slice/…,task=COMM,pid=N,uid=N
 *   Memory cgroup out of memory: Killed process N (COMM) total-vm:…, UID:N pgtables:…
 *
 * The first two are limited to 10 in 5 s, the last is always there. COMM, and the names of groups below the
 * user's own, are the user's choice and written as they are: with commas, brackets, blanks, ",pid=1". What
 * the parser returns is therefore found from the ends that a user cannot reach (see oom-line.c). */

typedef enum OomLineKind {
        OOM_LINE_NONE, /* some other line */
        OOM_LINE_USAGE,
        OOM_LINE_SUMMARY,
        OOM_LINE_KILLED,
} OomLineKind;

/* A part of the line. Not ended by NUL, any bytes. */
typedef struct Span {
        const char *text;
        size_t length;
} Span;

typedef struct OomLine {
        /* OOM_LINE_USAGE: of the group that hit its limit, in bytes; UINT64_MAX is no limit. */
        uint64_t usage;
        uint64_t limit;

        /* OOM_LINE_SUMMARY and OOM_LINE_KILLED */
        pid_t pid;
        uid_t uid; /* UID_INVALID in OOM_LINE_KILLED from kernels before 5.2 */
        Span comm; /* at most OOM_VICTIM_COMM_MAX bytes */

        /* OOM_LINE_SUMMARY */
        Span oom_memcg; /* path of the group whose limit was hit; empty: no limit, the host was out of memory
                         */
        Span task_memcg; /* path of the victim's group */
} OomLine;

/* The spans point into `line`. *ret is written to only if the result is not OOM_LINE_NONE. */
OomLineKind oom_line_parse(const char *line, size_t length, OomLine *ret);
