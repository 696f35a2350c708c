/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "notify/options.h"

#include <getopt.h>

#include "basic/log.h"
#include "basic/options.h"
#include "basic/parse.h"

static int help(void) {
        puts("fairslice-notify [OPTION…]\n\n"
             "Tells the user who runs it that memory ran short or out for them.\n\n"
             "  -c --config=FILE  Read this file instead of fairsliced.conf and its drop-ins\n"
             "     --user=UID     Become this user first; for root\n"
             "  -v --verbose      Tell what was done, and what could not be\n"
             "  -h --help         Show this, and end\n"
             "     --version      Show the version, and end\n\n"
             "See fairslice-notify(8) and fairsliced.conf(5).");
        return 0;
}

static int parse_user(const char *text, uid_t *ret) {
        if (parse_uid(text, ret) >= 0 && *ret != 0)
                return 0;
        log_error("--user=%s: not the UID of a user.", text);
        return -EINVAL;
}

int notify_options_parse(int argc, char *argv[], NotifyOptions *ret) {
        enum { USER = 256, VERSION };
        static const struct option options[] = {
                { "config", required_argument, NULL, 'c' }, { "user", required_argument, NULL, USER },
                { "verbose", no_argument, NULL, 'v' },      { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, VERSION },  {},
        };
        NotifyOptions found = { .uid = UID_INVALID };
        int c, r;

        while ((c = getopt_long(argc, argv, "c:vh", options, NULL)) >= 0)
                switch (c) {
                case 'c':
                        found.config_file = optarg;
                        break;
                case USER:
                        if (parse_user(optarg, &found.uid) < 0)
                                return -EINVAL;
                        break;
                case 'v':
                        found.verbose = true;
                        break;
                case 'h':
                        return help();
                case VERSION:
                        puts("fairslice-notify " PROJECT_VERSION);
                        return 0;
                default:
                        return -EINVAL; /* getopt has said why */
                }
        r = options_end(argc, argv);
        if (r > 0)
                *ret = found;
        return r;
}
