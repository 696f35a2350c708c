/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "watch/oom.h"

#include <fcntl.h>
#include <string.h>

#include "basic/fs.h"
#include "basic/log.h"
#include "watch/oom-internal.h"

int oom_watch_new(const OomWatchArgs *args, OomWatch **ret) {
        _cleanup_(oom_watch_freep) OomWatch *w = NULL;

        if (strlen(args->boot) != OOM_BOOT_ID_MAX)
                return -EINVAL;
        w = calloc(1, sizeof *w);
        if (!w)
                return -ENOMEM;
        w->event = sd_event_ref(args->event);
        w->tree = args->tree;
        w->legacy = cgroup_tree_is_legacy(args->tree);
        w->notify = w->legacy ? &oom_notify_eventfd : &oom_notify_inotify;
        w->vmstat_fd = args->vmstat_fd;
        w->state_dirfd = args->state_dirfd;
        strcpy(w->boot, args->boot);
        if (args->source)
                w->source = *args->source;
        w->keep = args->keep;
        w->handler = args->handler;
        w->userdata = args->userdata;
        w->inotify_fd = w->root_wd = -1;
        LIST_INIT(&w->slices);
        LIST_INIT(&w->dirty);
        LIST_INIT(&w->signals);
        w->victims = oom_victims_new();
        w->ledger = oom_ledger_new();
        w->kept = oom_kept_new();
        if (!w->victims || !w->ledger || !w->kept)
                return -ENOMEM;
        *ret = TAKE_PTR(w);
        return 0;
}

OomWatch *oom_watch_free(OomWatch *watch) {
        if (!watch)
                return NULL;
        while (!LIST_EMPTY(&watch->slices))
                oom_slice_free(watch, LIST_FIRST(&watch->slices));
        watch->notify->close(watch);
        sd_event_source_disable_unref(watch->timer);
        sd_event_source_disable_unref(watch->acknowledged);
        if (watch->collecting && watch->source.release)
                watch->source.release(watch->source.userdata);
        slice_files_free(watch->root);
        oom_victims_free(watch->victims);
        oom_ledger_free(watch->ledger);
        oom_kept_free(watch->kept);
        sd_event_unref(watch->event);
        free(watch);
        return NULL;
}

usec_t oom_watch_now(OomWatch *watch) {
        usec_t now = 0;

        (void) sd_event_now(watch->event, CLOCK_MONOTONIC, &now);
        return now;
}

int oom_slice_open(const OomWatch *watch, const OomSlice *slice, SliceFiles **ret) {
        return slice_files_for_known_user(watch->tree, slice->account->name, slice->account->inode, ret);
}

OomSlice *oom_slice_find(OomWatch *watch, const char *name) {
        const OomAccount *account = oom_ledger_find(watch->ledger, name);

        return account ? account->owner : NULL;
}

void oom_slice_set_dirty(OomWatch *watch, OomSlice *slice) {
        if (!slice->dirty)
                LIST_INSERT_HEAD(&watch->dirty, slice, dirty_list);
        slice->dirty = true;
}

void oom_slice_clear_dirty(OomSlice *slice) {
        if (slice->dirty)
                LIST_REMOVE(slice, dirty_list);
        slice->dirty = false;
}

void oom_slice_set_watched(OomWatch *watch, OomSlice *slice, bool watched) {
        if (slice->watched == watched)
                return;
        slice->watched = watched;
        if (watched)
                watch->unwatched--;
        else
                watch->unwatched++;
}

bool oom_watch_is_baseline(const OomWatch *watch) {
        return watch->starting && watch->fresh;
}

void oom_slice_free(OomWatch *watch, OomSlice *slice) {
        if (slice->gone)
                watch->n_gone--;
        else {
                watch->notify->remove(watch, slice);
                watch->unwatched--;
        }
        watch->n_windows -= !!slice->open;
        oom_slice_clear_dirty(slice);
        oom_ledger_close(watch->ledger, slice->account);
        LIST_REMOVE(slice, list);
        free(slice->open);
        free(slice);
}

void oom_slice_gone(OomWatch *watch, OomSlice *slice) {
        /* If more was killed than was seen, user.slice's counter says so. */
        watch->root_dirty = true;
        if (!slice->open) {
                oom_slice_free(watch, slice);
                return;
        }
        if (slice->gone)
                return;
        watch->notify->remove(watch, slice);
        oom_slice_clear_dirty(slice);
        watch->unwatched--;
        watch->n_gone++;
        slice->gone = true;
        oom_ledger_detach(watch->ledger, slice->account);
}

