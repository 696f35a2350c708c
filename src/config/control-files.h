/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/control.h"
#include "config/files.h"
#include "model/slice-name.h"

/* "user-1000.slice.conf" */
typedef char ControlFileName[sizeof(SliceName) + sizeof CONFIG_ENDING];

const char *control_file_name(ControlFileName buffer, uid_t uid);

/* Opens a file of a control.d for reading. Returns a descriptor; -ENOENT; -ELOOP if it is a link; -EINVAL if
 * it is no regular file; or another negative errno. Never waits. */
int control_file_open(int dirfd, const char *name);
