/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "basic/time-util.h"
#include "cli/options.h"
#include "cli/status.h"
#include "cli/terminal.h"

/* What every verb is given. */
typedef struct Cli {
        Options options;
        Terminal terminal;
        usec_t now; /* CLOCK_REALTIME, when the program was started */

        /* See client.h. */
        sd_bus *bus;
        bool direct; /* the bus is the private socket: nobody but the service is there, and no names are */
        pid_t agent;

        pid_t pager; /* see verb_output() */
} Cli;

typedef struct Verb {
        const char *name;
        const char *arguments; /* for --help: "USER", "[USER]"; "" */
        const char *help;
        int min, max;     /* arguments after the verb */
        unsigned options; /* those of OptionBit that it takes */
        /* argv[0] is the first argument after the verb, argv[argc] is NULL. What is wrong was said, once, on
         * standard error. */
        Status (*run)(Cli *cli, int argc, char *argv[]);
} Verb;

/* In the order of --help, ended by one without a name. */
extern const Verb verbs[];

/* NULL: no such verb. */
const Verb *verb_find(const char *name);

/* Whether the verb takes so many arguments, and the options that were given; if not, that was said. */
bool verb_accepts(const Cli *cli, const Verb *verb, int n_arguments);

/* What is written from now on is long: it goes through a pager, where there is one. To be called when
 * nothing is left to be asked, so that neither a question for a password nor an error stands in the pager's
 * way. */
void verb_output(Cli *cli);

/* For the end of a verb: what writing returned, 0 or -ENOMEM, which is said. */
Status verb_end(int r);
