/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "basic/time-util.h"
#include "support/test.h"

/* The event loops of one test, driven in turn: what is tested has its own, and the fakes beside it have
 * another, so that neither can wait for the other inside a call. */

/* Takes a reference. */
void drive_add(sd_event *loop);
void drive_remove(sd_event *loop);

/* Runs what is ready in all loops; if nothing is, waits for it at most so long. Returns whether anything
 * ran. A loop that has ended is left out. */
bool drive_step(usec_t wait);

/* Runs everything that is ready now and what follows from it at once. What another process still has to do,
 * such as a bus, is not waited for. */
void drive_ready(void);

/* The same, until there has been nothing to do for some milliseconds: for what shall not happen. */
void drive_quiet(void);

/* Generous: it only ends a test that has failed. */
#define DRIVE_LIMIT_USEC (20 * USEC_PER_SEC)

/* Drives until the condition holds. */
#define DRIVE_UNTIL(condition)                                                         \
        do {                                                                           \
                usec_t _deadline = now_monotonic() + DRIVE_LIMIT_USEC;                 \
                while (!(condition)) {                                                 \
                        if (now_monotonic() > _deadline)                               \
                                fail_msg("%s did not come about in time", #condition); \
                        drive_step(50 * USEC_PER_MSEC);                                \
                }                                                                      \
        } while (0)
