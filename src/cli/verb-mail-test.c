/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <limits.h>
#include <string.h>
#include <sys/random.h>

#include "basic/log.h"
#include "basic/service-connection.h"
#include "cli/client.h"
#include "cli/mail-spool.h"
#include "cli/mail-words.h"
#include "cli/text.h"
#include "cli/verbs.h"
#include "spool/message.h"

/* A server may be slow; who has waited so long wants to do something else. */
#define ANSWER_USEC (60 * USEC_PER_SEC)
/* So long the start of fairslice-mail may take. */
#define START_USEC (10 * USEC_PER_SEC)
#define LOOK_USEC  (100 * USEC_PER_MSEC)

typedef struct Test {
        const MailConfig *mail;
        const char *address; /* valid */
        char from[MAIL_ADDRESS_MAX + 1];
        char host[HOST_NAME_MAX + 1];
        SpoolName name;
} Test;

/* What has become of it. */
typedef struct Fate {
        int place;        /* SpoolPlace, or -ENOENT: it was dropped */
        SpoolTries tries; /* of the message or the server, if one of them was tried in vain */
        char answer[SPOOL_ANSWER_MAX + 1];
        bool sending; /* fairslice-mail runs */
} Fate;

/* ---- putting it ---- */

static Status prepare(Test *test) {
        if (!mail_address_is_valid(test->address)) {
                log_error("This is no address that mail can be sent to; allowed is " MAIL_ADDRESS_ALLOWED
                          ".");
                return STATUS_USAGE;
        }
        if (!test->mail->server) {
                log_error(
                        "No mail is sent: Server= is not set in section [Mail] of fairsliced.conf. Such as: "
                        "Server=smtp://mail.example.org:587; see fairsliced.conf(5).");
                return STATUS_FAILURE;
        }
        if (gethostname(test->host, sizeof test->host - 1) < 0 ||
            message_sender(test->mail->from, test->host, test->from) < 0) {
                log_error("No mail is sent: From= is not set in section [Mail] of fairsliced.conf, and this "
                          "host's name makes no address.");
                return STATUS_FAILURE;
        }
        return STATUS_OK;
}

/* One that nobody has had before. */
static int make_name(usec_t now, SpoolName *ret) {
        uint64_t random[2];

        if (getrandom(random, sizeof random, 0) != sizeof random)
                return -EIO;
        *ret = (SpoolName){ .kind = SPOOL_WARNING, .time = now };
        snprintf(ret->id, sizeof ret->id, "test-%016llx%016llx", (unsigned long long) random[0],
                 (unsigned long long) random[1]);
        return 0;
}

static int compose(const Test *test, char **ret) {
        _cleanup_free_ char *subject = NULL,
                            *text = mail_test_text(test->host, test->mail->server, test->address);

        if (!text || asprintf(&subject, "%s: mail of fairslice arrives", test->host) < 0)
                return -ENOMEM;
        return message_compose(&(Message){ .from = test->from,
                                           .to = test->address,
                                           .id = test->name.id,
                                           .host = strrchr(test->from, '@') + 1,
                                           .language = "en",
                                           .date = test->name.time,
                                           .subject = subject,
                                           .text = text },
                               ret);
}

/* Then the server is tried, even if it is not its turn. */
static int put_into(Spool *spool, const Test *test) {
        _cleanup_free_ char *message = NULL;
        int r = compose(test, &message);

        if (r >= 0)
                r = spool_put(spool, &test->name, test->address, message, strlen(message));
        return r < 0 ? r : spool_retry(spool, NULL);
}

static Status put(const Config *config, const Test *test) {
        const SpoolLimits limits = mail_spool_limits(config);
        _cleanup_(spool_freep) Spool *spool = NULL;
        Status status = mail_spool_open(SPOOL_PUT, &limits, &spool);
        int r;

        if (status != STATUS_OK)
                return status;
        r = put_into(spool, test);
        if (r == -ENOSPC) {
                log_error("The mail spool is full. See: fairslicectl mail list");
                return STATUS_FAILURE;
        }
        return r < 0 ? mail_spool_failed("put mail into the spool", r) : STATUS_OK;
}

/* ---- waiting for what becomes of it ---- */

