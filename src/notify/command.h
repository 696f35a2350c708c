/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/time-util.h"
#include "notify/notice.h"

/* Runs NotifyCommand=: its words, split at blanks, and the text as one more argument. No shell sees them. It
 * has nothing on standard input, its output is our standard error, and $XDG_RUNTIME_DIR and
 * $DBUS_SESSION_BUS_ADDRESS lead to the user's session. After `timeout` it is killed with what it has
 * started. Returns 0 if it ended with 0; -EPROTO if not; -ETIMEDOUT; or why it cannot be run: -ENOEXEC also
 * if it says so itself, as shells do, by ending with 127. */
int command_run(const char *command, uid_t uid, const Notice *notice, usec_t timeout);
