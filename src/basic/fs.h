/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <dirent.h>

#include "basic/macro.h"

/* Reads the file from its beginning into the buffer and ends it with NUL. Returns the number of bytes.
 * -EFBIG if it does not fit with its NUL; -ENODEV if the cgroup behind the descriptor is gone. */
ssize_t read_fd(int fd, char *buffer, size_t size);

/* The same up to the first line that begins so, where that is enough of a file that the kernel gives in
 * parts and makes anew for each: no part behind that line is asked for. All of the file if it has no such
 * line. */
ssize_t read_fd_to_line(int fd, const char *prefix, char *buffer, size_t size);

/* The same for a file below a directory, opened for this one read. Never follows a link at the end. */
ssize_t read_file_at(int dirfd, const char *path, char *buffer, size_t size);

/* The whole of a regular file below a directory, ended by NUL, in *ret, which is the caller's to free. Never
 * follows a link at the end. Returns the number of bytes; -EBADMSG if it is no regular file, -EFBIG if it is
 * larger than `max`. */
ssize_t read_whole_file_at(int dirfd, const char *path, size_t max, char **ret);

/* read_fd() and read_file_at() again in one pread, for files of one record: the kernel makes their whole
 * text at once, so less than there is room for is all of it. Those are the attributes in sysfs and cgroup's
 * that have one seq_show() (cpu.stat, memory.stat) or one number (cpuacct.usage): without a seq_start() of
 * its own kernfs_seq_start() (fs/kernfs/file.c) begins one record, and seq_read_iter() (fs/seq_file.c) makes
 * its buffer as large as that is. Lists of many (cgroup.procs, /proc/vmstat, mountinfo) end a read wherever
 * a page is full. */
ssize_t read_attribute(int fd, char *buffer, size_t size);
ssize_t read_attribute_at(int dirfd, const char *path, char *buffer, size_t size);

/* Replaces a file so that after a crash either the old or the new content is there: temporary file, fsync,
 * rename, fsync of the directory. `dirfd` is an open directory, `name` a name in it without a slash. The
 * file gets this mode whatever the umask is. */
int write_file_atomic(int dirfd, const char *name, const char *data, size_t size, unsigned mode);

/* Makes a new file with this content and mode, whatever the umask is, and syncs it; one of this name is
 * removed first. The directory is not synced, and a failure may leave a part. */
int write_file_synced(int dirfd, const char *name, const char *data, size_t size, unsigned mode);

/* Opens the directory behind a descriptor, O_PATH or not, once more to read what is in it from the
 * beginning. */
int open_dir_again(int dirfd, DIR **ret);

static inline void closedirp(DIR **dir) {
        if (*dir)
                closedir(*dir);
}
