/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From the first sign of a kill to the event that is told: windows, the kernel's lines, the remainder. One
 * timer serves all of it, and runs only while a window is open, a slice has no watch or something could not
 * be read or listed. */

#include <string.h>

#include "basic/log.h"
#include "model/limits.h"
#include "watch/oom-internal.h"

/* How long the lines of kills that nobody told about are kept. */
#define VICTIMS_KEEP_USEC (60 * USEC_PER_SEC)

/* Reads what can be read, and keeps what was read before of the rest. */
static void capture_memory(const OomWatch *w, OomSlice *slice) {
        _cleanup_(slice_files_freep) SliceFiles *files = NULL;
        LimitMask present;
        MemoryUse use;
        Limits limits;

        if (slice->gone || oom_slice_open(w, slice, &files) < 0)
                return;
        if (slice_files_read_limits(files, &limits, &present) >= 0 && present & 1U << LIMIT_MEMORY_MAX) {
                slice->open->memory_max = limits.value[LIMIT_MEMORY_MAX];
                slice->open->memory_max_known = true;
        }
        if (slice_files_read_memory(files, &use) < 0)
                return;
        /* What was in use at the kill is nearer to the first look than to the last. */
        if (slice->open->memory_current == OOM_VALUE_UNKNOWN)
                slice->open->memory_current = use.current;
        if (use.peak != UINT64_MAX)
                slice->open->memory_peak = use.peak;
}

/* Whether the slice's own limit was hit, with nobody killed, in a way worth telling now. */
static bool hits_are_news(OomWatch *w, OomSlice *slice, usec_t now) {
        if (slice->last_event == 0 || now >= slice->last_event + OOM_HITS_USEC)
                return true;
        if (slice->last_killed && now < slice->last_event + OOM_ECHO_USEC) {
                oom_ledger_settle_hits(slice->account);
                w->save_wanted = true;
        }
        return false;
}

static int open_case(OomWatch *w, OomSlice *slice) {
        slice->open = malloc(sizeof *slice->open);
        if (!slice->open)
                return -ENOMEM;
        *slice->open = (OomCase){
                .memory_max = OOM_VALUE_UNKNOWN,
                .memory_current = OOM_VALUE_UNKNOWN,
                .memory_peak = OOM_VALUE_UNKNOWN,
        };
        w->n_windows++;
        capture_memory(w, slice);
        return 0;
}

/* Without memory it stays pending, until more happens in the slice or the service is started again. */
void oom_collect_consider(OomWatch *watch, OomSlice *slice, usec_t now) {
        OomCounters pending = oom_ledger_pending(slice->account);
        int r;

        if (pending.kills == 0 && (pending.local_hits == 0 || !hits_are_news(watch, slice, now)))
                return;
        r = slice->open ? 0 : open_case(watch, slice);
        if (r < 0)
                log_warning_errno(r, "Cannot tell yet of the kills in %s: %m", slice->account->name);
        else
                oom_window_news(&slice->open->window, now, watch->starting);
}

static bool have_lines(const OomWatch *w) {
        return w->source.poll && !w->lines_failed;
}

static bool any_window_open(const OomWatch *w) {
        return w->n_windows > 0 || w->remainder.open;
}

/* Whether the window of a slice of that name is open, be it there or gone. */
static bool slice_waits(OomWatch *w, const char *name) {
        const OomSlice *slice = oom_slice_find(w, name);

        if (slice && slice->open)
                return true;
        if (w->n_gone == 0)
                return false;
        LIST_FOREACH(slice, &w->slices, list) {
                if (slice->gone && strcmp(slice->account->name, name) == 0)
                        return true;
        }
        return false;
}

/* Whether a line that tells the victim's UID alone may be taken for one of that user's slice. All that is in
 * the remainder of a unified tree was in user.slice. Elsewhere it may have been a service with that UID,
 * which those of root mostly are. */
static bool may_guess(OomWatch *w, const char *name) {
        const OomSlice *slice;

        if (!w->legacy)
                return true;
        slice = oom_slice_find(w, name);
        return slice && !slice->gone && strcmp(name, "user-0.slice") != 0;
}

