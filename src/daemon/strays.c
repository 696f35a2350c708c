/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "basic/log.h"
#include "daemon/adopt.h"
#include "daemon/manager-private.h"
#include "daemon/stray-user.h"

#define LOOK_INTERVAL_USEC (5 * USEC_PER_SEC)

/* What is younger may be on its way into its session, or gone before it could be moved. */
#define MIN_AGE_USEC (5 * USEC_PER_SEC)

/* A helper costs some ten milliseconds; who is not asked for now is at the next look. */
#define ASKS_PER_LOOK 4

struct StrayJob {
        sd_bus *bus; /* NULL: not connected */
        usec_t look_at;
        LIST_HEAD(, StrayUser) users;
        uid_t last_asked;
        bool unreadable, refused; /* said */
};

/* ---- the users ---- */

static void forget_users(StrayJob *job) {
        StrayUser *u;

        while ((u = LIST_FIRST(&job->users))) {
                LIST_REMOVE(u, entry);
                stray_user_free(u);
        }
}

static void forget_old_users(StrayJob *job, usec_t now) {
        StrayUser *u, *next;

        for (u = LIST_FIRST(&job->users); u; u = next) {
                next = LIST_NEXT(u, entry);
                if (now < u->forget_at)
                        continue;
                LIST_REMOVE(u, entry);
                stray_user_free(u);
        }
}

static StrayUser *find_user(StrayJob *job, uid_t uid) {
        StrayUser *u;

        LIST_FOREACH(u, &job->users, entry)
                if (u->uid == uid)
                        return u;
        return NULL;
}

static StrayUser *add_user(StrayJob *job, uid_t uid, usec_t now) {
        StrayUser *u = stray_user_new(uid);

        if (!u) {
                (void) log_oom();
                return NULL;
        }
        u->forget_at = now + STRAY_FORGET_USEC;
        LIST_INSERT_HEAD(&job->users, u, entry);
        return u;
}

/* Also after a failure, so that this is told once in a while only. */
static StrayUser *get_user(Manager *m, const KnownUser *known, usec_t now) {
        StrayUser *u = find_user(m->strays, known->user.uid);
        bool is_new = !u;

        u = u ?: add_user(m->strays, known->user.uid, now);
        if (is_new && known->error < 0)
                log_warning_errno(known->error,
                                  "Cannot look up the user with UID %u, what they run outside of their "
                                  "slice stays: %m",
                                  (unsigned) known->user.uid);
        return u;
}

/* ---- what is said ---- */

/* All strays in one group. */
static void say_place(const Manager *m, const char *name, StrayUser *u, const Stray *stray, size_t n) {
        const Process *p = &stray->process;
        char more[48] = "";

        if (!stray_user_is_news(u, stray->group))
                return;
        if (n > 1)
                snprintf(more, sizeof more, " and %zu other process%s", n - 1, n > 2 ? "es" : "");
        log_notice("%s (UID %u) runs PID %d (\"%s\")%s outside of user-%u.slice, in %s; %s.", name,
                   (unsigned) p->uid, (int) p->pid, p->comm, more, (unsigned) p->uid, stray->group + 1,
                   m->observe ? "not moving that into the slice, as this only observes"
                              : "asking systemd to have that moved into the slice");
}

static void say_places(const Manager *m, const char *name, StrayUser *u, const Stray *stray, size_t n) {
        for (size_t first = 0, i = 1; i <= n; i++)
                if (i == n || strcmp(stray[i].group, stray[first].group) != 0) {
                        say_place(m, name, u, &stray[first], i - first);
                        first = i;
                }
}

/* ---- what is asked for ---- */

static StrayUser *find_call(StrayJob *job, const sd_bus_slot *slot) {
        StrayUser *u;

        LIST_FOREACH(u, &job->users, entry)
                if (u->call == slot)
                        return u;
        return NULL;
}

static int on_started(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error _unused_) {
        StrayJob *job = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        StrayUser *u = find_call(job, sd_bus_get_current_slot(sd_bus_message_get_bus(reply)));

        if (u)
                u->call = sd_bus_slot_unref(u->call);
        if (error && !job->refused)
                log_warning(
                        "systemd does not start fairslice-adopt@.service, what users run outside of their "
                        "slices stays there: %s",
                        error->message ?: error->name);
        job->refused = error;
        return 0;
}

