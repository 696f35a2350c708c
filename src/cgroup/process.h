/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <dirent.h>
#include <sys/types.h>

#include "cgroup/tree.h"

/* One process as /proc tells of it (proc(5)), and the group that it is in. A process writes its own name and
 * may go away at any moment: -ESRCH is what every function here says then, and is no fault. */
typedef struct Process {
        pid_t pid;      /* of the thread group */
        pid_t parent;   /* 0: none that can be seen */
        uint64_t start; /* clock ticks since boot. A PID is used again; with its start it is one process */
        uid_t uid;    /* real. Whoever starts sudo or passwd is who that belongs to, and a service that acts
                       * for somebody by its effective UID stays what it is */
        bool one_uid; /* real, effective, saved and file system UID are the same */
        bool kernel;  /* a thread of the kernel */
        bool nested;  /* in a PID namespace of its own, or deeper: in a container */
        bool tells_nested; /* kernels before 4.1 do not */
        bool dead;         /* has ended and waits for its parent: no group has it any more */
        bool realtime;     /* the scheduling policy of its first thread is SCHED_FIFO or SCHED_RR */
        char comm[64];     /* its name, NUL-terminated; whatever bytes it likes, so for log_full() only */
} Process;

/* The next PID in an open "/proc", or 0 at the end. What is no number is skipped. */
pid_t process_next(DIR *proc);

/* The effective UID, from the owner of /proc/PID; ten times cheaper than reading all. */
int process_owner(int proc_fd, pid_t pid, uid_t *ret);

/* The directory /proc/PID. All that is read below it is of one process, also if the PID is used again. */
int process_open(int proc_fd, pid_t pid);

/* Everything but the group; of a thread of the kernel only what its stat says. */
int process_read(int process_fd, Process *ret);

/* Whether it is in another user namespace than ours. The links in ns/ are only for who may trace the
 * process; this goes by uid_map, which is for everybody. Of a namespace that maps as ours does there is
 * nothing to be seen; nobody but root can make one. 1, 0, or a negative errno. */
int process_has_other_users(int process_fd, int proc_fd);

/* Whose user namespace it is in, for who may trace the process: 1 and who made the outermost one below ours,
 * so also for UIDs that stand for that user's subordinate ones; 0 if it is ours, and nothing is changed
 * then. -ENOTTY by kernels before 4.11, which do not tell. */
int process_users_owner(int process_fd, int proc_fd, uid_t *ret);

/* A whole file below /proc/PID, with NUL behind it, which the caller frees: its length, or a negative errno.
 */
ssize_t process_read_file(int process_fd, const char *name, char **ret);

/* The group in the hierarchy, relative to what the hierarchy's root_fd shows: "/" for that itself, else
 * without a slash at its end. -ENOENT if the process is in none below it, if that has been removed, or if
 * the hierarchy is not there. The caller frees it. */
int process_read_group(int process_fd, const CgroupHierarchy *hierarchy, char **ret);

/* The same in all hierarchies of the tree at once, each by its number; NULL for -ENOENT. `ret` has to be all
 * NULL before. The caller frees each. */
int process_read_groups(int process_fd, const CgroupTree *tree, char *ret[CGROUP_HIERARCHIES_MAX]);

/* The texts of /proc/PID/stat, status and cgroup, which need not end with NUL. The first two fill in their
 * parts of the struct and leave the others alone; -EBADMSG if it is no text that the kernel writes, and
 * nothing is changed then. The third is the above, with the hierarchy's name and root. */
int process_parse_stat(const char *text, size_t length, Process *process);
int process_parse_status(const char *text, size_t length, Process *process); /* the UIDs and nested */
int process_parse_group(const char *text, size_t length, const char *name, const char *root, char **ret);
