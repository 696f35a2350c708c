/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <signal.h>
#include <systemd/sd-event.h>

#include "basic/macro.h"

/* Another program as a child, started as child_spawn() does, whose end the loop hears of. Nobody ever waits
 * for that: a user can keep a process of theirs from ending, even by SIGKILL (a file system of their own),
 * for as long as they like. */
typedef struct Child Child;

/* In the loop, when the program itself has ended; what it has started and left behind in its process group
 * is killed. The child may be freed here. */
typedef void (*ChildEnded)(const siginfo_t *si, void *userdata);

/* `argv` and `output_fd` as for child_spawn(). SIGCHLD has to be blocked. 0, or a negative errno. */
int child_start(sd_event *event, const char *const argv[], int output_fd, ChildEnded ended, void *userdata,
                Child **ret);

/* A signal to it and all of its process group, if it still runs. Its end is heard of as ever. */
void child_kill(const Child *child, int signal);

/* Its end is nobody's affair any more, but for the loop, which reaps it. Returns NULL. */
Child *child_leave(Child *child);

/* The same, and kills it if it still runs. */
Child *child_free(Child *child);
DEFINE_CLEANUP(Child *, child_free)
