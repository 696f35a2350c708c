/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/queue.h>

#include "cgroup/slice-files.h"
#include "config/config.h"
#include "daemon/ledger.h"
#include "engine/engine.h"
#include "model/hold.h"
#include "model/share-policy.h"
#include "model/slice-name.h"
#include "report/history.h"

/* One slice that the service knows of: what is wanted for it, what stands, and what is under way. There may
 * be very many, so in each part what is small is together. */
typedef struct ManagedSlice {
        LIST_ENTRY(ManagedSlice) all;
        TAILQ_ENTRY(ManagedSlice) queue; /* those that may have something to be set */

        User user;
        SliceFiles *files; /* NULL while there is no cgroup */
        char name[USER_SLICE_NAME_MAX + 1];
        bool queued;
        bool exempt;          /* known, and left alone */
        bool announced;       /* logind has the user */
        bool throttling_read; /* engine.nr_throttled and throttled_usec are this cgroup's */
        bool sampled; /* sampled_usage and sampled_throttled are those of the last look of the history */
        bool held;    /* by a fair-share quota, as EventLog= was told */
        Hold hold;    /* as of the last look */

        SliceConfig config;
        LedgerEntry *entry;    /* the ledger's */
        uint64_t found_quota;  /* CPUQuota= that somebody else has set; LIMIT_UNSET */
        uint64_t found_weight; /* CPUWeight= likewise; LIMIT_UNSET */
        EngineSlice engine;    /* engine.quota and .yields are the fair share that was decided on */
        usec_t hold_since;     /* CLOCK_REALTIME; 0: since the service was started */

        Limits set;  /* what stands, as far as we know */
        Limits sent; /* with the change under way */
        LimitMask sent_mask;
        bool in_flight;
        LimitMask unanswered;   /* sent, outdated, and may still be done: to be set again behind that */
        LimitMask known;        /* for which limits we know what stands */
        bool kernel_seen;       /* the kernel's values were read since the cgroup appeared */
        LimitMask confirmed;    /* which of them we have set ourselves and the backend has taken */
        LimitMask pretended;    /* which of them were only said, while observing */
        LimitMask repaired;     /* set again since the last reload, and reported */
        LimitMask given_up;     /* set again and different still, until the next reload */
        LimitMask memory_waits; /* lowering waits for use to fall, and was reported */
        unsigned failures;      /* in a row */
        usec_t retry_at;        /* not before, after a failure or while nobody is in it; 0: at once */
        usec_t verify_at;       /* when to read the kernel's values back; USEC_INFINITY: never */
        usec_t verify_delay;    /* after this one, until the next */

        History *history;           /* owned; NULL until the first look */
        uint64_t throttled_usec;    /* as read last */
        uint64_t sampled_usage;     /* µs */
        uint64_t sampled_throttled; /* µs */
} ManagedSlice;

/* -ENOMEM. The user's identity is looked up by the caller. */
int managed_slice_new(const char *name, LedgerEntry *entry, ManagedSlice **ret);
ManagedSlice *managed_slice_free(ManagedSlice *slice);

/* Of the limits sent last those that are not wanted like that any more. */
LimitMask managed_slice_outdated(const ManagedSlice *slice);

/* What is to be set next. Returns the limits that differ from what stands; *ret is complete for them.
 * Memory limits go down in steps unless the configuration says otherwise, so it may be less than what is
 * wanted in the end; then *ret_waiting has those that are still to come. */
LimitMask managed_slice_pending(ManagedSlice *slice, Limits *ret, LimitMask *ret_waiting);

/* The CPU quota without a fair share: CPUQuota=, or what was found. */
uint64_t managed_slice_standing_quota(const ManagedSlice *slice);

/* The weight that counts: CPUWeight=, or what was found where that is the default. */
uint64_t managed_slice_weight(const ManagedSlice *slice);

/* Notes in the slice's entry of the ledger that these limits will be set, and what there is without a fair
 * share, to go back to. */
void managed_slice_note(ManagedSlice *slice, LimitMask mask);

/* Whether nothing of a fair share is in what stands, as far as we know. */
bool managed_slice_stands(const ManagedSlice *slice);

/* What keeps the slice from using more, as of the last look. `guaranteed` is what it has in any case. */
Hold managed_slice_hold(const ManagedSlice *slice, SharePolicy policy, bool contended, uint64_t guaranteed);

/* What the slice used, and how much it was throttled: the latter is only read if that may have changed,
 * which it does not without a quota. Errors of slice-files.h; the slice has files. */
int managed_slice_read_cpu(ManagedSlice *slice, CpuStat *ret);

/* Limits that are set by us: configured, or set by us before. */
LimitMask managed_slice_ours(const ManagedSlice *slice);

/* Takes what the kernel holds. Returns the limits that we had set and that are something else now; the
 * kernel's values are in slice->set from then on. What we have taken back and is gone is not ours any more.
 * Until the controllers are on, absent files mean "no limit", but a missing weight is unknown, so that it
 * will be set and turns the CPU controller on. */
LimitMask managed_slice_take_kernel(ManagedSlice *slice, const Limits *kernel, LimitMask present);

/* No cgroup yet: nothing stands but what systemd may have kept in its drop-ins from us, nor was anything
 * found but what the ledger remembers. */
void managed_slice_assume_fresh(ManagedSlice *slice);
