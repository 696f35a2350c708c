/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who is to be told that memory ran short or out has fairslice-notify started, which runs as the user and
 * finds out by itself what there is to tell. */

#include <string.h>
#include <sys/queue.h>

#include "basic/child.h"
#include "basic/log.h"
#include "daemon/child.h"
#include "daemon/manager-private.h"

/* Of one user. Kills come in bursts, and all that happened until it is started is in one notice. */
#define PAUSE_USEC (5 * USEC_PER_SEC)

/* Of all users: when the host's memory runs out it may be all of them, and PID 1 has other things to do. */
#define STARTS_PER_SEC 8

/* A little longer than systemd, or we, let it run. */
#define REMEMBER_USEC (60 * USEC_PER_SEC)

/* Without systemd: as TimeoutStartSec= of the unit. */
#define RUN_USEC (30 * USEC_PER_SEC)

#define REASONS_MAX 8

typedef struct NotifyUser {
        LIST_ENTRY(NotifyUser) entry;
        NotifyJob *job;
        uid_t uid;
        bool wanted;       /* something was not told yet */
        usec_t started;    /* 0: never */
        sd_bus_slot *call; /* under way */
        char *unit_job;    /* PID 1's for the last start; NULL: not known */
        Child *child;      /* without systemd */
        bool late;         /* it was killed, and may take its time to end even so */
} NotifyUser;

struct NotifyJob {
        sd_bus *bus; /* NULL: not connected, or no systemd */
        LIST_HEAD(, NotifyUser) users;
        usec_t second; /* that is being counted */
        unsigned starts;
        char *reason[REASONS_MAX]; /* of failures that were said */
};

/* ---- the users ---- */

static NotifyUser *user_free(NotifyUser *u) {
        sd_bus_slot_unref(u->call);
        child_free(u->child);
        free(u->unit_job);
        free(u);
        return NULL;
}

static NotifyUser *find_user(const NotifyJob *job, uid_t uid) {
        NotifyUser *u;

        LIST_FOREACH(u, &job->users, entry)
                if (u->uid == uid)
                        return u;
        return NULL;
}

static NotifyUser *get_user(NotifyJob *job, uid_t uid) {
        NotifyUser *u = find_user(job, uid);

        if (u)
                return u;
        u = calloc(1, sizeof *u);
        if (!u) {
                (void) log_oom();
                return NULL;
        }
        *u = (NotifyUser){ .job = job, .uid = uid };
        LIST_INSERT_HEAD(&job->users, u, entry);
        return u;
}

static void remove_user(NotifyUser *u) {
        LIST_REMOVE(u, entry);
        user_free(u);
}

/* ---- what is said ---- */

static bool was_said(NotifyJob *job, const char *reason) {
        for (size_t i = 0; i < REASONS_MAX; i++) {
                if (!job->reason[i]) {
                        job->reason[i] = strdup(reason);
                        return false;
                }
                if (strcmp(job->reason[i], reason) == 0)
                        return true;
        }
        return true;
}

static void forget_reasons(NotifyJob *job) {
        for (size_t i = 0; i < REASONS_MAX; i++) {
                free(job->reason[i]);
                job->reason[i] = NULL;
        }
}

/* Not once a user: they are many. */
static void say_failure(NotifyJob *job, const char *reason, const char *message) {
        if (!was_said(job, reason))
                log_warning(
                        "Cannot start fairslice-notify, users are not told at once that memory runs short "
                        "or out: %s",
                        message);
}

/* ---- with systemd ---- */

/* While it runs PID 1 merges another start into the one under way, and answers with the same job. */
static void take_unit_job(NotifyUser *u, sd_bus_message *reply) {
        const char *path;

        if (sd_bus_message_read(reply, "o", &path) < 0)
                return;
        if (u->unit_job && strcmp(u->unit_job, path) == 0) {
                u->wanted = true;
                return;
        }
        free(u->unit_job);
        u->unit_job = strdup(path);
}

static int on_started(sd_bus_message *reply, void *userdata, _unused_ sd_bus_error *ret_error) {
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        NotifyUser *u = userdata;

        u->call = sd_bus_slot_unref(u->call);
        if (error)
                say_failure(u->job, error->name, error->message ?: error->name);
        else
                take_unit_job(u, reply);
        return 0;
}

