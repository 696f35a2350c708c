/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/macro.h"

/* As shells say it. */
#define CHILD_CANNOT_RUN 127

/* Starts a program, which is an absolute path, with argv[0] and what follows it, up to NULL: as soon as it
 * runs, in a session and a process group of its own, whose ids are its PID; with `environment`, up to NULL
 * (NULL itself: PATH is all that there is); with no signal blocked or ignored; with /dev/null as its
 * standard input, `output_fd` as its standard output (-1: /dev/null) and ours as standard error, and no
 * other descriptor. 0, or a negative errno. If the program cannot be run, the child ends with
 * CHILD_CANNOT_RUN. May be called while there are threads. */
int child_spawn(const char *program, const char *const argv[], const char *const environment[],
                int output_fd, pid_t *ret);
