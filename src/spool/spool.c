/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "spool/spool.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "basic/utf8.h"
#include "spool/internal.h"

#define DIRECTORY_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

#define SEND_LOCK "lock-send"

static const char *const places[_SPOOL_PLACE_COUNT] = {
        [SPOOL_QUEUED] = "new",
        [SPOOL_FAILED] = "failed",
        [SPOOL_SENT] = "sent",
};

const char *spool_file_name(SpoolFileBuffer buffer, const SpoolName *name, const char *suffix) {
        SpoolNameBuffer text;

        snprintf(buffer, sizeof(SpoolFileBuffer), "%s%s", spool_name_format(text, name), suffix);
        return buffer;
}

int spool_file_parse(const char *file, const char *suffix, SpoolName *ret) {
        size_t length = strlen(file), end = strlen(suffix);
        SpoolNameBuffer text;

        if (length <= end || length - end >= sizeof text || strcmp(file + length - end, suffix) != 0)
                return -EINVAL;
        memcpy(text, file, length - end);
        text[length - end] = '\0';
        return spool_name_parse(text, ret);
}

int spool_open_file(int dirfd, const char *file, int flags, uint64_t *ret_size) {
        _cleanup_close_ int fd =
                openat(dirfd, file, flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, FILE_MODE);
        struct stat st;

        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EINVAL;
        if (ret_size)
                *ret_size = (uint64_t) st.st_size;
        return TAKE_FD(fd);
}

ssize_t spool_read_text(int dirfd, const char *file, char *buffer, size_t size) {
        _cleanup_close_ int fd = spool_open_file(dirfd, file, O_RDONLY, NULL);
        ssize_t n;

        if (fd < 0)
                return fd;
        n = read_fd(fd, buffer, size);
        return n >= 0 && strlen(buffer) != (size_t) n ? -EBADMSG : n;
}

int spool_remove(int dirfd, const char *file) {
        return unlinkat(dirfd, file, 0) < 0 && errno != ENOENT ? -errno : 0;
}

void spool_clean_line(char buffer[static SPOOL_ANSWER_MAX + 1], const char *text) {
        size_t done = 0;

        while (*text != '\0') {
                size_t n = utf8_printable(text), width = MAX(n, (size_t) 1);

                if (done + width > SPOOL_ANSWER_MAX)
                        break;
                if (n > 0)
                        memcpy(buffer + done, text, n);
                else
                        buffer[done] = *text == '\t' ? ' ' : '?';
                done += width;
                text += width;
        }
        buffer[done] = '\0';
}

/* With the mode of the spool itself, so that its group has its bit here as well. By the descriptor: one of
 * the group could put a link in its place. */
static int open_directory(int dirfd, const char *name, bool make, int *ret) {
        bool made = make && mkdirat(dirfd, name, 0700) >= 0;
        _cleanup_close_ int fd = -1;
        struct stat st;

        if (make && !made && errno != EEXIST)
                return -errno;
        fd = openat(dirfd, name, DIRECTORY_FLAGS);
        if (fd < 0)
                return -errno;
        if (made && (fstat(dirfd, &st) < 0 || fchmod(fd, st.st_mode & 07777) < 0))
                return -errno;
        *ret = TAKE_FD(fd);
        return 0;
}

static int open_directories(Spool *spool, bool make) {
        int r = open_directory(spool->dirfd, "tmp", make, &spool->tmp_fd);

        if (r >= 0)
                r = open_directory(spool->dirfd, "retry", make, &spool->retry_fd);
        for (unsigned i = 0; r >= 0 && i < _SPOOL_PLACE_COUNT; i++)
                r = open_directory(spool->dirfd, places[i], make, &spool->place_fd[i]);
        return r;
}

