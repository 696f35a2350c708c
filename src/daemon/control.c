/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/control.h"

#include <string.h>

#include "basic/log.h"

/* What is wrong with the files of control.d is said when it is new: they are read again with each change. */
static bool was_said(const Manager *m, const Problem *problem) {
        for (size_t i = 0; i < m->control_problems.count; i++) {
                const Problem *p = &m->control_problems.item[i];

                if (p->line == problem->line && strcmp(p->file, problem->file) == 0 &&
                    strcmp(p->message, problem->message) == 0)
                        return true;
        }
        return false;
}

static void say_problems(Manager *m, Problems *problems) {
        for (size_t i = 0; i < problems->count; i++)
                if (!was_said(m, &problems->item[i]))
                        manager_log_problem(&problems->item[i]);
        problems_done(&m->control_problems);
        m->control_problems = *problems;
        *problems = (Problems){};
}

/* A directory that cannot be written to is no reason to do nothing. */
static void say_unwritable(Manager *m) {
        int r = control_places_persistent_error(m->control_places);

        if (r < 0 && !m->control_unwritable && !m->options.dry_run)
                log_warning_errno(r, "Cannot write to the directory %s, limits cannot be set for good: %m",
                                  control_places_dirs(m->control_places)->persistent_path);
        m->control_unwritable = r < 0;
}

static void say_unwatched(Manager *m) {
        int r = control_places_watch_error(m->control_places);

        if (r < 0 && !m->control_unwatched)
                log_warning_errno(r, "Cannot watch the directories " CONTROL_DIRECTORY
                                     ", what is changed there by "
                                     "hand takes effect with the next reload: %m");
        m->control_unwatched = r < 0;
}

int control_read(Manager *m, const Config *config, bool all, Control **ret) {
        _cleanup_(problems_done) Problems problems = {};
        int r;

        if (all)
                problems_done(&m->control_problems);
        r = control_load(control_places_dirs(m->control_places), config, &problems, ret);
        if (r < 0)
                return log_error_errno(r, "Cannot read the limits that were set over the bus: %m");
        say_problems(m, &problems);
        say_unwritable(m);
        say_unwatched(m);
        return 0;
}

void control_take(Manager *m, Control *control) {
        control_free(m->control);
        m->control = control;
}

int control_find_user(Manager *m, const char *name, const User **ret) {
        const ManagedSlice *slice = slice_table_find(&m->slices, name);
        const KnownUser *known;
        uid_t uid;

        if (slice_name_to_uid(name, &uid) < 0)
                return -ENOENT;
        if (slice) {
                *ret = &slice->user;
                return slice->exempt;
        }
        known = known_users_get(&m->known_users, m->config, uid, m->clock());
        if (!known)
                return -ENOMEM;
        if (!known->user.name)
                return known->error < 0 ? known->error : -EHOSTUNREACH;
        *ret = &known->user;
        return !known->managed;
}

/* Somebody has removed a user's file: what it said is undone, as by ResetLimits(). Our own removals have
 * changed all that there is to change before they are heard of. */
static void tell_removal(Manager *m, const Control *now, uid_t uid) {
        const User *user;
        SliceConfig before, after;
        Event event = { .kind = EVENT_LIMITS_RESET, .uid = uid, .by = UID_INVALID };

        if (control_find_user(m, slice_name_for_uid(event.slice, uid), &user) < 0)
                return;
        config_resolve(m->config, m->control, user, m->ram_bytes, &before);
        config_resolve(m->config, now, user, m->ram_bytes, &after);
        if (limits_differ(&before.limits, &after.limits, LIMIT_MASK_ALL))
                (void) manager_event(m, &event);
}

static void on_changed(const uid_t *removed, size_t n_removed, void *userdata) {
        Manager *m = userdata;
        ManagedSlice *slice;
        Control *now;

        if (m->stopping || control_read(m, m->config, false, &now) < 0)
                return;
        for (size_t i = 0; i < n_removed; i++)
                tell_removal(m, now, removed[i]);
        control_take(m, now);
        SLICE_FOREACH(slice, &m->slices)
                manager_renew_slice(m, slice);
        manager_enqueue_all(m);
        manager_flush(m);
}

int manager_open_control(Manager *m) {
        ControlPlacesArgs args = {
                .runtime_path = m->options.runtime_path,
                .state_path = m->options.state_path,
                .make = !m->options.dry_run,
                .event = m->event,
                .changed = on_changed,
                .userdata = m,
        };
        Control *control;
        int r;

        r = control_places_new(&args, &m->control_places);
        if (r < 0)
                return log_error_errno(r, "Cannot open the directories " CONTROL_DIRECTORY ": %m");
        r = control_read(m, m->config, true, &control);
        if (r < 0)
                return r;
        control_take(m, control);
        return 0;
}