/* Victims that may be in the remainder: no window of a slice of that name is open. */
static size_t stray_victims(OomWatch *w, const char *name) {
        if (slice_waits(w, name))
                return 0;
        return may_guess(w, name) ? oom_victims_count(w->victims, name)
                                  : oom_victims_count_named(w->victims, name);
}

static size_t count_strays(OomWatch *w) {
        size_t position = 0, n = 0;
        const char *name;

        while ((name = oom_victims_next_slice(w->victims, &position)))
                n += stray_victims(w, name) > 0;
        return n;
}

/* What the counters alone tell, when there are no lines. A limit counts its hits where it is; the host's
 * memory has no such counter. */
static OomCause guess_cause(OomWatch *w, const OomCounters *pending, bool late) {
        MemoryEvents local;

        if (pending->local_hits > 0)
                return OOM_CAUSE_SLICE;
        if (pending->hits > 0)
                return OOM_CAUSE_INNER;
        if (late || !w->root || slice_files_read_memory_events_local(w->root, &local) < 0)
                return OOM_CAUSE_UNKNOWN;
        return local.oom > w->root_hits ? OOM_CAUSE_OUTER : OOM_CAUSE_HOST;
}

void oom_collect_note_root_hits(OomWatch *watch) {
        MemoryEvents local;

        if (watch->root && slice_files_read_memory_events_local(watch->root, &local) >= 0)
                watch->root_hits = local.oom;
}

/* Whoever saves next writes that it was told, and that it is held. */
static void tell(OomWatch *w, OomEvent *event) {
        (void) sd_event_now(w->event, CLOCK_REALTIME, &event->time);
        if (w->keep && event->kills > 0)
                oom_kept_add(w->kept, event);
        w->handler(event, w->userdata);
        w->save_wanted = true;
}

static void tell_slice(OomWatch *w, OomSlice *slice, const OomCounters *pending) {
        OomEvent event;

        oom_event_init(&event, slice->account->name);
        event.kills = pending->kills;
        event.hits = pending->local_hits;
        event.late = slice->open->window.late;
        event.cause = guess_cause(w, pending, event.late);
        event.memory_max_known = slice->open->memory_max_known;
        event.memory_max = slice->open->memory_max;
        event.memory_current = slice->open->memory_current;
        event.memory_peak = slice->open->memory_peak;
        if (pending->kills > 0)
                oom_victims_claim(w->victims, slice->account->name, pending->kills, &event);
        tell(w, &event);
}

static void close_slice(OomWatch *w, OomSlice *slice, usec_t now) {
        OomCounters pending;

        /* The lines were read before: whatever they tell of has been counted by now. */
        if (!slice->gone)
                oom_slice_look(w, slice, now);
        capture_memory(w, slice);
        pending = oom_ledger_pending(slice->account);
        if (pending.kills > 0 || pending.local_hits > 0) {
                tell_slice(w, slice, &pending);
                oom_ledger_settle(w->ledger, slice->account);
                slice->last_event = now;
                slice->last_killed = pending.kills > 0;
        }
        if (slice->gone) {
                oom_slice_free(w, slice);
                return;
        }
        free(TAKE_PTR(slice->open));
        w->n_windows--;
}

static void tell_remainder(OomWatch *w, const char *name, uint64_t kills, uint64_t lines) {
        OomEvent event;

        oom_event_init(&event, name);
        event.kills = kills;
        event.late = w->remainder.late;
        if (lines > 0)
                oom_victims_claim(w->victims, name, lines, &event);
        tell(w, &event);
        oom_ledger_settle_remainder(w->ledger, kills);
}

/* Tells of those that the kernel's lines place in a slice; returns how many are left. */
static uint64_t tell_strays(OomWatch *w, uint64_t left) {
        size_t position = 0;
        const char *name;

        while (left > 0 && (name = oom_victims_next_slice(w->victims, &position))) {
                uint64_t kills = MIN(left, stray_victims(w, name));

                if (kills == 0)
                        continue;
                tell_remainder(w, name, kills, kills);
                left -= kills;
        }
        return left;
}

