/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/log.h"
#include "cli/mail-spool.h"
#include "cli/text.h"
#include "cli/verbs.h"

#define PREFIX "mail "

static const Verb mail_verbs[] = {
        { PREFIX "list", "", NULL, 0, 0, OPTION_FAILED | OPTION_SENT, verb_mail_list },
        { PREFIX "retry", "[NAME...]", NULL, 0, INT_MAX, OPTION_ALL, verb_mail_retry },
        { PREFIX "test", "ADDRESS", NULL, 1, 1, OPTION_NO_WAIT, verb_mail_test },
};

/* It works on files. */
static bool is_for_this_host(const Cli *cli) {
        if (!cli->options.host)
                return true;
        log_error("mail is about this host alone. On the other one: ssh HOST fairslicectl mail ...");
        return false;
}

Status verb_mail(Cli *cli, int argc, char *argv[]) {
        _cleanup_free_ char *shown = text_escape(&cli->terminal, argv[0]);

        if (!is_for_this_host(cli))
                return STATUS_USAGE;
        (void) umask(0007); /* the group shares all that is made in the spool */
        for (size_t i = 0; i < ELEMENTSOF(mail_verbs); i++)
                if (strcmp(mail_verbs[i].name + strlen(PREFIX), argv[0]) == 0)
                        return verb_accepts(cli, &mail_verbs[i], argc - 1)
                                       ? mail_verbs[i].run(cli, argc - 1, argv + 1)
                                       : STATUS_USAGE;
        log_error("There is no mail %s; it is list, retry or test.", shown ? shown : "verb of that name");
        return STATUS_USAGE;
}

/* ---- retry ---- */

static Status retry_name(const Cli *cli, Spool *spool, const char *text) {
        _cleanup_free_ char *shown = text_escape(&cli->terminal, text);
        SpoolName name;
        int r = spool_name_parse(text, &name);

        if (r >= 0)
                r = spool_retry(spool, &name);
        if (r == -EINVAL || r == -ENOENT) {
                log_error("No mail %s waits or has failed. See: fairslicectl mail list --full",
                          shown ? shown : "of that name");
                return STATUS_NO_SUCH;
        }
        return r < 0 ? mail_spool_failed("have mail tried again", r) : STATUS_OK;
}

/* What has gone meanwhile was sent. */
static int retry_place(Spool *spool, SpoolPlace place) {
        _cleanup_free_ SpoolEntry *entries = NULL;
        size_t n;
        int r = spool_list(spool, place, &entries, &n);

        for (size_t i = 0; r >= 0 && i < n; i++) {
                r = spool_retry(spool, &entries[i].name);
                if (r == -ENOENT)
                        r = 0;
        }
        return r;
}

static Status retry_all(Spool *spool) {
        int r = retry_place(spool, SPOOL_QUEUED);

        if (r >= 0)
                r = retry_place(spool, SPOOL_FAILED);
        return r < 0 ? mail_spool_failed("have mail tried again", r) : STATUS_OK;
}

Status verb_mail_retry(Cli *cli, int argc, char *argv[]) {
        bool all = cli->options.given & OPTION_ALL;
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_(spool_freep) Spool *spool = NULL;
        SpoolLimits limits;
        Status status, first = STATUS_OK;
        int r;

        if (all && argc > 0) {
                log_error("--all goes without names; see fairslicectl --help.");
                return STATUS_USAGE;
        }
        status = mail_config_load(&config);
        if (status != STATUS_OK)
                return status;
        limits = mail_spool_limits(config);
        status = mail_spool_open(SPOOL_PUT, &limits, &spool);
        if (status != STATUS_OK)
                return status;
        if (all)
                first = retry_all(spool);
        for (int i = 0; i < argc; i++) {
                status = retry_name(cli, spool, argv[i]);
                if (first == STATUS_OK)
                        first = status;
        }
        /* Or they would wait for the server's next turn. */
        r = spool_retry(spool, NULL);
        return r < 0 ? mail_spool_failed("have the mail server tried again", r) : first;
}
