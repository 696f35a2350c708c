/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "notify/notice.h"

/* Writes it to each terminal of the user that takes messages, as mesg(1) has it: the pseudo-terminals and
 * the virtual consoles below the directory (/dev) that the user owns and the group may write to. One that is
 * full, or stopped, is left out; none is waited for. Returns how many have it, or -ENOMEM. */
int terminals_tell(int dev_fd, uid_t uid, const Notice *notice);
