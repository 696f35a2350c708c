/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/user.h"

typedef struct NotifyOptions {
        const char *config_file; /* NULL: the usual ones */
        uid_t uid;               /* UID_INVALID: stay who we are */
        bool verbose;
} NotifyOptions;

/* Returns 1; 0 if all is done (--help); or -EINVAL, and has said why. */
int notify_options_parse(int argc, char *argv[], NotifyOptions *ret);