/* Returns whether it was asked for. */
static bool ask(StrayJob *job, StrayUser *u, const Stray *stray, size_t n, usec_t now) {
        char unit[64];
        int r;

        if (!job->bus || !stray_user_ask(u, stray, n, now))
                return false;
        snprintf(unit, sizeof unit, "fairslice-adopt@%u.service", (unsigned) u->uid);
        r = sd_bus_call_method_async(job->bus, &u->call, "org.freedesktop.systemd1",
                                     "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                                     "StartUnit", on_started, job, "ss", unit, "replace");
        if (r < 0)
                log_debug_errno(r, "Cannot ask for %s: %m", unit);
        return r >= 0;
}

/* ---- the look ---- */

/* All strays of one user. Returns whether something was asked for. */
static bool take_user(Manager *m, const Stray *stray, size_t n, usec_t now, bool may_ask) {
        const KnownUser *known = known_users_get(&m->known_users, m->config, stray->process.uid, now);
        StrayUser *u;

        if (!known || (known->error >= 0 && !adopt_is_wanted(m->config, &known->user)))
                return false;
        u = get_user(m, known, now);
        if (!u || known->error < 0)
                return false;
        u->forget_at = now + STRAY_FORGET_USEC;
        say_places(m, known->user.name, u, stray, n);
        if (!may_ask || m->observe || !ask(m->strays, u, stray, n, now))
                return false;
        m->strays->last_asked = u->uid;
        return true;
}

/* From the user who comes after the one who was asked for last, so that everybody's turn comes. */
static void take_all(Manager *m, const Strays *strays, usec_t now) {
        uid_t last = m->strays->last_asked;
        unsigned asks = 0;

        for (unsigned round = 0; round < 2; round++)
                for (size_t i = 0, n; i < strays->count; i += n) {
                        const Stray *first = &strays->item[i];

                        for (n = 1; i + n < strays->count; n++)
                                if (first[n].process.uid != first->process.uid)
                                        break;
                        if ((first->process.uid > last) == (round == 0))
                                asks += take_user(m, first, n, now, asks < ASKS_PER_LOOK);
                }
}

static void say_unreadable(StrayJob *job, int error) {
        if (error == -EACCES && !job->unreadable)
                log_warning("Other users' processes cannot be seen (is /proc mounted with hidepid=?), "
                            "AdoptStrays= has no effect.");
        else if (error < 0 && !job->unreadable)
                log_warning_errno(error, "Cannot look for processes outside of their users' slices: %m");
        job->unreadable = error < 0;
}

void manager_look_for_strays(Manager *m, usec_t now) {
        _cleanup_(strays_done) Strays strays = {};
        StrayJob *job = m->strays;
        int r;

        if (!job || !m->host_config.adopt_strays || now < job->look_at)
                return;
        job->look_at = now + LOOK_INTERVAL_USEC;
        r = strays_find(&(StrayQuery){ .proc_fd = m->proc_fd,
                                       .tree_fd = cgroup_tree_root_fd(m->tree),
                                       .min_uid = m->host_config.min_uid,
                                       .only_uid = UID_INVALID,
                                       .min_age_usec = MIN_AGE_USEC },
                        &strays);
        say_unreadable(job, r);
        if (r < 0)
                return;
        take_all(m, &strays, now);
        forget_old_users(job, now);
}

/* ---- life ---- */

int manager_open_strays(Manager *m) {
        if (!m->connection)
                return 0;
        m->strays = calloc(1, sizeof *m->strays);
        if (!m->strays)
                return log_oom();
        LIST_INIT(&m->strays->users);
        return 0;
}

void manager_forget_strays(Manager *m) {
        if (m->strays)
                forget_users(m->strays);
}

void manager_attach_strays(Manager *m, sd_bus *bus) {
        if (m->strays)
                m->strays->bus = sd_bus_ref(bus);
}

void manager_detach_strays(Manager *m) {
        StrayUser *u;

        if (!m->strays)
                return;
        LIST_FOREACH(u, &m->strays->users, entry)
                u->call = sd_bus_slot_unref(u->call);
        m->strays->bus = sd_bus_unref(m->strays->bus);
}

void manager_close_strays(Manager *m) {
        if (!m->strays)
                return;
        forget_users(m->strays);
        sd_bus_unref(m->strays->bus);
        free(m->strays);
        m->strays = NULL;
}
