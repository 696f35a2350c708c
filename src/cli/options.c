/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/options.h"

#include <getopt.h>
#include <string.h>

#include "basic/log.h"
#include "basic/parse.h"
#include "basic/timestamp.h"
#include "cli/verb.h"

#define DELAY_MIN (100 * USEC_PER_MSEC)
#define DELAY_MAX (3600 * USEC_PER_SEC)

/* Those without a letter. */
enum {
        LONG_JSON = 256,
        LONG_ALL,
        LONG_FAILED,
        LONG_NO_PAGER,
        LONG_NO_LEGEND,
        LONG_NO_ASK_PASSWORD,
        LONG_NO_WAIT,
        LONG_PLOT,
        LONG_RUNTIME,
        LONG_SENT,
        LONG_SVG,
        LONG_TOTAL,
        LONG_VALUE,
        LONG_VERSION,
};

const char *option_name(unsigned bits) {
        static const char *const names[] = { "--runtime", "--property", "--value",
                                             "--since",   "--follow",   "--plot",
                                             "--svg",     "--total",    "--delay, --iterations or --batch",
                                             "--failed",  "--sent",     "--all",
                                             "--no-wait" };

        return names[__builtin_ctz(bits)];
}

static int help(void) {
        puts("fairslicectl [OPTION...] VERB [ARGUMENT...]\n\n"
             "Shows what the users of this host get of its CPUs and memory, why, and changes it.\n\n"
             "Verbs:");
        for (const Verb *verb = verbs; verb->name; verb++) {
                int n = printf("  %s %s", verb->name, verb->arguments);

                if (n > 25)
                        printf("\n%28s%s\n", "", verb->help);
                else
                        printf("%*s%s\n", 28 - n, "", verb->help);
        }
        puts("\nUSER is a name, a UID or the name of a slice; without one it is who asks. Without a verb it "
             "is list.\n\n"
             "Options:\n"
             "  -h --help                 Show this, and end\n"
             "     --version              Show the version, and end\n"
             "     --json=short|pretty|off\n"
             "                            Write JSON, by the names of org.fairslice1(5)\n"
             "  -j                        Same as --json=pretty on a terminal, --json=short elsewhere\n"
             "     --no-pager             Do not start a pager\n"
             "     --no-legend            No titles, no last line\n"
             "     --no-ask-password      Never ask for a password\n"
             "  -l --full                 Do not cut to the width of the terminal\n"
             "  -q --quiet                No hints\n"
             "  -H --host=[USER@]HOST     Ask another host, over ssh\n"
             "     --runtime              With set: until the next boot only\n"
             "  -p --property=NAME        With show: only this property\n"
             "     --value                With show: only values\n"
             "  -S --since=TIME           With history and events: not what was before; -1h, today, 06:30\n"
             "  -f --follow               With events: go on with what happens\n"
             "     --total                With history: the whole host\n"
             "     --plot                 With history: draw it in the terminal\n"
             "     --svg=FILE             With history: draw it into a file; - is standard output\n"
             "  -d --delay=TIME           With top: time between refreshes, 1s by default\n"
             "  -n --iterations=N         With top: end after so many; -1 is --iterations=1\n"
             "  -b --batch                With top: one below the other, without keys\n"
             "     --failed               With mail list: what will not be sent\n"
             "     --sent                 With mail list: what was sent\n"
             "     --all                  With mail retry: all that waits or has failed\n"
             "     --no-wait              With mail test: do not wait for what becomes of it\n\n"
             "Exit status: 0 done; 1 failed; 2 wrong command line; 3 fairsliced is not running;\n"
             "4 no such user or mail, or not logged in; 77 only an administrator may.\n\n"
             "See fairslicectl(1).");
        return 0;
}

static int parse_json(const char *s, Options *options) {
        static const char *const modes[] = {
                [JSON_OFF] = "off",
                [JSON_SHORT] = "short",
                [JSON_PRETTY] = "pretty",
        };

        for (size_t i = 0; i < ELEMENTSOF(modes); i++)
                if (strcmp(s, modes[i]) == 0) {
                        options->json = (JsonMode) i;
                        return 1;
                }
        log_error("--json=%s: allowed is short, pretty or off.", s);
        return -EINVAL;
}

