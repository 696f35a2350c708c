/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "notify/notice.h"

/* Shows it on the desktop: org.freedesktop.Notifications on the session bus behind this socket, which has to
 * be the user's. Nothing is started for it: who has no desktop here gets none. Returns 0 if it was taken; or
 * a negative errno, such as -ENOENT (no bus), -EPERM (another's), -ETIMEDOUT (not within `timeout`, all in
 * all). */
int desktop_tell(const char *socket_path, uid_t uid, const Notice *notice, usec_t timeout);
