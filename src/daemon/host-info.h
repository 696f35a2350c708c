/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* What kind of host this is. */
typedef struct HostInfo {
        bool systemd;  /* is PID 1 */
        bool unified;  /* /sys/fs/cgroup is cgroup v2 */
        bool hybrid;   /* it is v1 with a v2 tree beside the controllers */
        char init[32]; /* the name of PID 1 */
} HostInfo;

int host_info_read(HostInfo *ret);

/* For messages: "a hybrid cgroup tree", "runit as PID 1". */
const char *host_info_tree(const HostInfo *info);
const char *host_info_init(const HostInfo *info);

/* For --info: all that was found, to standard output. */
int host_info_print(void);
