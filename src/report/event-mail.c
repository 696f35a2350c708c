/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "report/event-mail.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "basic/format.h"
#include "basic/text.h"

/* So many are named before the rest is counted: the subject holds them. */
#define NAMED_MAX 3U

const char *const template_names[] = {
        "oom-user", "oom-host-user", "oom-admin", "warning-user", "warning-admin", NULL,
};

const char *event_template(const DigestMessage *message) {
        OomCause cause = message->events[0].oom.cause;

        if (message->kind == EVENT_MEMORY_WARNING)
                return message->reader == READER_USER ? "warning-user" : "warning-admin";
        if (message->reader == READER_ADMIN)
                return "oom-admin";
        return cause == OOM_CAUSE_OUTER || cause == OOM_CAUSE_HOST ? "oom-host-user" : "oom-user";
}

/* ---- texts ---- */

typedef void (*Writer)(FILE *f, const DigestMessage *message);

/* The value is what is written, also if that is nothing. */
static int put(EventValues *v, Placeholder placeholder, const DigestMessage *message, Writer writer) {
        size_t length;
        FILE *f = open_memstream(&v->text[placeholder], &length);

        if (!f)
                return -ENOMEM;
        writer(f, message);
        if (memstream_close(f) < 0)
                return -ENOMEM;
        v->values.value[placeholder] = v->text[placeholder];
        return 0;
}

static void write_clean(FILE *f, const char *s) {
        _cleanup_free_ char *clean = *s ? text_clean(s) : NULL;

        fputs(clean ? clean : "?", f);
}

/* ---- what is said of each slice ---- */

#define SLICE_TEXT_MAX 512U

/* What is not known is "?". */
typedef void (*SliceText)(char buffer[SLICE_TEXT_MAX], const DigestMessage *message, size_t i);

static void slice_user(char buffer[SLICE_TEXT_MAX], const DigestMessage *message, size_t i) {
        const Event *event = &message->events[i];
        const char *name = message->user_names[i];

        if (!name && event->uid != UID_INVALID)
                snprintf(buffer, SLICE_TEXT_MAX, "%u", (unsigned) event->uid);
        else
                snprintf(buffer, SLICE_TEXT_MAX, "%s", name && *name ? name : event->slice);
}

static void slice_name(char buffer[SLICE_TEXT_MAX], const DigestMessage *message, size_t i) {
        snprintf(buffer, SLICE_TEXT_MAX, "%s", message->events[i].slice);
}

static void slice_size(char buffer[SLICE_TEXT_MAX], uint64_t bytes) {
        FormatBuffer size;

        snprintf(buffer, SLICE_TEXT_MAX, "%s", bytes == OOM_VALUE_UNKNOWN ? "?" : format_size(size, bytes));
}

static void slice_limit(char buffer[SLICE_TEXT_MAX], const DigestMessage *message, size_t i) {
        const Event *event = &message->events[i];
        const OomEvent *oom = &event->oom;
        bool known = oom->memory_max_known && oom->memory_max != LIMIT_UNSET;

        if (event->kind == EVENT_MEMORY_WARNING)
                slice_size(buffer, event->warning.max);
        else
                slice_size(buffer, known ? oom->memory_max : OOM_VALUE_UNKNOWN);
}

static void slice_use(char buffer[SLICE_TEXT_MAX], const DigestMessage *message, size_t i) {
        const Event *event = &message->events[i];

        slice_size(buffer,
                   event->kind == EVENT_MEMORY_WARNING ? event->warning.used : event->oom.memory_current);
}

static void slice_peak(char buffer[SLICE_TEXT_MAX], const DigestMessage *message, size_t i) {
        slice_size(buffer, message->events[i].oom.memory_peak);
}

static void slice_percent(char buffer[SLICE_TEXT_MAX], const DigestMessage *message, size_t i) {
        snprintf(buffer, SLICE_TEXT_MAX, "%u", message->events[i].warning.percent);
}

static void slice_cause(char buffer[SLICE_TEXT_MAX], const DigestMessage *message, size_t i) {
        snprintf(buffer, SLICE_TEXT_MAX, "%s", oom_cause_to_string(message->events[i].oom.cause));
}

