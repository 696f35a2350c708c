/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "spool/line.h"
#include "spool/spool.h"

#define MESSAGE_SUFFIX   ".eml"
#define REASON_SUFFIX    ".reason"
#define RECIPIENT_HEADER "X-Fairslice-Recipient: "

#define SERVER_FILE "server"
#define LOST_FILE   "lost"

/* Of all files: those who share the spool have its group. */
#define FILE_MODE 0660

struct Spool {
        int dirfd, lock_fd;
        int place_fd[_SPOOL_PLACE_COUNT]; /* of new/, failed/ and sent/ */
        int tmp_fd, retry_fd;
        SpoolLimits limits;
};

typedef char SpoolFileBuffer[SPOOL_NAME_MAX + sizeof REASON_SUFFIX];

/* "NAME.eml", "NAME.reason"; the suffix may be "". Returns the buffer. */
const char *spool_file_name(SpoolFileBuffer buffer, const SpoolName *name, const char *suffix);

/* The name of a file that ends with the suffix, or -EINVAL. */
int spool_file_parse(const char *file, const char *suffix, SpoolName *ret);

/* Opens a regular file, without following links or waiting for the other end of a fifo. -EINVAL if it is no
 * regular file. `ret_size` may be NULL. */
int spool_open_file(int dirfd, const char *file, int flags, uint64_t *ret_size);

/* Reads a small regular file and ends it with NUL, which is nowhere else in it. Returns its length, or a
 * negative errno: -EFBIG, -EBADMSG. */
ssize_t spool_read_text(int dirfd, const char *file, char *buffer, size_t size);

/* Removes a file that may be absent. */
int spool_remove(int dirfd, const char *file);

/* Over (text, length), for fuzzers. 0 or -EBADMSG; then *ret is untouched. */
int spool_tries_parse(const char *text, size_t length, SpoolTries *ret);

/* Finds the recipient and the message in a file's content, which is ended by NUL and changed. */
int spool_message_parse(char *text, size_t length, SpoolMessage *ret);

/* Counts a warning as lost. */
int spool_count_lost(Spool *spool);

/* Makes room for a message of this size, by dropping warnings. 0 or -ENOSPC. */
int spool_make_room(Spool *spool, uint64_t size);
