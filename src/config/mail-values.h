/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* The values in [Mail] that are texts. Each returns 0, or -EINVAL with what is wrong in *ret_why (a
 * constant). They are not empty. */

/* "smtp://HOST", "smtps://HOST", with ":PORT" behind it or not; an IPv6 address is in brackets. Nothing else
 * that a URL may have: a password in it would be everybody's to read. */
int mail_check_server(const char *text, const char **ret_why);

/* A name for AUTH: printable UTF-8. */
int mail_check_user(const char *text, const char **ret_why);

/* An absolute path. */
int mail_check_path(const char *text, const char **ret_why);

int mail_check_address(const char *text, const char **ret_why);
