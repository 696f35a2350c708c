/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "mail/sender.h"

#include <string.h>
#include <sys/random.h>

#include "basic/format.h"
#include "basic/log.h"
#include "mail/retry.h"
#include "mail/transfer.h"

/* A server may count the messages of a connection, and ends it when there are too many. */
#define CONNECTION_MESSAGES_MAX 50U

/* When told to end while the server has the whole message and says nothing: so long the answer is waited
 * for, since without it the message is sent twice. */
#define DOUBT_USEC (15 * USEC_PER_SEC)

/* Between two rounds. */
#define PAUSE_MIN_USEC (100 * USEC_PER_MSEC)

/* When it cannot be written down how something was tried, as on a full disk: until anything is sent again.
 */
#define UNWRITTEN_PAUSE_USEC (60 * USEC_PER_SEC)

typedef struct Sender {
        Spool *spool;
        Wake *wake;
        const char *config_file;
        Settings settings; /* of this round */
        Transfer *transfer;
        unsigned transferred;
        bool server_failed; /* it was said once that the server cannot be reached */
        bool force;         /* this round tries everything, due or not */
        bool unwritten;     /* the last try could not be written down, which was said */
        usec_t quiet;       /* CLOCK_MONOTONIC: until when nothing is sent because of that */
} Sender;

/* One message, and how it was tried. */
typedef struct Job {
        SpoolEntry entry;
        unsigned tries;
        usec_t next;
} Job;

/* For pauses that are not the same on all hosts. */
static uint32_t random_number(void) {
        uint32_t n;

        return getrandom(&n, sizeof n, GRND_NONBLOCK) == (ssize_t) sizeof n ? n : 0;
}

static bool give_up(bool in_doubt, void *userdata) {
        Wake *wake = ((Sender *) userdata)->wake;

        wake_look(wake);
        return wake->stop && (!in_doubt || now_monotonic() - wake->stop_usec >= DOUBT_USEC);
}

static void hang_up(Sender *s) {
        s->transfer = transfer_free(s->transfer);
        s->transferred = 0;
}

/* ---- what becomes of it ---- */

static void fail(Sender *s, const SpoolName *name, const char *recipient, const char *reason) {
        SpoolNameBuffer text;
        int r = spool_fail(s->spool, name, reason);

        spool_name_format(text, name);
        if (r < 0)
                log_error_errno(r, "Mail %s to %s: will not be sent (%s), and stays in the queue: %m", text,
                                recipient, reason);
        else
                log_warning("Mail %s to %s: will not be sent, see failed/ in the spool: %s", text, recipient,
                            reason);
}

static bool has_expired(const SpoolEntry *entry, usec_t now) {
        return entry->since < now && now - entry->since >= RETRY_EXPIRE_USEC;
}

/* What is not known of the last try is tried as if it were the first, so somebody has to remember. */
static void remember_written(Sender *s, int r) {
        if (r < 0) {
                (void) log_full(s->unwritten ? LOG_DEBUG : LOG_WARNING, r,
                                "Mail spool: cannot write down when to try again, so everything waits "
                                "for a minute each time: %m");
                s->quiet = now_monotonic() + UNWRITTEN_PAUSE_USEC;
        }
        s->unwritten = r < 0;
}

/* NULL: the server. Returns when it is tried again. */
static usec_t note_try(Sender *s, const SpoolName *name, const char *reason, usec_t *ret_pause) {
        usec_t now = now_realtime();
        SpoolTries tries;

        spool_tries(s->spool, name, &tries);
        if (tries.count++ == 0)
                tries.since = now;
        *ret_pause = retry_pause(tries.count, random_number());
        tries.next = now + *ret_pause;
        snprintf(tries.answer, sizeof tries.answer, "%s", reason);
        remember_written(s, spool_set_tries(s->spool, name, &tries));
        return tries.next;
}

/* It is said once, and then only to who wants to know everything. */
static void try_later(Sender *s, Job *job, const char *recipient, const char *reason) {
        SpoolNameBuffer text;
        FormatBuffer buffer;
        usec_t pause;

        if (has_expired(&job->entry, now_realtime())) {
                fail(s, &job->entry.name, recipient, reason);
                return;
        }
        job->next = note_try(s, &job->entry.name, reason, &pause);
        (void) log_full(job->tries == 0 ? LOG_NOTICE : LOG_DEBUG, 0, "Mail %s to %s: tried again in %s: %s",
                        spool_name_format(text, &job->entry.name), recipient, format_timespan(buffer, pause),
                        reason);
}

