/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "basic/macro.h"

/* A thread for what waits for the disk, so that the loop does not. Jobs are done one after the other, in the
 * order in which they were given. No signal is taken there. */
typedef struct Worker Worker;

/* In the thread. May touch nothing but what `data` owns, and what no other thread uses meanwhile. Returns
 * what `done` gets. */
typedef int (*WorkerFunction)(void *data);

/* In the loop, in the order of the jobs. Frees the data. */
typedef void (*WorkerDone)(int result, void *data);

/* The thread starts with the first job. */
int worker_new(sd_event *event, Worker **ret);

/* Does what was given, calls `done` for each, and ends the thread. It may take as long as the disk does. Not
 * from within `done`. NULL is ignored. */
Worker *worker_free(Worker *worker);
DEFINE_CLEANUP(Worker *, worker_free)

/* 0; or -ENOMEM, -EAGAIN (no thread can be made), -ESHUTDOWN (from within `done`, while it is being freed):
 * then the data is still the caller's. */
int worker_submit(Worker *worker, WorkerFunction function, WorkerDone done, void *data);