static bool is_same_for_all(const DigestMessage *message, SliceText text) {
        char first[SLICE_TEXT_MAX], other[SLICE_TEXT_MAX];

        text(first, message, 0);
        for (size_t i = 1; i < message->n_events; i++) {
                text(other, message, i);
                if (strcmp(first, other) != 0)
                        return false;
        }
        return true;
}

/* "alice, bob, carol +2"; "alice, bob, carol, …" if nobody knows how many. */
static void write_joined(FILE *f, const DigestMessage *message, SliceText text) {
        size_t n = is_same_for_all(message, text) ? 1 : message->n_events;
        char buffer[SLICE_TEXT_MAX];

        for (size_t i = 0; i < MIN(n, NAMED_MAX); i++) {
                text(buffer, message, i);
                fputs(i > 0 ? ", " : "", f);
                write_clean(f, buffer);
        }
        if (n > NAMED_MAX && message->more > 0)
                fputs(", …", f);
        else if (n > NAMED_MAX)
                fprintf(f, " +%zu", n - NAMED_MAX);
}

#define DEFINE_JOINED(what)                                               \
        static void write_##what(FILE *f, const DigestMessage *message) { \
                write_joined(f, message, slice_##what);                   \
        }

DEFINE_JOINED(user)
DEFINE_JOINED(name)
DEFINE_JOINED(limit)
DEFINE_JOINED(use)
DEFINE_JOINED(peak)
DEFINE_JOINED(percent)
DEFINE_JOINED(cause)

/* ---- lists ---- */

static bool is_several(const DigestMessage *message) {
        return message->n_events > 1;
}

/* Of several slices, whose the line is. */
static void write_whose(FILE *f, const DigestMessage *message, size_t i) {
        char buffer[SLICE_TEXT_MAX];

        if (!is_several(message))
                return;
        fputs("  ", f);
        slice_user(buffer, message, i);
        write_clean(f, buffer);
}

static void begin_line(FILE *f) {
        fputs(ftell(f) > 0 ? "\n  " : "  ", f);
}

static void write_process(FILE *f, const char *comm, pid_t pid) {
        begin_line(f);
        write_clean(f, comm);
        fprintf(f, " (PID %d)", (int) pid);
}

/* If not all are known, that is seen. */
static void write_victims(FILE *f, const DigestMessage *message) {
        uint64_t known = 0;

        for (size_t i = 0; i < message->n_events; i++) {
                const OomEvent *oom = &message->events[i].oom;

                for (size_t k = 0; k < oom->n_victims; k++) {
                        write_process(f, oom->victims[k].comm, oom->victims[k].pid);
                        write_whose(f, message, i);
                }
                known += oom->n_victims;
        }
        if (known > 0 && known < message->kills)
                fputs("\n  …", f);
}

static void write_processes(FILE *f, const DigestMessage *message) {
        bool incomplete = message->more > 0;

        for (size_t i = 0; i < message->n_events; i++) {
                const LargeProcesses *processes = &message->events[i].processes;

                for (size_t k = 0; k < processes->count; k++) {
                        FormatBuffer rss;

                        write_process(f, processes->process[k].comm, processes->process[k].pid);
                        fprintf(f, "  %s", format_size(rss, processes->process[k].rss));
                        write_whose(f, message, i);
                }
                incomplete |= processes->incomplete;
        }
        if (incomplete && ftell(f) > 0)
                fputs("\n  …", f);
}

/* Nothing if it is one, of which the other values tell. */
static void write_slices(FILE *f, const DigestMessage *message) {
        char buffer[SLICE_TEXT_MAX];

        if (!is_several(message))
                return;
        for (size_t i = 0; i < message->n_events; i++) {
                const Event *event = &message->events[i];

                begin_line(f);
                slice_user(buffer, message, i);
                write_clean(f, buffer);
                fputs(" (", f);
                write_clean(f, event->slice);
                if (event->kind == EVENT_MEMORY_WARNING)
                        fprintf(f, ")  %u %%", event->warning.percent);
                else
                        fprintf(f, ")  %" PRIu64, event->oom.kills);
        }
        if (message->more > 0)
                fputs("\n  …", f);
}