static void server_failed(Sender *s, const char *reason) {
        FormatBuffer buffer;
        usec_t pause;

        (void) note_try(s, NULL, reason, &pause);
        (void) log_full(s->server_failed ? LOG_DEBUG : LOG_WARNING, 0,
                        "Mail cannot be sent; tried again in %s, and then with pauses of up to an hour: %s",
                        format_timespan(buffer, pause), reason);
        s->server_failed = true;
}

static void server_works(Sender *s) {
        SpoolTries tries;

        spool_tries(s->spool, NULL, &tries);
        if (tries.count > 0)
                (void) spool_clear_tries(s->spool);
        if (s->server_failed)
                log_notice("The mail server takes mail again.");
        s->server_failed = false;
}

static void tell_sent(const SpoolName *name, const char *recipient, int r, const char *answer) {
        SpoolNameBuffer text;

        spool_name_format(text, name);
        if (r < 0)
                log_error_errno(r, "Mail %s to %s: was sent, and may be sent again: %m", text, recipient);
        else
                log_info("Mail %s to %s: sent: %s", text, recipient, answer);
}

/* ---- sending ---- */

static Outcome transfer(Sender *s, const SpoolMessage *message, const SpoolName *name, char *reason) {
        Outcome outcome;
        int r = s->transfer ? 0 : transfer_new(&s->settings, give_up, s, &s->transfer);

        if (r < 0) {
                snprintf(reason, SPOOL_ANSWER_MAX + 1, "libcurl cannot send mail: %s", strerror(-r));
                return OUTCOME_SERVER;
        }
        outcome = transfer_send(s->transfer, message->recipient, message->data, message->size, reason);
        /* Nothing comes between the server's 250 and this. */
        if (outcome == OUTCOME_SENT)
                tell_sent(name, message->recipient, spool_sent(s->spool, name), reason);
        if (outcome != OUTCOME_SENT || ++s->transferred >= CONNECTION_MESSAGES_MAX)
                hang_up(s);
        return outcome;
}

/* Whether it would be the same the next time. What is short now (memory, descriptors, a disk) may not be
 * then. */
static bool is_hostile(int error) {
        return error == -EBADMSG || error == -ELOOP || error == -EINVAL || error == -EACCES ||
               error == -EPERM;
}

static void not_taken(Sender *s, Job *job, int error) {
        SpoolNameBuffer text;
        usec_t pause;

        if (is_hostile(error)) {
                fail(s, &job->entry.name, "nobody", error == -EBADMSG ? "not a message" : strerror(-error));
                return;
        }
        job->next = note_try(s, &job->entry.name, strerror(-error), &pause);
        (void) log_full(job->tries == 0 ? LOG_ERR : LOG_DEBUG, error,
                        "Mail %s: cannot be read, and stays in the queue: %m",
                        spool_name_format(text, &job->entry.name));
}

/* Returns whether the round goes on. */
static bool send_message(Sender *s, Job *job) {
        _cleanup_(spool_message_done) SpoolMessage message = SPOOL_MESSAGE_NULL;
        char reason[SPOOL_ANSWER_MAX + 1];
        Outcome outcome;
        int r = spool_take(s->spool, &job->entry.name, &message);

        if (r < 0)
                not_taken(s, job, r);
        if (r <= 0)
                return true;
        outcome = transfer(s, &message, &job->entry.name, reason);
        if (outcome == OUTCOME_SENT || outcome == OUTCOME_REFUSED || outcome == OUTCOME_LATER)
                server_works(s);
        if (outcome == OUTCOME_REFUSED)
                fail(s, &job->entry.name, message.recipient, reason);
        if (outcome == OUTCOME_LATER || outcome == OUTCOME_BROKEN)
                try_later(s, job, message.recipient, reason);
        if (outcome == OUTCOME_SERVER || outcome == OUTCOME_BROKEN)
                server_failed(s, reason);
        return outcome == OUTCOME_SENT || outcome == OUTCOME_REFUSED || outcome == OUTCOME_LATER;
}

