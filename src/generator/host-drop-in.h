/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* What fairsliced.service needs on this host beyond what its unit file says. */

#define HOST_DROP_IN_DIRECTORY "fairsliced.service.d"
#define HOST_DROP_IN_NAME      "50-fairslice-host.conf"

/* Looks below an open "/" and an open "/proc". Returns 1 and the text of a drop-in; or 0 if none is needed,
 * since the unit file is made for a unified tree and a polkit that reads rules, or if there is no tree and
 * the service could not run at all; or a negative errno. */
int host_drop_in(int root_fd, int proc_fd, const char **ret);

/* Writes the text below the directory that systemd.generator(7) calls normal-dir. */
int host_drop_in_write(int directory_fd, const char *text);
