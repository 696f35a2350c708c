/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/macro.h"

#define NOTIFY_RUNTIME_PATH "/run/fairslice-notify"

/* The user's own runtime directory, in which it is kept what was shown. -1 if there is none. */
int identity_directory(void);

/* For root, where it is not systemd that starts us as the user: opens the file in NOTIFY_RUNTIME_PATH in
 * which it is kept what was shown, and becomes the user for good, with an environment of their own. The file
 * and its directory stay root's, so that a user can fill nothing. Returns the descriptor of the file, to
 * read and to write, or a negative errno, which is logged. */
int identity_become(uid_t uid);
