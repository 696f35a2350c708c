/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cgroup/tree.h"
#include "model/backend-kind.h"

/* What kind of host this is. */
typedef struct HostInfo {
        bool systemd; /* is PID 1 */
        bool unified; /* limits go into the unified tree */
        CgroupMounts mounts;
        char init[32]; /* the name of PID 1 */
} HostInfo;

/* Looks below an open "/" and an open "/proc". */
int host_info_read(int root_fd, int proc_fd, HostInfo *ret);

/* What something else is mounted over counts as not mounted from now on, and is logged. Whoever means to
 * open the tree asks for this before. */
void host_info_drop_hidden(HostInfo *info);
void host_info_done(HostInfo *info);

/* For messages: "a hybrid cgroup tree", "runit as PID 1". */
const char *host_info_tree(const HostInfo *info);
const char *host_info_init(const HostInfo *info);

/* The tree in which slices are, whichever backend writes to it. Outcomes of cgroup/tree.h. */
int host_info_open_tree(const HostInfo *info, CgroupTree **ret);

#define BACKEND_REASON_MAX 256

/* The backend for this host: `wanted`, or with BACKEND_AUTO the one that suits. The reason is a part of a
 * sentence, "the host has … and …". Returns 0; or -EOPNOTSUPP if it cannot be had here, and then the reason
 * is why. Nothing is written to *ret then. */
int host_info_choose_backend(const HostInfo *info, BackendKind wanted, BackendKind *ret,
                             char reason[BACKEND_REASON_MAX]);

/* For --info: all that was found, to standard output. */
int host_info_print(void);
