/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/log.h"
#include "daemon/identity.h"
#include "daemon/manager-private.h"

#define REOPEN_FIRST_USEC (500 * USEC_PER_MSEC)
#define REOPEN_LAST_USEC  (64 * USEC_PER_SEC)

/* A new entry for the slice of a user. */
static ManagedSlice *add_slice(Manager *m, const char *name, uid_t uid) {
        ManagedSlice *slice;
        LedgerEntry *entry = ledger_get(m->ledger, uid);
        int r;

        r = entry ? managed_slice_new(name, entry, &slice) : -ENOMEM;
        if (r < 0) {
                log_error_errno(r, "Cannot manage %s: %m", name);
                return NULL;
        }
        r = identity_lookup(uid, &slice->user);
        if (r < 0)
                log_warning_errno(
                        r,
                        "Cannot look up the user with UID %u, settings by name or group may not apply: %m",
                        (unsigned) uid);
        (void) manager_resolve_slice(m, slice);
        r = slice_table_add(&m->slices, slice);
        if (r < 0) {
                log_error_errno(r, "Cannot manage %s: %m", name);
                managed_slice_free(slice);
                return NULL;
        }
        return slice;
}

static ManagedSlice *get_slice(Manager *m, const char *name, uid_t uid) {
        ManagedSlice *slice = slice_table_find(&m->slices, name);

        return slice ?: add_slice(m, name, uid);
}

/* Until it can be opened. What is told once is enough, of slices that are tried again. */
static void cannot_open(Manager *m, const ManagedSlice *slice, int error) {
        if (m->reopen_delay == 0)
                log_warning_errno(error,
                                  "Cannot open the cgroup of %s, it is left out of the shares until that works: %m",
                                  slice->name);
        m->slices_unopened = true;
}

/* Opens the files of a slice whose cgroup is there. */
static void open_files(Manager *m, ManagedSlice *slice) {
        int r;

        if (slice->files)
                return;
        r = slice_files_open_user(m->tree, slice->name, &slice->files);
        if (r == -ENOENT || r == -ENODEV)
                return; /* gone again already */
        if (r < 0)
                return cannot_open(m, slice, r);
        if (m->oom) {
                r = oom_watch_add(m->oom, slice->name);
                if (r < 0)
                        log_warning_errno(r, "Cannot watch %s for running out of memory: %m", slice->name);
        }
        /* A slice that was there before us tells what stands. systemd has only just begun with a new one, so
         * its values are looked at a little later. */
        if (m->scanning)
                manager_verify(m, slice, m->clock());
        else
                manager_verify_soon(m, slice);
        slice->hold_since = m->scanning ? 0 : m->realtime();
        manager_tell_slice_added(m, slice);
}

static void close_files(Manager *m, ManagedSlice *slice) {
        if (!slice->files)
                return;
        if (m->oom)
                oom_watch_remove(m->oom, slice->name);
        manager_forget_history(m, slice);
        slice->files = slice_files_free(slice->files);
        slice->engine = ENGINE_SLICE_INIT;
        slice->throttling_read = false;
        slice->throttled_usec = 0;
        manager_write_hold(m, slice);
        slice->verify_at = USEC_INFINITY;
        slice_table_dequeue(&m->slices, slice);
        managed_slice_assume_fresh(slice);
        (void) manager_resolve_slice(m, slice);
        slice->hold = HOLD_NOTHING;
        manager_tell_slice_removed(m, slice);
}

/* While a change is under way the slice is kept, so that there are never two of one slice. */
void manager_drop_if_gone(Manager *m, ManagedSlice *slice) {
        if (slice->announced || slice->files || slice->in_flight)
                return;
        manager_forget_history(m, slice);
        slice_table_remove(&m->slices, slice);
}

static void on_created(const char *name, void *userdata) {
        Manager *m = userdata;
        ManagedSlice *slice;
        uid_t uid;

        if (slice_name_to_uid(name, &uid) < 0)
                return;
        slice = get_slice(m, name, uid);
        if (!slice)
                return;
        open_files(m, slice);
        slice_table_enqueue(&m->slices, slice, true);
        manager_drop_if_gone(m, slice);
        if (!m->scanning)
                manager_flush(m);
}

/* logind says so later. What would be set until then, as when the answer to a call comes that was under way,
 * would make systemd make the group anew. */
static void has_gone(Manager *m, ManagedSlice *slice) {
        close_files(m, slice);
        slice->announced = false;
        manager_drop_if_gone(m, slice);
}

static void on_removed(const char *name, void *userdata) {
        Manager *m = userdata;
        ManagedSlice *slice = slice_table_find(&m->slices, name);

        if (slice)
                has_gone(m, slice);
}

