/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/user-argument.h"
#include "cli/verbs.h"

Status verb_reset(Cli *cli, _unused_ int argc, char *argv[]) {
        UserArgument user;
        const Purpose purpose = { .what = "reset the limits", .who = user.display };
        Status status = user_argument_to_change(cli, argv[0], &user);

        return status == STATUS_OK ? client_call(cli, &purpose, "ResetLimits", NULL, "s", user.slice)
                                   : status;
}