/* Kills that no line places in a slice. Those of a unified tree are user.slice's. Of a legacy one they were
 * outside of user.slice, once there are no more lines to come and no window that lines may be for. */
static void close_rest(OomWatch *w, uint64_t left, bool final) {
        if (!w->legacy)
                tell_remainder(w, CGROUP_USER_SLICE, left, 0);
        else if (final && w->n_windows == 0) {
                oom_ledger_settle_remainder(w->ledger, left);
                oom_victims_keep_newest(w->victims, 0);
                w->save_wanted = true;
        } else
                w->remainder.open = true;
}

/* Kills in slices that are gone, or in groups that are. */
static void close_remainder(OomWatch *w, usec_t now, bool final) {
        uint64_t left;

        /* A slice whose wake is still to come would be counted here and there. */
        oom_watch_scan(w, now);
        left = oom_ledger_remainder(w->ledger);
        w->remainder.open = false;
        if (w->legacy)
                oom_victims_keep_newest(w->victims, left + w->ledger->pending);
        left = tell_strays(w, left);
        if (left > 0)
                close_rest(w, left, final);
}

/* Whether there are no more lines to wait for: all are here, or it happened so long ago that what is not in
 * the journal by now never will be. */
static bool lines_complete(const OomWatch *w, const OomWindow *window, uint64_t have, uint64_t kills) {
        return have >= kills || !have_lines(w) || (window->late && w->lines_all);
}

static bool slice_is_due(OomWatch *w, OomSlice *slice, usec_t now) {
        uint64_t kills = oom_ledger_pending(slice->account).kills;
        uint64_t have = oom_victims_count(w->victims, slice->account->name);

        return oom_window_is_due(&slice->open->window, now,
                                 lines_complete(w, &slice->open->window, have, kills));
}

/* Whether all that is to be known of the remainder is there. The victims of a legacy tree may have been
 * outside of user.slice, and a kill that no line tells of yet is worth a longer wait there: without its line
 * it is never told. */
static bool remainder_is_final(OomWatch *w, usec_t now) {
        uint64_t kills = oom_ledger_remainder(w->ledger);
        size_t have = count_strays(w);
        OomWindow window = w->remainder;

        if (w->legacy) {
                have += oom_victims_count_named(w->victims, "");
                window.late = true;
        }
        return oom_window_is_due(&window, now, lines_complete(w, &w->remainder, have, kills));
}

/* Whether there is something to tell, final or not. */
static bool remainder_is_due(OomWatch *w, usec_t now) {
        if (remainder_is_final(w, now))
                return true;
        return w->legacy && oom_window_is_due(&w->remainder, now, false) && count_strays(w) > 0;
}

void oom_collect_close(OomWatch *watch, usec_t now, bool all) {
        OomSlice *next;
        bool closed = false;

        for (OomSlice *slice = LIST_FIRST(&watch->slices); slice; slice = next) {
                next = LIST_NEXT(slice, list);
                if (!slice->open || !(all || slice_is_due(watch, slice, now)))
                        continue;
                close_slice(watch, slice, now);
                closed = true;
        }
        if (watch->remainder.open && (all || remainder_is_due(watch, now)))
                close_remainder(watch, now, all || remainder_is_final(watch, now));
        if (closed)
                oom_collect_note_root_hits(watch);
}

/* Opens the remainder's window, or closes it if the kills turned up in a slice. */
static void consider_remainder(OomWatch *w, usec_t now) {
        uint64_t remainder;

        if (w->root_dirty)
                oom_root_read(w);
        remainder = oom_ledger_remainder(w->ledger);
        if (remainder == 0)
                w->remainder.open = false;
        else if (!w->remainder.open || remainder > w->last_remainder) {
                oom_window_news(&w->remainder, now, w->starting);
                w->remainder_scanned = false;
        }
        w->last_remainder = remainder;
}

static void set_timer(OomWatch *w, usec_t at) {
        int r = sd_event_source_set_time(w->timer, at);

        if (r >= 0)
                r = sd_event_source_set_enabled(w->timer, SD_EVENT_ONESHOT);
        if (r < 0)
                log_warning_errno(r, "Cannot set the timer of the out-of-memory watch: %m");
}