static void close_all_files(Manager *m) {
        ManagedSlice *slice, *next;

        for (slice = LIST_FIRST(&m->slices.all); slice; slice = next) {
                next = LIST_NEXT(slice, all);
                if (slice->files) /* whoever has none yet may have been announced for what comes now */
                        has_gone(m, slice);
        }
}

/* inotify lost events: what is there is found again by the scan that follows, what is not shows by -ENODEV.
 */
static void on_lost(void *userdata) {
        Manager *m = userdata;
        ManagedSlice *slice, *next;
        CpuStat stat;

        log_debug("Events of user.slice were lost, looking through it again.");
        for (slice = LIST_FIRST(&m->slices.all); slice; slice = next) {
                next = LIST_NEXT(slice, all);
                if (slice->files && slice_files_read_cpu(slice->files, &stat) == -ENODEV)
                        has_gone(m, slice);
        }
}

static void on_gone(void *userdata) {
        Manager *m = userdata;

        close_all_files(m);
        m->slice_dir = slice_dir_watch_free(m->slice_dir);
}

int manager_watch_slices(Manager *m) {
        SliceDirHandlers handlers = {
                .created = on_created,
                .removed = on_removed,
                .lost = on_lost,
                .gone = on_gone,
                .userdata = m,
        };
        int r;

        if (cgroup_tree_user_slice_fd(m->tree) < 0)
                return 0;
        manager_watch_oom(m);
        m->scanning = true;
        r = slice_dir_watch_new(m->event, cgroup_tree_user_slice_fd(m->tree), &handlers, &m->slice_dir);
        m->scanning = false;
        /* It is tried again twice a window. */
        if (r < 0 && !m->slices_unwatched)
                log_error_errno(r, "Cannot watch the cgroup user.slice: %m");
        m->slices_unwatched = r < 0;
        return r;
}

/* Ever more seldom: where there are more slices than a process may have descriptors this does not end. */
static void open_what_could_not_be(Manager *m) {
        usec_t now = m->clock();

        if (!m->slices_unopened || now < m->reopen_at)
                return;
        m->reopen_delay = CLAMP(2 * m->reopen_delay, REOPEN_FIRST_USEC, REOPEN_LAST_USEC);
        m->reopen_at = now + m->reopen_delay;
        m->slices_unopened = false;
        if (slice_dir_watch_scan(m->slice_dir) < 0)
                m->slices_unopened = true;
        if (!m->slices_unopened)
                m->reopen_delay = 0;
}

/* That user.slice is gone is not told by inotify, since it is held open. */
void manager_refresh_tree(Manager *m) {
        int r = cgroup_tree_refresh(m->tree);

        if (r > 0 || r == -ENOENT)
                on_gone(m);
        if (m->slice_dir)
                (void) slice_dir_watch_retry(m->slice_dir);
        else if (r >= 0)
                (void) manager_watch_slices(m);
        if (m->slice_dir)
                open_what_could_not_be(m);
}

int manager_read_use_of_all(Manager *m, uint64_t *ret) {
        CpuStat stat;
        int r = m->all_files ? 0 : slice_files_open(m->tree, CGROUP_USER_SLICE, &m->all_files);

        if (r < 0)
                return r;
        r = slice_files_read_cpu_usage(m->all_files, &stat);
        if (r == -ENODEV) /* user.slice may be made anew */
                m->all_files = slice_files_free(m->all_files);
        if (r < 0)
                return r;
        *ret = stat.usage_usec;
        return 0;
}

void manager_user_new(uid_t uid, void *userdata) {
        Manager *m = userdata;
        ManagedSlice *slice;
        SliceName name;

        slice = get_slice(m, slice_name_for_uid(name, uid), uid);
        if (!slice)
                return;
        slice->announced = true;
        slice_table_enqueue(&m->slices, slice, true);
        manager_flush(m);
}

void manager_users(const uid_t *uids, size_t n, void *userdata) {
        Manager *m = userdata;
        ManagedSlice *slice, *next;

        SLICE_FOREACH(slice, &m->slices)
                slice->announced = false;
        for (size_t i = 0; i < n; i++)
                manager_user_new(uids[i], m);
        for (slice = LIST_FIRST(&m->slices.all); slice; slice = next) {
                next = LIST_NEXT(slice, all);
                manager_drop_if_gone(m, slice);
        }
}

void manager_user_removed(uid_t uid, void *userdata) {
        Manager *m = userdata;
        ManagedSlice *slice;
        SliceName name;

        slice = slice_table_find(&m->slices, slice_name_for_uid(name, uid));
        if (!slice)
                return;
        slice->announced = false;
        manager_drop_if_gone(m, slice);
}

void manager_logind_failed(int error, const char *message, void *userdata _unused_) {
        log_warning_errno(error, "Cannot get the users from logind, going by the slices that appear: %s",
                          message ?: "no answer");
}
