/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When the state file is written and read, and what is held in it until it is acknowledged. */

#include "basic/log.h"
#include "watch/oom-internal.h"

static usec_t lines_dealt_with(const OomWatch *w, usec_t now) {
        if (w->collecting)
                return w->not_before;
        return now > OOM_LINES_SLACK_USEC ? now - OOM_LINES_SLACK_USEC : 0;
}

static int save_later(OomWatch *w, usec_t now) {
        int r = sd_event_source_set_time(w->acknowledged, now + OOM_ACKNOWLEDGED_USEC);

        return r < 0 ? r : sd_event_source_set_enabled(w->acknowledged, SD_EVENT_ONESHOT);
}

void oom_file_save(OomWatch *watch, usec_t now) {
        OomState state = {
                .ledger = watch->ledger,
                .kept = watch->kept,
                .since = lines_dealt_with(watch, now),
        };
        int r;

        oom_victims_get_told(watch->victims, state.since, &state.told);
        watch->save_wanted = false;
        (void) sd_event_source_set_enabled(watch->acknowledged, SD_EVENT_OFF);
        if (watch->state_dirfd < 0)
                return;
        r = oom_state_save(watch->state_dirfd, OOM_STATE_FILE, watch->boot, &state);
        if (r < 0 && !watch->warned_save)
                log_warning_errno(r, "Cannot save what was told about out-of-memory kills, "
                                     "it would be told again after a restart: %m");
        watch->warned_save = r < 0;
        /* Who has counted what was told would count it once more if it is told again. */
        if (r < 0 && save_later(watch, now) < 0)
                watch->save_wanted = true;
}

static int on_acknowledged(_unused_ sd_event_source *s, _unused_ uint64_t at, void *userdata) {
        OomWatch *w = userdata;

        oom_file_save(w, oom_watch_now(w));
        return 0;
}

int oom_file_open(OomWatch *watch) {
        int r = sd_event_add_time(watch->event, &watch->acknowledged, CLOCK_MONOTONIC, 0, 0, on_acknowledged,
                                  watch);

        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(watch->acknowledged, SD_EVENT_OFF);
        if (r < 0)
                return r;
        return sd_event_source_set_description(watch->acknowledged, "oom-acknowledged");
}

bool oom_file_is_behind(const OomWatch *watch) {
        return sd_event_source_get_enabled(watch->acknowledged, NULL) > 0;
}

void oom_watch_acknowledge(OomWatch *watch, uint64_t id) {
        if (!oom_kept_acknowledge(watch->kept, id) || oom_file_is_behind(watch))
                return;
        if (save_later(watch, oom_watch_now(watch)) < 0)
                watch->save_wanted = true; /* with the next look, then */
}

void oom_watch_set_keep(OomWatch *watch, bool keep) {
        watch->keep = keep;
}

/* What was acknowledged before the start is not told again, nor its ids given again. Those of another boot
 * count on from there. */
static void take_kept(OomWatch *w, OomState *state, bool same_boot) {
        uint64_t acknowledged = w->kept->last_id;

        if (state->n_unreadable > 0)
                log_warning("%zu lines of " OOM_STATE_FILE
                            " about events that wait to be counted make no sense; "
                            "these will not be told again.",
                            state->n_unreadable);
        oom_kept_free(w->kept);
        w->kept = TAKE_PTR(state->kept);
        if (same_boot)
                (void) oom_kept_acknowledge(w->kept, acknowledged);
        else
                oom_kept_renumber(w->kept, acknowledged);
        w->save_wanted = !same_boot;
}

int oom_file_load(OomWatch *watch, usec_t now) {
        _cleanup_(oom_state_done) OomState state = {};
        int r = -ENOENT;

        if (watch->state_dirfd >= 0)
                r = oom_state_load(watch->state_dirfd, OOM_STATE_FILE, watch->boot, &state);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                watch->fresh = watch->save_wanted = true;
                watch->lines_since = now;
                return r == -ENOENT ? 0 : 1;
        }
        take_kept(watch, &state, r > 0);
        oom_ledger_free(watch->ledger);
        watch->ledger = TAKE_PTR(state.ledger);
        watch->lines_since = state.since;
        oom_victims_set_told(watch->victims, &state.told, now);
        return 0;
}

void oom_file_tell_kept(OomWatch *watch) {
        for (size_t i = 0; i < watch->kept->n_events; i++) {
                OomEvent event = watch->kept->events[i];

                event.again = true;
                watch->handler(&event, watch->userdata);
        }
}
