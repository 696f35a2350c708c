/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "model/user.h"
#include "watch/strays.h"

/* What systemd is asked and told when strays are moved. These calls wait for the answer. */

/* Whether processes of the user may be taken out of the unit whose group this is: 1 if systemd has it
 * loaded, with this group, without Delegate= and not with User= this user; 0 if not; or a negative errno if
 * systemd did not say. The files tell most of that, but not on every version, nor on cgroup v1. */
int adopt_unit_lets_go(sd_bus *bus, const char *group, const User *user);

/* Makes a scope of the processes in the slice. -ESRCH if one of them is gone. */
int adopt_unit_start_scope(sd_bus *bus, const char *scope, const char *slice, const char *description,
                           const Strays *strays);
