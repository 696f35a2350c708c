/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the parts of the watch share: oom.c (life cycle, and which slices there are), oom-inotify.c and
 * oom-eventfd.c (what says when to look, and the counters, in a unified tree and in a legacy one),
 * oom-collect.c (windows and events), oom-file.c (the state file). */

#include "cgroup/slice-files.h"
#include "watch/oom-kept.h"
#include "watch/oom-ledger.h"
#include "watch/oom-state.h"
#include "watch/oom-window.h"
#include "watch/oom.h"

/* How far before the moment of a look the kernel's lines about it are looked for. */
#define OOM_LINES_SLACK_USEC (5 * USEC_PER_SEC)

/* How often to try again to watch a slice that had no memory.events or memory.oom_control. */
#define OOM_RETRY_USEC (1 * USEC_PER_SEC)

/* How long what was acknowledged waits to be written, for more of it; and what could not be written. */
#define OOM_ACKNOWLEDGED_USEC (1 * USEC_PER_SEC)

struct OomNotify;

/* There is one for each slice, so what is small is together. */
typedef struct OomSlice {
        LIST_ENTRY(OomSlice) list;
        LIST_ENTRY(OomSlice) dirty_list;
        OomAccount *account;
        unsigned scan; /* the last scan that found it */
        int wd;        /* unified tree: inotify watch, or -1 */

        bool gone;    /* only its window keeps it here */
        bool watched; /* something says when to look at it */
        bool dirty;   /* in that list */
        bool blind;   /* legacy tree: its counters could not be read: the kernel's lines told meanwhile */
        bool last_killed; /* whether the last event had kills */

        /* Legacy tree */
        struct OomSignal *signal; /* NULL: none */
        LIST_ENTRY(OomSlice) signal_list;
        uint64_t memory_inode; /* of the group that signals */

        struct OomCase *open; /* NULL: no window is open */
        usec_t last_event;    /* 0: none yet */
} OomSlice;

/* What is collected for an event of a slice. */
typedef struct OomCase {
        OomWindow window;

        /* Read when the window was opened, in case that the slice is gone when it is closed.
         * OOM_VALUE_UNKNOWN if there was nothing to read. */
        bool memory_max_known;
        uint64_t memory_max;
        uint64_t memory_current;
        uint64_t memory_peak;
} OomCase;

/* Legacy tree: an eventfd, and the slices whose groups the kernel signals with it; at least one, but while
 * it is being made. */
typedef struct OomSignal {
        LIST_ENTRY(OomSignal) list;
        OomWatch *watch;
        int eventfd;
        sd_event_source *source;
        LIST_HEAD(, OomSlice) slices;
        unsigned n_slices;
        usec_t expected_until; /* while they are dirty: when a signal that no kill followed is forgotten */
} OomSignal;

struct OomWatch {
        sd_event *event;
        sd_event_source *timer;
        CgroupTree *tree;
        bool legacy;
        const struct OomNotify *notify;
        int state_dirfd;
        char boot[OOM_BOOT_ID_MAX + 1];
        OomLineSource source; /* poll is NULL if there is none */
        OomHandler handler;
        void *userdata;

        OomLedger *ledger;
        bool keep;
        OomKept *kept;
        OomVictims *victims;
        LIST_HEAD(OomSliceList, OomSlice) slices;
        LIST_HEAD(OomDirtyList, OomSlice) dirty; /* there is something to read, or may be soon */
        unsigned scan;
        bool unlisted;      /* the last scan failed */
        unsigned unwatched; /* slices that are there and have no watch */
        unsigned n_gone;    /* slices that are gone and have a window open */
        unsigned n_windows; /* slices that have a window open */
        bool warned_watches;

        /* Unified tree */
        sd_event_source *io;
        void *by_wd; /* tsearch(3) tree of slices that have a watch */
        int inotify_fd;
        bool overflow; /* inotify lost events */
        int root_wd;

