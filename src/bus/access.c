/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/access.h"

#include <string.h>
#include <systemd/sd-event.h>

#include "bus/budget.h"
#include "bus/callers.h"
#include "bus/polkit.h"
#include "model/names.h"
#include "model/user.h"

struct Access {
        sd_bus *bus;      /* NULL: the private socket */
        Callers *callers; /* these three on the bus only */
        Polkit *polkit;
        Budget *budget;
        usec_t now; /* at the last call */
        uid_t peer; /* who is at the other end of the private socket */
};

/* A message that waits, with what its method has asked. */
typedef struct Pending {
        Access *access;
        sd_bus_message *m;
        const char *action;
        uid_t owner, caller;
        char **details;
        AccessHandler handler;
        void *userdata;
} Pending;

static void details_free(char **details) {
        for (size_t i = 0; details && details[i]; i++)
                free(details[i]);
        free(details);
}

static int details_copy(const char *const *details, char ***ret) {
        char **copy;
        size_t n = 0;

        while (details && details[n])
                n++;
        copy = calloc(n + 1, sizeof *copy);
        if (!copy)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                copy[i] = strdup(details[i]);
                if (!copy[i]) {
                        details_free(copy);
                        return -ENOMEM;
                }
        }
        *ret = copy;
        return 0;
}

static void pending_free(void *userdata) {
        Pending *pending = userdata;

        if (!pending)
                return;
        sd_bus_message_unref(pending->m);
        details_free(pending->details);
        free(pending);
}

/* What is at the front of the message; 0 at the end of a container. */
static int measure_next(sd_bus_message *m, size_t *left);

static int measure(sd_bus_message *m, size_t *left) {
        int r;

        do
                r = measure_next(m, left);
        while (r > 0);
        return r;
}

static int measure_container(sd_bus_message *m, char type, const char *contents, size_t *left) {
        int r = sd_bus_message_enter_container(m, type, contents);

        if (r >= 0)
                r = measure(m, left);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int measure_next(sd_bus_message *m, size_t *left) {
        union {
                uint64_t number;
                const char *text;
        } value;
        const char *contents;
        size_t size = sizeof value;
        char type;
        int r = sd_bus_message_peek_type(m, &type, &contents);

        if (r <= 0)
                return r;
        if (contents)
                r = measure_container(m, type, contents, left);
        else {
                r = sd_bus_message_read_basic(m, type, &value);
                if (r >= 0 && strchr("sog", type))
                        size += strlen(value.text);
        }
        if (r < 0)
                return r;
        if (size > *left)
                return -EMSGSIZE;
        *left -= size;
        return 1;
}

/* Whether the message may stay for a while. */
static int check_size(sd_bus_message *m) {
        size_t left = ACCESS_MESSAGE_MAX;
        int r = sd_bus_message_rewind(m, true);

        return r < 0 ? r : measure(m, &left);
}

static int go_on(sd_bus_message *m, uid_t caller, bool allowed, AccessHandler handler, void *userdata,
                 sd_bus_error *error) {
        int r = sd_bus_message_rewind(m, true);

        return r < 0 ? r : handler(m, caller, allowed, userdata, error);
}

/* Answers as sd-bus does for who is still in the method's handler. */
static void go_on_later(const Pending *pending, bool allowed) {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = go_on(pending->m, pending->caller, allowed, pending->handler, pending->userdata, &error);
        if (sd_bus_error_is_set(&error))
                (void) sd_bus_reply_method_error(pending->m, &error);
        else if (r < 0)
                (void) sd_bus_reply_method_errno(pending->m, r, NULL);
        sd_bus_error_free(&error);
}

static void on_polkit(sd_bus_message *m _unused_, int allowed, void *userdata) {
        go_on_later(userdata, allowed > 0);
}

static bool is_master(uid_t caller, uid_t owner) {
        return caller == 0 || (caller == owner && owner != UID_INVALID);
}

/* Consumes it. */
static void ask_polkit(Pending *pending) {
        bool reading = strcmp(pending->action, ACTION_READ_OTHERS) == 0;
        int r;

        r = polkit_ask(pending->access->polkit, pending->m, pending->caller, pending->action,
                       (const char *const *) pending->details, reading, on_polkit, pending_free, pending);
        if (r >= 0)
                return;
        go_on_later(pending, false);
        pending_free(pending);
}

/* While the connection is out of its loop no time passes. */
static usec_t now(Access *access) {
        sd_event *event = sd_bus_get_event(access->bus);

        if (event)
                (void) sd_event_now(event, CLOCK_MONOTONIC, &access->now);
        return access->now;
}

/* Whether the caller, who is known, may ask for anything; if so the call is counted. */
static bool admit(Access *access, uid_t caller) {
        if (!access->budget)
                return true;
        if (!budget_allows(access->budget, caller, now(access)))
                return false;
        budget_take(access->budget, caller, BUDGET_CALL, access->now);
        return true;
}

#define TOO_MUCH "You ask for too much; try again in a second."

static void on_caller(int error, uid_t uid, void *userdata) {
        Pending *pending = userdata;

        pending->caller = uid;
        if (error < 0)
                (void) sd_bus_reply_method_errorf(pending->m, SD_BUS_ERROR_ACCESS_DENIED,
                                                  "The bus does not say who calls: %s.", strerror(-error));
        else if (!admit(pending->access, uid))
                (void) sd_bus_reply_method_errorf(pending->m, SD_BUS_ERROR_LIMITS_EXCEEDED, TOO_MUCH);
        else if (pending->action && !is_master(uid, pending->owner)) {
                ask_polkit(pending);
                return;
        } else
                go_on_later(pending, is_master(uid, pending->owner));
        pending_free(pending);
}

/* With or without the caller's UID. */
static int make_wait(const Pending *call, bool known, const char *const *details) {
        Pending *pending = calloc(1, sizeof *pending);
        int r;

        if (!pending)
                return -ENOMEM;
        *pending = *call;
        sd_bus_message_ref(pending->m);
        r = details_copy(details, &pending->details);
        if (r >= 0 && !known)
                r = callers_ask(pending->access->callers, sd_bus_message_get_sender(pending->m), on_caller,
                                pending_free, pending);
        if (r < 0) {
                pending_free(pending);
                return r;
        }
        if (known)
                ask_polkit(pending);
        return 1;
}

int access_check(Access *access, sd_bus_message *m, const char *action, uid_t owner,
                 const char *const *details, AccessHandler handler, void *userdata, sd_bus_error *error) {
        Pending call = { .access = access,
                         .m = m,
                         .action = action,
                         .owner = owner,
                         .caller = access->peer,
                         .handler = handler,
                         .userdata = userdata };
        const char *sender = sd_bus_message_get_sender(m);
        bool known = true;
        int r;

        if (access->callers) {
                if (!sender)
                        return -EINVAL;
                known = callers_find(access->callers, sender, &call.caller);
        }
        if (known && !admit(access, call.caller))
                return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED, TOO_MUCH);
        if (known && (!action || !access->polkit || is_master(call.caller, owner)))
                return go_on(m, call.caller, is_master(call.caller, owner), handler, userdata, error);
        r = check_size(m);
        if (r >= 0)
                r = make_wait(&call, known, details);
        if (r == -EMSGSIZE)
                return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED, "The message is too large.");
        if (r == -EBUSY)
                return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                        "Too many calls wait for an answer.");
        return r;
}

