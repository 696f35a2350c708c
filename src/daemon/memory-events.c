/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/log.h"
#include "daemon/manager-private.h"
#include "report/journal.h"

/* On standard error: instead of the record, or of what would be one. */
static void say(const char *prefix, const Event *event, const char *user_name) {
        _cleanup_free_ char *sentence = journal_sentence(event, user_name);

        if (!sentence)
                (void) log_oom();
        else
                (void) log_full(journal_priority(event), 0, "%s%s", prefix, sentence);
}

static void write_record(const Event *event, const char *user_name) {
        int r = journal_report(event, user_name);

        if (r < 0)
                log_error_errno(r, "Cannot write to the journal what happened to the memory of %s: %m",
                                event->slice);
        if (r != JOURNAL_WRITTEN)
                say("", event, user_name);
}

void manager_memory_event(Manager *m, Event *event, const char *user_name) {
        manager_tell_memory(m, event);
        /* Observing writes no record: the service may be running as well, and has written it. */
        if (m->observe)
                say("Would record: ", event, user_name);
        else
                write_record(event, user_name);
}
