/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "config/control-edit.h"
#include "config/control-files.h"
#include "config/reader.h"

/* A user's file in one of the directories, as it was before anything was changed. */
typedef struct UserFile {
        int dirfd;
        ControlFileName name;
        char *old; /* NULL: there is none */
} UserFile;

static void user_file_done(UserFile *file) {
        free(file->old);
}

/* An absent file has no text. What the configuration's reader would refuse as a whole is not changed. */
static int read_old(UserFile *file) {
        _cleanup_close_ int fd = control_file_open(file->dirfd, file->name);
        _cleanup_free_ char *text = NULL;
        ssize_t n;

        if (fd < 0)
                return fd == -ENOENT ? 0 : fd == -ELOOP || fd == -EINVAL ? -EBADMSG : fd;
        text = malloc(CONFIG_FILE_MAX + 1);
        if (!text)
                return -ENOMEM;
        n = read_fd(fd, text, CONFIG_FILE_MAX + 1);
        if (n < 0)
                return n == -EFBIG ? -EBADMSG : (int) n;
        if (strlen(text) != (size_t) n)
                return -EBADMSG;
        file->old = TAKE_PTR(text);
        return 0;
}

/* A directory that cannot be had holds no file. */
static int user_file_read(UserFile *file, int dirfd, uid_t uid) {
        file->dirfd = dirfd;
        control_file_name(file->name, uid);
        return dirfd < 0 ? 0 : read_old(file);
}

/* Makes this the text of the file; NULL removes it. */
static int put(const UserFile *file, const char *text) {
        if (text)
                return write_file_atomic(file->dirfd, file->name, text, strlen(text), 0644);
        if (unlinkat(file->dirfd, file->name, 0) < 0 && errno != ENOENT)
                return -errno;
        return fsync(file->dirfd) < 0 ? -errno : 0;
}

/* The same, and if it fails the old text is there again: it may be the last sync that failed. */
static int put_or_leave(const UserFile *file, const char *text) {
        int r = put(file, text);

        if (r < 0)
                (void) put(file, file->old);
        return r;
}

static int set_for_now(const UserFile *runtime, uid_t uid, const LimitSetting *settings, size_t n) {
        _cleanup_free_ char *text = NULL;
        int r = control_edit_set(runtime->old, uid, settings, n, &text);

        return r < 0 ? r : put_or_leave(runtime, text);
}

/* The values are first put into the file for now, where they are in force, then into that for good, and then
 * taken out of the former. Whatever fails, and whenever the host does, what is in force is what was there or
 * what was asked for. */
static int set_for_good(const UserFile *runtime, const UserFile *persistent, uid_t uid,
                        const LimitSetting *settings, size_t n) {
        _cleanup_free_ char *text = NULL, *without = NULL;
        bool hidden; /* what stands for now would hide it */
        int r = control_edit_set(persistent->old, uid, settings, n, &text);

        if (r >= 0)
                r = control_edit_remove(runtime->old, uid, settings, n, &without);
        hidden = r > 0;
        if (hidden)
                r = set_for_now(runtime, uid, settings, n);
        if (r < 0)
                return r;
        r = put_or_leave(persistent, text);
        if (r < 0 && hidden)
                (void) put(runtime, runtime->old);
        if (r < 0)
                return r;
        /* Both say the same now, so it is as it was asked for, whether this can be done or not. */
        if (hidden)
                (void) put(runtime, without);
        return 0;
}

int control_set(const ControlDirs *dirs, uid_t uid, const LimitSetting *settings, size_t n, bool runtime) {
        _cleanup_(user_file_done) UserFile now = {}, good = {};
        int r = 0;

        if ((runtime ? dirs->runtime_fd : dirs->persistent_fd) < 0)
                return -EROFS;
        for (size_t i = 0; r >= 0 && i < n; i++) {
                const char *allowed;

                r = control_check(&settings[i], &allowed);
        }
        if (r < 0 || n == 0)
                return r;
        r = user_file_read(&now, dirs->runtime_fd, uid);
        if (r < 0)
                return r;
        if (runtime)
                return set_for_now(&now, uid, settings, n);
        r = user_file_read(&good, dirs->persistent_fd, uid);
        return r < 0 ? r : set_for_good(&now, &good, uid, settings, n);
}

/* ---- reset ---- */

/* Where a file is until that for now is gone too. Nobody reads it, and whoever next writes the user's file
 * removes it, if a crash has left it. */
typedef char AsideName[sizeof ".#" + sizeof(ControlFileName)];

static void bring_back(int dirfd, const char *aside, const char *name) {
        (void) renameat(dirfd, aside, dirfd, name);
        (void) fsync(dirfd);
}

/* Returns 1; 0 if there is no such file. */
static int put_aside(int dirfd, const char *name, const char *aside) {
        struct stat st;
        int r;

        if (dirfd < 0)
                return 0;
        if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) >= 0 && S_ISDIR(st.st_mode))
                return -EISDIR;
        if (renameat(dirfd, name, dirfd, aside) < 0)
                return errno == ENOENT ? 0 : -errno;
        if (fsync(dirfd) >= 0)
                return 1;
        r = -errno;
        bring_back(dirfd, aside, name);
        return r;
}

static int remove_for_now(int dirfd, const char *name) {
        if (dirfd < 0)
                return 0;
        if (unlinkat(dirfd, name, 0) < 0)
                return errno == ENOENT ? 0 : -errno;
        (void) fsync(dirfd); /* what is for now is gone after a crash of the host, one way or another */
        return 1;
}

/* For good first: between the two what is for now holds, as before. */
int control_reset(const ControlDirs *dirs, uid_t uid) {
        ControlFileName name;
        AsideName aside;
        int persistent, runtime;

        if (dirs->persistent_fd < 0 && dirs->runtime_fd < 0)
                return -EROFS;
        control_file_name(name, uid);
        snprintf(aside, sizeof aside, ".#%s", name);
        persistent = put_aside(dirs->persistent_fd, name, aside);
        if (persistent < 0)
                return persistent;
        runtime = remove_for_now(dirs->runtime_fd, name);
        if (runtime < 0 && persistent > 0)
                bring_back(dirs->persistent_fd, aside, name);
        if (runtime < 0)
                return runtime;
        if (persistent > 0)
                (void) unlinkat(dirs->persistent_fd, aside, 0);
        return persistent || runtime;
}
