/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A tree of cgroup files in a temporary directory, for the readers to run on. */

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/macro.h"

typedef struct Fixture {
        char path[64];
        int fd;
} Fixture;

static inline int fixture_open(Fixture *f) {
        /* In memory if possible: some of these trees have tens of thousands of files. */
        strcpy(f->path, "/dev/shm/fairslice-test-XXXXXX");
        if (!mkdtemp(f->path)) {
                strcpy(f->path, "/tmp/fairslice-test-XXXXXX");
                if (!mkdtemp(f->path))
                        return -errno;
        }
        f->fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return f->fd < 0 ? -errno : 0;
}

static inline int fixture_unlink(const char *path, _unused_ const struct stat *st, _unused_ int type,
                                 _unused_ struct FTW *ftw) {
        return remove(path);
}

/* Removes a file or a directory with everything in it. */
static inline void fixture_remove(Fixture *f, const char *name) {
        char path[512];

        snprintf(path, sizeof path, "%s/%s", f->path, name);
        nftw(path, fixture_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void fixture_close(Fixture *f) {
        fixture_remove(f, ".");
        rmdir(f->path);
        f->fd = safe_close(f->fd);
}

static inline void fixture_mkdir(Fixture *f, const char *name) {
        if (mkdirat(f->fd, name, 0755) < 0 && errno != EEXIST)
                abort();
}

/* Writes in place and in one go, as the kernel changes its files: a reader sees the old or the new text. */
static inline void fixture_write(Fixture *f, const char *name, const char *text) {
        int fd = openat(f->fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        size_t length = strlen(text);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0 || pwrite(fd, text, length, 0) != (ssize_t) length ||
            ((size_t) st.st_size > length && ftruncate(fd, (off_t) length) < 0))
                abort();
        close(fd);
}

static inline void fixture_printf(Fixture *f, const char *name, const char *format, ...) _printf_(3, 4);
static inline void fixture_printf(Fixture *f, const char *name, const char *format, ...) {
        char text[4096];
        va_list ap;

        va_start(ap, format);
        vsnprintf(text, sizeof text, format, ap);
        va_end(ap);
        fixture_write(f, name, text);
}

/* How many descriptors this process has open. */
static inline unsigned open_descriptors(void) {
        DIR *dir = opendir("/proc/self/fd");
        unsigned n = 0;

        if (!dir)
                abort();
        while (readdir(dir))
                n++;
        closedir(dir);
        return n;
}

/* A name for the functions above, good until the next call. */
static inline const char *fixture_name(const char *format, ...) _printf_(1, 2);
static inline const char *fixture_name(const char *format, ...) {
        static char name[1024];
        va_list ap;

        va_start(ap, format);
        vsnprintf(name, sizeof name, format, ap);
        va_end(ap);
        return name;
}
