/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the parts of the watch share: oom.c (life cycle, and which slices there are), oom-notify.c (inotify),
 * oom-collect.c (windows and events). */

#include "cgroup/slice-files.h"
#include "watch/oom-ledger.h"
#include "watch/oom-state.h"
#include "watch/oom-window.h"
#include "watch/oom.h"

/* How far before the moment of a look the kernel's lines about it are looked for. */
#define OOM_LINES_SLACK_USEC (5 * USEC_PER_SEC)

/* How often to try again to watch a slice that had no memory.events. */
#define OOM_RETRY_USEC (1 * USEC_PER_SEC)

typedef struct OomSlice {
        LIST_ENTRY(OomSlice) list;
        LIST_ENTRY(OomSlice) dirty_list;
        OomAccount *account;
        SliceFiles *files; /* NULL: the slice is gone, and only its window keeps it here */
        int wd;            /* inotify watch, or -1 */
        bool dirty;        /* in that list */
        unsigned scan;     /* the last scan that found it */
        OomWindow window;
        usec_t last_event; /* 0: none yet */
        bool last_killed;  /* whether that event had kills */

        /* Read when the window was opened, in case that the slice is gone when it is closed.
         * OOM_VALUE_UNKNOWN if there was nothing to read. */
        bool memory_max_known;
        uint64_t memory_max;
        uint64_t memory_current;
        uint64_t memory_peak;
} OomSlice;

struct OomWatch {
        sd_event *event;
        sd_event_source *io;
        sd_event_source *timer;
        CgroupTree *tree;
        int state_dirfd;
        char boot[OOM_BOOT_ID_MAX + 1];
        OomLineSource source; /* poll is NULL if there is none */
        OomHandler handler;
        void *userdata;

        OomLedger *ledger;
        OomVictims *victims;
        LIST_HEAD(OomSliceList, OomSlice) slices;
        LIST_HEAD(OomDirtyList, OomSlice) dirty; /* inotify said that there is something to read */
        void *by_wd;                             /* tsearch(3) tree of slices that have a watch */
        int inotify_fd;
        bool overflow; /* inotify lost events */
        unsigned scan;
        unsigned unwatched; /* slices that are there and have no watch */
        unsigned n_gone;    /* slices that are gone and have a window open */
        unsigned n_windows; /* slices that have a window open */
        bool warned_watches;

        SliceFiles *root; /* user.slice; NULL if there is none */
        int root_wd;
        bool root_dirty;
        uint64_t root_hits; /* hits of user.slice's own limit, when the last event was told */

        OomWindow remainder; /* for kills in slices that are gone */
        bool remainder_scanned;
        uint64_t last_remainder;

        bool starting; /* what is found now happened while nobody was watching */
        bool fresh;    /* what is found at the start is old */
        bool collecting;
        bool lines_failed;  /* no lines to be had in this round of windows */
        bool lines_all;     /* the last poll came to the end of what is there */
        usec_t lines_since; /* in the state file: where to begin after a start */
        usec_t not_before;  /* of the windows that are open now */
        bool save_wanted;
        bool warned_save;
};

/* oom.c */
OomSlice *oom_slice_find(OomWatch *watch, const char *name);
/* Reads user.slice's counter, before any slice's. */
void oom_root_read(OomWatch *watch);
/* Reads a slice's counters into the ledger and opens its window if they say so; if the slice is gone, drops
 * it or leaves it to its window. Returns false if the slice is gone: do not touch it any more. */
bool oom_slice_look(OomWatch *watch, OomSlice *slice, usec_t now);
/* The slice has no directory any more. */
void oom_slice_gone(OomWatch *watch, OomSlice *slice);
/* Frees the slice and its account. */
void oom_slice_free(OomWatch *watch, OomSlice *slice);
/* user.slice first, then all slices in it, whether inotify said so or not. */
void oom_watch_scan(OomWatch *watch, usec_t now);
/* Tries to watch what is not watched yet: every slice without a watch costs a system call. */
void oom_watch_retry(OomWatch *watch, usec_t now);
void oom_watch_save(OomWatch *watch, usec_t now);
usec_t oom_watch_now(OomWatch *watch);

/* oom-notify.c */
void oom_notify_clear_dirty(OomSlice *slice);
int oom_notify_open(OomWatch *watch);
int oom_notify_add(OomWatch *watch, OomSlice *slice);
void oom_notify_remove(OomWatch *watch, OomSlice *slice);
void oom_notify_add_root(OomWatch *watch);
void oom_notify_remove_root(OomWatch *watch);

/* oom-collect.c */
int oom_collect_open(OomWatch *watch);
/* There may be something to collect, or the remainder may have changed: looks, and sets the timer. */
void oom_collect_update(OomWatch *watch, usec_t now);
/* Opens or keeps the slice's window if what is pending is worth it. */
void oom_collect_consider(OomWatch *watch, OomSlice *slice, usec_t now);
/* The hits of user.slice's own limit until now are no cause of what comes. */
void oom_collect_note_root_hits(OomWatch *watch);
/* Closes what is due, or everything. */
void oom_collect_close(OomWatch *watch, usec_t now, bool all);
