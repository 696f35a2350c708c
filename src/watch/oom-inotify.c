/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A unified tree: memory.events counts, and inotify says when it has. One inotify descriptor for all slices.
 * The file is watched and not the directory: a directory would wake for each attribute that anybody writes.
 */

#include <search.h>
#include <sys/inotify.h>

#include "basic/log.h"
#include "watch/oom-internal.h"

/* In one go, so that a flood of wakes lets the rest of the service run in between. */
#define READS_PER_WAKE 16

static int compare_wds(const void *a, const void *b) {
        const OomSlice *x = a, *y = b;

        return (x->wd > y->wd) - (x->wd < y->wd);
}

static OomSlice *find_by_wd(OomWatch *w, int wd) {
        const OomSlice key = { .wd = wd };
        OomSlice *const *node = tfind(&key, &w->by_wd, compare_wds);

        return node ? *node : NULL;
}

/* inotify knows paths only; this one cannot lead elsewhere, whatever happens to the names. */
static int watch_file(OomWatch *w, SliceFiles *files) {
        _cleanup_close_ int fd = slice_files_open_directory(files);
        char path[64];
        int wd;

        if (fd < 0)
                return fd;
        snprintf(path, sizeof path, "/proc/self/fd/%d/memory.events", fd);
        wd = inotify_add_watch(w->inotify_fd, path, IN_MODIFY);
        return wd < 0 ? -errno : wd;
}

static void warn_no_watches(OomWatch *w) {
        if (w->warned_watches)
                return;
        w->warned_watches = true;
        log_warning("No more inotify watches to be had (fs.inotify.max_user_watches): "
                    "kills in the slices without one are noticed later.");
}

static int add(OomWatch *watch, OomSlice *slice) {
        _cleanup_(slice_files_freep) SliceFiles *files = NULL;
        int wd = oom_slice_open(watch, slice, &files);

        if (wd >= 0)
                wd = watch_file(watch, files);
        if (wd == -ENOSPC)
                warn_no_watches(watch);
        if (wd < 0)
                return wd;
        slice->wd = wd;
        if (!tsearch(slice, &watch->by_wd, compare_wds)) {
                inotify_rm_watch(watch->inotify_fd, wd);
                slice->wd = -1;
                return -ENOMEM;
        }
        oom_slice_set_watched(watch, slice, true);
        return 0;
}

/* Forgets the watch of a slice; `wd` may be gone on the kernel's side. */
static void forget(OomWatch *w, OomSlice *slice) {
        tdelete(slice, &w->by_wd, compare_wds);
        slice->wd = -1;
        oom_slice_set_watched(w, slice, false);
}

static void remove_watch(OomWatch *watch, OomSlice *slice) {
        int wd = slice->wd;

        if (!slice->watched)
                return;
        forget(watch, slice);
        inotify_rm_watch(watch->inotify_fd, wd);
}

/* No slice has what user.slice does not have. */
static bool add_root(OomWatch *watch) {
        int wd;

        if (watch->root_wd < 0 && watch->root) {
                wd = watch_file(watch, watch->root);
                if (wd == -ENOSPC)
                        warn_no_watches(watch);
                watch->root_wd = wd < 0 ? -1 : wd;
        }
        return watch->root_wd >= 0;
}

static void remove_root(OomWatch *watch) {
        if (watch->root_wd >= 0)
                inotify_rm_watch(watch->inotify_fd, watch->root_wd);
        watch->root_wd = -1;
}

static void take_event(OomWatch *w, const struct inotify_event *e) {
        bool ignored =
                e->mask & IN_IGNORED; /* the file is gone: the controller was turned off, or the slice is */
        OomSlice *slice;

        if (e->mask & IN_Q_OVERFLOW) {
                w->overflow = true;
                return;
        }
        if (e->wd == w->root_wd) {
                w->root_dirty = true;
                if (ignored)
                        w->root_wd = -1;
                return;
        }
        slice = find_by_wd(w, e->wd);
        if (!slice)
                return; /* still in the queue when the watch was removed */
        oom_slice_set_dirty(w, slice);
        if (ignored)
                forget(w, slice);
}