/* Held until the process closes it or ends, however it ends. */
static int lock_role(Spool *spool, const char *file) {
        struct stat st;

        spool->lock_fd = spool_open_file(spool->dirfd, file, O_RDWR | O_CREAT, NULL);
        if (spool->lock_fd == -ENOENT) /* never with O_CREAT, but for a directory that is being removed */
                return -ESTALE;
        if (spool->lock_fd < 0)
                return spool->lock_fd;
        /* It could be any file of root's that one of the group has linked here. */
        if (fstat(spool->lock_fd, &st) < 0)
                return -errno;
        if (st.st_nlink > 1)
                return -EINVAL;
        /* Whoever makes it, with whatever umask: the others of the group have to open it too. */
        (void) fchmod(spool->lock_fd, FILE_MODE);
        if (flock(spool->lock_fd, LOCK_EX | LOCK_NB) < 0)
                return errno == EWOULDBLOCK ? -EBUSY : -errno;
        return 0;
}

/* Nobody else puts, so what is there was left by one who was killed. */
static int clear_tmp(Spool *spool) {
        _cleanup_(closedirp) DIR *dir = NULL;
        int r = open_dir_again(spool->tmp_fd, &dir);

        if (r < 0)
                return r;
        for (struct dirent *e; (e = readdir(dir));)
                if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
                        (void) unlinkat(spool->tmp_fd, e->d_name, 0);
        return 0;
}

int spool_open(int dirfd, SpoolRole role, const SpoolLimits *limits, Spool **ret) {
        _cleanup_(spool_freep) Spool *spool = calloc(1, sizeof *spool);
        int r = 0;

        if (!spool)
                return -ENOMEM;
        *spool = (Spool){
                .dirfd = openat(dirfd, ".", DIRECTORY_FLAGS),
                .lock_fd = -1,
                .place_fd = { -1, -1, -1 },
                .tmp_fd = -1,
                .retry_fd = -1,
        };
        if (spool->dirfd < 0)
                return -errno;
        if (limits)
                spool->limits = *limits;
        if (role != SPOOL_LOOK)
                r = lock_role(spool, role == SPOOL_PUT ? "lock-put" : SEND_LOCK);
        if (r >= 0)
                r = open_directories(spool, role != SPOOL_LOOK);
        if (r >= 0 && role == SPOOL_PUT)
                r = clear_tmp(spool);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(spool);
        return 0;
}

Spool *spool_free(Spool *spool) {
        if (!spool)
                return NULL;
        for (unsigned i = 0; i < _SPOOL_PLACE_COUNT; i++)
                safe_close(spool->place_fd[i]);
        safe_close(spool->tmp_fd);
        safe_close(spool->retry_fd);
        safe_close(spool->lock_fd);
        safe_close(spool->dirfd);
        free(spool);
        return NULL;
}

int spool_is_sending(Spool *spool) {
        _cleanup_close_ int fd = spool_open_file(spool->dirfd, SEND_LOCK, O_RDONLY, NULL);

        if (fd < 0)
                return fd == -ENOENT ? 0 : fd;
        if (flock(fd, LOCK_SH | LOCK_NB) >= 0)
                return 0;
        return errno == EWOULDBLOCK ? 1 : -errno;
}

void spool_set_limits(Spool *spool, const SpoolLimits *limits) {
        spool->limits = *limits;
}

/* inotify wants a path; this one is the directory of the descriptor and no other. */
static int add_watch(int fd, int dirfd, uint32_t mask) {
        char path[32];

        snprintf(path, sizeof path, "/proc/self/fd/%d", dirfd);
        return inotify_add_watch(fd, path, mask | IN_ONLYDIR) < 0 ? -errno : 0;
}

int spool_watch(const Spool *spool) {
        _cleanup_close_ int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        int r;

        if (fd < 0)
                return -errno;
        r = add_watch(fd, spool->place_fd[SPOOL_QUEUED], IN_MOVED_TO);
        if (r >= 0)
                r = add_watch(fd, spool->retry_fd, IN_DELETE);
        if (r >= 0)
                r = add_watch(fd, spool->dirfd, IN_DELETE); /* what is known of the server */
        return r < 0 ? r : TAKE_FD(fd);
}
