/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/log.h"
#include "daemon/manager-private.h"

/* The kernel's values are read back after the first of these, then after four times as long (sixteen times
 * where we have set nothing) and so on up to the second: what somebody else changes is found, and costs next
 * to nothing. Where there are more slices it takes longer, up to the third, so that no more than two are
 * read back in a second: that takes 16 system calls for each. Few enough are read in one go that nothing has
 * to wait for it. */
#define VERIFY_FIRST_USEC  (250 * USEC_PER_MSEC)
#define VERIFY_SAFE_USEC   USEC_PER_SEC /* after a reload, for who can lose nothing by it */
#define VERIFY_LAST_USEC   (32 * USEC_PER_SEC)
#define VERIFY_CROWD_USEC  (256 * USEC_PER_SEC)
#define VERIFY_SLICE_USEC  (USEC_PER_SEC / 2)
#define VERIFIED_IN_ONE_GO 256U

/* Who had a change or appeared a moment ago is read back without delay. All others, who may be due all at
 * once since they were there when the service was started, wait for their turn: no more than this part of
 * all slices have it in one go, which is all of them in a minute, but so many at least. */
#define VERIFY_PROMPT_USEC USEC_PER_SEC
#define VERIFY_TURNS       128U
#define VERIFY_TURN_LEAST  4U

/* The CPUs and their limits as a whole change seldom. */
#define CAPACITY_USEC (2 * USEC_PER_SEC)

/* What a daemon-reload takes at most, and how long afterwards systemd still writes its own values: it does
 * so unit by unit, when it has nothing better to do. */
#define RELOAD_USEC   (90 * USEC_PER_SEC)
#define RELOADED_USEC (5 * USEC_PER_SEC)

#define RETRY_FIRST_USEC (1 * USEC_PER_SEC)
#define RETRY_LAST_USEC  (64 * USEC_PER_SEC)

void manager_enqueue_all(Manager *m) {
        ManagedSlice *slice;

        SLICE_FOREACH(slice, &m->slices)
                slice_table_enqueue(&m->slices, slice, false);
}

/* Whether there is somebody to take what is set: the group, or a backend that keeps it until the user who
 * was announced has one. */
static bool has_taker(const Manager *m, const ManagedSlice *slice) {
        return slice->files || (slice->announced && !m->backend->ops->needs_group);
}

static bool may_send(const Manager *m, const ManagedSlice *slice, usec_t now) {
        return !slice->in_flight && has_taker(m, slice) && slice->retry_at <= now && !m->stopping;
}

/* Said once for a lowering that has to wait. */
static void report_waiting(ManagedSlice *slice, LimitMask waiting) {
        FormatBuffer target;

        for (unsigned i = LIMIT_MEMORY_MAX; i <= LIMIT_MEMORY_HIGH; i++)
                if (waiting & ~slice->memory_waits & 1U << i)
                        log_info("%s: lowering %s to %s in steps above what is in use.", slice->name,
                                 limit_to_string(i), limit_format(target, i, slice->config.limits.value[i]));
        slice->memory_waits = waiting;
}

/* Written down before it is done. */
static void note_in_ledger(Manager *m, ManagedSlice *slice, LimitMask mask) {
        LedgerEntry *entry = slice->entry, before = *entry;

        managed_slice_note(slice, mask);
        if (entry->ours != before.ours || entry->fair != before.fair || entry->found != before.found ||
            entry->standing_quota != before.standing_quota ||
            entry->standing_weight != before.standing_weight)
                ledger_changed(m->ledger);
}

static void save_ledger(Manager *m) {
        int r = ledger_save(m->ledger);

        if (r < 0 && !m->ledger_unwritable)
                log_warning_errno(r, "Cannot write %s/limits, quotas would stay if this service died: %m",
                                  m->options.runtime_path);
        m->ledger_unwritable = r < 0;
}

/* Observing: said, and taken as done. */
static void pretend(Manager *m, ManagedSlice *slice) {
        manager_show_change(m, slice, &slice->sent, slice->sent_mask);
        limits_copy(&slice->set, &slice->sent, slice->sent_mask);
        slice->known |= slice->sent_mask;
        slice->pretended |= slice->sent_mask;
        slice->sent_mask = 0;
}

