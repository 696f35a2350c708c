/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "report/event-json.h"

#include <inttypes.h>
#include <time.h>

#include "basic/text.h"
#include "basic/utf8.h"

void json_write_string(FILE *f, const char *s) {
        fputc('"', f);
        while (*s) {
                size_t length = utf8_printable(s);

                if (length == 0) {
                        fprintf(f, "\\u%04x", (unsigned char) *s < 0x80 ? (unsigned char) *s : 0xfffd);
                        s++;
                        continue;
                }
                if (*s == '"' || *s == '\\')
                        fputc('\\', f);
                fwrite(s, 1, length, f);
                s += length;
        }
        fputc('"', f);
}

static void write_text(FILE *f, const char *name, const char *value) {
        fprintf(f, ",\"%s\":", name);
        json_write_string(f, value);
}

static void write_number(FILE *f, const char *name, uint64_t value) {
        fprintf(f, ",\"%s\":%" PRIu64, name, value);
}

static void write_bool(FILE *f, const char *name, bool value) {
        fprintf(f, ",\"%s\":%s", name, value ? "true" : "false");
}

/* No limit is null. */
static void write_limit(FILE *f, const char *name, uint64_t value) {
        if (value == LIMIT_UNSET)
                fprintf(f, ",\"%s\":null", name);
        else
                write_number(f, name, value);
}

/* RFC 3339, with the µs. */
static void write_time(FILE *f, usec_t time) {
        time_t seconds = (time_t) (time / USEC_PER_SEC);
        char text[32] = "";
        struct tm tm;

        if (gmtime_r(&seconds, &tm))
                (void) strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
        fprintf(f, "{\"time\":\"%s.%06uZ\"", text, (unsigned) (time % USEC_PER_SEC));
}

static void write_subject(FILE *f, const Event *event, const char *user_name) {
        if (event->id > 0)
                write_number(f, "id", event->id);
        if (*event->slice != '\0')
                write_text(f, "slice", event->slice);
        if (event->uid != UID_INVALID)
                write_number(f, "uid", event->uid);
        if (user_name)
                write_text(f, "user", user_name);
}

static void write_by(FILE *f, const Event *event) {
        if (event->by != UID_INVALID)
                write_number(f, "by", event->by);
}

static void write_limits(FILE *f, const Event *event) {
        for (Limit limit = 0; limit < _LIMIT_COUNT; limit++)
                if (event->mask & 1U << limit)
                        write_limit(f, limit_to_string(limit), event->limits.value[limit]);
        write_bool(f, "runtime", event->runtime);
        write_by(f, event);
}

static void write_processes(FILE *f, const LargeProcesses *processes) {
        fputs(",\"processes\":[", f);
        for (size_t i = 0; i < processes->count; i++) {
                const LargeProcess *p = &processes->process[i];

                fprintf(f, "%s{\"pid\":%d,\"rss\":%" PRIu64 ",\"comm\":", i == 0 ? "" : ",", (int) p->pid,
                        p->rss);
                json_write_string(f, p->comm);
                fputc('}', f);
        }
        fputc(']', f);
        write_bool(f, "processes_incomplete", processes->incomplete);
}

static void write_warning(FILE *f, const MemoryWarning *warning) {
        write_number(f, "percent", warning->percent);
        write_number(f, "memory_used", warning->used);
        write_number(f, "memory_current", warning->current);
        write_number(f, "memory_max", warning->max);
}

static void write_victims(FILE *f, const OomEvent *oom) {
        fputs(",\"victims\":[", f);
        for (size_t i = 0; i < oom->n_victims; i++) {
                fprintf(f, "%s{\"pid\":%d,\"comm\":", i == 0 ? "" : ",", (int) oom->victims[i].pid);
                json_write_string(f, oom->victims[i].comm);
                fputc('}', f);
        }
        fputc(']', f);
}

static void write_oom(FILE *f, const OomEvent *oom) {
        write_number(f, "kills", oom->kills);
        write_number(f, "hits", oom->hits);
        write_text(f, "cause", oom_cause_to_string(oom->cause));
        write_bool(f, "late", oom->late);
        if (oom->memory_max_known)
                write_limit(f, "memory_max", oom->memory_max);
        if (oom->memory_current != OOM_VALUE_UNKNOWN)
                write_number(f, "memory_current", oom->memory_current);
        if (oom->memory_peak != OOM_VALUE_UNKNOWN)
                write_number(f, "memory_peak", oom->memory_peak);
        write_victims(f, oom);
}

static void write_details(FILE *f, const Event *event) {
        switch (event->kind) {
        case EVENT_LIMITS_SET:
                write_limits(f, event);
                break;
        case EVENT_LIMITS_RESET:
        case EVENT_RELEASED:
                write_by(f, event);
                break;
        case EVENT_MEMORY_WARNING:
                write_warning(f, &event->warning);
                write_processes(f, &event->processes);
                break;
        case EVENT_OUT_OF_MEMORY:
                write_oom(f, &event->oom);
                write_processes(f, &event->processes);
                break;
        case EVENT_FAIR_SHARE:
                write_number(f, "quota", event->quota);
                break;
        default:
                break;
        }
}

char *event_to_json(const Event *event, const char *user_name) {
        _cleanup_free_ char *text = NULL;
        size_t length = 0;
        FILE *f = open_memstream(&text, &length);

        if (!f)
                return NULL;
        write_time(f, event->time);
        write_text(f, "event", event_kind_to_string(event->kind));
        write_subject(f, event, user_name);
        write_details(f, event);
        fputs("}\n", f);
        return memstream_close(f) < 0 ? NULL : TAKE_PTR(text);
}