        /* Legacy tree */
        LIST_HEAD(, OomSignal) signals;
        unsigned n_signals;
        int vmstat_fd;               /* -1: the host's kills are not known */
        sd_event_source *look_timer; /* for slices that have signalled, and for the host's counter */
        usec_t look_delay;
        bool no_eventfds; /* this kernel has none for groups */

        SliceFiles *root;   /* user.slice; NULL if there is none */
        bool root_dirty;    /* the counter in which nothing is lost is to be read */
        uint64_t root_hits; /* hits of user.slice's own limit, when the last event was told */

        OomWindow remainder; /* for kills in slices, or groups in them, that are gone */
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
        sd_event_source *acknowledged; /* on: the file is not what it should be, and is written then */
        bool warned_save;
};

/* What differs between the trees. */
typedef struct OomNotify {
        int (*open)(OomWatch *watch);
        void (*close)(OomWatch *watch);
        /* Begins to watch a slice that is not watched. */
        int (*add)(OomWatch *watch, OomSlice *slice);
        /* It is well to say it of a slice that is not watched. */
        void (*remove)(OomWatch *watch, OomSlice *slice);
        /* Whether slices can be watched at all now. */
        bool (*add_root)(OomWatch *watch);
        void (*remove_root)(OomWatch *watch);
        /* Reads the slice's counters into the ledger. 1 if they have changed, 0 if not; errors of
         * slice-files.h. */
        int (*read)(OomWatch *watch, OomSlice *slice);
        /* Reads the counter in which nothing is lost, and of which user.slice it is. */
        int (*read_root)(OomWatch *watch, uint64_t *ret_inode, uint64_t *ret_kills);
} OomNotify;

extern const OomNotify oom_notify_inotify, oom_notify_eventfd;

/* oom.c */
/* For a look at a slice that is not gone. */
int oom_slice_open(const OomWatch *watch, const OomSlice *slice, SliceFiles **ret);
OomSlice *oom_slice_find(OomWatch *watch, const char *name);
/* Reads the counter in which nothing is lost, before any slice's. */
void oom_root_read(OomWatch *watch);
/* Reads a slice's counters into the ledger and opens its window if they say so; if the slice is gone, drops
 * it or leaves it to its window. Returns false if the slice is gone: do not touch it any more. */
bool oom_slice_look(OomWatch *watch, OomSlice *slice, usec_t now);
/* Reads user.slice if it is dirty, and looks at each dirty slice once: what cannot be read is dirty still.
 */
void oom_watch_look_at_dirty(OomWatch *watch, usec_t now);
/* The slice has no directory any more. */
void oom_slice_gone(OomWatch *watch, OomSlice *slice);
/* Frees the slice and its account. */
void oom_slice_free(OomWatch *watch, OomSlice *slice);
/* user.slice first, then all slices in it, whether inotify said so or not. */
void oom_watch_scan(OomWatch *watch, usec_t now);
void oom_slice_set_dirty(OomWatch *watch, OomSlice *slice);
void oom_slice_clear_dirty(OomSlice *slice);
/* What `add` and `remove` have to say. */
void oom_slice_set_watched(OomWatch *watch, OomSlice *slice, bool watched);
/* What was read is old and not to be told. */
bool oom_watch_is_baseline(const OomWatch *watch);
/* Tries to watch what is not watched yet: every slice without a watch costs a system call. */
void oom_watch_retry(OomWatch *watch, usec_t now);
usec_t oom_watch_now(OomWatch *watch);

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

/* oom-file.c */
int oom_file_open(OomWatch *watch);
/* Decides what the counters are compared with. 0; 1 if there was something that is of no use; -ENOMEM. */
int oom_file_load(OomWatch *watch, usec_t now);
void oom_file_save(OomWatch *watch, usec_t now);
/* Whether something was acknowledged that is still in the file, or the file could not be written. */
bool oom_file_is_behind(const OomWatch *watch);
/* Tells what is held, `again`. */
void oom_file_tell_kept(OomWatch *watch);
