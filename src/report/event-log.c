/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "report/event-log.h"

#include <string.h>

struct EventLog {
        uint64_t last_id;
        size_t count;
        Event *event[EVENT_LOG_MAX]; /* oldest first */
};

EventLog *event_log_new(void) {
        return calloc(1, sizeof(EventLog));
}

EventLog *event_log_free(EventLog *log) {
        if (!log)
                return NULL;
        for (size_t i = 0; i < log->count; i++)
                free(log->event[i]);
        free(log);
        return NULL;
}

static Event *take_out(EventLog *log, size_t i) {
        Event *event = log->event[i];

        log->count--;
        memmove(&log->event[i], &log->event[i + 1], (log->count - i) * sizeof *log->event);
        return event;
}

/* What has to go for another event of that slice, or NULL. */
static Event *make_room(EventLog *log, const char *slice) {
        size_t n = 0, oldest = 0;

        for (size_t i = log->count; i-- > 0;)
                if (strcmp(log->event[i]->slice, slice) == 0) {
                        oldest = i;
                        n++;
                }
        if (n >= EVENT_LOG_SLICE_MAX)
                return take_out(log, oldest);
        return log->count == EVENT_LOG_MAX ? take_out(log, 0) : NULL;
}

uint64_t event_log_add(EventLog *log, const Event *event) {
        Event *copy = make_room(log, event->slice) ?: malloc(sizeof *copy);

        if (!copy)
                return 0;
        *copy = *event;
        copy->id = ++log->last_id;
        log->event[log->count++] = copy;
        return copy->id;
}

int event_log_foreach(const EventLog *log, usec_t since, EventVisitor visitor, void *userdata) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < log->count; i++)
                if (log->event[i]->time >= since)
                        r = visitor(log->event[i], userdata);
        return r;
}