/* What has waited for days for a server that is not there. */
static void expire(Sender *s, const Job *jobs, size_t n) {
        usec_t now = now_realtime();
        SpoolTries server;

        spool_tries(s->spool, NULL, &server);
        for (size_t i = 0; server.count > 0 && i < n; i++)
                if (has_expired(&jobs[i].entry, now) &&
                    spool_find(s->spool, &jobs[i].entry.name) == SPOOL_QUEUED)
                        fail(s, &jobs[i].entry.name, "its recipient", server.answer);
}

/* ---- rounds ---- */

static int compare_jobs(const void *a, const void *b) {
        const Job *x = a, *y = b;

        if (x->tries != y->tries)
                return x->tries < y->tries ? -1 : 1;
        return spool_name_compare(&x->entry.name, &y->entry.name);
}

static int list_jobs(Sender *s, Job **ret, size_t *ret_count) {
        _cleanup_free_ SpoolEntry *entries = NULL;
        Job *jobs;
        size_t n;
        int r = spool_list(s->spool, SPOOL_QUEUED, &entries, &n);

        if (r < 0)
                return r;
        jobs = calloc(n + 1, sizeof *jobs);
        if (!jobs)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                SpoolTries tries;

                spool_tries(s->spool, &entries[i].name, &tries);
                jobs[i] = (Job){ entries[i], tries.count, tries.next };
        }
        qsort(jobs, n, sizeof *jobs, compare_jobs);
        *ret = jobs;
        *ret_count = n;
        return 0;
}

static usec_t until(Sender *s, usec_t next) {
        return s->force ? 0 : retry_wait(next, now_realtime());
}

static usec_t server_wait(Sender *s) {
        SpoolTries tries;

        spool_tries(s->spool, NULL, &tries);
        return tries.count == 0 ? 0 : until(s, tries.next);
}

static usec_t quiet_wait(const Sender *s) {
        usec_t now = now_monotonic();

        return s->force || s->quiet <= now ? 0 : s->quiet - now;
}

/* Whoever is told that there is no server need not be told of each message. */
static void send_due(Sender *s, Job *jobs, size_t n) {
        char why[SPOOL_ANSWER_MAX + 1];

        if (settings_load(s->config_file, &s->settings, why) < 0)
                server_failed(s, why);
        else
                for (size_t i = 0; i < n && !s->wake->stop; i++) {
                        if (until(s, jobs[i].next) == 0 && !send_message(s, &jobs[i]))
                                break;
                        wake_look(s->wake);
                }
        hang_up(s);
        settings_done(&s->settings);
}

/* How long until something is due that is in the spool now. */
static usec_t next_wait(Sender *s) {
        _cleanup_free_ Job *jobs = NULL;
        usec_t wait = RETRY_PAUSE_MAX_USEC, server;
        size_t n = 0;

        s->force = false;
        server = server_wait(s);
        if (list_jobs(s, &jobs, &n) < 0)
                return RETRY_PAUSE_MIN_USEC;
        for (size_t i = 0; i < n; i++)
                wait = MIN(wait, until(s, jobs[i].next));
        /* What is due and was not sent is held by somebody. */
        return MAX(MAX(wait, server), MAX(quiet_wait(s), PAUSE_MIN_USEC));
}

static bool is_any_due(Sender *s, const Job *jobs, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (until(s, jobs[i].next) == 0)
                        return true;
        return false;
}

static void do_round(Sender *s) {
        _cleanup_free_ Job *jobs = NULL;
        size_t n = 0;
        int r = spool_tidy(s->spool, now_realtime());

        if (r < 0)
                log_warning_errno(r, "Mail spool: cannot be tidied up: %m");
        if (r > 0)
                log_warning("Mail spool: %d messages that had failed were removed before their time.", r);
        r = list_jobs(s, &jobs, &n);
        if (r < 0) {
                log_error_errno(r, "Mail spool: cannot be read: %m");
                return;
        }
        if (quiet_wait(s) == 0 && server_wait(s) == 0 && is_any_due(s, jobs, n))
                send_due(s, jobs, n);
        expire(s, jobs, n);
}

int sender_run(Spool *spool, Wake *wake, const char *config_file) {
        Sender s = { .spool = spool, .wake = wake, .config_file = config_file };

        for (;;) {
                wake_look(wake);
                if (wake->stop)
                        return 0;
                s.force = wake->retry;
                wake->retry = false;
                do_round(&s);
                if (spool_is_empty(spool))
                        return 0;
                if (!wake->stop && !wake->retry)
                        wake_wait(wake, next_wait(&s));
        }
}
