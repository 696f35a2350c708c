/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/oom-event.h"

/* The events that were told and that nobody has acknowledged yet, and the count of ids. Pure. */

/* How many are held. */
#define OOM_KEPT_MAX 512U

/* No id is larger, so that counting on never comes round to 0. */
#define OOM_ID_MAX (UINT64_MAX >> 1)

typedef struct OomKept {
        OomEvent *events; /* in the order of their ids; `again` is false */
        size_t n_events;  /* at most OOM_KEPT_MAX */
        uint64_t last_id; /* that was given to an event, or was acknowledged; 0: none */
} OomKept;

/* The room for all of them is taken at once, so that an event is never told that there is no room for; pages
 * of it that nothing was written to cost nothing. */
OomKept *oom_kept_new(void);
OomKept *oom_kept_free(OomKept *kept);
DEFINE_CLEANUP(OomKept *, oom_kept_free)

/* Gives the event the next id and holds a copy. One of a slice whose name no unit can have is held as one of
 * user.slice.
 *
 * Where OOM_KEPT_MAX are held, two become one: the new one and the last one of its slice; or else the last
 * two of some slice; or else, if all are of different slices, the new one and the last one, as one of
 * user.slice, since nobody may be told of another's processes. That one has the later id, the earlier time
 * and the sums; victims as far as there is room, the earlier ones first; and what is known of the later
 * one's memory, or else of the earlier one's. */
void oom_kept_add(OomKept *kept, OomEvent *event);

/* Holds an event with the id that it had. -EBADMSG if that is not between the newest one that is held and
 * last_id, if it is an event that is never held (without kills, or of no slice that a unit can be), or if
 * OOM_KEPT_MAX are held. */
int oom_kept_restore(OomKept *kept, const OomEvent *event);

/* Drops all up to this id, which is never given to another event. Whether there was anything to drop. */
bool oom_kept_acknowledge(OomKept *kept, uint64_t id);

/* Ids belong to a boot: gives all of them new ones, which count on from `last_id`. */
void oom_kept_renumber(OomKept *kept, uint64_t last_id);
