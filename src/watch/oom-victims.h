/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/time-util.h"
#include "model/oom-event.h"

/* The killed processes that the kernel's lines told of and no event has claimed yet. Pure: lines go in,
 * claims go out. Holds at most OOM_VICTIMS_MAX; the oldest makes room. */
#define OOM_VICTIMS_MAX 512

typedef struct OomVictims OomVictims;

/* Whom events have named: the lines about them may be read again after a start, and are no one else's then.
 */
typedef struct OomTold {
        pid_t pid[OOM_VICTIMS_MAX]; /* oldest first */
        size_t count;
} OomTold;

OomVictims *oom_victims_new(void);
OomVictims *oom_victims_free(OomVictims *victims);
DEFINE_CLEANUP(OomVictims *, oom_victims_free)

/* One line of the kernel's log, any line, in their order. `now` is when it was read. */
void oom_victims_feed(OomVictims *victims, const char *line, size_t length, usec_t now);

/* Victims for this slice (a child of user.slice by name) that wait to be claimed. */
size_t oom_victims_count(const OomVictims *victims, const char *slice);

/* Of these, the ones whose lines name the slice; of the others it is guessed from the victim's UID. "" is
 * for those that lines place outside of user.slice. */
size_t oom_victims_count_named(const OomVictims *victims, const char *slice);

/* No more than the newest `max` that wait can be of kills that were not told yet: forgets the others. */
void oom_victims_keep_newest(OomVictims *victims, size_t max);

/* Moves the newest `max` victims of the slice to the event, or as many as there are, and returns how many.
 * All of them count, though only the first OOM_EVENT_VICTIMS_MAX have room in the event. Sets the event's
 * cause, and what the kernel said of the slice's use and limit at that moment, if it did. Lines that name
 * the slice go before lines that tell only the user. */
size_t oom_victims_claim(OomVictims *victims, const char *slice, size_t max, OomEvent *event);

/* Whose lines were read at `since` or later and wait for nobody any more, and those given below whose lines
 * were not read yet. */
void oom_victims_get_told(const OomVictims *victims, usec_t since, OomTold *ret);

/* Those of before the start: when a line tells of one of them for the first time, it waits for nobody. Until
 * what is read at `now` expires. */
void oom_victims_set_told(OomVictims *victims, const OomTold *told, usec_t now);

/* The next slice, from *position on (0 at first, moved on), that has unclaimed victims. "user.slice" stands
 * for those that were below user.slice and in none of the slices in it. NULL at the end. */
const char *oom_victims_next_slice(const OomVictims *victims, size_t *position);

/* Forgets what was read before that time, claimed by nobody. */
void oom_victims_expire(OomVictims *victims, usec_t before);
