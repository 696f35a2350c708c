/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"
#include "model/look.h"

/* The last looks at each slice, and at the host, in rings of 16 bytes a look.
 *
 * A look at which nothing was used, and memory and grant were the same as before, takes no room, so a slice
 * that idles has one entry. A ring grows with what is put into it, up to the number of looks that are kept.
 * An entry is coarser than a Look; what comes out is what went in to within
 *
 *   use, grant   5 µs a second; at most 42,949 CPUs
 *   throttled    1/1024 of it, rounded down; exact below 2048 µs a second; at most 4.3 million CPUs
 *   memory       32 KiB; at most 256 TiB
 *
 * What is more than the most is the most; a grant of LIMIT_UNSET comes out as that. */

/* When each look was: one for all rings, which count by its numbers and keep as many looks as it does. */
typedef struct HistoryClock HistoryClock;

/* `looks`: 1 - HISTORY_LOOKS_MAX. Returns NULL if there is no memory. */
HistoryClock *history_clock_new(unsigned looks);
HistoryClock *history_clock_free(HistoryClock *clock);
DEFINE_CLEANUP(HistoryClock *, history_clock_free)

/* Ends a look: what was put into the rings since the last call is of this time. */
void history_clock_add(HistoryClock *clock, usec_t realtime);

/* One ring. NULL is one that has never had a look. */
typedef struct History History;
History *history_free(History *history);
DEFINE_CLEANUP(History *, history_free)

/* Puts in what was seen at the look that the next history_clock_add() ends; look->time is left out of
 * account. At most once a look, and always with the same clock. A ring that is left out of a look has seen
 * nothing used. -ENOMEM: this look is lost, and the ring is as before. */
int history_add(History **history, const HistoryClock *clock, const Look *look);

/* From the oldest look that is kept to the last that has ended, those not older than `since`. Looks that
 * took no room are visited as what they were; those before the ring's first are not. The system's clock may
 * be set, so that the times do not always go up: the order is that of the looks. Returns what the visitor
 * returned last, or 0. */
int history_foreach(const History *history, const HistoryClock *clock, usec_t since, LookVisitor visitor,
                    void *userdata);
