/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "cgroup/tree.h"
#include "watch/oom-kept.h"
#include "watch/oom-source.h"

/* Tells each time that memory ran out in a slice, once, whatever happens in between.
 *
 * inotify on the memory.events of each slice below user.slice, and on user.slice's own, says when to look. A
 * look that finds kills opens a window: the kernel's lines about them arrive some milliseconds later, and
 * more kills may follow. The window is closed when the lines are there and nothing has happened for a
 * moment, after half a second at the latest, and is one event. A limit that was hit with nobody killed is an
 * event too, at most one for each slice in 30 seconds; the hits in between are counted in the next.
 *
 * In a legacy tree (version 1) an eventfd of each slice, or of several where there are hundreds, says when
 * to look. The kernel signals it before it kills, and also when a slice is removed: so it is looked again
 * for a moment, and only memory.oom_control (cgroup/oom-control.h) makes an event of it. The eventfd does
 * not tell of limits inside of the slice, nor of the host's own memory; the host's count of kills is read
 * once a second for that. A limit that was hit with nobody killed is no event there, since the kernel does
 * not count it. Kills in groups that were removed before they could be read are those that the host's
 * counter and the kernel's lines tell of and no group does; without the lines nobody could tell them from
 * kills outside of user.slice, so they are not told then.
 *
 * What was told is kept in a file, so that kills while nobody was watching are told at the next start, and
 * those in slices that went away before they could be read are found in user.slice's counters: see
 * oom-ledger.h. With no such file, what the counters show at the start is old and not told. The file is
 * written after the handler has returned: a crash in between tells an event twice rather than never.
 *
 * With `keep`, the same file also holds each event with kills until it is acknowledged, written in the one
 * step that says that it was told. So whoever counts kills elsewhere, and writes that down later, counts
 * each exactly once: what is still there at the next start is told again, marked `again` and with its old
 * id, before anything new. Two things are asked of them for that. What the handler was told may outlast a
 * crash only once the loop has come round: the file is written then, and an event that is not in it is told
 * again as a new one, with the same id, and with what was killed since. And the newest id that they have
 * counted has to be acknowledged before the start: events up to it are not told, and no new one gets such an
 * id even if the file was lost.
 *
 * Ids belong to a boot. What a file of another boot holds (in a directory that outlives it) is told again
 * too, with new ids: it is counted twice if it was counted under the old one and not acknowledged.
 *
 * No more than OOM_KEPT_MAX (oom-kept.h) are held. Beyond that two of one slice become one, with the later
 * id, so that no kill gets lost. If the earlier one of the two was counted and the later was not when the
 * service crashes, that one's kills are counted twice. */
typedef struct OomWatch OomWatch;

/* Must send the record before it returns, unless the event is told `again`, and must not call the watch. */
typedef void (*OomHandler)(const OomEvent *event, void *userdata);

/* The name of the state file in its directory. */
#define OOM_STATE_FILE "oom"

typedef struct OomWatchArgs {
        sd_event *event;             /* a reference is taken */
        CgroupTree *tree;            /* must outlive the watch */
        int state_dirfd;             /* must stay open as long; -1: keep no state */
        const char *boot;            /* the boot ID, 32 hexadecimal digits; copied */
        const OomLineSource *source; /* copied; NULL: nothing tells who was killed */
        bool keep;                   /* hold events until oom_watch_acknowledge() */
        int vmstat_fd;               /* /proc/vmstat, for a legacy tree; must stay open as long; -1: none */
        OomHandler handler;
        void *userdata;
} OomWatchArgs;

/* Makes the watch. Opens no file of the tree. */
int oom_watch_new(const OomWatchArgs *args, OomWatch **ret);

/* Windows that are open are not told, nor lost: they are what the next start finds. */
OomWatch *oom_watch_free(OomWatch *watch);
DEFINE_CLEANUP(OomWatch *, oom_watch_free)

/* Reads the state file, then the counters of user.slice and of all slices in it. Tells again what is held;
 * what happened since the file was written becomes events once the loop runs. Once for a watch. 0; 1 if the
 * file was there but of no use, and the counters that were found are taken for old; or a negative errno. */
int oom_watch_start(OomWatch *watch);

/* A slice has come. The slice `name` is a child of user.slice. All slices that are there at the start are
 * watched without this. It is well to say it twice. -EINVAL if it is no slice's name, -ENOENT if it is not
 * there (any more). A slice without the memory controller is watched from when it has it. */
int oom_watch_add(OomWatch *watch, const char *name);

/* A slice has gone. It is well to say it of slices that are not watched. */
void oom_watch_remove(OomWatch *watch, const char *name);

/* The slice is about to be removed by the caller, who has seen that nobody is in it any more: reads its
 * counters a last time, since in a legacy tree they go with it. To be called just before rmdir(2), then
 * oom_watch_remove() just after. It is well to say it of slices that are not watched. */
void oom_watch_look(OomWatch *watch, const char *name);

/* All events up to this id were counted elsewhere, for good. The file is written within two seconds, once
 * for all that are acknowledged meanwhile; until then they may be told again. Before the start: see above.
 * Not from within the handler. */
void oom_watch_acknowledge(OomWatch *watch, uint64_t id);

/* Whether events are held from now on. Those that are held already stay until they are acknowledged. */
void oom_watch_set_keep(OomWatch *watch, bool keep);

/* Looks at user.slice and everything in it anew, say after cgroup_tree_refresh() returned 1. */
void oom_watch_rescan(OomWatch *watch);

/* Tells all that is known and waits for nothing: before the service ends. */
void oom_watch_flush(OomWatch *watch);