/* Fills the buffer from the queue and takes the events. 0 when the queue is empty. */
static int read_events(OomWatch *w) {
        union {
                struct inotify_event event;
                char bytes[16384];
        } buffer;
        ssize_t n = read(w->inotify_fd, &buffer, sizeof buffer);

        if (n < 0)
                return errno == EAGAIN ? 0 : errno == EINTR ? 1 : -errno;
        for (char *p = buffer.bytes; p < buffer.bytes + n;) {
                const struct inotify_event *e = (const struct inotify_event *) p;

                take_event(w, e);
                p += sizeof *e + e->len;
        }
        return n > 0;
}

static int on_inotify(_unused_ sd_event_source *s, _unused_ int fd, _unused_ uint32_t revents,
                      void *userdata) {
        OomWatch *w = userdata;
        usec_t now = oom_watch_now(w);
        int r = 1;

        for (int i = 0; i < READS_PER_WAKE && r > 0; i++)
                r = read_events(w);
        if (r < 0) {
                log_warning_errno(r, "Cannot read inotify events, looking at all slices instead: %m");
                w->overflow = true;
        }
        if (w->overflow) {
                w->overflow = false;
                oom_watch_scan(w, now);
        } else
                oom_watch_look_at_dirty(w, now);
        oom_collect_update(w, now);
        return 0;
}

static int open_inotify(OomWatch *watch) {
        int r;

        watch->inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        if (watch->inotify_fd < 0)
                return -errno;
        r = sd_event_add_io(watch->event, &watch->io, watch->inotify_fd, EPOLLIN, on_inotify, watch);
        if (r < 0)
                return r;
        return sd_event_source_set_description(watch->io, "oom-inotify");
}

static void close_inotify(OomWatch *watch) {
        sd_event_source_disable_unref(watch->io);
        safe_close(watch->inotify_fd);
}

/* 1 if something of interest changed, 0 if not (memory.events counts high and max as well). */
static int read_counters(const OomWatch *w, const OomSlice *slice, OomCounters *ret) {
        _cleanup_(slice_files_freep) SliceFiles *files = NULL;
        const OomCounters *seen = &slice->account->seen;
        MemoryEvents events, local;
        int r;

        r = oom_slice_open(w, slice, &files);
        if (r < 0)
                return r;
        r = slice_files_read_memory_events(files, &events);
        if (r < 0)
                return r;
        if (events.oom_kill == seen->kills && events.oom == seen->hits)
                return 0;
        *ret = (OomCounters){
                .kills = events.oom_kill,
                .hits = events.oom,
                .local_hits = seen->local_hits,
        };
        r = slice_files_read_memory_events_local(files, &local);
        if (r >= 0)
                ret->local_hits = local.oom;
        return 1;
}

static int read_slice(OomWatch *watch, OomSlice *slice) {
        OomCounters counters;
        int r = read_counters(watch, slice, &counters);

        /* No descriptor to be had, say. inotify will not say once more that there is something to read. */
        if (r < 0 && r != -ENODATA && r != -ENODEV)
                oom_slice_set_dirty(watch, slice);
        if (r <= 0)
                return r;
        if (oom_watch_is_baseline(watch))
                oom_ledger_baseline(watch->ledger, slice->account, &counters);
        else
                oom_ledger_see(watch->ledger, slice->account, &counters);
        return 1;
}

static int read_root(OomWatch *watch, uint64_t *ret_inode, uint64_t *ret_kills) {
        MemoryEvents events;
        int r;

        if (!watch->root)
                return -ENODATA;
        r = slice_files_read_memory_events(watch->root, &events);
        if (r < 0)
                return r;
        *ret_inode = slice_files_inode(watch->root);
        *ret_kills = events.oom_kill;
        return 0;
}

const OomNotify oom_notify_inotify = {
        .open = open_inotify,
        .close = close_inotify,
        .add = add,
        .remove = remove_watch,
        .add_root = add_root,
        .remove_root = remove_root,
        .read = read_slice,
        .read_root = read_root,
};
