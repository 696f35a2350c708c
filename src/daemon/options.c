/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/options.h"

#include <getopt.h>

#include "basic/log.h"
#include "basic/options.h"
#include "basic/parse.h"

static int help(void) {
        puts("fairsliced [OPTION…]\n\n"
             "Shares the host's CPUs and memory fairly among the users logged in to it.\n\n"
             "  -c --config=FILE    Read this file instead of fairsliced.conf and its drop-ins\n"
             "  -t --interval=TIME  Look this often, whatever IntervalSec= says\n"
             "  -n --dry-run        Work everything out, say what would be done, write nothing\n"
             "  -v --verbose        Show users, shares and use each interval, and every change\n"
             "  -i --info           Show what was found on this host, and end\n"
             "     --check          Check the configuration, and end: 0 if nothing is wrong\n"
             "     --release        Lift fair-share quotas that a service which died has left, and end\n"
             "     --import-cgroup-py=FILE\n"
             "                      Print fairsliced.conf made of a configuration of CGroup_Py, and end\n"
             "     --adopt=UID      Move what this user runs outside of their slice into it, and end\n"
             "  -h --help           Show this, and end\n"
             "     --version        Show the version, and end\n\n"
             "See fairsliced(8) and fairsliced.conf(5).");
        return 0;
}

static int parse_interval(const char *s, usec_t *ret) {
        usec_t usec;

        if (parse_timespan(s, &usec) < 0 || usec < 100 * USEC_PER_MSEC || usec > 3600 * USEC_PER_SEC) {
                log_error("--interval=%s: not a time span from 100ms to 1h, such as 1s or 500ms.", s);
                return -EINVAL;
        }
        *ret = usec;
        return 1;
}

static int parse_adopt(const char *s, uid_t *ret) {
        if (parse_uid(s, ret) < 0) {
                log_error("--adopt=%s: not a UID.", s);
                return -EINVAL;
        }
        return 1;
}

static int parse_option(int c, const char *argument, Mode *mode, ManagerOptions *options) {
        switch (c) {
        case 'c':
                options->config_file = argument;
                return 1;
        case 't':
                return parse_interval(argument, &options->interval_usec);
        case 'n':
                options->dry_run = true;
                return 1;
        case 'v':
                options->verbose = true;
                return 1;
        case 'i':
                *mode = MODE_INFO;
                return 1;
        case MODE_CHECK + 256:
        case MODE_RELEASE + 256:
        case MODE_IMPORT_CGROUP_PY + 256:
                *mode = (Mode) (c - 256);
                return 1;
        case MODE_ADOPT + 256:
                *mode = MODE_ADOPT;
                return parse_adopt(argument, &options->adopt_uid);
        case 'h':
                return help();
        case 'V':
                puts("fairsliced " PROJECT_VERSION);
                return 0;
        default:
                return -EINVAL; /* getopt has said why */
        }
}

int options_parse(int argc, char *argv[], Mode *ret_mode, ManagerOptions *ret, const char **ret_import) {
        static const struct option options[] = {
                { "config", required_argument, NULL, 'c' },
                { "interval", required_argument, NULL, 't' },
                { "dry-run", no_argument, NULL, 'n' },
                { "verbose", no_argument, NULL, 'v' },
                { "info", no_argument, NULL, 'i' },
                { "check", no_argument, NULL, MODE_CHECK + 256 },
                { "release", no_argument, NULL, MODE_RELEASE + 256 },
                { "import-cgroup-py", required_argument, NULL, MODE_IMPORT_CGROUP_PY + 256 },
                { "adopt", required_argument, NULL, MODE_ADOPT + 256 },
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, 'V' },
                {},
        };
        int c, r;

        *ret_mode = MODE_RUN;
        *ret = (ManagerOptions){};
        *ret_import = NULL;
        while ((c = getopt_long(argc, argv, "c:t:nvih", options, NULL)) >= 0) {
                if (c == MODE_IMPORT_CGROUP_PY + 256)
                        *ret_import = optarg;
                r = parse_option(c, optarg, ret_mode, ret);
                if (r <= 0)
                        return r;
        }
        return options_end(argc, argv);
}
