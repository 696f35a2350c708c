/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "watch/oom-source.h"

/* The kernel's lines, out of /dev/kmsg (Documentation/ABI/testing/dev-kmsg): for root on a host that has no
 * journal.
 *
 * Programs may write there too, but never with the facility 0, which is the kernel's own; other records are
 * passed over. What the kernel has overwritten before it was read is lost. */
typedef struct Kmsg Kmsg;

#define KMSG_PATH "/dev/kmsg"

/* A record is at most this long, and so is what one read returns. */
#define KMSG_RECORD_MAX 8192

typedef struct KmsgRecord {
        unsigned facility;
        usec_t at; /* on the clock that the kernel stamps its records with */
        size_t length;
        char text[KMSG_RECORD_MAX]; /* any bytes, not ended by NUL */
} KmsgRecord;

/* Understands "PRIORITY,SEQUENCE,MICROSECONDS,FLAGS…;TEXT", without the lines of KEY=VALUE that may follow.
 * -EBADMSG if it is not what the kernel writes. */
int kmsg_parse(const char *text, size_t length, KmsgRecord *ret);

/* Takes over the descriptor, which is open for reading, does not block and gives one record at a read. */
int kmsg_new(int fd, Kmsg **ret);

Kmsg *kmsg_free(Kmsg *kmsg);
DEFINE_CLEANUP(Kmsg *, kmsg_free)

/* The operations for oom_watch_new(); the log must outlive the watch. */
OomLineSource kmsg_source(Kmsg *kmsg);
