/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/polkit.h"

#include <inttypes.h>
#include <string.h>
#include <sys/queue.h>
#include <systemd/sd-event.h>

#include "basic/bus-peer.h"
#include "basic/text.h"
#include "bus/answers.h"
#include "bus/leavers.h"

#define POLKIT_NAME      "org.freedesktop.PolicyKit1"
#define POLKIT_PATH      "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE "org.freedesktop.PolicyKit1.Authority"

/* CheckAuthorizationFlags */
#define ALLOW_USER_INTERACTION 1U

typedef struct Question {
        Polkit *polkit;
        sd_bus_message *m;
        uid_t uid;
        bool interactive;
        char *key;   /* for the memory; NULL: is not to be remembered */
        char id[24]; /* by which it is cancelled */
        sd_bus_slot *call;
        PolkitHandler handler;
        void (*done)(void *userdata);
        void *userdata;
        TAILQ_ENTRY(Question) next;
} Question;

struct Polkit {
        sd_bus *bus;
        BusPeer peer;
        Leavers leavers;
        sd_bus_slot *changed;
        Answers *answers;
        TAILQ_HEAD(, Question) open;
        unsigned n_open;
        uint64_t last_id;
};

static void question_free(Question *q) {
        TAILQ_REMOVE(&q->polkit->open, q, next);
        q->polkit->n_open--;
        sd_bus_slot_unref(q->call);
        if (q->done)
                q->done(q->userdata);
        sd_bus_message_unref(q->m);
        free(q->key);
        free(q);
}

/* Takes a dialog away that nobody waits for any more. A polkit that has gone has nothing to cancel. */
static void cancel(const Question *q) {
        _cleanup_(bus_message_unrefp) sd_bus_message *call = NULL;
        int r;

        r = sd_bus_message_new_method_call(q->polkit->bus, &call, POLKIT_NAME, POLKIT_PATH, POLKIT_INTERFACE,
                                           "CancelCheckAuthorization");
        if (r >= 0)
                r = sd_bus_message_set_auto_start(call, false);
        if (r >= 0)
                r = sd_bus_message_set_expect_reply(call, false);
        if (r >= 0)
                r = sd_bus_message_append(call, "s", q->id);
        if (r >= 0)
                (void) sd_bus_send(q->polkit->bus, call, NULL);
}

static void on_left(const char *name, void *userdata) {
        Polkit *polkit = userdata;
        Question *q = TAILQ_FIRST(&polkit->open);

        while (q) {
                Question *next = TAILQ_NEXT(q, next);

                if (strcmp(sd_bus_message_get_sender(q->m), name) == 0) {
                        cancel(q);
                        question_free(q);
                }
                q = next;
        }
        answers_forget(polkit->answers, name);
}

static void on_owner(bool present _unused_, void *userdata) {
        Polkit *polkit = userdata;

        answers_forget(polkit->answers, NULL);
}

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error _unused_) {
        Polkit *polkit = userdata;

        if (bus_peer_sent(&polkit->peer, m))
                answers_forget(polkit->answers, NULL);
        return 0;
}

static int now(const Polkit *polkit, usec_t *ret) {
        sd_event *event = sd_bus_get_event(polkit->bus);

        return event ? sd_event_now(event, CLOCK_BOOTTIME, ret) : -ENOTCONN;
}

static int remembered(const Polkit *polkit, sd_bus_message *m, const char *key, bool interactive) {
        usec_t t;
        int r = now(polkit, &t);

        if (r >= 0)
                r = answers_find(polkit->answers, sd_bus_message_get_sender(m), key, t);
        return r == 0 && interactive ? -ENOENT : r; /* somebody may type a password now */
}

static void remember_answer(const Question *q, int allowed) {
        usec_t t;

        if (q->key && allowed >= 0 && now(q->polkit, &t) >= 0)
                answers_put(q->polkit->answers, sd_bus_message_get_sender(q->m), q->key, allowed, t);
}

static int read_answer(sd_bus_message *reply) {
        int authorized, r;

        if (sd_bus_message_is_method_error(reply, NULL)) {
                r = sd_bus_message_get_errno(reply);
                return r > 0 ? -r : -EIO;
        }
        if (sd_bus_message_has_signature(reply, "(bba{ss})") <= 0 ||
            sd_bus_message_enter_container(reply, 'r', "bba{ss}") <= 0 ||
            sd_bus_message_read(reply, "b", &authorized) <= 0)
                return -EBADMSG;
        return authorized != 0;
}

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error _unused_) {
        Question *q = userdata;
        int allowed = read_answer(reply);

        if (allowed == -ETIMEDOUT)
                cancel(q);
        remember_answer(q, allowed);
        q->handler(q->m, allowed, q->userdata);
        question_free(q);
        return 0;
}

/* The lengths keep two different questions from being the same text. */
static char *key_of(const char *action, const char *const *details) {
        size_t size = 0;
        char *key = NULL;
        FILE *file = open_memstream(&key, &size);

        if (!file)
                return NULL;
        fputs(action, file);
        for (size_t i = 0; details && details[i]; i++)
                fprintf(file, " %zu:%s", strlen(details[i]), details[i]);
        if (memstream_close(file) >= 0)
                return key;
        free(key);
        return NULL;
}

