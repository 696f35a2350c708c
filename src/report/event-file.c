/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "report/event-file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>

void event_file_close(EventFile *file) {
        safe_close(file->fd);
        *file = EVENT_FILE_NONE;
}

int event_file_open(EventFile *file, int root_fd, const char *path) {
        _cleanup_close_ int fd = -1;
        struct stat st;

        event_file_close(file);
        fd = openat(root_fd, path + strspn(path, "/"),
                    O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0640);
        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EINVAL;
        file->fd = TAKE_FD(fd);
        return 0;
}

int event_file_write(EventFile *file, const char *line) {
        char newline = '\n';
        struct iovec parts[] = { { &newline, 1 }, { (char *) line, strlen(line) } };
        size_t skip = file->cut ? 0 : 1, size = parts[1].iov_len + (file->cut ? 1 : 0);
        ssize_t n;

        if (file->fd < 0)
                return 0;
        do
                n = writev(file->fd, &parts[skip], (int) (ELEMENTSOF(parts) - skip));
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        file->cut = (size_t) n < size;
        return file->cut ? -ENOSPC : 0;
}
