/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/log-capture.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "support/test.h"

static int saved = -1, captured = -1;

void log_capture_start(void) {
        saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
        captured = memfd_create("stderr", MFD_CLOEXEC);
        assert_true(saved >= 0 && captured >= 0);
        assert_true(dup2(captured, STDERR_FILENO) >= 0);
}

static char *content(void) {
        struct stat st;
        char *text;

        assert_int_equal(fstat(captured, &st), 0);
        text = calloc(1, (size_t) st.st_size + 1);
        assert_non_null(text);
        assert_int_equal(pread(captured, text, (size_t) st.st_size, 0), st.st_size);
        return text;
}

void log_capture_stop(bool show) {
        _cleanup_free_ char *text = content();

        assert_true(dup2(saved, STDERR_FILENO) >= 0);
        saved = safe_close(saved);
        captured = safe_close(captured);
        if (show)
                fputs(text, stderr);
}

size_t log_capture_count(const char *text) {
        _cleanup_free_ char *all = content();
        char *rest = all, *line;
        size_t n = 0;

        while ((line = strsep(&rest, "\n")))
                n += strstr(line, text) != NULL;
        return n;
}

void log_capture_forget(void) {
        assert_int_equal(ftruncate(captured, 0), 0);
        assert_true(lseek(captured, 0, SEEK_SET) == 0);
}
