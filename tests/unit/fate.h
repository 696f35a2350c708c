/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* For tests whose disk can fail, and whose process can be killed, at each system call in turn: the linker
 * puts the functions here in the place of libc's (`--wrap` in meson.build, of these and of those that the
 * test adds).
 */

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "basic/macro.h"

typedef enum Fate { GOOD, FAIL_ONCE, FAIL_ALWAYS, CRASH } Fate;

static Fate fate;
static long at, calls;

static int meet_fate(void) {
        long call = calls++;

        if (fate == CRASH && call == at)
                _exit(7);
        if ((fate == FAIL_ONCE && call == at) || (fate == FAIL_ALWAYS && call >= at)) {
                errno = EIO;
                return -1;
        }
        return 0;
}

/* NOLINTBEGIN: names that the linker wants */
int __wrap_fsync(int fd);
int __real_renameat(int olddirfd, const char *oldname, int newdirfd, const char *newname);
int __wrap_renameat(int olddirfd, const char *oldname, int newdirfd, const char *newname);
int __real_unlinkat(int fd, const char *name, int flags);
int __wrap_unlinkat(int fd, const char *name, int flags);
ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);

/* Only the process crashes here, so nothing is lost, and nobody needs to wait for a disk. */
int __wrap_fsync(_unused_ int fd) {
        return meet_fate();
}

int __wrap_renameat(int olddirfd, const char *oldname, int newdirfd, const char *newname) {
        return meet_fate() < 0 ? -1 : __real_renameat(olddirfd, oldname, newdirfd, newname);
}

int __wrap_unlinkat(int fd, const char *name, int flags) {
        return meet_fate() < 0 ? -1 : __real_unlinkat(fd, name, flags);
}

ssize_t __wrap_write(int fd, const void *data, size_t size) {
        return meet_fate() < 0 ? -1 : __real_write(fd, data, size);
}
/* NOLINTEND */
