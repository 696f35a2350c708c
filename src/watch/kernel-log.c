/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "watch/kernel-log.h"

#include <string.h>
#include <systemd/sd-journal.h>

/* Lines in one poll: some ten milliseconds at most. A kill is 50 lines and one for each process of the
 * group. */
#define LINES_PER_POLL 1024

/* The lines looked for are short; nobody wants a large field unpacked for them. */
#define DATA_THRESHOLD 4096

struct KernelLog {
        char *directory; /* NULL: the host's journal */
        sd_id128_t boot;
        sd_journal *journal; /* NULL while nobody polls */
        bool at_unread;      /* it stands on a line that was not read yet */
        char *cursor;        /* of the last line that was read; NULL if none was */
        usec_t cursor_at;    /* its CLOCK_MONOTONIC time */
};

int kernel_log_new(const char *directory, sd_id128_t boot, KernelLog **ret) {
        _cleanup_(kernel_log_freep) KernelLog *log = calloc(1, sizeof *log);

        if (!log)
                return -ENOMEM;
        log->boot = boot;
        if (directory) {
                log->directory = strdup(directory);
                if (!log->directory)
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(log);
        return 0;
}

static void release(void *userdata) {
        KernelLog *log = userdata;

        sd_journal_close(log->journal);
        log->journal = NULL;
}

KernelLog *kernel_log_free(KernelLog *log) {
        if (!log)
                return NULL;
        release(log);
        free(log->cursor);
        free(log->directory);
        free(log);
        return NULL;
}

static int open_journal(KernelLog *log) {
        int r;

        if (log->directory)
                r = sd_journal_open_directory(&log->journal, log->directory, 0);
        else
                r = sd_journal_open(&log->journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
        if (r < 0)
                log->journal = NULL;
        return r;
}

/* The kernel's lines of this boot, and nothing that a program wrote. */
static int match_kernel(KernelLog *log) {
        char boot[sizeof "_BOOT_ID=" + SD_ID128_STRING_MAX], id[SD_ID128_STRING_MAX];
        int r;

        snprintf(boot, sizeof boot, "_BOOT_ID=%s", sd_id128_to_string(log->boot, id));
        r = sd_journal_add_match(log->journal, boot, 0);
        if (r < 0)
                return r;
        r = sd_journal_add_match(log->journal, "_TRANSPORT=kernel", 0);
        if (r < 0)
                return r;
        return sd_journal_set_data_threshold(log->journal, DATA_THRESHOLD);
}

/* Behind the last line that was read, or at `not_before`, whichever is later. */
static int seek(KernelLog *log, usec_t not_before) {
        int r;

        log->at_unread = false;
        if (!log->cursor || log->cursor_at < not_before)
                return sd_journal_seek_monotonic_usec(log->journal, log->boot, not_before);
        r = sd_journal_seek_cursor(log->journal, log->cursor);
        if (r < 0)
                return r;
        /* The next line is that very one, unless its file has been deleted meanwhile. */
        r = sd_journal_next(log->journal);
        if (r > 0)
                log->at_unread = sd_journal_test_cursor(log->journal, log->cursor) <= 0;
        return r;
}

static int ensure_journal(KernelLog *log, usec_t not_before) {
        int r;

        if (log->journal)
                return 0;
        r = open_journal(log);
        if (r < 0)
                return r;
        r = match_kernel(log);
        if (r >= 0)
                r = seek(log, not_before);
        if (r < 0)
                release(log);
        return r;
}

static int read_line(KernelLog *log, usec_t not_before, usec_t now, OomVictims *victims) {
        static const char field[] = "MESSAGE=";
        const void *data;
        size_t length;
        sd_id128_t boot;
        usec_t at;
        int r;

        r = sd_journal_get_monotonic_usec(log->journal, &at, &boot);
        if (r < 0)
                return r;
        log->cursor_at = at;
        if (at < not_before)
                return 0;
        r = sd_journal_get_data(log->journal, "MESSAGE", &data, &length);
        if (r < 0)
                return r;
        if (length >= sizeof field - 1)
                oom_victims_feed(victims, (const char *) data + sizeof field - 1,
                                 length - (sizeof field - 1), now);
        return 0;
}

static int remember_place(KernelLog *log) {
        char *cursor;
        int r;

        r = sd_journal_get_cursor(log->journal, &cursor);
        if (r < 0)
                return r;
        free(log->cursor);
        log->cursor = cursor;
        return 0;
}

static int poll_lines(void *userdata, usec_t not_before, usec_t now, OomVictims *victims) {
        KernelLog *log = userdata;
        unsigned n;
        int r;

        r = ensure_journal(log, not_before);
        if (r < 0)
                return r;
        for (n = 0; n < LINES_PER_POLL; n++) {
                r = log->at_unread ? 1 : sd_journal_next(log->journal);
                log->at_unread = false;
                if (r <= 0)
                        break;
                /* A line that is damaged or has no text is passed over like any other. */
                (void) read_line(log, not_before, now, victims);
        }
        if (n > 0)
                (void) remember_place(log);
        if (r < 0) {
                /* Files were rotated away under it: opened afresh the next time. */
                release(log);
                return r;
        }
        return n == LINES_PER_POLL;
}

OomLineSource kernel_log_source(KernelLog *log) {
        return (OomLineSource){
                .poll = poll_lines,
                .release = release,
                .userdata = log,
        };
}
