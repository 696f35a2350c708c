/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/log.h"
#include "cli/client.h"
#include "cli/verbs.h"

Status verb_release(Cli *cli, _unused_ int argc, _unused_ char *argv[]) {
        const Purpose purpose = { .what = "release the users" };
        Status status = client_authorize(cli);

        if (status == STATUS_OK)
                status = client_call(cli, &purpose, "Release", NULL, NULL);
        if (status == STATUS_OK && !cli->options.quiet)
                log_info("No fair-share quota stands any more. It goes on with: fairslicectl reload");
        return status;
}
