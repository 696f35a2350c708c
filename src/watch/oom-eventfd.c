/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A legacy tree: memory.oom_control counts in each group by itself, and an eventfd says when to look. The
 * signal comes before the kill, so slices that have signalled are looked at again and again for a moment.
 * What no eventfd tells of shows in the host's counter, which is read once a second.
 *
 * A process may have so many descriptors, so slices share eventfds where there are very many of them: all of
 * those that share one are looked at when it signals. */

#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include "basic/log.h"
#include "watch/oom-internal.h"

#define LOOK_FIRST_USEC (1 * USEC_PER_MSEC)

/* Up to so many slices have one each. */
#define SIGNALS_MAX 512U

/* Where nobody waits for it, a look at the host's counter wakes nobody by itself but is done when there is
 * something else to do within so long. */
#define LOOK_URGENT_USEC (1 * USEC_PER_MSEC)
#define LOOK_IDLE_USEC   (250 * USEC_PER_MSEC)

static void look_at(OomWatch *w, usec_t at, usec_t accuracy) {
        int r = sd_event_source_set_time(w->look_timer, at);

        if (r >= 0)
                r = sd_event_source_set_time_accuracy(w->look_timer, accuracy);
        if (r >= 0)
                r = sd_event_source_set_enabled(w->look_timer, SD_EVENT_ONESHOT);
        if (r < 0)
                log_warning_errno(r, "Cannot set the timer of the out-of-memory watch: %m");
}

/* The look itself is the timer's, so that many slices that signal at once cost one reading of the host's
 * counter. A slice that was removed signals too: the look finds that it is gone, or that nothing happened.
 */
static int on_signal(_unused_ sd_event_source *s, int fd, _unused_ uint32_t revents, void *userdata) {
        OomSignal *signal = userdata;
        OomWatch *w = signal->watch;
        usec_t now = oom_watch_now(w);
        OomSlice *slice;
        eventfd_t count;

        (void) eventfd_read(fd, &count);
        LIST_FOREACH(slice, &signal->slices, signal_list)
                oom_slice_set_dirty(w, slice);
        signal->expected_until = now + OOM_WINDOW_USEC;
        w->look_delay = LOOK_FIRST_USEC;
        look_at(w, now, LOOK_URGENT_USEC);
        return 0;
}

static void look_at_dirty(OomWatch *w, usec_t now) {
        OomSlice *next;

        for (OomSlice *slice = LIST_FIRST(&w->dirty); slice; slice = next) {
                uint64_t kills = slice->account->seen.kills;

                next = LIST_NEXT(slice, dirty_list);
                if (oom_slice_look(w, slice, now) && slice->signal && slice->account->seen.kills == kills &&
                    now < slice->signal->expected_until)
                        oom_slice_set_dirty(w, slice);
        }
}

static int on_look(_unused_ sd_event_source *s, _unused_ uint64_t at, void *userdata) {
        OomWatch *w = userdata;
        usec_t now = oom_watch_now(w);

        oom_root_read(w);
        look_at_dirty(w, now);
        oom_collect_update(w, now);
        if (LIST_EMPTY(&w->dirty)) {
                look_at(w, now + OOM_RETRY_USEC, LOOK_IDLE_USEC);
                return 0;
        }
        look_at(w, now + w->look_delay, LOOK_URGENT_USEC);
        w->look_delay = MIN(w->look_delay * 2, OOM_POLL_USEC);
        return 0;
}

static int open_timer(OomWatch *w) {
        int r;

        r = sd_event_add_time(w->event, &w->look_timer, CLOCK_MONOTONIC, oom_watch_now(w) + OOM_RETRY_USEC,
                              LOOK_IDLE_USEC, on_look, w);
        if (r < 0)
                return r;
        return sd_event_source_set_description(w->look_timer, "oom-look");
}

static void close_timer(OomWatch *w) {
        sd_event_source_disable_unref(w->look_timer);
}

/* Said once; the host's counter tells of what is missed. */
static int refused(OomWatch *w, const OomSlice *slice, int error) {
        w->no_eventfds = error == -EOPNOTSUPP;
        if (error != -ENOENT && error != -ENODEV && error != -ENODATA && !w->warned_watches) {
                w->warned_watches = true;
                log_warning_errno(error,
                                  "The kernel cannot be asked to tell when memory runs out in %s, "
                                  "kills there are noticed a second later: %m",
                                  slice->account->name);
        }
        return error;
}

static OomSignal *signal_free(OomSignal *signal) {
        if (!signal)
                return NULL;
        if (signal->source) {
                LIST_REMOVE(signal, list);
                signal->watch->n_signals--;
        }
        sd_event_source_disable_unref(signal->source);
        safe_close(signal->eventfd);
        free(signal);
        return NULL;
}
DEFINE_CLEANUP(OomSignal *, signal_free)

static int signal_new(OomWatch *w, OomSignal **ret) {
        _cleanup_(signal_freep) OomSignal *signal = calloc(1, sizeof *signal);
        int r;

        if (!signal)
                return -ENOMEM;
        signal->watch = w;
        LIST_INIT(&signal->slices);
        signal->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (signal->eventfd < 0)
                return -errno;
        r = sd_event_add_io(w->event, &signal->source, signal->eventfd, EPOLLIN, on_signal, signal);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(signal->source, "oom-eventfd");
        LIST_INSERT_HEAD(&w->signals, signal, list);
        w->n_signals++;
        *ret = TAKE_PTR(signal);
        return 0;
}

