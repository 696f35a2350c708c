/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/manager-private.h"

/* The layer of the configuration that is set over the bus, as the manager has it. */

/* Reads it anew, to go with that configuration; says what is wrong and was not before (or `all` that is
 * wrong), and leaves that out. 0, or a negative errno, which was logged. */
int control_read(Manager *m, const Config *config, bool all, Control **ret);

/* Takes what was read; what follows from it is the caller's business. */
void control_take(Manager *m, Control *control);

/* Who the user of a slice is, who need not be there; what is returned stays until the next call. 1 if the
 * user is exempt, 0 if not; -ENOENT: not the name of a user's slice; -EHOSTUNREACH: there is no such user;
 * or what the name service says. */
int control_find_user(Manager *m, const char *name, const User **ret);
