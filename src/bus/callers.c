/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/callers.h"

#include <search.h>
#include <string.h>
#include <sys/queue.h>

#include "bus/leavers.h"
#include "model/user.h"

typedef struct Waiter {
        CallerHandler handler;
        void (*forget)(void *userdata);
        void *userdata;
        STAILQ_ENTRY(Waiter) next;
} Waiter;
typedef STAILQ_HEAD(Waiters, Waiter) Waiters;

/* One that is known, or is being asked for. */
typedef struct Caller {
        Callers *callers;
        char *name;
        uid_t uid;
        sd_bus_slot *query; /* NULL: known */
        Waiters waiters;
        unsigned n_waiters;
        TAILQ_ENTRY(Caller) age; /* if known */
} Caller;

struct Callers {
        sd_bus *bus;
        Leavers leavers;
        void *by_name;              /* tsearch() */
        TAILQ_HEAD(, Caller) known; /* who called last is last */
        unsigned n_known, n_waiters;
};

static int compare_names(const void *a, const void *b) {
        return strcmp(((const Caller *) a)->name, ((const Caller *) b)->name);
}

static Caller *find(Callers *callers, const char *name) {
        Caller key = { .name = (char *) name };
        Caller **found = tfind(&key, &callers->by_name, compare_names);

        return found ? *found : NULL;
}

/* Those who wait are on their own from now on. */
static Waiters take_waiters(Caller *caller) {
        Waiters waiters = STAILQ_HEAD_INITIALIZER(waiters);

        STAILQ_CONCAT(&waiters, &caller->waiters);
        caller->callers->n_waiters -= caller->n_waiters;
        caller->n_waiters = 0;
        return waiters;
}

static Waiter *next_waiter(Waiters *waiters) {
        Waiter *waiter = STAILQ_FIRST(waiters);

        if (waiter)
                STAILQ_REMOVE_HEAD(waiters, next);
        return waiter;
}

static void caller_free(Caller *caller) {
        Waiters waiters = take_waiters(caller);
        Waiter *waiter;

        (void) tdelete(caller, &caller->callers->by_name, compare_names);
        if (!caller->query) {
                TAILQ_REMOVE(&caller->callers->known, caller, age);
                caller->callers->n_known--;
        }
        sd_bus_slot_unref(caller->query);
        free(caller->name);
        free(caller);
        while ((waiter = next_waiter(&waiters))) {
                waiter->forget(waiter->userdata);
                free(waiter);
        }
}

static void on_left(const char *name, void *userdata) {
        Caller *caller = find(userdata, name);

        if (caller)
                caller_free(caller);
}

static void set_known(Caller *caller, uid_t uid) {
        Callers *callers = caller->callers;

        caller->uid = uid;
        caller->query = sd_bus_slot_unref(caller->query);
        TAILQ_INSERT_TAIL(&callers->known, caller, age);
        if (++callers->n_known > CALLERS_KNOWN_MAX)
                caller_free(TAILQ_FIRST(&callers->known));
}

static int read_uid(sd_bus_message *reply, uid_t *ret) {
        uint32_t uid;
        int r;

        if (sd_bus_message_is_method_error(reply, NULL)) {
                r = sd_bus_message_get_errno(reply);
                return r > 0 ? -r : -EIO;
        }
        r = sd_bus_message_read(reply, "u", &uid);
        if (r < 0)
                return -EBADMSG;
        if (uid == UID_INVALID)
                return -ENODATA;
        *ret = uid;
        return 0;
}

static int on_uid(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error _unused_) {
        Caller *caller = userdata;
        uid_t uid = UID_INVALID;
        Waiters waiters;
        Waiter *waiter;
        int r;

        if (sd_bus_message_is_method_error(reply, SD_BUS_ERROR_NAME_HAS_NO_OWNER)) {
                caller_free(caller);
                return 0;
        }
        r = read_uid(reply, &uid);
        waiters = take_waiters(caller);
        if (r >= 0)
                set_known(caller, uid);
        else
                caller_free(caller);
        while ((waiter = next_waiter(&waiters))) {
                waiter->handler(r, uid, waiter->userdata);
                free(waiter);
        }
        return 0;
}

static int caller_new(Callers *callers, const char *name, Caller **ret) {
        _cleanup_free_ Caller *caller = calloc(1, sizeof *caller);
        _cleanup_free_ char *copy = strdup(name);
        int r;

        if (!caller || !copy)
                return -ENOMEM;
        caller->callers = callers;
        caller->name = copy;
        STAILQ_INIT(&caller->waiters);
        r = sd_bus_call_method_async(callers->bus, &caller->query, "org.freedesktop.DBus",
                                     "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                     "GetConnectionUnixUser", on_uid, caller, "s", name);
        if (r < 0)
                return r;
        if (!tsearch(caller, &callers->by_name, compare_names)) {
                sd_bus_slot_unref(caller->query);
                return -ENOMEM;
        }
        TAKE_PTR(copy);
        *ret = TAKE_PTR(caller);
        return 0;
}

bool callers_find(Callers *callers, const char *name, uid_t *ret) {
        Caller *caller = find(callers, name);

        if (!caller || caller->query)
                return false;
        TAILQ_REMOVE(&callers->known, caller, age);
        TAILQ_INSERT_TAIL(&callers->known, caller, age);
        *ret = caller->uid;
        return true;
}

int callers_ask(Callers *callers, const char *name, CallerHandler handler, void (*forget)(void *userdata),
                void *userdata) {
        _cleanup_free_ Waiter *waiter = calloc(1, sizeof *waiter);
        Caller *caller = find(callers, name);
        int r;

        if (!waiter)
                return -ENOMEM;
        if (callers->n_waiters >= CALLERS_WAITING_MAX ||
            (caller && caller->n_waiters >= CALLERS_WAITING_PER_CONNECTION_MAX))
                return -EBUSY;
        if (!caller) {
                r = caller_new(callers, name, &caller);
                if (r < 0)
                        return r;
        }
        *waiter = (Waiter){ .handler = handler, .forget = forget, .userdata = userdata };
        STAILQ_INSERT_TAIL(&caller->waiters, waiter, next);
        TAKE_PTR(waiter);
        caller->n_waiters++;
        callers->n_waiters++;
        return 0;
}

int callers_new(sd_bus *bus, Callers **ret) {
        _cleanup_(callers_freep) Callers *callers = calloc(1, sizeof *callers);
        int r;

        if (!callers)
                return -ENOMEM;
        callers->bus = sd_bus_ref(bus);
        callers->leavers = (Leavers){ .left = on_left, .userdata = callers };
        TAILQ_INIT(&callers->known);
        r = leavers_attach(&callers->leavers, bus);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(callers);
        return 0;
}

Callers *callers_free(Callers *callers) {
        if (!callers)
                return NULL;
        leavers_detach(&callers->leavers);
        while (callers->by_name)
                caller_free(*(Caller **) callers->by_name);
        sd_bus_unref(callers->bus);
        free(callers);
        return NULL;
}
