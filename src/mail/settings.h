/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/mail-address.h"
#include "config/config.h"
#include "mail/password.h"
#include "spool/spool.h"

/* What a round of sending goes by: [Mail], the password, and this host's name. */
typedef struct Settings {
        Config *config; /* owned; what `mail` points into */
        const MailConfig *mail;
        bool has_password;
        Password password;
        char from[MAIL_ADDRESS_MAX + 1]; /* valid */
} Settings;

void settings_done(Settings *settings);

/* Reads the configuration; `file` as in config_load(). Returns 0; or a negative errno if nothing can be sent
 * with it, with a line that says why in the buffer. What else is wrong with the configuration is the
 * service's to tell. */
int settings_load(const char *file, Settings *ret, char why[static SPOOL_ANSWER_MAX + 1]);