/* What was said while observing counts as done, or it would be said again. */
static void keep_pretended(const ManagedSlice *slice, Limits *kernel, LimitMask *present) {
        limits_copy(kernel, &slice->set, slice->pretended);
        *present |= slice->pretended;
}

static void failed(ManagedSlice *slice, int error, const char *message, usec_t now) {
        slice->known &= ~slice->sent_mask;
        slice->confirmed &= ~slice->sent_mask;
        slice->retry_at = now + MIN(RETRY_FIRST_USEC << MIN(slice->failures, 10U), RETRY_LAST_USEC);
        if (slice->failures++ == 0)
                log_warning_errno(error, "Cannot set limits of %s, trying again later: %s", slice->name,
                                  message);
}

static void send(Manager *m, ManagedSlice *slice, usec_t now) {
        int r;

        if (m->observe)
                return pretend(m, slice);
        r = backend_set_limits(m->backend, slice->name, &slice->sent, slice->sent_mask);
        if (r < 0)
                return failed(slice, r, "it could not be asked for", now);
        slice->in_flight = true;
        manager_show_change(m, slice, &slice->sent, slice->sent_mask);
}

/* The slice of a user who has just left goes in a moment, and systemd would make its group anew if
 * properties were set after that, for good. Where nobody runs it makes no difference what the share is. */
static bool is_left(const ManagedSlice *slice) {
        return slice->entry->fair && !(slice->sent_mask & ~LIMIT_MASK_CPU) && slice->files &&
               slice_files_is_populated(slice->files) == 0;
}

/* Takes slices off the queue until `batch` is full; those with nothing to be set are just dropped. */
static size_t collect(Manager *m, usec_t now, ManagedSlice **batch, size_t size) {
        ManagedSlice *slice;
        size_t n = 0;

        while (n < size && (slice = TAILQ_FIRST(&m->slices.queue))) {
                LimitMask waiting;

                slice_table_dequeue(&m->slices, slice);
                if (!may_send(m, slice, now))
                        continue;
                slice->sent_mask = managed_slice_pending(slice, &slice->sent, &waiting);
                report_waiting(slice, waiting);
                if (slice->sent_mask != 0 && !m->observe && is_left(slice)) {
                        slice->sent_mask = 0;
                        slice->retry_at = now + RETRY_FIRST_USEC;
                        continue;
                }
                if (!m->observe)
                        note_in_ledger(m, slice, slice->sent_mask);
                if (slice->sent_mask == 0)
                        continue;
                batch[n++] = slice;
        }
        return n;
}

void manager_flush(Manager *m) {
        ManagedSlice *batch[BACKEND_PENDING_MAX];
        usec_t now = m->clock();
        size_t n;

        if (m->stopping || (!m->observe && !m->backend->is_online))
                return;
        do {
                size_t room = m->observe
                                      ? BACKEND_PENDING_MAX
                                      : BACKEND_PENDING_MAX - MIN(m->backend->pending, BACKEND_PENDING_MAX);

                n = collect(m, now, batch, room);
                if (!m->observe)
                        save_ledger(m);
                for (size_t i = 0; i < n; i++)
                        send(m, batch[i], now);
        } while (n > 0);
}

/* The quotas that stand when observing begins: they would otherwise stand for as long as it lasts. */
void manager_lift_to_observe(Manager *m) {
        usec_t now = m->clock();
        ManagedSlice *slice;

        if (m->options.dry_run)
                return; /* what stands is another's */
        SLICE_FOREACH(slice, &m->slices) {
                if (!slice->entry->fair || !may_send(m, slice, now))
                        continue;
                slice->engine.quota = LIMIT_UNSET;
                managed_slice_note(slice, 0);
                slice->sent_mask = ledger_entry_standing(slice->entry, &slice->sent);
                if (backend_set_limits(m->backend, slice->name, &slice->sent, slice->sent_mask) < 0)
                        return; /* no room or no bus: with the next answer, or when it is back */
                slice->in_flight = true;
        }
}

