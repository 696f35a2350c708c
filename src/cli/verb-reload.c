/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/client.h"
#include "cli/verbs.h"

Status verb_reload(Cli *cli, _unused_ int argc, _unused_ char *argv[]) {
        const Purpose purpose = { .what = "reload the configuration" };
        Status status = client_authorize(cli);

        return status == STATUS_OK ? client_call(cli, &purpose, "Reload", NULL, NULL) : status;
}
