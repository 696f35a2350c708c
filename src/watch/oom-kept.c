/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "watch/oom-kept.h"

#include <string.h>

#include "cgroup/tree.h"

OomKept *oom_kept_new(void) {
        OomKept *kept = calloc(1, sizeof *kept);

        if (!kept)
                return NULL;
        /* One more: what is new comes before two become one. */
        kept->events = calloc(OOM_KEPT_MAX + 1, sizeof *kept->events);
        return kept->events ? kept : oom_kept_free(kept);
}

OomKept *oom_kept_free(OomKept *kept) {
        if (!kept)
                return NULL;
        free(kept->events);
        free(kept);
        return NULL;
}

static uint64_t add_saturated(uint64_t a, uint64_t b) {
        uint64_t sum;

        return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static void forget_slice(OomEvent *event) {
        strcpy(event->slice, CGROUP_USER_SLICE);
        event->uid = UID_INVALID;
        event->memory_max_known = false;
        event->memory_max = event->memory_current = event->memory_peak = OOM_VALUE_UNKNOWN;
}

static void merge_memory(OomEvent *event, const OomEvent *earlier) {
        if (!event->memory_max_known) {
                event->memory_max_known = earlier->memory_max_known;
                event->memory_max = earlier->memory_max;
        }
        if (event->memory_current == OOM_VALUE_UNKNOWN)
                event->memory_current = earlier->memory_current;
        if (event->memory_peak == OOM_VALUE_UNKNOWN)
                event->memory_peak = earlier->memory_peak;
}

static void merge_victims(OomEvent *event, const OomEvent *earlier) {
        size_t n = earlier->n_victims, more = MIN(event->n_victims, OOM_EVENT_VICTIMS_MAX - n);

        memmove(event->victims + n, event->victims, more * sizeof *event->victims);
        memcpy(event->victims, earlier->victims, n * sizeof *event->victims);
        event->n_victims = n + more;
}

static void merge(OomEvent *event, const OomEvent *earlier) {
        if (strcmp(event->slice, earlier->slice) == 0)
                merge_memory(event, earlier);
        else
                forget_slice(event);
        merge_victims(event, earlier);
        event->time = earlier->time;
        event->kills = add_saturated(event->kills, earlier->kills);
        event->hits = add_saturated(event->hits, earlier->hits);
        event->late = event->late || earlier->late;
        if (event->cause != earlier->cause)
                event->cause = OOM_CAUSE_UNKNOWN;
}

/* The last two of one slice, the newest of all events before all others; or the last two. */
static void find_pair(const OomKept *kept, size_t *ret_earlier, size_t *ret_later) {
        for (size_t later = kept->n_events; later-- > 1;)
                for (size_t earlier = later; earlier-- > 0;)
                        if (strcmp(kept->events[earlier].slice, kept->events[later].slice) == 0) {
                                *ret_earlier = earlier;
                                *ret_later = later;
                                return;
                        }
        *ret_earlier = kept->n_events - 2;
        *ret_later = kept->n_events - 1;
}

static void drop(OomKept *kept, size_t first, size_t count) {
        OomEvent *at = kept->events + first;

        memmove(at, at + count, (kept->n_events - first - count) * sizeof *at);
        kept->n_events -= count;
}

static void append(OomKept *kept, const OomEvent *event) {
        size_t earlier, later;

        kept->events[kept->n_events++] = *event;
        if (kept->n_events <= OOM_KEPT_MAX)
                return;
        find_pair(kept, &earlier, &later);
        merge(&kept->events[later], &kept->events[earlier]);
        drop(kept, earlier, 1);
}

void oom_kept_add(OomKept *kept, OomEvent *event) {
        OomEvent copy;

        event->id = ++kept->last_id;
        copy = *event;
        if (!slice_name_is_valid(copy.slice))
                forget_slice(&copy);
        append(kept, &copy);
}

int oom_kept_restore(OomKept *kept, const OomEvent *event) {
        uint64_t newest = kept->n_events > 0 ? kept->events[kept->n_events - 1].id : 0;

        if (kept->n_events == OOM_KEPT_MAX || event->id <= newest || event->id > kept->last_id ||
            event->kills == 0 || !slice_name_is_valid(event->slice))
                return -EBADMSG;
        kept->events[kept->n_events++] = *event;
        return 0;
}

bool oom_kept_acknowledge(OomKept *kept, uint64_t id) {
        size_t n = 0;

        while (n < kept->n_events && kept->events[n].id <= id)
                n++;
        drop(kept, 0, n);
        kept->last_id = MAX(kept->last_id, MIN(id, OOM_ID_MAX));
        return n > 0;
}

void oom_kept_renumber(OomKept *kept, uint64_t last_id) {
        for (size_t i = 0; i < kept->n_events; i++)
                kept->events[i].id = ++last_id;
        kept->last_id = last_id;
}