static void succeeded(Manager *m, ManagedSlice *slice) {
        limits_copy(&slice->set, &slice->sent, slice->sent_mask);
        slice->known |= slice->sent_mask;
        slice->confirmed |= slice->sent_mask;
        if (slice->failures > 0)
                log_info("%s: limits can be set again.", slice->name);
        slice->failures = 0;
        slice->retry_at = 0;
        /* While observing nothing but this is sent, and the engine goes on deciding. */
        if (slice->entry->fair && (m->observe || slice->engine.quota == LIMIT_UNSET) &&
            managed_slice_stands(slice)) {
                slice->entry->fair = false;
                ledger_changed(m->ledger);
        }
}

void manager_backend_done(const char *name, int error, const char *message, void *userdata) {
        Manager *m = userdata;
        ManagedSlice *slice = slice_table_find(&m->slices, name);

        if (m->stopping) {
                manager_lift_done(m, name, error, message);
                return;
        }
        if (!slice || !slice->in_flight)
                return;
        slice->in_flight = false;
        if (error != -ECANCELED)
                slice->unanswered &= ~slice->sent_mask;
        if (error == 0)
                succeeded(m, slice);
        else if (error == -ECANCELED) {
                /* Nothing wrong with this slice, and nothing known: looked at, and asked for again if need
                 * be. PID 1 may have been too busy for an answer, and yet do what is not wanted any more. */
                slice->known &= ~slice->sent_mask;
                slice->unanswered |= m->observe ? 0 : managed_slice_outdated(slice);
                slice->retry_at = m->clock() + VERIFY_FIRST_USEC;
        } else
                failed(slice, error, message ?: "no reason given", m->clock());
        slice->sent_mask = 0;
        manager_verify_soon(m, slice);
        slice_table_enqueue(&m->slices, slice, false);
        manager_drop_if_gone(m, slice);
        if (m->observe)
                manager_lift_to_observe(m);
        /* A flush writes the ledger, so it is not made for each answer; the next glance is not far. */
        if (m->backend->pending <= BACKEND_PENDING_MAX / 2)
                manager_flush(m);
}

/* systemd may be writing its own values: what we have set is read back with each glance. */
static bool is_being_reset(const Manager *m, usec_t now) {
        return m->backend->ops->reset_by_reload && now < m->resets_until;
}

/* Where we have set nothing nothing can be lost. What others have set is still to be learned. */
static bool can_lose(const ManagedSlice *slice) {
        return slice->confirmed || slice->entry->ours;
}

void manager_verify_soon(Manager *m, ManagedSlice *slice) {
        usec_t now = m->clock();

        slice->verify_delay = VERIFY_FIRST_USEC;
        slice->verify_at = is_being_reset(m, now) ? now : now + slice->verify_delay;
}

static void report_difference(const ManagedSlice *slice, LimitMask differ, const Limits *wanted,
                              const char *what) {
        FormatBuffer kernel, ours;

        for (unsigned i = 0; i < _LIMIT_COUNT; i++)
                if (differ & 1U << i)
                        log_warning("%s: the kernel holds %s=%s instead of %s; %s.", slice->name,
                                    limit_to_string(i), limit_format(kernel, i, slice->set.value[i]),
                                    limit_format(ours, i, wanted->value[i]), what);
}

/* A limit that we set and that is something else is set again and reported once; if that does not help
 * either, somebody insists, and has it until the next reload. */
static void repair(ManagedSlice *slice, LimitMask differ, const Limits *before) {
        LimitMask again = differ & slice->repaired, first = differ & ~slice->repaired;

        if (first)
                report_difference(slice, first, before, "setting it again");
        if (again)
                report_difference(slice, again, before,
                                  "it was set again before, leaving it until the next reload");
        slice->repaired |= differ;
        slice->given_up |= again;
}

static usec_t verify_last(const Manager *m) {
        return CLAMP(m->slices.count * VERIFY_SLICE_USEC, VERIFY_LAST_USEC, VERIFY_CROWD_USEC);
}

