/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
#include <sys/stat.h>

#include "basic/log.h"
#include "notify/identity.h"
#include "notify/notify.h"
#include "notify/options.h"

static int run(const NotifyOptions *options) {
        _cleanup_close_ int dirfd = -1, fd = -1;

        if (options->uid == UID_INVALID)
                dirfd = identity_directory();
        else {
                fd = identity_become(options->uid);
                if (fd < 0)
                        return fd;
        }
        return notify_run(options->config_file, &(Shown){ .dirfd = dirfd, .fd = fd });
}

int main(int argc, char *argv[]) {
        NotifyOptions options;
        int r = notify_options_parse(argc, argv, &options);

        if (r <= 0)
                return r < 0 ? 2 : EXIT_SUCCESS;
        if (options.verbose)
                log_set_max_level(LOG_DEBUG);
        umask(0022);
        (void) signal(SIGPIPE, SIG_IGN);
        return run(&options) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
