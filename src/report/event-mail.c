/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "report/event-mail.h"

#include <inttypes.h>
#include <time.h>

#include "basic/format.h"
#include "basic/text.h"

const char *const template_names[] = {
        "oom-user", "oom-host-user", "oom-admin", "warning-user", "warning-admin", NULL,
};

const char *event_template(const Event *event, Reader reader) {
        if (event->kind == EVENT_MEMORY_WARNING)
                return reader == READER_USER ? "warning-user" : "warning-admin";
        if (reader == READER_ADMIN)
                return "oom-admin";
        return event->oom.cause == OOM_CAUSE_OUTER || event->oom.cause == OOM_CAUSE_HOST ? "oom-host-user"
                                                                                         : "oom-user";
}

static void put_time(EventValues *v, usec_t time) {
        time_t seconds = (time_t) (time / USEC_PER_SEC);
        struct tm tm;

        if (localtime_r(&seconds, &tm) && strftime(v->time, sizeof v->time, "%Y-%m-%d %H:%M:%S %z", &tm) > 0)
                v->values.value[PLACEHOLDER_TIME] = v->time;
}

static void put_size(EventValues *v, Placeholder placeholder, char buffer[32], uint64_t bytes) {
        FormatBuffer size;

        if (bytes == OOM_VALUE_UNKNOWN)
                return;
        snprintf(buffer, 32, "%s", format_size(size, bytes));
        v->values.value[placeholder] = buffer;
}

/* A name is a value like any other, but stands in lines of ours. */
static void write_process(FILE *f, const char *comm, pid_t pid) {
        _cleanup_free_ char *clean = text_clean(comm);

        fprintf(f, "  %s (PID %d)", clean ? clean : "?", (int) pid);
}

static int put_victims(EventValues *v, const OomEvent *oom) {
        size_t length;
        FILE *f = open_memstream(&v->victims, &length);

        if (!f)
                return -ENOMEM;
        for (size_t i = 0; i < oom->n_victims; i++) {
                write_process(f, oom->victims[i].comm, oom->victims[i].pid);
                fputs(i + 1 < oom->n_victims ? "\n" : "", f);
        }
        if (fclose(f) != 0)
                return -ENOMEM;
        if (oom->n_victims > 0)
                v->values.value[PLACEHOLDER_VICTIMS] = v->victims;
        return 0;
}

static int put_processes(EventValues *v, const LargeProcesses *processes) {
        FormatBuffer rss;
        size_t length;
        FILE *f = open_memstream(&v->processes, &length);

        if (!f)
                return -ENOMEM;
        for (size_t i = 0; i < processes->count; i++) {
                write_process(f, processes->process[i].comm, processes->process[i].pid);
                fprintf(f, "  %s%s", format_size(rss, processes->process[i].rss),
                        i + 1 < processes->count ? "\n" : "");
        }
        if (processes->count > 0 && processes->incomplete)
                fputs("\n  …", f);
        if (fclose(f) != 0)
                return -ENOMEM;
        if (processes->count > 0)
                v->values.value[PLACEHOLDER_PROCESSES] = v->processes;
        return 0;
}

static void put_user(EventValues *v, const Event *event, const char *user_name) {
        if (event->uid != UID_INVALID)
                snprintf(v->user, sizeof v->user, "%u", (unsigned) event->uid);
        if (user_name)
                v->values.value[PLACEHOLDER_USER] = user_name;
        else if (event->uid != UID_INVALID)
                v->values.value[PLACEHOLDER_USER] = v->user;
}

static void put_warning(EventValues *v, const MemoryWarning *warning) {
        snprintf(v->percent, sizeof v->percent, "%u", warning->percent);
        v->values.value[PLACEHOLDER_PERCENT] = v->percent;
        put_size(v, PLACEHOLDER_USE, v->use, warning->used);
        put_size(v, PLACEHOLDER_LIMIT, v->limit, warning->max);
}

static int put_oom(EventValues *v, const OomEvent *oom) {
        snprintf(v->kills, sizeof v->kills, "%" PRIu64, oom->kills);
        v->values.value[PLACEHOLDER_KILLS] = v->kills;
        v->values.value[PLACEHOLDER_CAUSE] = oom_cause_to_string(oom->cause);
        put_size(v, PLACEHOLDER_USE, v->use, oom->memory_current);
        put_size(v, PLACEHOLDER_PEAK, v->peak, oom->memory_peak);
        if (oom->memory_max_known && oom->memory_max != LIMIT_UNSET)
                put_size(v, PLACEHOLDER_LIMIT, v->limit, oom->memory_max);
        if (oom->n_victims > 0) {
                snprintf(v->pid, sizeof v->pid, "%d", (int) oom->victims[0].pid);
                v->values.value[PLACEHOLDER_PID] = v->pid;
                v->values.value[PLACEHOLDER_VICTIM] = oom->victims[0].comm;
        }
        return put_victims(v, oom);
}

int event_values(const Event *event, const char *user_name, const char *host, EventValues *ret) {
        int r = 0;

        *ret = (EventValues){};
        ret->values.value[PLACEHOLDER_HOST] = host;
        ret->values.value[PLACEHOLDER_SLICE] = event->slice;
        put_time(ret, event->time);
        put_user(ret, event, user_name);
        if (event->kind == EVENT_MEMORY_WARNING)
                put_warning(ret, &event->warning);
        else
                r = put_oom(ret, &event->oom);
        return r < 0 ? r : put_processes(ret, &event->processes);
}

void event_values_done(EventValues *values) {
        free(values->victims);
        free(values->processes);
        values->victims = values->processes = NULL;
}
