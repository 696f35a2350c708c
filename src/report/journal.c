/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "report/journal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

/* Where in this file the record is sent from tells nobody anything. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <syslog.h>
#include <systemd/sd-journal.h>

#include "model/limits.h"
#include "model/message-ids.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

void journal_record_done(JournalRecord *record) {
        for (size_t i = 0; i < record->n_fields; i++)
                free(record->field[i].iov_base);
        record->n_fields = 0;
}

/* NAME=bytes, any bytes. Nothing is added once something failed, so that callers need not look each time. */
static void add_bytes(JournalRecord *record, int *error, const char *name, const char *value,
                      size_t length) {
        size_t name_length = strlen(name), size = name_length + 1 + length;
        char *text;

        if (*error < 0)
                return;
        text = record->n_fields < JOURNAL_RECORD_FIELDS_MAX ? malloc(size) : NULL;
        if (!text) {
                *error = -ENOMEM;
                return;
        }
        memcpy(text, name, name_length);
        text[name_length] = '=';
        memcpy(text + name_length + 1, value, length);
        record->field[record->n_fields++] = (struct iovec){ .iov_base = text, .iov_len = size };
}

static void add_text(JournalRecord *record, int *error, const char *name, const char *value) {
        add_bytes(record, error, name, value, strlen(value));
}

static void add_number(JournalRecord *record, int *error, const char *name, uint64_t value) {
        char digits[24];

        snprintf(digits, sizeof digits, "%" PRIu64, value);
        add_text(record, error, name, digits);
}

static void add_user(JournalRecord *record, int *error, const Event *event, const char *user_name) {
        add_text(record, error, "SLICE", event->slice);
        if (event->uid == UID_INVALID)
                return;
        add_number(record, error, "USER_ID", event->uid);
        if (user_name)
                add_text(record, error, "USER_NAME", user_name);
}

static void add_memory(JournalRecord *record, int *error, const OomEvent *event) {
        if (event->memory_max_known && event->memory_max == LIMIT_UNSET)
                add_text(record, error, "MEMORY_MAX", "infinity");
        else if (event->memory_max_known)
                add_number(record, error, "MEMORY_MAX", event->memory_max);
        if (event->memory_current != OOM_VALUE_UNKNOWN)
                add_number(record, error, "MEMORY_CURRENT", event->memory_current);
        if (event->memory_peak != OOM_VALUE_UNKNOWN)
                add_number(record, error, "MEMORY_PEAK", event->memory_peak);
}

static void add_victims(JournalRecord *record, int *error, const OomEvent *event) {
        for (size_t i = 0; i < event->n_victims; i++) {
                const OomVictim *v = &event->victims[i];

                add_number(record, error, "VICTIM_PID", (uint64_t) v->pid);
                add_bytes(record, error, "VICTIM_COMM", v->comm, strnlen(v->comm, OOM_VICTIM_COMM_MAX));
        }
}

static void add_oom(JournalRecord *record, int *error, const OomEvent *event) {
        add_number(record, error, "OOM_KILLS", event->kills);
        add_number(record, error, "OOM_HITS", event->hits);
        add_text(record, error, "OOM_CAUSE", oom_cause_to_string(event->cause));
        if (event->late)
                add_number(record, error, "OOM_LATE", 1);
        add_memory(record, error, event);
        add_victims(record, error, event);
}

static void add_warning(JournalRecord *record, int *error, const MemoryWarning *warning) {
        add_number(record, error, "MEMORY_PERCENT", warning->percent);
        add_number(record, error, "MEMORY_USED", warning->used);
        add_number(record, error, "MEMORY_CURRENT", warning->current);
        add_number(record, error, "MEMORY_MAX", warning->max);
}

static void add_processes(JournalRecord *record, int *error, const LargeProcesses *processes) {
        for (size_t i = 0; i < processes->count; i++) {
                const LargeProcess *p = &processes->process[i];
                char text[48 + LARGE_PROCESS_COMM_MAX];
                int length = snprintf(text, sizeof text, "%d %" PRIu64 " %s", (int) p->pid, p->rss, p->comm);

                add_bytes(record, error, "LARGE_PROCESS", text, (size_t) length);
        }
}

static const char *message_id(const Event *event) {
        if (event->kind == EVENT_MEMORY_WARNING)
                return FAIRSLICE_MESSAGE_MEMORY_WARNING;
        return event->oom.kills > 0 ? FAIRSLICE_MESSAGE_OOM_KILL : FAIRSLICE_MESSAGE_OOM_HIT;
}

int journal_priority(const Event *event) {
        return event->kind == EVENT_OUT_OF_MEMORY && event->oom.kills > 0 ? LOG_WARNING : LOG_NOTICE;
}

int journal_record(const Event *event, const char *user_name, JournalRecord *ret) {
        _cleanup_free_ char *sentence = journal_sentence(event, user_name);
        JournalRecord record = {};
        int error = sentence ? 0 : -ENOMEM;

        add_text(&record, &error, "MESSAGE", sentence ? sentence : "");
        add_text(&record, &error, "MESSAGE_ID", message_id(event));
        add_number(&record, &error, "PRIORITY", (uint64_t) journal_priority(event));
        add_user(&record, &error, event, user_name);
        if (event->kind == EVENT_MEMORY_WARNING)
                add_warning(&record, &error, &event->warning);
        else
                add_oom(&record, &error, &event->oom);
        add_processes(&record, &error, &event->processes);
        if (error < 0) {
                journal_record_done(&record);
                return error;
        }
        *ret = record;
        return 0;
}

/* sd_journal_sendv() is silent where nobody listens, so look first. */
static bool have_journal(void) {
        return access(JOURNAL_SOCKET, F_OK) >= 0;
}

int journal_report(const Event *event, const char *user_name) {
        _cleanup_(journal_record_done) JournalRecord record = {};
        int r;

        if (!have_journal())
                return JOURNAL_ABSENT;
        r = journal_record(event, user_name, &record);
        if (r >= 0)
                r = sd_journal_sendv(record.field, (int) record.n_fields);
        return r < 0 ? r : JOURNAL_WRITTEN;
}
