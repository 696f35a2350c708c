/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/macro.h"

/* A /proc and a tree of groups with processes in them, in temporary directories. Needs root: the directories
 * of processes belong to users. */

/* What is special about a process; all zero is an ordinary one of root. */
typedef struct FakeProcess {
        uid_t uid;
        uid_t effective, saved, file_system; /* 0: `uid` */
        uint64_t started;                    /* clock ticks after boot; 0: 100 */
        unsigned long flags;
        char state;            /* 0: 'S' */
        unsigned threads;      /* 0: 1 */
        const char *inner_pid; /* NULL: none */
        const char *uid_map;   /* NULL: that of everybody */
        const char *groups;    /* of /proc/PID/cgroup, instead of what the tree says */
        const char *comm;      /* NULL: "sh" */
} FakeProcess;

typedef struct StrayHost {
        char path[48], proc[128], tree[128]; /* path: "" if both are somebody else's */
} StrayHost;

/* Two days after boot, with PID 1 in init.scope. Both are made, or with absolute paths are those of somebody
 * else, who removes them. */
void stray_host_open(StrayHost *host, const char *proc, const char *tree);
void stray_host_close(StrayHost *host);

/* Puts a process into the group, which is made if need be; "/system.slice/cron.service". */
void stray_host_add(const StrayHost *host, pid_t pid, const char *group, const FakeProcess *process);
/* Its files in /proc alone. */
void stray_host_put_process(const StrayHost *host, pid_t pid, const char *group, const FakeProcess *process);
void stray_host_put(const StrayHost *host, pid_t pid, const char *file, const char *text);
void stray_host_put_uptime(const StrayHost *host, const char *text);
/* From /proc; a NULL file is all of it. */
void stray_host_remove(const StrayHost *host, pid_t pid, const char *file);

#define STRAY_HOST_UPTIME_SEC 172800