/* "-p A,B", as systemctl has it. */
static int parse_properties(char *s, Options *options) {
        char *rest;

        options->given |= OPTION_PROPERTY;
        for (char *name = strtok_r(s, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
                if (options->n_properties == OPTION_PROPERTIES_MAX) {
                        log_error("--property=: at most %u are allowed.", OPTION_PROPERTIES_MAX);
                        return -EINVAL;
                }
                options->properties[options->n_properties++] = name;
        }
        return 1;
}

/* Goes into ssh's command line: nothing that it would take for an option. */
static int parse_host(const char *s, Options *options) {
        if (*s == '\0' || *s == '-') {
                log_error("--host=%s: not a host.", s);
                return -EINVAL;
        }
        options->host = s;
        return 1;
}

static int parse_since(const char *s, Options *options) {
        options->given |= OPTION_SINCE;
        if (parse_timestamp(s, now_realtime(), &options->since) >= 0)
                return 1;
        log_error("--since=%s: allowed is " TIMESTAMP_ALLOWED ".", s);
        return -EINVAL;
}

static int parse_delay(const char *s, Options *options) {
        options->given |= OPTION_LIVE;
        if (parse_timespan(s, &options->delay) >= 0 && options->delay >= DELAY_MIN &&
            options->delay <= DELAY_MAX)
                return 1;
        log_error("--delay=%s: allowed is a time from 100ms to 1h.", s);
        return -EINVAL;
}

static int parse_iterations(const char *s, Options *options) {
        options->given |= OPTION_LIVE;
        if (parse_u64(s, &options->iterations) >= 0 && options->iterations > 0)
                return 1;
        log_error("--iterations=%s: allowed is a number from 1 on.", s);
        return -EINVAL;
}

static int parse_svg(const char *s, Options *options) {
        options->given |= OPTION_SVG;
        options->svg = s;
        if (*s)
                return 1;
        log_error("--svg=: the name of a file is missing; - is standard output.");
        return -EINVAL;
}

/* What is said by being there; 0: no such option. */
static unsigned bit_of(int c) {
        switch (c) {
        case 'f':
                return OPTION_FOLLOW;
        case LONG_PLOT:
                return OPTION_PLOT;
        case LONG_TOTAL:
                return OPTION_TOTAL;
        case LONG_RUNTIME:
                return OPTION_RUNTIME;
        case LONG_VALUE:
                return OPTION_VALUE;
        case LONG_FAILED:
                return OPTION_FAILED;
        case LONG_SENT:
                return OPTION_SENT;
        case LONG_ALL:
                return OPTION_ALL;
        case LONG_NO_WAIT:
                return OPTION_NO_WAIT;
        default:
                return 0;
        }
}

static int parse_flag(int c, Options *options) {
        switch (c) {
        case 'b':
                options->given |= OPTION_LIVE;
                options->batch = true;
                return 1;
        case LONG_NO_PAGER:
                options->no_pager = true;
                return 1;
        case LONG_NO_LEGEND:
                options->no_legend = true;
                return 1;
        case LONG_NO_ASK_PASSWORD:
                options->no_ask_password = true;
                return 1;
        case 'l':
                options->full = true;
                return 1;
        case 'q':
                options->quiet = true;
                return 1;
        default:
                options->given |= bit_of(c);
                return bit_of(c) ? 1 : -EINVAL; /* getopt has said why */
        }
}

static int parse_option(int c, char *argument, Options *options) {
        switch (c) {
        case 'h':
                return help();
        case LONG_VERSION:
                puts("fairslicectl " PROJECT_VERSION);
                return 0;
        case LONG_JSON:
                return parse_json(argument, options);
        case 'j':
                options->json = isatty(STDOUT_FILENO) > 0 ? JSON_PRETTY : JSON_SHORT;
                return 1;
        case 'p':
                return parse_properties(argument, options);
        case 'H':
                return parse_host(argument, options);
        case 'S':
                return parse_since(argument, options);
        case LONG_SVG:
                return parse_svg(argument, options);
        case 'd':
                return parse_delay(argument, options);
        case 'n':
                return parse_iterations(argument, options);
        case '1':
                return parse_iterations("1", options);
        default:
                return parse_flag(c, options);
        }
}

int options_parse(int argc, char *argv[], Options *ret, int *ret_first) {
        static const struct option options[] = {
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, LONG_VERSION },
                { "json", required_argument, NULL, LONG_JSON },
                { "no-pager", no_argument, NULL, LONG_NO_PAGER },
                { "no-legend", no_argument, NULL, LONG_NO_LEGEND },
                { "no-ask-password", no_argument, NULL, LONG_NO_ASK_PASSWORD },
                { "full", no_argument, NULL, 'l' },
                { "quiet", no_argument, NULL, 'q' },
                { "host", required_argument, NULL, 'H' },
                { "runtime", no_argument, NULL, LONG_RUNTIME },
                { "since", required_argument, NULL, 'S' },
                { "follow", no_argument, NULL, 'f' },
                { "total", no_argument, NULL, LONG_TOTAL },
                { "plot", no_argument, NULL, LONG_PLOT },
                { "svg", required_argument, NULL, LONG_SVG },
                { "delay", required_argument, NULL, 'd' },
                { "iterations", required_argument, NULL, 'n' },
                { "batch", no_argument, NULL, 'b' },
                { "property", required_argument, NULL, 'p' },
                { "value", no_argument, NULL, LONG_VALUE },
                { "failed", no_argument, NULL, LONG_FAILED },
                { "sent", no_argument, NULL, LONG_SENT },
                { "all", no_argument, NULL, LONG_ALL },
                { "no-wait", no_argument, NULL, LONG_NO_WAIT },
                {},
        };
        int c, r;

        *ret = (Options){};
        optind = 0; /* from the beginning, also a second time */
        while ((c = getopt_long(argc, argv, "hjlqH:p:1bd:fn:S:", options, NULL)) >= 0) {
                r = parse_option(c, optarg, ret);
                if (r <= 0)
                        return r;
        }
        *ret_first = optind;
        return 1;
}
