/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/queue.h>
#include <systemd/sd-event.h>

#include "backend/backend.h"
#include "cgroup/tree.h"
#include "model/slice-name.h"

/* What the backends that write files themselves share: a queue of changes, of which a few steps are done
 * each time that the event loop has nothing else to do, and reading and writing one file. */

typedef struct RawBackend RawBackend;

/* Several failures of one change are told one after the other. */
#define RAW_MESSAGE_MAX 512

/* One change. `limits` has all values, LIMIT_UNSET where nothing was asked for. */
typedef struct RawChange {
        STAILQ_ENTRY(RawChange) entry;
        SliceName slice;
        Limits limits;
        LimitMask todo;      /* what is still to be written */
        LimitMask without;   /* of it, what has no group to be written in */
        bool asked;          /* systemd was asked for the groups */
        bool memory_planned; /* cgroup1 has worked out what goes into both its files */
        uint64_t lowered;    /* the last step of a limit that is being lowered; UINT64_MAX: none yet */
        unsigned tries;      /* of a limit that could not be lowered to where it should be */
        unsigned interrupts; /* writes that a signal ended */
        int error;           /* of the first failure */
        char message[RAW_MESSAGE_MAX];
} RawChange;

typedef enum RawOutcome {
        RAW_DONE,  /* nothing is left to be done */
        RAW_AGAIN, /* there is more to do, and enough was done for this turn of the loop */
        RAW_TAKEN, /* the change is not in the queue for now; it will come back by raw_requeue() or end by
                    * raw_finish() */
} RawOutcome;

struct RawBackend {
        Backend base;
        const CgroupTree *tree;
        RawOutcome (*step)(RawBackend *b, RawChange *change);
        sd_event_source *turn;
        STAILQ_HEAD(, RawChange) queue;
};

/* Everything but `base.ops` and `step`, which are there already; also on failure raw_done() undoes it. */
int raw_init(RawBackend *b, const BackendHandlers *handlers, sd_event *event, const CgroupTree *tree);

/* Frees what is queued without calling back. */
void raw_done(RawBackend *b);

/* BackendOps.set_limits. -EINVAL for what is no name of a directory. */
int raw_set_limits(Backend *backend, const char *slice, const Limits *limits, LimitMask mask);

/* Gives a change back to the queue. */
void raw_requeue(RawBackend *b, RawChange *change);

/* Frees a change that is not queued, and calls handlers.done. */
void raw_finish(RawBackend *b, RawChange *change);
/* The same without the call. */
void raw_forget(RawBackend *b, RawChange *change);

/* These limits cannot be set, and the others go on. %m is the error. */
void raw_fail(RawChange *change, LimitMask limits, int error, const char *format, ...) _printf_(4, 5);

/* The slice's group in a hierarchy, an O_PATH descriptor that is the caller's, or -ENOENT. */
int raw_open_group(const CgroupHierarchy *hierarchy, const char *slice);

/* A file with one value, "max" being UINT64_MAX. 0 or a negative errno. */
int raw_read(int group_fd, const char *file, uint64_t *ret);

/* Writes the text into the file, with one write(2). 0 or a negative errno; -ENOENT also if the group was
 * removed. */
int raw_write(int group_fd, const char *file, const char *text);

/* The same for a limit of a change, which fails if it cannot be written, and else is still to be done. */
void raw_write_limit(RawChange *change, Limit limit, int group_fd, const char *file, const char *text);

/* The next value on the way down from `standing` to `target`. The kernel reclaims what is above a limit
 * before write(2) comes back, so a limit far below what is in use goes down in steps, one a turn of the
 * loop. */
uint64_t raw_next_lower(uint64_t standing, uint64_t target, uint64_t in_use);
