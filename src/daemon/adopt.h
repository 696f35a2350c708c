/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/config.h"
#include "daemon/manager.h"

/* `fairsliced --adopt=UID`, what fairslice-adopt@UID.service runs as root: moves the user's strays into a
 * scope of their slice. It trusts whoever started it in nothing: whether that is wanted for this user, and
 * which processes are strays, it finds out by itself, and asks systemd about each unit besides. */

/* Whether the configuration wants this user's strays in their slice. A UID that has no name is nobody's. */
bool adopt_is_wanted(const Config *config, const User *user);

/* Returns 0 if all that there was has been moved, also if that was nothing, or a negative errno; what fails
 * is logged, and so is, in one line, what was moved. Of the options paths, config_file and adopt_uid count.
 */
int adopt_run(const ManagerOptions *options);
