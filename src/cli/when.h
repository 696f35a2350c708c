/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/time-util.h"

/* Points in time (CLOCK_REALTIME) for people, as systemctl writes them. Each writes into the caller's buffer
 * and returns it. */
#define WHEN_MAX 64

typedef char WhenBuffer[WHEN_MAX];

/* "Sun 2026-11-22 06:24:16 UTC", in the time zone of TZ=; "n/a" for 0 and what no calendar has. */
const char *when_format(WhenBuffer buffer, usec_t time);

/* "3s ago", "1min 30s ago", "2h 5min ago", "3d 4h ago"; "now", also for what is still to come. */
const char *when_ago(WhenBuffer buffer, usec_t time, usec_t now);
