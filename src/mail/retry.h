/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/time-util.h"

/* When it is tried again. RFC 5321, 4.5.4.1, asks for half an hour; what fails for a moment is mostly over
 * much sooner (greylisting, a restart), so the first pauses are short. */

#define RETRY_PAUSE_MIN_USEC (5 * USEC_PER_SEC)
#define RETRY_PAUSE_MAX_USEC (3600 * USEC_PER_SEC)

/* The same section: give up after four to five days. */
#define RETRY_EXPIRE_USEC (5 * 24 * 3600 * USEC_PER_SEC)

/* After so many tries: 5 s doubled with each, an hour at most, and up to a fifth less by the random number,
 * so that not all hosts come at once after the server was away. */
usec_t retry_pause(unsigned tries, uint32_t random);

/* How long to wait at `now` for something that is due at `next`: 0 if it is due. The clock may have been set
 * back, and nothing is ever planned further ahead than the longest pause. */
usec_t retry_wait(usec_t next, usec_t now);