static void know(int error _unused_, uid_t uid _unused_, void *userdata _unused_) {
}

static void forget(void *userdata _unused_) {
}

int access_admit(Access *access, sd_bus_message *m, sd_bus_error *error) {
        const char *sender = sd_bus_message_get_sender(m);
        uid_t caller;

        if (!access->callers || !sender)
                return 0;
        if (callers_find(access->callers, sender, &caller))
                return admit(access, caller)
                               ? 0
                               : sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED, TOO_MUCH);
        return callers_ask(access->callers, sender, know, forget, NULL) >= 0
                       ? 0
                       : sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                          "Too many calls wait for an answer.");
}

void access_charge(Access *access, sd_bus_message *m, size_t values) {
        const char *sender = sd_bus_message_get_sender(m);
        uid_t caller;

        if (access->callers && sender && callers_find(access->callers, sender, &caller))
                budget_take(access->budget, caller, values, now(access));
}

int access_denied(sd_bus_error *error, const char *action, const char *what) {
        return sd_bus_error_setf(error, SD_BUS_ERROR_ACCESS_DENIED,
                                 "Only an administrator may %s (polkit action %s).", what, action);
}

int access_new(sd_bus *bus, Access **ret) {
        _cleanup_(access_freep) Access *access = calloc(1, sizeof *access);
        int r;

        if (!access)
                return -ENOMEM;
        access->peer = UID_INVALID;
        access->bus = sd_bus_ref(bus);
        access->budget = budget_new();
        if (!access->budget)
                return -ENOMEM;
        r = callers_new(bus, &access->callers);
        if (r >= 0)
                r = polkit_new(bus, &access->polkit);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(access);
        return 0;
}

int access_new_for_peer(uid_t peer, Access **ret) {
        Access *access = calloc(1, sizeof *access);

        if (!access)
                return -ENOMEM;
        access->peer = peer;
        *ret = access;
        return 0;
}

Access *access_free(Access *access) {
        if (!access)
                return NULL;
        polkit_free(access->polkit);
        callers_free(access->callers);
        budget_free(access->budget);
        sd_bus_unref(access->bus);
        free(access);
        return NULL;
}
