/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/log.h"
#include "cgroup/large-processes.h"
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

/* In a legacy tree those that the limit is on, as far as they are there. */
static int open_group(SliceFiles *files) {
        int fd = slice_files_open_controller(files, CONTROLLER_MEMORY);

        return fd < 0 ? slice_files_open_directory(files) : fd;
}

/* What has happened long ago was not done by who is there now. */
static void find_processes(Manager *m, Event *event) {
        const ManagedSlice *slice = slice_table_find(&m->slices, event->slice);
        _cleanup_close_ int fd = -1;

        if (!slice || !slice->files || (event->kind == EVENT_OUT_OF_MEMORY && event->oom.late))
                return;
        fd = open_group(slice->files);
        if (fd >= 0)
                (void) large_processes_find(fd, m->proc_fd, &event->processes);
}

void manager_memory_event(Manager *m, Event *event, const char *user_name) {
        find_processes(m, event);
        manager_tell_memory(m, event);
        /* Observing writes no record: the service may be running as well, and has written it. */
        if (m->observe)
                say("Would record: ", event, user_name);
        else
                write_record(event, user_name);
        manager_notify(m, event);
        manager_mail_event(m, event, user_name);
}
