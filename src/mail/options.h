/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

typedef struct MailOptions {
        const char *config_file; /* NULL: the usual ones */
        const char *spool;
        const char *user; /* NULL: stay who we are */
        bool verbose;
} MailOptions;

/* Returns 1; 0 if all is done (--help); or -EINVAL, and has said why. */
int mail_options_parse(int argc, char *argv[], MailOptions *ret);
