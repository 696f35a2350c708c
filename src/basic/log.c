/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/log.h"

#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

/* Process-wide, because standard error is. */
static int max_level = LOG_INFO;
static int prefix_wanted = -1; /* -1: not looked yet */

void log_set_max_level(int level) {
        max_level = level;
}

int log_max_level(void) {
        return max_level;
}

void log_set_prefix(bool prefix) {
        prefix_wanted = prefix;
}

/* systemd says in $JOURNAL_STREAM which socket is the journal's; see systemd.exec(5). */
static bool stderr_is_journal(void) {
        const char *stream = getenv("JOURNAL_STREAM");
        unsigned long long dev, ino;
        struct stat st;

        return stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 && fstat(STDERR_FILENO, &st) >= 0 &&
               st.st_dev == dev && st.st_ino == ino;
}

static void blot_control_characters(char *line) {
        for (unsigned char *p = (unsigned char *) line; *p; p++)
                if (*p < 0x20 || *p == 0x7f)
                        *p = '?';
}

int log_full(int level, int error, const char *format, ...) {
        char line[2048], prefix[8] = "";
        va_list ap;

        error = error > 0 ? -error : error;
        if (level > max_level)
                return error;

        errno = -error;
        va_start(ap, format);
        vsnprintf(line, sizeof line, format, ap);
        va_end(ap);
        blot_control_characters(line);

        if (prefix_wanted < 0)
                prefix_wanted = stderr_is_journal();
        if (prefix_wanted)
                snprintf(prefix, sizeof prefix, "<%d>", level);
        /* One call, so that lines of several processes on one terminal do not mix. */
        fprintf(stderr, "%s%s\n", prefix, line);
        return error;
}
