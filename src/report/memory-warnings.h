/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/macro.h"
#include "basic/time-util.h"
#include "model/memory-warning.h"

/* Who is to be warned that memory runs short, and how often.
 *
 * A user is warned when the use reaches a threshold: of the highest that it has reached. There is no other
 * warning of that threshold, or of one below it, before the use has been below it in between, and at least
 * `interval` after the one before. So who stays above it is warned once; and a threshold that was reached
 * too soon after the last warning is warned of later, if the use is still there.
 *
 * What is remembered takes some 60 bytes for each user who is above a threshold or was warned within the
 * interval. It is not kept over a restart. */
typedef struct MemoryWarnings MemoryWarnings;

/* NULL if there is no memory. */
MemoryWarnings *memory_warnings_new(const MemoryThresholds *thresholds, usec_t interval);
MemoryWarnings *memory_warnings_free(MemoryWarnings *warnings);
DEFINE_CLEANUP(MemoryWarnings *, memory_warnings_free)

/* Whether they were made with these. */
bool memory_warnings_are(const MemoryWarnings *warnings, const MemoryThresholds *thresholds,
                         usec_t interval);

/* The percentage of the limit in bytes, rounded down; UINT64_MAX for a limit that is none (UINT64_MAX). */
uint64_t memory_threshold_bytes(unsigned percent, uint64_t limit);

/* The use below which no user with this limit is warned of anything. */
uint64_t memory_warnings_lowest(const MemoryWarnings *warnings, uint64_t limit);

/* One look at a user; `now` never goes back. Returns the percentage to warn of, or 0: also if there is no
 * memory to remember it, so that a warning is never repeated without end. */
unsigned memory_warnings_look(MemoryWarnings *warnings, uid_t uid, uint64_t used, uint64_t limit,
                              usec_t now);

/* The user's slice is gone: as if the use had been looked at and was nothing. */
void memory_warnings_forget(MemoryWarnings *warnings, uid_t uid, usec_t now);
