/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <string.h>

#include "basic/format.h"
#include "basic/text.h"
#include "model/limits.h"
#include "report/journal.h"

/* A command's name for people: it may hold anything, so what is not plain ASCII is blotted out. */
static void write_comm(FILE *f, const char *comm) {
        if (!*comm)
                fputs("(no name)", f);
        for (; *comm; comm++)
                fputc(*comm < 0x20 || *comm > 0x7e ? '?' : *comm, f);
}

static void write_who(FILE *f, const Event *event, const char *user_name) {
        if (event->uid == UID_INVALID)
                fputs(event->slice, f);
        else if (user_name)
                fprintf(f, "User %s (%s)", user_name, event->slice);
        else
                fprintf(f, "User %u (%s)", (unsigned) event->uid, event->slice);
}

static void write_limit(FILE *f, const OomEvent *event) {
        FormatBuffer size;

        if (event->memory_max_known && event->memory_max != LIMIT_UNSET)
                fprintf(f, "the memory limit of %s", format_size(size, event->memory_max));
        else
                fputs("the memory limit", f);
}

static void write_cause(FILE *f, const OomEvent *event) {
        switch (event->cause) {
        case OOM_CAUSE_SLICE:
                fputs(" reached ", f);
                write_limit(f, event);
                break;
        case OOM_CAUSE_INNER:
                fputs(" reached a memory limit set further down in the slice", f);
                break;
        case OOM_CAUSE_OUTER:
                fputs(" was hit by a memory limit set above the slice", f);
                break;
        case OOM_CAUSE_HOST:
                fputs(" was hit when the host ran out of memory", f);
                break;
        default:
                fputs(" ran out of memory", f);
        }
}

static void write_kills(FILE *f, const OomEvent *event) {
        const OomVictim *v = event->victims;

        if (event->kills == 0) {
                if (event->hits > 1)
                        fprintf(f, " %" PRIu64 " times", event->hits);
                fputs("; nothing was killed", f);
        } else if (event->kills == 1 && event->n_victims > 0) {
                fputs("; the kernel killed ", f);
                write_comm(f, v->comm);
                fprintf(f, " (PID %d)", (int) v->pid);
        } else if (event->kills == 1)
                fputs("; the kernel killed a process", f);
        else {
                fprintf(f, "; the kernel killed %" PRIu64 " processes", event->kills);
                if (event->n_victims > 0) {
                        fputs(", the first known being ", f);
                        write_comm(f, v->comm);
                        fprintf(f, " (PID %d)", (int) v->pid);
                }
        }
}

static void write_oom(FILE *f, const OomEvent *event) {
        write_cause(f, event);
        write_kills(f, event);
        fputs(event->late ? ". That was found in the counters later." : ".", f);
}

static void write_warning(FILE *f, const MemoryWarning *warning) {
        FormatBuffer used, max;

        fprintf(f, " uses %s of memory, which is more than %u%% of the limit of %s.",
                format_size(used, warning->used), warning->percent, format_size(max, warning->max));
}

static void write_processes(FILE *f, const Event *event) {
        const LargeProcess *largest = event->processes.process;
        FormatBuffer rss;

        if (event->processes.count == 0)
                return;
        fprintf(f, " The largest process%s is ",
                event->kind == EVENT_OUT_OF_MEMORY && event->oom.kills > 0 ? " left" : "");
        write_comm(f, largest->comm);
        fprintf(f, " (PID %d) with %s.", (int) largest->pid, format_size(rss, largest->rss));
}

char *journal_sentence(const Event *event, const char *user_name) {
        _cleanup_free_ char *text = NULL;
        size_t length = 0;
        FILE *f = open_memstream(&text, &length);

        if (!f)
                return NULL;
        write_who(f, event, user_name);
        if (event->kind == EVENT_MEMORY_WARNING)
                write_warning(f, &event->warning);
        else
                write_oom(f, &event->oom);
        write_processes(f, event);
        return memstream_close(f) < 0 ? NULL : TAKE_PTR(text);
}
