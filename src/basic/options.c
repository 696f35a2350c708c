/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/options.h"

#include <getopt.h>

#include "basic/log.h"

int options_end(int argc, char *argv[]) {
        if (optind >= argc)
                return 1;
        log_error("Unexpected argument '%s'; see --help.", argv[optind]);
        return -EINVAL;
}