static void plan_next_verify(const Manager *m, ManagedSlice *slice, bool reset, usec_t now) {
        if (reset) {
                slice->verify_delay = VERIFY_FIRST_USEC;
                slice->verify_at = can_lose(slice) ? now : now + VERIFY_SAFE_USEC;
        } else {
                slice->verify_delay = CLAMP(slice->verify_delay * (slice->confirmed ? 4 : 16),
                                            VERIFY_FIRST_USEC, verify_last(m));
                slice->verify_at = now + slice->verify_delay;
        }
}

void manager_verify(Manager *m, ManagedSlice *slice, usec_t now) {
        Limits kernel, before = slice->set;
        LimitMask present, differ, ours = slice->entry->ours;
        bool reset = is_being_reset(m, now);

        plan_next_verify(m, slice, reset, now);
        /* What is on its way will be looked at when it has arrived. */
        if (!slice->files || slice->in_flight ||
            slice_files_read_limits(slice->files, &kernel, &present) < 0)
                return;
        keep_pretended(slice, &kernel, &present);
        differ = managed_slice_take_kernel(slice, &kernel, present);
        if (slice->entry->ours != ours && !m->observe)
                ledger_changed(m->ledger);
        if (differ && !reset)
                repair(slice, differ, &before);
        else if (slice->verify_delay >= VERIFY_LAST_USEC)
                slice->repaired = 0; /* it has stood for a while: the next time is another matter */
        slice_table_enqueue(&m->slices, slice, false);
        if (m->observe)
                slice->verify_at = USEC_INFINITY;
}

void manager_learn(Manager *m, ManagedSlice *slice) {
        if (!slice->kernel_seen || slice->verify_delay > VERIFY_FIRST_USEC)
                manager_verify(m, slice, m->clock());
}

void manager_backend_online(bool online, void *userdata) {
        Manager *m = userdata;

        if (!online)
                return;
        if (m->stopping) {
                manager_lift_more(m);
                return;
        }
        manager_backend_reloading(false, m);
        if (m->observe)
                manager_lift_to_observe(m);
        manager_enqueue_all(m);
        manager_flush(m);
}

void manager_backend_reloading(bool active, void *userdata) {
        Manager *m = userdata;
        ManagedSlice *slice;

        m->resets_until = m->clock() + (active ? RELOAD_USEC : RELOADED_USEC);
        if (active && !m->backend->ops->reset_by_reload)
                return;
        SLICE_FOREACH(slice, &m->slices) {
                if (!active)
                        slice->repaired = slice->given_up = 0;
                if (!m->observe)
                        manager_verify_soon(m, slice);
        }
        m->housekeeping_at = 0;
}

static void look_at_capacity(Manager *m, usec_t now) {
        if (now < m->capacity_at)
                return;
        m->capacity_at = now + CAPACITY_USEC;
        if (capacity_read(m->capacity_reader, &m->capacity) < 0)
                log_debug("Cannot read how many CPUs there are, going by the last look.");
}

/* How many more may be read back in one go. */
typedef struct VerifyRoom {
        size_t all, late;
} VerifyRoom;

static bool has_turn(VerifyRoom *room, const ManagedSlice *slice) {
        bool prompt = slice->verify_delay <= VERIFY_PROMPT_USEC;

        if (room->all == 0 || (!prompt && room->late == 0))
                return false;
        room->all--;
        room->late -= !prompt;
        return true;
}

/* Twice a window, and when something has to be looked at soon. */
void manager_housekeeping(Manager *m, usec_t now) {
        bool reset = is_being_reset(m, now);
        VerifyRoom room = {
                .all = VERIFIED_IN_ONE_GO,
                .late = MAX(m->slices.count / VERIFY_TURNS, VERIFY_TURN_LEAST),
        };
        ManagedSlice *slice;

        m->housekeeping_at = reset ? now : now + engine_window(&m->engine_config) / 2;
        manager_refresh_tree(m);
        look_at_capacity(m, now);
        SLICE_FOREACH(slice, &m->slices) {
                if (now >= slice->verify_at && ((reset && can_lose(slice)) || has_turn(&room, slice)))
                        manager_verify(m, slice, now);
                if (slice->memory_waits || (slice->retry_at > 0 && slice->retry_at <= now))
                        slice_table_enqueue(&m->slices, slice, false);
        }
        if (m->observe)
                manager_lift_to_observe(m); /* what has failed */
        save_ledger(m);
}
