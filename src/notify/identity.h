/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/macro.h"

#define NOTIFY_RUNTIME_PATH "/run/fairslice-notify"

/* The directory in which it is kept what was shown: systemd's RuntimeDirectory=. -1 if there is none. */
int identity_directory(void);

/* For root, where it is not systemd that starts us as the user: makes that directory in NOTIFY_RUNTIME_PATH,
 * and becomes the user for good, with an environment of their own. Returns the descriptor of the directory,
 * or a negative errno, which is logged. */
int identity_become(uid_t uid);
