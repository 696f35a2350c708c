/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/caller-pid.h"

#include <sys/queue.h>

typedef struct Question {
        TAILQ_ENTRY(Question) questions;
        CallerPids *pids;
        sd_bus_message *m;
        sd_bus_slot *query;
        CallerPidHandler handler;
        void *userdata;
} Question;

struct CallerPids {
        sd_bus *bus;
        TAILQ_HEAD(, Question) questions;
        unsigned n;
};

static void forget(Question *question) {
        TAILQ_REMOVE(&question->pids->questions, question, questions);
        question->pids->n--;
        sd_bus_slot_unref(question->query);
        sd_bus_message_unref(question->m);
        free(question);
}

/* Negative, or with the error set, as of a method's handler. */
static int go_on(const Question *question, sd_bus_message *reply, sd_bus_error *error) {
        uint32_t pid;

        if (sd_bus_message_is_method_error(reply, NULL) || sd_bus_message_read(reply, "u", &pid) < 0)
                return sd_bus_error_set(error, SD_BUS_ERROR_UNIX_PROCESS_ID_UNKNOWN,
                                        "The bus does not say which process calls.");
        return question->handler(question->m, (pid_t) pid, question->userdata, error);
}

static int on_pid(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error _unused_) {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        Question *question = userdata;
        int r = go_on(question, reply, &error);

        if (r < 0)
                (void) sd_bus_reply_method_errno(question->m, r, &error);
        sd_bus_error_free(&error);
        forget(question);
        return 0;
}

int caller_pid_ask(CallerPids *pids, sd_bus_message *m, CallerPidHandler handler, void *userdata,
                   sd_bus_error *error) {
        Question *question;
        int r;

        if (pids->n >= CALLER_PIDS_MAX)
                return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                        "Too many calls wait for an answer.");
        question = calloc(1, sizeof *question);
        if (!question)
                return -ENOMEM;
        *question = (Question){
                .pids = pids, .m = sd_bus_message_ref(m), .handler = handler, .userdata = userdata
        };
        TAILQ_INSERT_TAIL(&pids->questions, question, questions);
        pids->n++;
        r = sd_bus_call_method_async(pids->bus, &question->query, "org.freedesktop.DBus",
                                     "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                     "GetConnectionUnixProcessID", on_pid, question, "s",
                                     sd_bus_message_get_sender(m));
        if (r < 0)
                forget(question);
        return r;
}

int caller_pids_new(sd_bus *bus, CallerPids **ret) {
        CallerPids *pids = calloc(1, sizeof *pids);

        if (!pids)
                return -ENOMEM;
        pids->bus = sd_bus_ref(bus);
        TAILQ_INIT(&pids->questions);
        *ret = pids;
        return 0;
}

CallerPids *caller_pids_free(CallerPids *pids) {
        Question *question;

        if (!pids)
                return NULL;
        while ((question = TAILQ_FIRST(&pids->questions)))
                forget(question);
        sd_bus_unref(pids->bus);
        free(pids);
        return NULL;
}
