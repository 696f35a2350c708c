/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"
#include "basic/time-util.h"

/* When an event that is being collected is complete. The record has to be out a second after the kill. */
#define OOM_POLL_USEC        (50 * USEC_PER_MSEC)
#define OOM_QUIET_USEC       (150 * USEC_PER_MSEC)
#define OOM_WINDOW_USEC      (500 * USEC_PER_MSEC)
#define OOM_LATE_WINDOW_USEC (3 * USEC_PER_SEC) /* found at the start: nobody waits, and the log is long */

/* Hits of a limit with nobody killed: one event for a slice in this time. */
#define OOM_HITS_USEC (30 * USEC_PER_SEC)
/* Hits just after a kill are of the same misery, from processes that asked while the victim was dying. */
#define OOM_ECHO_USEC (1 * USEC_PER_SEC)

typedef struct OomWindow {
        bool open;
        bool late;
        usec_t opened;
        usec_t last_news;
} OomWindow;

/* Something happened: opens the window, or keeps it open. */
static inline void oom_window_news(OomWindow *window, usec_t now, bool late) {
        if (!window->open)
                *window = (OomWindow){ .open = true, .late = late, .opened = now };
        window->last_news = now;
}

/* Whether it is time to close it. `complete`: the kernel's lines for all kills are there. */
static inline bool oom_window_is_due(const OomWindow *window, usec_t now, bool complete) {
        if (!window->open)
                return false;
        if (now >= window->opened + (window->late ? OOM_LATE_WINDOW_USEC : OOM_WINDOW_USEC))
                return true;
        return complete && now >= window->last_news + OOM_QUIET_USEC;
}
