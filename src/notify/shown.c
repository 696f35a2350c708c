/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "notify/shown.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "basic/parse.h"

#define TEXT_MAX     32
#define DEFAULT_USEC (60 * USEC_PER_SEC)
#define OLDEST_USEC  (60 * 60 * USEC_PER_SEC)

static usec_t ago(usec_t now, usec_t usec) {
        return now > usec ? now - usec : 0;
}

static ssize_t read_in_directory(int dirfd, char *text) {
        /* O_NONBLOCK, so that a fifo is refused below rather than waited for. */
        _cleanup_close_ int fd =
                openat(dirfd, SHOWN_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) || st.st_uid != geteuid())
                return -EPERM;
        return read_fd(fd, text, TEXT_MAX);
}

static ssize_t read_text(const Shown *shown, char *text) {
        return shown->dirfd >= 0 ? read_in_directory(shown->dirfd, text)
                                 : read_fd(shown->fd, text, TEXT_MAX);
}

bool shown_since(const Shown *shown, usec_t now, usec_t *ret) {
        char text[TEXT_MAX];
        usec_t until;

        /* The clock may have been set back. */
        if (read_text(shown, text) < 0 || parse_u64(text, &until) < 0 || until > now) {
                *ret = ago(now, DEFAULT_USEC);
                return false;
        }
        *ret = MAX(until + 1, ago(now, OLDEST_USEC));
        return true;
}

int shown_save(const Shown *shown, usec_t until, usec_t now) {
        char text[TEXT_MAX];
        /* Always as long, so that what is written in place leaves nothing of what was there. */
        int length = snprintf(text, sizeof text, "%020" PRIu64 "\n", MIN(until, now));
        ssize_t n;

        if (shown->dirfd >= 0)
                return write_file_atomic(shown->dirfd, SHOWN_NAME, text, (size_t) length, 0600);
        if (shown->fd < 0)
                return 0;
        n = pwrite(shown->fd, text, (size_t) length, 0);
        if (n < 0)
                return -errno;
        return n == length ? 0 : -EIO;
}
