/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "report/digest-internal.h"

static uint64_t add(uint64_t a, uint64_t b) {
        uint64_t sum;

        return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* ---- two events ---- */

/* The order is that of what the user can do about it. */
static OomCause merge_causes(OomCause a, OomCause b) {
        if (a == OOM_CAUSE_UNKNOWN)
                return b;
        return b == OOM_CAUSE_UNKNOWN ? a : MIN(a, b);
}

static void merge_victims(OomEvent *oom, const OomEvent *later) {
        size_t n = MIN(later->n_victims, OOM_EVENT_VICTIMS_MAX - oom->n_victims);

        memcpy(oom->victims + oom->n_victims, later->victims, n * sizeof *later->victims);
        oom->n_victims += n;
}

static void merge_oom(OomEvent *oom, const OomEvent *later) {
        oom->kills = add(oom->kills, later->kills);
        oom->hits = add(oom->hits, later->hits);
        oom->cause = merge_causes(oom->cause, later->cause);
        oom->late &= later->late;
        if (later->memory_max_known) {
                oom->memory_max_known = true;
                oom->memory_max = later->memory_max;
        }
        if (later->memory_current != OOM_VALUE_UNKNOWN)
                oom->memory_current = later->memory_current;
        if (later->memory_peak != OOM_VALUE_UNKNOWN)
                oom->memory_peak = later->memory_peak;
        merge_victims(oom, later);
}

void digest_merge(Event *event, const Event *later) {
        if (event->kind == EVENT_OUT_OF_MEMORY)
                merge_oom(&event->oom, &later->oom);
        else if (later->warning.percent >= event->warning.percent)
                event->warning = later->warning;
        if (later->processes.count > 0)
                event->processes = later->processes;
}

/* ---- the events of a message ---- */

void digest_message_init(DigestMessage *message, uid_t uid, EventKind kind) {
        *message = (DigestMessage){
                .reader = uid == UID_INVALID ? READER_ADMIN : READER_USER,
                .uid = uid,
                .kind = kind,
        };
}

size_t digest_message_find(const DigestMessage *message, const char *slice) {
        size_t i = 0;

        while (i < message->n_events && strcmp(message->events[i].slice, slice) != 0)
                i++;
        return i;
}

int digest_message_reserve(DigestMessage *message, const char *slice) {
        size_t n = message->n_events + 1;
        Event *events;
        char **names;

        if (n > DIGEST_SLICES_MAX || digest_message_find(message, slice) < message->n_events)
                return 0;
        events = reallocarray(message->events, n, sizeof *events);
        if (!events)
                return -ENOMEM;
        message->events = events;
        names = reallocarray(message->user_names, n, sizeof *names);
        if (!names)
                return -ENOMEM;
        message->user_names = names;
        return 0;
}

/* Of an event what is kept. */
static Event copy_event(const Event *event) {
        Event copy = {
                .time = event->time,
                .kind = event->kind,
                .uid = event->uid,
                .by = UID_INVALID,
                .processes = event->processes,
        };

        snprintf(copy.slice, sizeof copy.slice, "%s", event->slice);
        if (event->kind == EVENT_MEMORY_WARNING)
                copy.warning = event->warning;
        else
                copy.oom = event->oom;
        return copy;
}

void digest_message_add(DigestMessage *message, const Event *event, char **name) {
        size_t i = digest_message_find(message, event->slice);
        bool first = message->n_events == 0;

        message->first = first ? event->time : MIN(message->first, event->time);
        message->last = first ? event->time : MAX(message->last, event->time);
        if (event->kind == EVENT_OUT_OF_MEMORY)
                message->kills = add(message->kills, event->oom.kills);
        if (i == DIGEST_SLICES_MAX) {
                message->more = add(message->more, 1);
                return;
        }
        if (i < message->n_events)
                digest_merge(&message->events[i], event);
        else {
                message->events[i] = copy_event(event);
                message->user_names[i] = NULL;
                message->n_events++;
        }
        if (!message->user_names[i])
                message->user_names[i] = TAKE_PTR(*name);
}

void digest_message_drop(DigestMessage *message, size_t index) {
        size_t behind = message->n_events - index - 1;

        if (message->n_events == 1) {
                digest_message_clear(message);
                return;
        }
        free(message->user_names[index]);
        memmove(message->events + index, message->events + index + 1, behind * sizeof *message->events);
        memmove(message->user_names + index, message->user_names + index + 1,
                behind * sizeof *message->user_names);
        message->n_events--;
}

void digest_message_clear(DigestMessage *message) {
        for (size_t i = 0; i < message->n_events; i++)
                free(message->user_names[i]);
        free(message->events);
        free(message->user_names);
        digest_message_init(message, message->uid, message->kind);
}
