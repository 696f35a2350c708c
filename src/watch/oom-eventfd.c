/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A legacy tree: memory.oom_control counts in each group by itself, and an eventfd of each slice says when
 * to look. The signal comes before the kill, so slices that have signalled are looked at again and again for
 * a moment. What no eventfd tells of shows in the host's counter, which is read once a second. */

#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include "basic/log.h"
#include "watch/oom-internal.h"

#define LOOK_FIRST_USEC (1 * USEC_PER_MSEC)

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
        OomSlice *slice = userdata;
        OomWatch *w = slice->watch;
        usec_t now = oom_watch_now(w);
        eventfd_t count;

        (void) eventfd_read(fd, &count);
        oom_slice_set_dirty(w, slice);
        slice->expected_until = now + OOM_WINDOW_USEC;
        w->look_delay = LOOK_FIRST_USEC;
        look_at(w, now, LOOK_URGENT_USEC);
        return 0;
}

static void look_at_dirty(OomWatch *w, usec_t now) {
        OomSlice *next;

        for (OomSlice *slice = LIST_FIRST(&w->dirty); slice; slice = next) {
                uint64_t kills = slice->account->seen.kills;

                next = LIST_NEXT(slice, dirty_list);
                if (oom_slice_look(w, slice, now) && slice->files && slice->account->seen.kills == kills &&
                    now < slice->expected_until)
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

static int register_eventfd(OomWatch *w, OomSlice *slice, int fd) {
        _cleanup_close_ int dirfd = slice_files_open_controller(slice->files, CONTROLLER_MEMORY);
        struct stat st;
        int r;

        if (dirfd < 0)
                return dirfd;
        if (fstat(dirfd, &st) < 0)
                return -errno;
        r = oom_control_notify(dirfd, fd);
        if (r < 0)
                return r;
        slice->memory_inode = st.st_ino;
        return sd_event_add_io(w->event, &slice->signal, fd, EPOLLIN, on_signal, slice);
}

static int add(OomWatch *w, OomSlice *slice) {
        _cleanup_close_ int fd = -1;
        int r;

        if (w->no_eventfds)
                return -EOPNOTSUPP;
        fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (fd < 0)
                return refused(w, slice, -errno);
        r = register_eventfd(w, slice, fd);
        if (r < 0)
                return refused(w, slice, r);
        (void) sd_event_source_set_description(slice->signal, "oom-eventfd");
        slice->eventfd = TAKE_FD(fd);
        oom_slice_set_watched(w, slice, true);
        return 0;
}

static void remove_eventfd(OomWatch *w, OomSlice *slice) {
        if (!slice->watched)
                return;
        slice->signal = sd_event_source_disable_unref(slice->signal);
        slice->eventfd = safe_close(slice->eventfd);
        oom_slice_set_watched(w, slice, false);
}

static bool add_root(OomWatch *w) {
        return !w->no_eventfds;
}

static void remove_root(_unused_ OomWatch *w) {
}

/* systemd removes a controller's directory and makes it again as it is needed; the slice stays. */
static void follow_directory(OomWatch *w, OomSlice *slice, uint64_t inode) {
        if (!slice->watched || slice->memory_inode == inode)
                return;
        remove_eventfd(w, slice);
        (void) add(w, slice);
}

static int read_slice(OomWatch *w, OomSlice *slice) {
        uint64_t before = slice->account->seen.kills;
        _cleanup_free_ OomGroup *groups = NULL;
        size_t count;
        int r;

        r = slice_files_read_oom_groups(slice->files, &groups, &count);
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
