/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "mail/options.h"

#include <getopt.h>

#include "basic/options.h"
#include "spool/spool.h"

static int help(void) {
        puts("fairslice-mail [OPTION…]\n\n"
             "Sends the mail that fairsliced has put into its spool, and ends when there is none left.\n\n"
             "  -c --config=FILE  Read this file instead of fairsliced.conf and its drop-ins\n"
             "     --spool=DIR    Send what is in this spool instead of " SPOOL_PATH "\n"
             "     --user=NAME    Run as this user; for root\n"
             "  -v --verbose      Tell of every attempt\n"
             "  -h --help         Show this, and end\n"
             "     --version      Show the version, and end\n\n"
             "See fairslice-mail(8) and fairsliced.conf(5).");
        return 0;
}

int mail_options_parse(int argc, char *argv[], MailOptions *ret) {
        enum { SPOOL = 256, USER, VERSION };
        static const struct option options[] = {
                { "config", required_argument, NULL, 'c' },
                { "spool", required_argument, NULL, SPOOL },
                { "user", required_argument, NULL, USER },
                { "verbose", no_argument, NULL, 'v' },
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, VERSION },
                {},
        };
        MailOptions found = { .spool = SPOOL_PATH };
        int c, r;

        while ((c = getopt_long(argc, argv, "c:vh", options, NULL)) >= 0)
                switch (c) {
                case 'c':
                        found.config_file = optarg;
                        break;
                case SPOOL:
                        found.spool = optarg;
                        break;
                case USER:
                        found.user = optarg;
                        break;
                case 'v':
                        found.verbose = true;
                        break;
                case 'h':
                        return help();
                case VERSION:
                        puts("fairslice-mail " PROJECT_VERSION);
                        return 0;
                default:
                        return -EINVAL; /* getopt has said why */
                }
        r = options_end(argc, argv);
        if (r > 0)
                *ret = found;
        return r;
}
