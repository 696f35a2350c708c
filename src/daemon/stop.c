/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/log.h"
#include "daemon/manager-private.h"

/* Longer than PID 1 needs for a few hundred calls, shorter than TimeoutStopSec=; what is left then is lifted
 * by ExecStopPost=. */
#define STOP_TIMEOUT_USEC (5 * USEC_PER_SEC)

static void lift(LedgerEntry *entry, void *userdata) {
        Manager *m = userdata;
        LimitMask mask;
        SliceName name;
        Limits limits;
        int r;

        if (entry->lift_tried)
                return;
        slice_name_for_uid(name, entry->uid);
        mask = ledger_entry_standing(entry, &limits);
        r = backend_set_limits(m->backend, name, &limits, mask);
        if (r == -EBUSY || r == -ENOTCONN)
                return; /* asked for again when there is room */
        entry->lift_tried = true;
        if (r >= 0)
                m->lifts_pending++;
        else
                log_warning_errno(r, "Cannot lift the fair-share quota of %s: %m", name);
}

static void count(LedgerEntry *entry, void *userdata) {
        *(size_t *) userdata += !entry->lift_tried;
}

/* Everything is asked for as soon as there is room; one that is refused is not tried
 * again, or it would go round for ever, but stays in the ledger for the next start. Calls still under way
 * from before the stop end first. */
void manager_lift_more(Manager *m) {
        size_t left = 0;

        if (m->lifts_pending > 0 || m->backend->pending > 0)
                return;
        ledger_foreach_fair(m->ledger, count, &left);
        if (left == 0 || m->options.dry_run) {
                manager_place_stop(m);
                return;
        }
        ledger_foreach_fair(m->ledger, lift, m);
}

void manager_lift_done(Manager *m, const char *slice, int error, const char *message) {
        LedgerEntry *entry;
        uid_t uid;

        entry = slice_name_to_uid(slice, &uid) >= 0 ? ledger_get(m->ledger, uid) : NULL;
        if (m->lifts_pending > 0) {
                m->lifts_pending--;
                if (error == -ENOENT && m->backend->ops->needs_group)
                        error = 0; /* its quota went with the group */
                if (error < 0 && error != -ECANCELED)
                        log_warning_errno(error, "Cannot lift the fair-share quota of %s: %s", slice,
                                          message);
                if (entry && error == -ECANCELED)
                        entry->lift_tried = false; /* no answer: asked for again */
                if (entry && error == 0) {
                        entry->fair = false;
                        ledger_changed(m->ledger);
                }
        }
        manager_lift_more(m);
}

static int on_timeout(sd_event_source *s, uint64_t usec _unused_, void *userdata) {
        const Manager *m = userdata;

        if (m->place_ending)
                manager_place_timeout(m);
        else
                log_warning("Not all fair-share quotas could be lifted in time.");
        return sd_event_exit(sd_event_source_get_event(s), 0);
}

void manager_stop(Manager *m) {
        if (m->stopping)
                return;
        m->stopping = true;
        manager_write_holds(m);
        if (m->oom)
                oom_watch_flush(m->oom);
        if (sd_event_add_time_relative(m->event, &m->stop_timer, CLOCK_MONOTONIC, STOP_TIMEOUT_USEC, 0,
                                       on_timeout, m) < 0) {
                (void) sd_event_exit(m->event, 0);
                return;
        }
        manager_lift_more(m);
}
