/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/uio.h>

#include "model/event.h"

/* Records in the journal: one for each event about memory, with fields for programs and a sentence for
 * people. */

/* The fields, each an iovec "NAME=value" as sd_journal_sendv() takes them. Values are bytes with a length:
 * names of commands are whatever a user gave them. */
#define JOURNAL_RECORD_FIELDS_MAX (16 + 2 * OOM_EVENT_VICTIMS_MAX + LARGE_PROCESSES_MAX)

typedef struct JournalRecord {
        struct iovec field[JOURNAL_RECORD_FIELDS_MAX]; /* each owned */
        size_t n_fields;
} JournalRecord;

void journal_record_done(JournalRecord *record);

/* The record of an EVENT_OUT_OF_MEMORY or EVENT_MEMORY_WARNING, which are all that have one:
 *
 *   MESSAGE=         a sentence, without control characters
 *   MESSAGE_ID=      see model/message-ids.h
 *   PRIORITY=        4 if something was killed, else 5
 *   SLICE=           user-1000.slice; user.slice if nobody can tell any more in which one it was
 *   USER_ID=         and USER_NAME=: left out if not known
 *
 * EVENT_OUT_OF_MEMORY:
 *
 *   OOM_KILLS=       processes killed; 0 if none
 *   OOM_HITS=        times that the slice's own limit was hit
 *   OOM_CAUSE=       whose memory ran out: slice, inner, outer, host, unknown
 *   OOM_LATE=        1 if it happened while nobody was watching; left out else
 *   MEMORY_MAX=      the slice's limit in bytes, or "infinity"; these three are left out if not known
 *   MEMORY_CURRENT=  bytes in use
 *   MEMORY_PEAK=     the most that was ever in use
 *   VICTIM_PID=      and VICTIM_COMM=: once for each victim that is known. The journal keeps neither the
 * order nor equal values of a field, so that several victims' cannot be paired.
 *
 * EVENT_MEMORY_WARNING:
 *
 *   MEMORY_PERCENT=  of the limit: the threshold that was reached
 *   MEMORY_USED=     bytes in use without the page cache
 *   MEMORY_CURRENT=  bytes in use with it
 *   MEMORY_MAX=      the limit in bytes
 *
 * Both, as far as it is known:
 *
 *   LARGE_PROCESS=   PID, resident bytes and command with blanks between them, once for each of the slice's
 *                    largest processes; who was killed is not among them any more
 *
 * `user_name` is NULL if there is none. 0, or -ENOMEM; *ret is to be freed with journal_record_done(). */
int journal_record(const Event *event, const char *user_name, JournalRecord *ret);

/* PRIORITY= alone. */
int journal_priority(const Event *event);

/* Only the sentence. The caller frees it; NULL if there is no memory. */
char *journal_sentence(const Event *event, const char *user_name);

typedef enum JournalOutcome {
        JOURNAL_WRITTEN,
        JOURNAL_ABSENT, /* no journal on this host: nobody has been told anything */
} JournalOutcome;

/* Sends the record to the journal. Returns a JournalOutcome, or a negative errno if there is a journal and
 * it did not take the record. */
int journal_report(const Event *event, const char *user_name);
