/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "notify/identity.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "basic/log.h"

#define PATH_OF_USERS "/usr/local/bin:/usr/bin:/bin"

int identity_directory(void) {
        const char *path = secure_getenv("RUNTIME_DIRECTORY");

        return path ? open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
}

/* The user's directory is in one of root's: there it stays what it is while this looks. */
static int make_directory(const struct passwd *user) {
        _cleanup_close_ int parent = -1, fd = -1;
        struct stat st;
        char name[16];

        if (mkdir(NOTIFY_RUNTIME_PATH, 0755) < 0 && errno != EEXIST)
                return -errno;
        parent = open(NOTIFY_RUNTIME_PATH, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (parent < 0 || fstat(parent, &st) < 0)
                return -errno;
        if (st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)))
                return -EPERM;
        snprintf(name, sizeof name, "%u", (unsigned) user->pw_uid);
        if (mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
                return -errno;
        fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fchown(fd, user->pw_uid, user->pw_gid) < 0 || fchmod(fd, 0700) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static int set_environment(const struct passwd *user) {
        if (clearenv() != 0 || setenv("PATH", PATH_OF_USERS, true) < 0 ||
            setenv("HOME", user->pw_dir, true) < 0 || setenv("SHELL", user->pw_shell, true) < 0 ||
            setenv("USER", user->pw_name, true) < 0 || setenv("LOGNAME", user->pw_name, true) < 0)
                return -ENOMEM;
        return 0;
}

static int drop_privileges(const struct passwd *user) {
        if (initgroups(user->pw_name, user->pw_gid) < 0 ||
            setresgid(user->pw_gid, user->pw_gid, user->pw_gid) < 0 ||
            setresuid(user->pw_uid, user->pw_uid, user->pw_uid) < 0 ||
            prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || chdir("/") < 0)
                return -errno;
        return 0;
}

int identity_become(uid_t uid) {
        _cleanup_close_ int fd = -1;
        const struct passwd *user;
        int r;

        errno = 0;
        user = getpwuid(uid);
        if (!user)
                return log_error_errno(errno ?: ENOENT, "--user=%u: there is no such user.", (unsigned) uid);
        fd = make_directory(user);
        if (fd < 0)
                return log_error_errno(fd, "Cannot make a directory for %s in " NOTIFY_RUNTIME_PATH ": %m",
                                       user->pw_name);
        r = set_environment(user);
        if (r >= 0)
                r = drop_privileges(user);
        if (r < 0)
                return log_error_errno(r, "--user=%u: cannot become this user: %m", (unsigned) uid);
        return TAKE_FD(fd);
}
