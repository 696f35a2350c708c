/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/verb.h"

#include <string.h>

#include "basic/log.h"
#include "cli/pager.h"
#include "cli/verbs.h"

/* More than there are keys: what is too much is then told by its name. */
#define SET_ARGUMENTS_MAX 64

/* Names of mail on one command line. */
#define MAIL_ARGUMENTS_MAX 1000

const Verb verbs[] = {
        { "list", "", "List who is logged in, what they use and what they may", 0, 0, 0, verb_list },
        { "status", "[USER]", "Show how the host is and oneself, or one user", 0, 1, 0, verb_status },
        { "show", "[USER]", "Show properties of a user, or of the service, for programs", 0, 1,
          OPTION_PROPERTY | OPTION_VALUE, verb_show },
        { "cat", "[USER]", "Show what is configured for a user, and in which files", 0, 1, 0, verb_cat },
        { "why", "[USER]", "Say in words what holds a user back", 0, 1, 0, verb_why },
        { "top", "", "Show who uses what, again and again", 0, 0, OPTION_LIVE, verb_top },
        { "history", "[USER]", "Show what a user had, as far as it is remembered", 0, 1,
          OPTION_SINCE | OPTION_PLOT | OPTION_SVG | OPTION_TOTAL, verb_history },
        { "events", "", "Show what has happened", 0, 0, OPTION_SINCE | OPTION_FOLLOW, verb_events },
        { "monitor", "", "Show the signals of the service as they come", 0, 0, 0, verb_monitor },
        { "set", "USER KEY=VALUE...", "Set limits of a user, for good or --runtime", 2, SET_ARGUMENTS_MAX,
          OPTION_RUNTIME, verb_set },
        { "reset", "USER", "Undo what set has set", 1, 1, 0, verb_reset },
        { "check", "", "Check the files of the configuration", 0, 0, 0, verb_check },
        { "reload", "", "Read the configuration again", 0, 0, 0, verb_reload },
        { "release", "", "Lift all fair-share quotas until the next reload", 0, 0, 0, verb_release },
        { "mail", "list|retry|test...", "List mail that waits, have it tried again, send one to see", 1,
          MAIL_ARGUMENTS_MAX, OPTION_FAILED | OPTION_SENT | OPTION_ALL | OPTION_NO_WAIT, verb_mail },
        {},
};

const Verb *verb_find(const char *name) {
        for (const Verb *verb = verbs; verb->name; verb++)
                if (strcmp(verb->name, name) == 0)
                        return verb;
        return NULL;
}

static void say_usage(const Verb *verb, const char *what) {
        log_error("%s; it is: fairslicectl %s%s%s", what, verb->name, *verb->arguments ? " " : "",
                  verb->arguments);
}

bool verb_accepts(const Cli *cli, const Verb *verb, int n_arguments) {
        unsigned wrong = cli->options.given & ~verb->options;

        if (n_arguments < verb->min)
                say_usage(verb, "Too few arguments");
        else if (n_arguments > verb->max)
                say_usage(verb, "Too many arguments");
        else if (wrong)
                log_error("%s takes no %s; see fairslicectl --help.", verb->name, option_name(wrong));
        else
                return true;
        return false;
}

Status verb_end(int r) {
        if (r >= 0)
                return STATUS_OK;
        (void) log_oom();
        return STATUS_FAILURE;
}

void verb_output(Cli *cli) {
        if (cli->pager == 0)
                cli->pager = pager_open(&cli->terminal, &cli->options);
}
