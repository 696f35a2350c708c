/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"
#include "basic/time-util.h"
#include "spool/spool.h"

/* What wakes the sender: signals, and the spool. */
typedef struct Wake {
        int signal_fd, spool_fd;
        bool stop;        /* SIGTERM or SIGINT came */
        usec_t stop_usec; /* when, by CLOCK_MONOTONIC */
        bool retry;       /* SIGHUP came: try everything now. Whoever does it resets it. */
} Wake;

#define WAKE_NULL ((Wake){ .signal_fd = -1, .spool_fd = -1 })

/* The signals are blocked from now on, in all threads that are made later as well. */
int wake_open(const Spool *spool, Wake *ret);
void wake_close(Wake *wake);

/* Takes in what has come, without waiting. */
void wake_look(Wake *wake);

/* Waits until something comes, or the time is over. */
void wake_wait(const Wake *wake, usec_t usec);