bool oom_slice_look(OomWatch *watch, OomSlice *slice, usec_t now) {
        int r;

        if (slice->gone)
                return true;
        oom_slice_clear_dirty(slice);
        r = watch->notify->read(watch, slice);
        if (r == -ENODEV) {
                bool window = slice->open;

                oom_slice_gone(watch, slice);
                return window;
        }
        if (r < 0 && r != -ENODATA)
                log_debug_errno(r, "Cannot read the kills in %s, ignoring: %m", slice->account->name);
        if (r <= 0)
                return true;
        oom_collect_consider(watch, slice, now);
        return true;
}

void oom_watch_look_at_dirty(OomWatch *watch, usec_t now) {
        OomSlice *next;

        if (watch->root_dirty)
                oom_root_read(watch);
        for (OomSlice *slice = LIST_FIRST(&watch->dirty); slice; slice = next) {
                next = LIST_NEXT(slice, dirty_list);
                oom_slice_look(watch, slice, now);
        }
}

static void drop_root(OomWatch *w) {
        w->notify->remove_root(w);
        w->root = slice_files_free(w->root);
}

/* Opens user.slice, or opens it again if it has been made anew. 0 also if there is none; what cannot be
 * opened for want of descriptors, say, is not gone. */
static int ensure_root(OomWatch *w) {
        SliceFiles *files;
        int r;

        r = slice_files_open(w->tree, CGROUP_USER_SLICE, &files);
        if (r == -ENOENT) {
                drop_root(w);
                return 0;
        }
        if (r < 0)
                return r;
        if (w->root && slice_files_inode(w->root) == slice_files_inode(files))
                slice_files_free(files);
        else {
                drop_root(w);
                w->root = files;
        }
        (void) w->notify->add_root(w);
        return 0;
}

void oom_root_read(OomWatch *watch) {
        uint64_t inode, kills;
        int r;

        watch->root_dirty = false;
        r = watch->notify->read_root(watch, &inode, &kills);
        if (r == -ENODEV)
                drop_root(watch);
        else if (r < 0 && r != -ENODATA) {
                log_debug_errno(r, "Cannot read the kills in user.slice, trying again: %m");
                watch->root_dirty = true;
        }
        if (r < 0)
                return;
        if (oom_watch_is_baseline(watch))
                oom_ledger_baseline_root(watch->ledger, inode, kills);
        else
                oom_ledger_see_root(watch->ledger, inode, kills);
}

/* First the watch, then the look, so that nothing can come in between. */
static int new_slice(OomWatch *w, const char *name, uint64_t inode, usec_t now) {
        OomSlice *slice = calloc(1, sizeof *slice);
        OomAccount *account = slice ? oom_ledger_open(w->ledger, name, inode) : NULL;

        if (!account) {
                free(slice);
                return -ENOMEM;
        }
        account->owner = slice;
        slice->account = account;
        slice->wd = -1;
        slice->scan = w->scan;
        LIST_INSERT_HEAD(&w->slices, slice, list);
        w->unwatched++;
        (void) w->notify->add(w, slice);
        return oom_slice_look(w, slice, now) ? 0 : -ENOENT;
}

/* Of the slice that has the name now. */
static int read_inode(const OomWatch *w, const char *name, uint64_t *ret) {
        _cleanup_(slice_files_freep) SliceFiles *files = NULL;
        int r = slice_files_open_user(w->tree, name, &files);

        if (r >= 0)
                *ret = slice_files_inode(files);
        return r;
}

static int add_slice(OomWatch *w, const char *name, usec_t now) {
        OomSlice *slice = oom_slice_find(w, name);
        uint64_t inode;
        int r;

        r = read_inode(w, name, &inode);
        if (r < 0)
                return r;
        if (slice && slice->account->inode == inode) {
                slice->scan = w->scan;
                if (!slice->watched)
                        (void) w->notify->add(w, slice);
                return oom_slice_look(w, slice, now) ? 0 : -ENOENT;
        }
        if (slice)
                oom_slice_gone(w, slice);
        return new_slice(w, name, inode, now);
}

int oom_watch_add(OomWatch *watch, const char *name) {
        usec_t now = oom_watch_now(watch);
        int r;

        if (!slice_name_is_valid(name))
                return -EINVAL;
        r = ensure_root(watch);
        if (!watch->root)
                return r < 0 ? r : -ENOENT;
        r = add_slice(watch, name, now);
        oom_collect_update(watch, now);
        return r;
}