static void look(Spool *spool, const SpoolName *name, Fate *ret) {
        *ret = (Fate){ .place = spool_find(spool, name), .sending = spool_is_sending(spool) != 0 };
        if (ret->place == SPOOL_FAILED)
                (void) spool_reason(spool, name, ret->answer);
        if (ret->place != SPOOL_QUEUED)
                return;
        spool_tries(spool, name, &ret->tries);
        if (ret->tries.count == 0)
                spool_tries(spool, NULL, &ret->tries);
        snprintf(ret->answer, sizeof ret->answer, "%s", ret->tries.answer);
}

static void wait_for_fate(Spool *spool, const SpoolName *name, Fate *ret) {
        usec_t begin = now_monotonic(), seen = begin;

        for (;;) {
                usec_t now = now_monotonic();

                look(spool, name, ret);
                if (ret->sending)
                        seen = now;
                if (ret->place != SPOOL_QUEUED || ret->tries.count > 0 || now - begin >= ANSWER_USEC ||
                    now - seen >= START_USEC)
                        return;
                mail_pause(LOOK_USEC);
        }
}

/* ---- telling it ---- */

static bool is_systemd_here(void) {
        return access("/run/systemd/system", F_OK) >= 0;
}

static bool is_service_here(void) {
        _cleanup_(sd_bus_close_unrefp) sd_bus *bus = NULL;

        return service_connect_socket(PRIVATE_SOCKET_DIRECTORY "/" PRIVATE_SOCKET_NAME, &bus) >= 0;
}

static Status tell_nobody_sends(void) {
        if (is_systemd_here())
                log_error("fairslice-mail does not run, so the message waits. It is started by: systemctl "
                          "enable --now fairslice-mail.path. If it ends at once: journalctl -u "
                          "fairslice-mail");
        else if (!is_service_here())
                log_error(
                        "fairslice-mail does not run, so the message waits. fairsliced, which starts it on "
                        "a host without systemd, does not run either.");
        else
                log_error("fairslice-mail does not run, so the message waits. fairsliced starts it; what it "
                          "has said is where its messages go.");
        return STATUS_NOT_RUNNING;
}

static Status tell_answer(const Cli *cli, const Fate *fate) {
        _cleanup_free_ char *answer = text_escape(&cli->terminal, fate->answer);
        const char *meaning = cli->options.quiet ? NULL : mail_answer_meaning(fate->answer);
        char next[40];

        if (!answer)
                return verb_end(-ENOMEM);
        if (fate->place == SPOOL_FAILED)
                log_error("It was refused, and is not tried again: %s", answer);
        else
                log_error("It was not sent; the next try %s: %s",
                          mail_next(next, fate->tries.next, now_realtime()), answer);
        if (meaning)
                log_error("%s", meaning);
        return STATUS_FAILURE;
}

static Status tell(const Cli *cli, const Test *test, const Fate *fate) {
        _cleanup_free_ char *server = text_escape(&cli->terminal, test->mail->server);

        if (fate->place == SPOOL_SENT) {
                printf("Sent: %s has taken it for %s.\n", server ? server : "the server", test->address);
                return STATUS_OK;
        }
        if (fate->place < 0) {
                log_error("The message is gone from the spool, which is full. See: fairslicectl mail list");
                return STATUS_FAILURE;
        }
        if (fate->place == SPOOL_FAILED || fate->tries.count > 0)
                return tell_answer(cli, fate);
        if (!fate->sending)
                return tell_nobody_sends();
        log_error("The server has not answered yet. See later: fairslicectl mail list");
        return STATUS_FAILURE;
}

static Status tell_name(const Test *test) {
        SpoolNameBuffer name;

        puts(spool_name_format(name, &test->name));
        return STATUS_OK;
}

Status verb_mail_test(Cli *cli, _unused_ int argc, char *argv[]) {
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_(spool_freep) Spool *spool = NULL;
        Test test = { .address = argv[0] };
        Fate fate;
        Status status = mail_config_load(&config);

        if (status != STATUS_OK)
                return status;
        test.mail = config_mail(config);
        status = prepare(&test);
        if (status != STATUS_OK)
                return status;
        if (make_name(cli->now, &test.name) < 0) {
                log_error("The kernel has no random numbers for the message's name.");
                return STATUS_FAILURE;
        }
        status = put(config, &test);
        if (status == STATUS_OK && cli->options.given & OPTION_NO_WAIT)
                return tell_name(&test);
        if (status == STATUS_OK)
                status = mail_spool_open(SPOOL_LOOK, NULL, &spool);
        if (status != STATUS_OK)
                return status;
        wait_for_fate(spool, &test.name, &fate);
        return tell(cli, &test, &fate);
}