static void begin_collecting(OomWatch *w, usec_t now) {
        w->collecting = true;
        w->lines_failed = w->lines_all = false;
        w->not_before = now > OOM_LINES_SLACK_USEC ? now - OOM_LINES_SLACK_USEC : 0;
        if (w->starting)
                w->not_before = MIN(w->not_before, w->lines_since);
}

static void end_collecting(OomWatch *w, usec_t now) {
        w->collecting = false;
        if (w->source.release)
                w->source.release(w->source.userdata);
        if (now > VICTIMS_KEEP_USEC)
                oom_victims_expire(w->victims, now - VICTIMS_KEEP_USEC);
}

/* Whether something could not be read, which inotify will not say again. In a legacy tree a timer looks
 * again anyway. */
static bool is_unread(const OomWatch *w) {
        return !w->legacy && (w->root_dirty || !LIST_EMPTY(&w->dirty));
}

void oom_collect_update(OomWatch *watch, usec_t now) {
        bool open;

        consider_remainder(watch, now);
        open = any_window_open(watch);
        if (open && !watch->collecting) {
                begin_collecting(watch, now);
                set_timer(watch, now + OOM_POLL_USEC);
        } else if (!open && watch->collecting)
                end_collecting(watch, now);
        if (watch->save_wanted)
                oom_file_save(watch, now);
        if (!watch->collecting && (watch->unwatched > 0 || watch->unlisted || is_unread(watch)) &&
            sd_event_source_get_enabled(watch->timer, NULL) == SD_EVENT_OFF)
                set_timer(watch, now + OOM_RETRY_USEC);
}

/* Returns whether there may be more lines at once. */
static bool poll_lines(OomWatch *w, usec_t now) {
        int r;

        if (!have_lines(w))
                return false;
        r = w->source.poll(w->source.userdata, w->not_before, now, w->victims);
        if (r < 0) {
                log_debug_errno(r, "Cannot read the kernel's lines from the journal, doing without: %m");
                w->lines_failed = true;
        }
        w->lines_all = r == 0;
        return r > 0;
}

static int on_timer(_unused_ sd_event_source *s, _unused_ uint64_t at, void *userdata) {
        OomWatch *w = userdata;
        usec_t now = oom_watch_now(w);
        bool more = false;

        if (w->unlisted)
                oom_watch_scan(w, now);
        if (w->unwatched > 0)
                oom_watch_retry(w, now);
        if (is_unread(w))
                oom_watch_look_at_dirty(w, now);
        if (w->collecting) {
                /* Kills that are in user.slice and in no slice may be in one that has no watch, so that
                 * nobody said to look. */
                if (w->remainder.open && !w->remainder_scanned) {
                        w->remainder_scanned = true;
                        oom_watch_scan(w, now);
                        consider_remainder(w, now);
                }
                more = poll_lines(w, now);
                oom_collect_close(w, now, false);
        }
        oom_collect_update(w, now);
        if (w->collecting)
                set_timer(w, now + (more ? USEC_PER_MSEC : OOM_POLL_USEC));
        return 0;
}

int oom_collect_open(OomWatch *watch) {
        int r;

        /* An accuracy of 0 would be systemd's default of 250 ms. */
        r = sd_event_add_time(watch->event, &watch->timer, CLOCK_MONOTONIC, 0, USEC_PER_MSEC, on_timer,
                              watch);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(watch->timer, SD_EVENT_OFF);
        if (r < 0)
                return r;
        return sd_event_source_set_description(watch->timer, "oom-timer");
}

void oom_watch_flush(OomWatch *watch) {
        usec_t now = oom_watch_now(watch);

        oom_watch_scan(watch, now);
        consider_remainder(watch, now);
        if (any_window_open(watch)) {
                if (!watch->collecting)
                        begin_collecting(watch, now);
                (void) poll_lines(watch, now);
                oom_collect_close(watch, now, true);
        }
        watch->save_wanted = watch->save_wanted || oom_file_is_behind(watch);
        oom_collect_update(watch, now);
}
