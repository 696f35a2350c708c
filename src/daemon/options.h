/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/manager.h"

typedef enum Mode {
        MODE_RUN,
        MODE_CHECK,            /* --check */
        MODE_INFO,             /* --info */
        MODE_RELEASE,          /* --release */
        MODE_IMPORT_CGROUP_PY, /* --import-cgroup-py */
        MODE_ADOPT,            /* --adopt=UID */
} Mode;

/* Parses the command line. *ret_import is the file of --import-cgroup-py, or NULL. Returns 1 if the program
 * is to go on, 0 if it is done (--help, --version), -EINVAL if the command line is wrong; what is wrong was
 * said. */
int options_parse(int argc, char *argv[], Mode *ret_mode, ManagerOptions *ret, const char **ret_import);
