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
        _cleanup_close_ int fd = -1;
        struct stat st;
        char path[32];

        snprintf(path, sizeof path, "/run/user/%u", (unsigned) geteuid());
        fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid != geteuid())
                return -1;
        return TAKE_FD(fd);
}

static int open_directory(void) {
        _cleanup_close_ int fd = -1;
        struct stat st;

        if (mkdir(NOTIFY_RUNTIME_PATH, 0700) < 0 && errno != EEXIST)
                return -errno;
        fd = open(NOTIFY_RUNTIME_PATH, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (st.st_uid != 0 || (st.st_mode & (S_IRWXG | S_IRWXO)))
                return -EPERM;
        return TAKE_FD(fd);
}

static int open_file(uid_t uid) {
        _cleanup_close_ int directory = open_directory(), fd = -1;
        struct stat st;
        char name[16];

        if (directory < 0)
                return directory;
        snprintf(name, sizeof name, "%u", (unsigned) uid);
        fd = openat(directory, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                    0600);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) || st.st_uid != 0 || st.st_nlink != 1)
                return -EPERM;
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
        fd = open_file(uid);
        if (fd < 0)
                return log_error_errno(fd, "Cannot open the file for %s in " NOTIFY_RUNTIME_PATH ": %m",
                                       user->pw_name);
        r = set_environment(user);
        if (r >= 0)
                r = drop_privileges(user);
        if (r < 0)
                return log_error_errno(r, "--user=%u: cannot become this user: %m", (unsigned) uid);
        return TAKE_FD(fd);
}
