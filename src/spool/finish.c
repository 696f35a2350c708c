/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "spool/internal.h"

/* Its name is all that is needed of it. What cannot be emptied stays as it is, until it is removed. */
static void make_empty(int dirfd, const char *file) {
        _cleanup_close_ int fd = spool_open_file(dirfd, file, O_WRONLY, NULL);

        if (fd >= 0 && ftruncate(fd, 0) >= 0)
                (void) futimens(fd, NULL); /* since when it is there */
}

int spool_sent(Spool *spool, const SpoolName *name) {
        int new_fd = spool->place_fd[SPOOL_QUEUED], sent_fd = spool->place_fd[SPOOL_SENT];
        SpoolFileBuffer file, retry;
        int r;

        spool_file_name(file, name, MESSAGE_SUFFIX);
        if (renameat(new_fd, file, sent_fd, file) < 0) {
                /* Without a trace of it, it would at least not be sent again and again. */
                r = -errno;
                return r != -ENOENT && unlinkat(new_fd, file, 0) >= 0 ? 1 : r;
        }
        r = fsync(sent_fd) < 0 || fsync(new_fd) < 0 ? -errno : 0;
        make_empty(sent_fd, file);
        (void) spool_remove(spool->retry_fd, spool_file_name(retry, name, ""));
        return r;
}

int spool_fail(Spool *spool, const SpoolName *name, const char *reason) {
        int new_fd = spool->place_fd[SPOOL_QUEUED], failed_fd = spool->place_fd[SPOOL_FAILED], r;
        char line[SPOOL_ANSWER_MAX + 2];
        SpoolFileBuffer file, other;

        spool_clean_line(line, reason);
        strcat(line, "\n");
        spool_file_name(file, name, MESSAGE_SUFFIX);
        r = write_file_atomic(failed_fd, spool_file_name(other, name, REASON_SUFFIX), line, strlen(line),
                              FILE_MODE);
        if (r < 0)
                return r;
        /* Since when it has failed; a link, which this is not for, has a time too. */
        (void) utimensat(new_fd, file, NULL, AT_SYMLINK_NOFOLLOW);
        if (renameat(new_fd, file, failed_fd, file) < 0)
                return -errno;
        r = fsync(failed_fd) < 0 || fsync(new_fd) < 0 ? -errno : 0;
        (void) spool_remove(spool->retry_fd, spool_file_name(other, name, ""));
        return r;
}

const char *spool_reason(Spool *spool, const SpoolName *name, char buffer[static SPOOL_ANSWER_MAX + 1]) {
        char text[SPOOL_ANSWER_MAX + 2];
        SpoolFileBuffer file;
        ssize_t n = spool_read_text(spool->place_fd[SPOOL_FAILED],
                                    spool_file_name(file, name, REASON_SUFFIX), text, sizeof text);

        *buffer = '\0';
        if (n <= 0)
                return buffer;
        text[strcspn(text, "\n")] = '\0';
        spool_clean_line(buffer, text);
        return buffer;
}
