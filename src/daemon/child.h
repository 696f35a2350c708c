/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "basic/macro.h"

/* Another program of ours as a child, for hosts where no systemd starts it. It leads a session, has nothing
 * on standard input and of the environment only a path, and writes where we do. SIGCHLD has to be blocked.
 */
typedef struct Child Child;

/* In the loop. `status` is that of waitpid(2). The child may be freed here. */
typedef void (*ChildEnded)(int status, void *userdata);

/* argv[0] is an absolute path. Returns 0, or a negative errno if it cannot be started. */
int child_start(sd_event *event, const char *const argv[], ChildEnded ended, void *userdata, Child **ret);

/* Kills it with what it has started. It is not waited for: `ended` is called as ever. */
void child_kill(Child *child);

/* The same, if it still runs; but then `ended` is not called. */
Child *child_free(Child *child);
DEFINE_CLEANUP(Child *, child_free)
