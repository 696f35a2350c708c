/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"
#include "model/look.h"

/* The last looks at one slice, or at the host: a ring of 16 bytes a look. Looks at which nothing was used
 * and the memory stayed the same take no room; a ring that nobody fills takes none at all. */
typedef struct History History;

/* `looks` is how many are kept, 1 - HISTORY_LOOKS_MAX. Returns NULL if there is no memory. */
#define HISTORY_LOOKS_MAX 8640U
History *history_new(unsigned looks);
History *history_free(History *history);
DEFINE_CLEANUP(History *, history_free)

/* `number` counts the looks of the service, and never goes down; `time` is kept by the caller for all rings
 * (see HistoryClock). Values that do not fit are the largest that does. -ENOMEM: this look is lost. */
int history_add(History *history, uint64_t number, const Look *look);

/* When each look was. One for all rings. */
typedef struct HistoryClock HistoryClock;
HistoryClock *history_clock_new(unsigned looks);
HistoryClock *history_clock_free(HistoryClock *clock);
DEFINE_CLEANUP(HistoryClock *, history_clock_free)
/* Returns the look's number. */
uint64_t history_clock_add(HistoryClock *clock, usec_t realtime);

/* From the oldest that is kept and not older than `since`. Looks that took no room are visited as well, as
 * what they were. Returns what the visitor returned last, or 0. */
int history_foreach(const History *history, const HistoryClock *clock, usec_t since, LookVisitor visitor,
                    void *userdata);