/* Whether a slice of that name is there, and is this one. */
static bool is_still_there(const OomWatch *w, const OomSlice *slice) {
        uint64_t inode;

        return w->root && read_inode(w, slice->account->name, &inode) >= 0 && inode == slice->account->inode;
}

void oom_watch_remove(OomWatch *watch, const char *name) {
        OomSlice *slice = oom_slice_find(watch, name);
        usec_t now = oom_watch_now(watch);

        /* It may have been made again since whoever calls heard that it was gone. */
        if (slice && oom_slice_look(watch, slice, now) && !slice->gone && !is_still_there(watch, slice))
                oom_slice_gone(watch, slice);
        oom_collect_update(watch, now);
}

void oom_watch_look(OomWatch *watch, const char *name) {
        OomSlice *slice = oom_slice_find(watch, name);
        usec_t now = oom_watch_now(watch);

        if (slice)
                (void) oom_slice_look(watch, slice, now);
        oom_collect_update(watch, now);
}

void oom_watch_retry(OomWatch *watch, usec_t now) {
        OomSlice *next;

        if (!watch->notify->add_root(watch) || watch->unwatched == 0)
                return;
        for (OomSlice *slice = LIST_FIRST(&watch->slices); slice; slice = next) {
                int r;

                next = LIST_NEXT(slice, list);
                if (slice->gone || slice->watched)
                        continue;
                r = watch->notify->add(watch, slice);
                if (r == -ENOSPC || r == -EMFILE)
                        return; /* nor would the others find one */
                if (r >= 0)
                        oom_slice_look(watch, slice, now);
        }
}

/* A slice that changed though inotify said nothing may have a watch on a file that is dead: its controller
 * was turned off and on again, which kernels before 7.1 do not tell. */
static void scan_known(OomWatch *w, OomSlice *slice, usec_t now) {
        uint64_t kills = slice->account->seen.kills;
        bool told = slice->dirty || !slice->watched || w->legacy;

        slice->scan = w->scan;
        if (!oom_slice_look(w, slice, now) || slice->gone || slice->account->seen.kills == kills || told)
                return;
        w->notify->remove(w, slice);
        (void) w->notify->add(w, slice);
}

static int scan_directory(OomWatch *w, usec_t now) {
        _cleanup_close_ int fd = slice_files_open_directory(w->root);
        _cleanup_(closedirp) DIR *dir = NULL;
        int r = fd < 0 ? fd : open_dir_again(fd, &dir);

        if (r < 0)
                return r;
        for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
                OomSlice *slice;

                if (!slice_name_is_valid(entry->d_name))
                        continue;
                slice = oom_slice_find(w, entry->d_name);
                if (slice && slice->account->inode == entry->d_ino)
                        scan_known(w, slice, now);
                else
                        (void) add_slice(w, entry->d_name, now);
        }
        return 0;
}

void oom_watch_scan(OomWatch *watch, usec_t now) {
        OomSlice *next;
        int r;

        r = ensure_root(watch);
        oom_root_read(watch);
        watch->scan++;
        if (r >= 0 && watch->root)
                r = scan_directory(watch, now);
        if (r < 0 && !watch->unlisted)
                log_warning_errno(r, "Cannot list the slices in user.slice, trying again: %m");
        watch->unlisted = r < 0;
        if (r < 0)
                return;
        for (OomSlice *slice = LIST_FIRST(&watch->slices); slice; slice = next) {
                next = LIST_NEXT(slice, list);
                if (!slice->gone && slice->scan != watch->scan)
                        oom_slice_gone(watch, slice);
        }
}

void oom_watch_rescan(OomWatch *watch) {
        usec_t now = oom_watch_now(watch);

        oom_watch_scan(watch, now);
        oom_watch_retry(watch, now);
        oom_collect_update(watch, now);
}

static int open_sources(OomWatch *w) {
        int r = w->notify->open(w);

        if (r >= 0)
                r = oom_collect_open(w);
        return r < 0 ? r : oom_file_open(w);
}

int oom_watch_start(OomWatch *watch) {
        usec_t now = oom_watch_now(watch);
        int r, useless;

        r = open_sources(watch);
        if (r < 0)
                return r;
        useless = oom_file_load(watch, now);
        if (useless < 0)
                return useless;
        watch->starting = true;
        oom_watch_scan(watch, now);
        oom_ledger_close_unopened(watch->ledger);
        oom_collect_note_root_hits(watch);
        oom_collect_update(watch, now);
        oom_file_tell_kept(watch);
        watch->starting = false;
        return useless;
}
