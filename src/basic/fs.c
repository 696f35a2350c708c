/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/fs.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Behind the first whole line that begins so, NULL if there is none. */
static char *find_line_end(char *text, size_t length, const char *prefix) {
        const char *end = text + length;
        char *newline;

        for (char *line = text; (newline = memchr(line, '\n', (size_t) (end - line))); line = newline + 1)
                if (strncmp(line, prefix, strlen(prefix)) == 0)
                        return newline + 1;
        return NULL;
}

ssize_t read_fd_to_line(int fd, const char *prefix, char *buffer, size_t size) {
        const char *found = NULL;
        size_t done = 0;
        ssize_t n;

        if (size == 0)
                return -EFBIG;
        do {
                n = pread(fd, buffer + done, size - done, (off_t) done);
                if (n < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                done += (size_t) n;
                if (done == size)
                        return -EFBIG;
                if (prefix)
                        found = find_line_end(buffer, done, prefix);
        } while (n != 0 && !found);
        if (found)
                done = (size_t) (found - buffer);
        buffer[done] = '\0';
        return (ssize_t) done;
}

ssize_t read_fd(int fd, char *buffer, size_t size) {
        return read_fd_to_line(fd, NULL, buffer, size);
}

/* O_NONBLOCK, so that a fifo is refused by whoever reads it rather than waited for. */
static int open_to_read(int dirfd, const char *path) {
        int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);

        return fd < 0 ? -errno : fd;
}

ssize_t read_file_at(int dirfd, const char *path, char *buffer, size_t size) {
        _cleanup_close_ int fd = open_to_read(dirfd, path);

        return fd < 0 ? fd : read_fd(fd, buffer, size);
}

ssize_t read_whole_file_at(int dirfd, const char *path, size_t max, char **ret) {
        _cleanup_close_ int fd = open_to_read(dirfd, path);
        _cleanup_free_ char *text = NULL;
        struct stat st;
        ssize_t n;

        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EBADMSG;
        if ((uint64_t) st.st_size > max)
                return -EFBIG;
        text = malloc((size_t) st.st_size + 2);
        if (!text)
                return -ENOMEM;
        n = read_fd(fd, text, (size_t) st.st_size + 2);
        if (n >= 0)
                *ret = TAKE_PTR(text);
        return n;
}

ssize_t read_attribute(int fd, char *buffer, size_t size) {
        ssize_t n;

        if (size == 0)
                return -EFBIG;
        do
                n = pread(fd, buffer, size, 0);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        if ((size_t) n == size)
                return -EFBIG;
        buffer[n] = '\0';
        return n;
}

ssize_t read_attribute_at(int dirfd, const char *path, char *buffer, size_t size) {
        _cleanup_close_ int fd = open_to_read(dirfd, path);

        return fd < 0 ? fd : read_attribute(fd, buffer, size);
}

static int write_all(int fd, const char *data, size_t size) {
        while (size > 0) {
                ssize_t n = write(fd, data, size);

                if (n < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                data += n;
                size -= (size_t) n;
        }
        return 0;
}

int write_file_synced(int dirfd, const char *name, const char *data, size_t size, unsigned mode) {
        _cleanup_close_ int fd = -1;
        int r;

        /* A crash may have left one, and it need not be ours: always a new file, with the right mode. */
        (void) unlinkat(dirfd, name, 0);
        fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
        if (fd < 0 || fchmod(fd, mode) < 0) /* whatever the umask is */
                return -errno;
        r = write_all(fd, data, size);
        if (r < 0)
                return r;
        return fsync(fd) < 0 ? -errno : 0;
}

int write_file_atomic(int dirfd, const char *name, const char *data, size_t size, unsigned mode) {
        char temporary[256];
        int r;

        if (strchr(name, '/') ||
            (size_t) snprintf(temporary, sizeof temporary, ".#%s", name) >= sizeof temporary)
                return -EINVAL;
        r = write_file_synced(dirfd, temporary, data, size, mode);
        if (r >= 0 && renameat(dirfd, temporary, dirfd, name) < 0)
                r = -errno;
        if (r < 0) {
                unlinkat(dirfd, temporary, 0);
                return r;
        }
        return fsync(dirfd) < 0 ? -errno : 0;
}

int open_dir_again(int dirfd, DIR **ret) {
        _cleanup_close_ int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir;

        if (fd < 0)
                return -errno;
        dir = fdopendir(fd);
        if (!dir)
                return -errno;
        TAKE_FD(fd);
        *ret = dir;
        return 0;
}