static int append_details(sd_bus_message *call, const char *const *details) {
        int r = sd_bus_message_open_container(call, 'a', "{ss}");

        for (size_t i = 0; r >= 0 && details && details[i]; i += 2)
                r = sd_bus_message_append(call, "{ss}", details[i], details[i + 1]);
        return r < 0 ? r : sd_bus_message_close_container(call);
}

static int send_question(Question *q, const char *action, const char *const *details) {
        _cleanup_(bus_message_unrefp) sd_bus_message *call = NULL;
        usec_t timeout = q->interactive ? POLKIT_INTERACTIVE_USEC : POLKIT_TIMEOUT_USEC;
        sd_bus *bus = q->polkit->bus;
        int r;

        r = sd_bus_message_new_method_call(bus, &call, POLKIT_NAME, POLKIT_PATH, POLKIT_INTERFACE,
                                           "CheckAuthorization");
        if (r >= 0)
                r = sd_bus_message_append(call, "(sa{sv})s", "system-bus-name", 1, "name", "s",
                                          sd_bus_message_get_sender(q->m), action);
        if (r >= 0)
                r = append_details(call, details);
        if (r >= 0)
                r = sd_bus_message_append(call, "us", q->interactive ? ALLOW_USER_INTERACTION : 0, q->id);
        return r < 0 ? r : sd_bus_call_async(bus, &q->call, call, on_answer, q, timeout);
}

static bool is_busy(const Polkit *polkit, uid_t uid) {
        const Question *q;
        unsigned n = 0;

        TAILQ_FOREACH(q, &polkit->open, next)
                n += q->uid == uid;
        return n >= POLKIT_PENDING_PER_UID_MAX || polkit->n_open >= POLKIT_PENDING_MAX;
}

static Question *question_new(Polkit *polkit, sd_bus_message *m, uid_t uid, bool interactive) {
        Question *q = calloc(1, sizeof *q);

        if (!q)
                return NULL;
        *q = (Question){
                .polkit = polkit, .m = sd_bus_message_ref(m), .uid = uid, .interactive = interactive
        };
        snprintf(q->id, sizeof q->id, "%" PRIu64, ++polkit->last_id);
        TAILQ_INSERT_TAIL(&polkit->open, q, next);
        polkit->n_open++;
        return q;
}

int polkit_ask(Polkit *polkit, sd_bus_message *m, uid_t uid, const char *action, const char *const *details,
               bool remember, PolkitHandler handler, void (*done)(void *userdata), void *userdata) {
        bool interactive = sd_bus_message_get_allow_interactive_authorization(m) > 0;
        _cleanup_free_ char *key = remember ? key_of(action, details) : NULL;
        Question *q;
        int r;

        if (!sd_bus_message_get_sender(m))
                return -EINVAL;
        r = key ? remembered(polkit, m, key, interactive) : -ENOENT;
        if (r >= 0) {
                handler(m, r, userdata);
                if (done)
                        done(userdata);
                return 0;
        }
        if (is_busy(polkit, uid))
                return -EBUSY;
        q = question_new(polkit, m, uid, interactive);
        if (!q)
                return -ENOMEM;
        r = send_question(q, action, details);
        if (r < 0) {
                question_free(q);
                return r;
        }
        q->key = TAKE_PTR(key);
        q->handler = handler;
        q->done = done;
        q->userdata = userdata;
        return 0;
}

int polkit_new(sd_bus *bus, Polkit **ret) {
        _cleanup_(polkit_freep) Polkit *polkit = calloc(1, sizeof *polkit);
        int r;

        if (!polkit)
                return -ENOMEM;
        polkit->bus = sd_bus_ref(bus);
        polkit->peer = (BusPeer){ .name = POLKIT_NAME, .changed = on_owner, .userdata = polkit };
        polkit->leavers = (Leavers){ .left = on_left, .userdata = polkit };
        TAILQ_INIT(&polkit->open);
        polkit->answers = answers_new();
        if (!polkit->answers)
                return -ENOMEM;
        r = leavers_attach(&polkit->leavers, bus);
        if (r >= 0)
                r = sd_bus_match_signal_async(bus, &polkit->changed, POLKIT_NAME, POLKIT_PATH,
                                              POLKIT_INTERFACE, "Changed", on_changed, NULL, polkit);
        if (r >= 0)
                r = bus_peer_attach(&polkit->peer, bus);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(polkit);
        return 0;
}

Polkit *polkit_free(Polkit *polkit) {
        Question *q;

        if (!polkit)
                return NULL;
        bus_peer_detach(&polkit->peer);
        leavers_detach(&polkit->leavers);
        sd_bus_slot_unref(polkit->changed);
        while ((q = TAILQ_FIRST(&polkit->open))) {
                cancel(q);
                question_free(q);
        }
        answers_free(polkit->answers);
        sd_bus_unref(polkit->bus);
        free(polkit);
        return NULL;
}
