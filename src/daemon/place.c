/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <string.h>

#include "basic/log.h"
#include "daemon/manager-private.h"

/* What the kernel holds for a moment is tried again so soon; stop.c says when that ends. */
#define RELEASE_AGAIN_USEC (50 * USEC_PER_MSEC)

/* What is not due within a second waits for a glance, so that it takes no wake-up of its own. */
#define ACCURACY_USEC      (10 * USEC_PER_MSEC)
#define IDLE_ACCURACY_USEC (250 * USEC_PER_MSEC)

#define RECORD "groups"

static const KnownUser *get(Manager *m, uid_t uid) {
        return known_users_get(&m->known_users, m->config, uid, m->clock());
}

static bool is_managed(uid_t uid, void *userdata) {
        Manager *m = userdata;
        const KnownUser *known = uid >= m->host_config.min_uid ? get(m, uid) : NULL;

        return known && known->managed;
}

static bool has_name(uid_t uid, void *userdata) {
        const KnownUser *known = get(userdata, uid);

        return known && known->user.name;
}

static int read_use(const char *name, uint64_t *ret, void *userdata) {
        Manager *m = userdata;
        ManagedSlice *slice;
        CpuStat stat;
        int r;

        if (!name)
                return manager_read_use_of_all(m, ret);
        slice = slice_table_find(&m->slices, name);
        if (!slice || !slice->files)
                return -ENOENT;
        r = managed_slice_read_cpu(slice, &stat);
        if (r >= 0)
                *ret = stat.usage_usec;
        return r;
}

/* ---- what is said ---- */

static void on_before_remove(const char *slice, void *userdata) {
        const Manager *m = userdata;

        if (m->oom)
                oom_watch_look(m->oom, slice);
        log_debug("The last process of %s has ended, its groups are removed.", slice);
}

static void on_refused(PlacerRefusal kind, const Process *process, const char *hierarchy, int error,
                       void *userdata _unused_) {
        const char *comm = process->comm;
        int pid = (int) process->pid;
        unsigned uid = (unsigned) process->uid;

        if (kind == PLACER_REFUSED_NAMELESS)
                log_warning("There are %d slices already, so UIDs of 100000 and more without a name get "
                            "none, such as %u of %s "
                            "(PID %d); such processes stay where they are, and no limit holds for them.",
                            PLACER_NAMELESS_SLICES, uid, comm, pid);
        else if (kind == PLACER_REFUSED_REALTIME)
                log_notice(
                        "The kernel lets no real-time process into a group of users, such as %s (PID %d) of "
                        "UID %u; such processes stay where they are, and no limit holds for them.",
                        comm, pid, uid);
        else if (kind == PLACER_REFUSED_UNSEEN)
                log_warning(
                        "%s (PID %d) of UID %u is outside of what is mounted here of the hierarchy of %s; "
                        "such processes stay where they are, and no limit holds for them.",
                        comm, pid, uid, *hierarchy ? hierarchy : "cgroup2");
        else
                log_warning_errno(
                        error,
                        "The kernel does not let %s (PID %d) of UID %u into its group in the hierarchy "
                        "of %s; such processes stay where they are, and no limit holds for them: %m",
                        comm, pid, uid, *hierarchy ? hierarchy : "cgroup2");
}

static void say_failure(const Manager *m, const PlaceFailure *failure, bool removing, int error) {
        const char *hierarchy = failure->hierarchy ?: "";

        if (failure->group[0] == '\0')
                log_error_errno(error, "Cannot write %s/" RECORD ", so no groups are made for users: %m",
                                m->options.runtime_path);
        else if (failure->controller && error == -EINVAL)
                log_error_errno(
                        error,
                        "Cannot turn on the controller %s for the groups below %s; if the kernel groups "
                        "real-time processes, there must be none outside of the root: %m",
                        failure->controller, failure->group);
        else if (failure->controller)
                log_error_errno(error, "Cannot turn %s the controller %s for the groups below %s: %m",
                                removing ? "off" : "on", failure->controller, failure->group);
        else
                log_error_errno(error, "Cannot %s the group %s%s%s: %m", removing ? "remove" : "make",
                                failure->group, *hierarchy ? " in the hierarchy of " : "", hierarchy);
}

static void on_failed(const PlaceFailure *failure, int error, void *userdata) {
        say_failure(userdata, failure, false, error);
}

/* ---- the loop ---- */

static void arm(Manager *m) {
        usec_t now = m->clock(), due = placer_due(m->placer), wait = due > now ? due - now : 0;

        if (sd_event_source_set_time_accuracy(m->place_timer, wait >= USEC_PER_SEC ? IDLE_ACCURACY_USEC
                                                                                   : ACCURACY_USEC) < 0 ||
            sd_event_source_set_time_relative(m->place_timer, wait) < 0 ||
            sd_event_source_set_enabled(m->place_timer, SD_EVENT_ONESHOT) < 0)
                log_error("Cannot set a timer, processes are no longer put into their users' groups.");
}

static int on_due(sd_event_source *s _unused_, uint64_t usec _unused_, void *userdata) {
        Manager *m = userdata;

        (void) placer_run(m->placer, m->clock());
        arm(m);
        return 0;
}