static OomSignal *signal_of_fewest(OomWatch *w) {
        OomSignal *signal, *fewest = LIST_FIRST(&w->signals);

        LIST_FOREACH(signal, &w->signals, list)
                if (signal->n_slices < fewest->n_slices)
                        fewest = signal;
        return fewest;
}

/* A new one, or one that others have. */
static int signal_for_slice(OomWatch *w, OomSignal **ret) {
        int r = w->n_signals < SIGNALS_MAX ? signal_new(w, ret) : -EMFILE;

        if (r >= 0 || LIST_EMPTY(&w->signals))
                return r;
        *ret = signal_of_fewest(w);
        return 0;
}

static void leave_signal(OomSlice *slice) {
        OomSignal *signal = TAKE_PTR(slice->signal);

        LIST_REMOVE(slice, signal_list);
        if (--signal->n_slices == 0)
                signal_free(signal);
}

static void join_signal(OomSlice *slice, OomSignal *signal) {
        slice->signal = signal;
        LIST_INSERT_HEAD(&signal->slices, slice, signal_list);
        signal->n_slices++;
}

static int register_eventfd(const OomWatch *w, OomSlice *slice) {
        _cleanup_(slice_files_freep) SliceFiles *files = NULL;
        _cleanup_close_ int dirfd = -1;
        struct stat st;
        int r;

        r = oom_slice_open(w, slice, &files);
        if (r < 0)
                return r;
        dirfd = slice_files_open_controller(files, CONTROLLER_MEMORY);
        if (dirfd < 0)
                return dirfd;
        if (fstat(dirfd, &st) < 0)
                return -errno;
        r = oom_control_notify(dirfd, slice->signal->eventfd);
        if (r >= 0)
                slice->memory_inode = st.st_ino;
        return r;
}

static int add(OomWatch *w, OomSlice *slice) {
        OomSignal *signal = NULL;
        int r;

        if (w->no_eventfds)
                return -EOPNOTSUPP;
        r = signal_for_slice(w, &signal);
        if (r < 0)
                return refused(w, slice, r);
        join_signal(slice, signal);
        r = register_eventfd(w, slice);
        if (r < 0) {
                leave_signal(slice);
                return refused(w, slice, r);
        }
        oom_slice_set_watched(w, slice, true);
        return 0;
}

/* The kernel goes on signalling for a group that stays until the eventfd is closed, which costs a look. */
static void remove_eventfd(OomWatch *w, OomSlice *slice) {
        if (!slice->watched)
                return;
        leave_signal(slice);
        oom_slice_set_watched(w, slice, false);
}

static bool add_root(OomWatch *w) {
        return !w->no_eventfds;
}

static void remove_root(_unused_ OomWatch *w) {
}

/* systemd removes a controller's directory and makes it again as it is needed; the slice stays. */
static void follow_directory(OomWatch *w, OomSlice *slice, uint64_t inode) {
        usec_t expected_until;

        if (!slice->watched || slice->memory_inode == inode)
                return;
        expected_until = slice->signal->expected_until;
        remove_eventfd(w, slice);
        if (add(w, slice) >= 0)
                slice->signal->expected_until = MAX(slice->signal->expected_until, expected_until);
}

static int read_groups(const OomWatch *w, const OomSlice *slice, OomGroup **ret, size_t *ret_count) {
        _cleanup_(slice_files_freep) SliceFiles *files = NULL;
        int r = oom_slice_open(w, slice, &files);

        return r < 0 ? r : slice_files_read_oom_groups(files, ret, ret_count);
}

static int read_slice(OomWatch *w, OomSlice *slice) {
        uint64_t before = slice->account->seen.kills;
        _cleanup_free_ OomGroup *groups = NULL;
        size_t count;
        int r;

        r = read_groups(w, slice, &groups, &count);
        if (r < 0) {
                if (r == -ENODATA)
                        remove_eventfd(w, slice);
                else if (r != -ENODEV)
                        slice->blind = true;
                return r;
        }
        follow_directory(w, slice, groups[0].inode);
        r = oom_ledger_see_groups(w->ledger, slice->account, groups, count,
                                  oom_watch_is_baseline(w) || slice->blind);
        if (r < 0)
                return r;
        if (slice->blind)
                w->save_wanted = true;
        slice->blind = false;
        return slice->account->seen.kills != before;
}

static int read_root(OomWatch *w, uint64_t *ret_inode, uint64_t *ret_kills) {
        *ret_inode = 0;
        return w->vmstat_fd < 0 ? -ENODATA : oom_kill_read_host(w->vmstat_fd, ret_kills);
}

const OomNotify oom_notify_eventfd = {
        .open = open_timer,
        .close = close_timer,
        .add = add,
        .remove = remove_eventfd,
        .add_root = add_root,
        .remove_root = remove_root,
        .read = read_slice,
        .read_root = read_root,
};
