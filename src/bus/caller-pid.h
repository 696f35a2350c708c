/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>
#include <systemd/sd-bus.h>

#include "basic/macro.h"

/* The PIDs of those who call over the bus, as the bus says. Nothing here waits, and nothing is remembered:
 * hardly anybody asks. */
typedef struct CallerPids CallerPids;

/* Questions that are open at once; with one more the caller is told that there are too many. */
#define CALLER_PIDS_MAX 64U

/* As a method's handler. */
typedef int (*CallerPidHandler)(sd_bus_message *m, pid_t pid, void *userdata, sd_bus_error *error);

int caller_pids_new(sd_bus *bus, CallerPids **ret);
/* Open questions are forgotten. Takes NULL. */
CallerPids *caller_pids_free(CallerPids *pids);

/* Goes on with the message later, with the PID of its sender; not if that leaves, or the pids are freed. If
 * the bus cannot say, the sender is told. To be returned from a method's handler. */
int caller_pid_ask(CallerPids *pids, sd_bus_message *m, CallerPidHandler handler, void *userdata,
                   sd_bus_error *error);