static void on_uid_changed(pid_t pid, uid_t uid _unused_, void *userdata) {
        Manager *m = userdata;

        placer_look(m->placer, pid, m->clock());
        arm(m);
}

static void on_lost(void *userdata) {
        Manager *m = userdata;

        log_debug("Events of processes were lost, looking through all of them.");
        placer_lost(m->placer);
        arm(m);
}

/* ---- start ---- */

int manager_place_open(Manager *m) {
        const PlacerHandlers handlers = {
                .is_managed = is_managed,
                .has_name = has_name,
                .read_use = read_use,
                .before_remove = on_before_remove,
                .refused = on_refused,
                .failed = on_failed,
                .userdata = m,
        };
        unsigned skipped = 0;
        int r;

        if (m->host.systemd || m->observe)
                return 0;
        r = placer_new(m->tree, m->proc_fd, m->runtime_fd, &handlers, &m->placer, &skipped);
        if (r < 0)
                return log_error_errno(r,
                                       "Cannot find out from %s/" RECORD
                                       " and user.slice which groups were made before: %m",
                                       m->options.runtime_path);
        if (skipped > 0)
                log_warning("%s/" RECORD " has %u lines that are not this service's; they are left out.",
                            m->options.runtime_path, skipped);
        return 0;
}

/* 1 if there are events, 0 if not. */
static int watch_processes(Manager *m) {
        const ProcEventsHandlers handlers = {
                .uid_changed = on_uid_changed,
                .lost = on_lost,
                .userdata = m,
        };
        int r = proc_events_new(m->event, &handlers, &m->proc_events);

        if (r < 0)
                log_notice("The kernel does not tell here when processes change their user, so new ones are "
                           "looked for every now and then.");
        if (r < 0 && r != -EOPNOTSUPP)
                log_debug_errno(r, "Cannot listen to the process connector: %m");
        return r >= 0;
}

int manager_place_start(Manager *m) {
        int r;

        r = manager_place_open(m);
        if (r < 0 || !m->placer)
                return r;
        r = sd_event_add_time_relative(m->event, &m->place_timer, CLOCK_MONOTONIC, 0, ACCURACY_USEC, on_due,
                                       m);
        if (r < 0)
                return log_error_errno(r, "Cannot set a timer: %m");
        (void) sd_event_source_set_description(m->place_timer, "place");
        /* Listening comes first: who changes during the first scan is told. */
        r = placer_start(m->placer, watch_processes(m) > 0, m->clock());
        if (r < 0)
                return r; /* said */
        arm(m);
        (void) cgroup_tree_refresh(m->tree); /* there is a user.slice now */
        return 0;
}

/* ---- reload and stop ---- */

static void stop_looking(Manager *m) {
        m->proc_events = proc_events_free(m->proc_events);
        m->place_timer = sd_event_source_disable_unref(m->place_timer);
}

/* Tries to put everything back. */
static void release(Manager *m) {
        PlaceFailure failure;
        int r = placer_release(m->placer, &failure);

        if (r < 0) {
                m->place_failure = failure;
                m->place_error = r;
                if (sd_event_source_set_time_relative(m->place_timer, RELEASE_AGAIN_USEC) >= 0)
                        (void) sd_event_source_set_enabled(m->place_timer, SD_EVENT_ONESHOT);
                return;
        }
        manager_place_free(m);
        if (m->stopping)
                (void) sd_event_exit(m->event, 0);
}

static int on_again(sd_event_source *s _unused_, uint64_t usec _unused_, void *userdata) {
        release(userdata);
        return 0;
}

/* Putting everything back takes a few descriptors, and it may be for want of them that the service ends. */
static void close_watches(Manager *m) {
        m->slice_dir = slice_dir_watch_free(m->slice_dir);
        m->mount_watch = mount_watch_free(m->mount_watch);
}

static void end(Manager *m) {
        stop_looking(m);
        if (m->stopping)
                close_watches(m);
        if (sd_event_add_time_relative(m->event, &m->place_timer, CLOCK_MONOTONIC, RELEASE_AGAIN_USEC, 0,
                                       on_again, m) < 0)
                log_error("Cannot set a timer; groups that are still in use stay.");
        release(m);
}

void manager_place_stop(Manager *m) {
        if (!m->placer)
                (void) sd_event_exit(m->event, 0);
        else if (!m->place_ending) {
                m->place_ending = true;
                end(m);
        }
}

void manager_place_reload(Manager *m) {
        if (m->observe && m->placer && !m->place_ending) {
                m->place_ending = true;
                end(m);
        } else if (!m->observe && (!m->placer || m->place_ending)) {
                manager_place_free(m);
                (void) manager_place_start(m);
        } else if (m->placer && !m->place_ending) {
                placer_rescan(m->placer);
                arm(m);
        }
}

void manager_place_timeout(const Manager *m) {
        if (m->placer && m->place_error < 0)
                say_failure(m, &m->place_failure, true, m->place_error);
}

bool manager_place_left(const Manager *m) {
        return m->runtime_fd >= 0 && faccessat(m->runtime_fd, RECORD, F_OK, AT_SYMLINK_NOFOLLOW) >= 0;
}

void manager_place_free(Manager *m) {
        stop_looking(m);
        m->placer = placer_free(m->placer);
        m->place_ending = false;
        m->place_error = 0;
}