static int start_unit(NotifyUser *u) {
        char unit[64];

        snprintf(unit, sizeof unit, "fairslice-notify@%u.service", (unsigned) u->uid);
        return sd_bus_call_method_async(u->job->bus, &u->call, "org.freedesktop.systemd1",
                                        "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                                        "StartUnit", on_started, u, "ss", unit, "replace");
}

/* ---- without ---- */

static void on_ended(const siginfo_t *si, void *userdata) {
        NotifyUser *u = userdata;
        bool exited = si->si_code == CLD_EXITED;

        u->child = child_free(u->child);
        if (exited && si->si_status == CHILD_CANNOT_RUN)
                say_failure(u->job, "cannot run", "it cannot be run");
        else if (!u->late && !(exited && si->si_status == 0))
                say_failure(u->job, "ended", "it has failed");
        u->late = false;
}

static int start_child(const Manager *m, NotifyUser *u) {
        const char *argv[8] = { m->options.notify_program ?: SBINDIR "/fairslice-notify" };
        char option[32];
        size_t n = 1;

        snprintf(option, sizeof option, "--user=%u", (unsigned) u->uid);
        argv[n++] = option;
        if (m->options.config_file) {
                argv[n++] = "--config";
                argv[n++] = m->options.config_file;
        }
        return child_start(m->event, argv, -1, on_ended, u, &u->child);
}

/* As long as it does not end, none is started: a user who keeps theirs from ending has one, not many. */
static void kill_if_late(NotifyUser *u, usec_t now) {
        if (!u->child || u->late || now < u->started + RUN_USEC)
                return;
        u->late = true;
        child_kill(u->child, SIGKILL);
        say_failure(u->job, "late", "it takes too long");
}

/* ---- when ---- */

/* Who is not here any more has nobody to be told. */
static bool is_here(const Manager *m, uid_t uid) {
        const ManagedSlice *slice;
        SliceName name;

        slice = slice_table_find(&m->slices, slice_name_for_uid(name, uid));
        return slice && slice->files;
}

static bool may_start(const Manager *m, const NotifyUser *u, usec_t now) {
        if (!u->wanted || u->call || u->child || (u->started > 0 && now < u->started + PAUSE_USEC))
                return false;
        return !m->host.systemd || u->job->bus;
}

static bool is_budget_left(NotifyJob *job, usec_t now) {
        if (now >= job->second + USEC_PER_SEC) {
                job->second = now;
                job->starts = 0;
        }
        return job->starts++ < STARTS_PER_SEC;
}

static void start(const Manager *m, NotifyUser *u, usec_t now) {
        int r;

        u->wanted = false;
        if (m->observe || !m->host_config.notify_users || !is_here(m, u->uid))
                return;
        u->started = now;
        r = m->host.systemd ? start_unit(u) : start_child(m, u);
        if (r < 0)
                say_failure(u->job, strerror(-r), strerror(-r));
}

void manager_notify_due(Manager *m, usec_t now) {
        NotifyUser *u, *next;

        if (!m->notify)
                return;
        for (u = LIST_FIRST(&m->notify->users); u; u = next) {
                next = LIST_NEXT(u, entry);
                kill_if_late(u, now);
                if (may_start(m, u, now) && is_budget_left(m->notify, now))
                        start(m, u, now);
                if (!u->wanted && !u->call && !u->child && now >= u->started + REMEMBER_USEC)
                        remove_user(u);
        }
}

/* That a limit was reached and nothing died is no news to the user; what the last run of this service has
 * recorded was told then. */
static bool is_notice(const Event *event) {
        if (event->uid == UID_INVALID || event->uid == 0)
                return false;
        if (event->kind == EVENT_OUT_OF_MEMORY)
                return event->oom.kills > 0 && !event->oom.again;
        return event->kind == EVENT_MEMORY_WARNING;
}

void manager_notify(Manager *m, const Event *event) {
        NotifyUser *u;

        if (!m->notify || m->observe || !m->host_config.notify_users || !is_notice(event))
                return;
        u = get_user(m->notify, event->uid);
        if (!u)
                return;
        u->wanted = true;
        manager_notify_due(m, m->clock());
}

/* ---- life ---- */

int manager_open_notify(Manager *m) {
        if (m->options.dry_run || (m->host.systemd ? !m->connection : geteuid() != 0))
                return 0;
        m->notify = calloc(1, sizeof *m->notify);
        if (!m->notify)
                return log_oom();
        LIST_INIT(&m->notify->users);
        return 0;
}

void manager_attach_notify(Manager *m, sd_bus *bus) {
        if (!m->notify)
                return;
        m->notify->bus = sd_bus_ref(bus);
        forget_reasons(m->notify);
}

void manager_detach_notify(Manager *m) {
        NotifyUser *u;

        if (!m->notify)
                return;
        LIST_FOREACH(u, &m->notify->users, entry) {
                u->wanted = u->wanted || u->call; /* nobody knows what has become of it */
                u->call = sd_bus_slot_unref(u->call);
        }
        m->notify->bus = sd_bus_unref(m->notify->bus);
}

void manager_close_notify(Manager *m) {
        NotifyUser *u;

        if (!m->notify)
                return;
        while ((u = LIST_FIRST(&m->notify->users)))
                remove_user(u);
        forget_reasons(m->notify);
        sd_bus_unref(m->notify->bus);
        free(m->notify);
        m->notify = NULL;
}
