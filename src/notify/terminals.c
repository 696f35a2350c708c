/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "notify/terminals.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "basic/log.h"

#define WIDTH 76

static bool is_number(const char *s) {
        return *s && s[strspn(s, "0123456789")] == '\0';
}

static bool is_console(const char *name) {
        return strncmp(name, "tty", 3) == 0 && is_number(name + 3);
}

static bool takes_messages(const struct stat *st, uid_t uid) {
        return S_ISCHR(st->st_mode) && st->st_uid == uid && (st->st_mode & S_IWGRP);
}

/* Others' devices are not even opened, since that alone can have an effect. */
static int open_terminal(int dirfd, const char *name, uid_t uid) {
        _cleanup_close_ int fd = -1;
        struct stat st;

        if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !takes_messages(&st, uid))
                return -1;
        fd = openat(dirfd, name, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0 || !takes_messages(&st, uid) || !isatty(fd))
                return -1;
        return TAKE_FD(fd);
}

static bool tell_one(int dirfd, const char *name, uid_t uid, const char *text) {
        _cleanup_close_ int fd = open_terminal(dirfd, name, uid);

        if (fd < 0)
                return false;
        if (write(fd, text, strlen(text)) > 0)
                return true;
        log_debug_errno(errno, "%s takes nothing now, left out: %m", name);
        return false;
}

static int tell_all(int dirfd, bool (*is_terminal)(const char *name), uid_t uid, const char *text) {
        _cleanup_(closedirp) DIR *dir = NULL;
        const struct dirent *entry;
        int told = 0;

        if (open_dir_again(dirfd, &dir) < 0)
                return 0;
        while ((entry = readdir(dir)))
                told += is_terminal(entry->d_name) && tell_one(dirfd, entry->d_name, uid, text);
        return told;
}

/* A bell, and lines of its own: the cursor may be anywhere. */
static char *write_text(const Notice *notice) {
        _cleanup_free_ char *summary = notice_wrap(notice->summary, WIDTH);
        _cleanup_free_ char *body = notice_wrap(notice->body, WIDTH);
        char *text;

        if (!summary || !body || asprintf(&text, "\r\n\a%s%s", summary, body) < 0)
                return NULL;
        return text;
}

int terminals_tell(int dev_fd, uid_t uid, const Notice *notice) {
        _cleanup_close_ int pts = openat(dev_fd, "pts", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        _cleanup_free_ char *text = write_text(notice);
        int told;

        if (!text)
                return -ENOMEM;
        told = tell_all(dev_fd, is_console, uid, text);
        return pts < 0 ? told : told + tell_all(pts, is_number, uid, text);
}