/* ---- the rest ---- */

typedef struct TimeText {
        char day[32], clock[16], zone[16];
} TimeText;

static bool format_time(TimeText *ret, usec_t time) {
        time_t seconds = (time_t) (time / USEC_PER_SEC);
        struct tm tm;

        return localtime_r(&seconds, &tm) && strftime(ret->day, sizeof ret->day, "%Y-%m-%d", &tm) > 0 &&
               strftime(ret->clock, sizeof ret->clock, "%H:%M:%S", &tm) > 0 &&
               strftime(ret->zone, sizeof ret->zone, "%z", &tm) > 0;
}

/* "2026-01-01 12:57:00 +0100", and what is different of the last time: " – 13:02:10". */
static void write_time(FILE *f, const DigestMessage *message) {
        TimeText first, last;

        if (!format_time(&first, message->first) || !format_time(&last, message->last)) {
                fputs("?", f);
                return;
        }
        fprintf(f, "%s %s %s", first.day, first.clock, first.zone);
        if (strcmp(first.day, last.day) != 0 || strcmp(first.zone, last.zone) != 0)
                fprintf(f, " – %s %s %s", last.day, last.clock, last.zone);
        else if (strcmp(first.clock, last.clock) != 0)
                fprintf(f, " – %s", last.clock);
}

static void write_kills(FILE *f, const DigestMessage *message) {
        fprintf(f, "%" PRIu64, message->kills);
}

static void write_last_of(FILE *f, const DigestMessage *message) {
        if (message->last_of > 0)
                fprintf(f, "%u", message->last_of);
}

static const OomVictim *first_victim(const DigestMessage *message) {
        for (size_t i = 0; i < message->n_events; i++)
                if (message->events[i].oom.n_victims > 0)
                        return &message->events[i].oom.victims[0];
        return NULL;
}

static void write_victim(FILE *f, const DigestMessage *message) {
        const OomVictim *victim = first_victim(message);

        write_clean(f, victim ? victim->comm : "");
}

static void write_pid(FILE *f, const DigestMessage *message) {
        const OomVictim *victim = first_victim(message);

        if (victim)
                fprintf(f, "%d", (int) victim->pid);
        else
                fputs("?", f);
}

static const Writer always[_PLACEHOLDER_COUNT] = {
        [PLACEHOLDER_USER] = write_user,     [PLACEHOLDER_SLICE] = write_name,
        [PLACEHOLDER_TIME] = write_time,     [PLACEHOLDER_LIMIT] = write_limit,
        [PLACEHOLDER_USE] = write_use,       [PLACEHOLDER_PROCESSES] = write_processes,
        [PLACEHOLDER_SLICES] = write_slices, [PLACEHOLDER_LAST_OF] = write_last_of,
};
static const Writer of_warnings[_PLACEHOLDER_COUNT] = {
        [PLACEHOLDER_PERCENT] = write_percent,
};
static const Writer of_kills[_PLACEHOLDER_COUNT] = {
        [PLACEHOLDER_PEAK] = write_peak,   [PLACEHOLDER_KILLS] = write_kills,
        [PLACEHOLDER_CAUSE] = write_cause, [PLACEHOLDER_VICTIM] = write_victim,
        [PLACEHOLDER_PID] = write_pid,     [PLACEHOLDER_VICTIMS] = write_victims,
};

int event_values(const DigestMessage *message, const char *host, EventValues *ret) {
        const Writer *some = message->kind == EVENT_MEMORY_WARNING ? of_warnings : of_kills;
        int r = 0;

        *ret = (EventValues){ .values.value[PLACEHOLDER_HOST] = host };
        for (Placeholder i = 0; r >= 0 && i < _PLACEHOLDER_COUNT; i++)
                if (always[i] || some[i])
                        r = put(ret, i, message, always[i] ? always[i] : some[i]);
        return r;
}

void event_values_done(EventValues *values) {
        for (Placeholder i = 0; i < _PLACEHOLDER_COUNT; i++)
                free(values->text[i]);
        *values = (EventValues){};
}
