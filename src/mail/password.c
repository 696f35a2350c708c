/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "mail/password.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"

void password_forget(Password *password) {
        explicit_bzero(password, sizeof *password);
}

static int refuse(const char *why, const char **ret_why) {
        *ret_why = why;
        return -EPERM;
}

static int check_file(int fd, uid_t owner, bool trusted, const char **ret_why) {
        struct stat st;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return refuse("not a regular file", ret_why);
        if (trusted)
                return 0;
        if (st.st_uid != 0 && st.st_uid != owner)
                return refuse("it belongs to another user", ret_why);
        return st.st_mode & 077 ? refuse("others than its owner may read or write it", ret_why) : 0;
}

static int check_text(char *text, const char **ret_why) {
        char *end = strchr(text, '\n');

        if (end) {
                if (end[1] != '\0')
                        return refuse("it has more than one line", ret_why);
                *end = '\0';
        }
        if (*text == '\0')
                return refuse("it is empty", ret_why);
        for (const char *p = text; *p; p++)
                if ((unsigned char) *p < 0x20 || *p == 0x7f)
                        return refuse("there is a control character in it", ret_why);
        return 0;
}

int password_read(const char *path, unsigned owner, bool trusted, Password *ret, const char **ret_why) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
        _cleanup_(password_forget) Password password = {};
        ssize_t n;
        int r;

        *ret_why = NULL;
        if (fd < 0)
                return errno == ELOOP ? refuse("it is a symbolic link", ret_why) : -errno;
        r = check_file(fd, owner, trusted, ret_why);
        if (r < 0)
                return r;
        n = read_fd(fd, password.text, sizeof password.text);
        if (n < 0)
                return n == -EFBIG ? refuse("it is too long", ret_why) : (int) n;
        if (strlen(password.text) != (size_t) n)
                return refuse("there is a NUL in it", ret_why);
        r = check_text(password.text, ret_why);
        if (r < 0)
                return r;
        *ret = password;
        return 0;
}
