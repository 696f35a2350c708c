/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* The values that are texts. Each returns 0, or -EINVAL with what is wrong in *ret_why (a
 * constant). They are not empty. */

/* "smtp://HOST", "smtps://HOST", with ":PORT" behind it or not; an IPv6 address is in brackets. Nothing else
 * that a URL may have: a password in it would be everybody's to read. */
int check_server(const char *text, const char **ret_why);

/* A name for AUTH: printable UTF-8. */
int check_user(const char *text, const char **ret_why);

/* An absolute path in its shortest form, of no directory. */
int check_path(const char *text, const char **ret_why);

/* The absolute path of a program, in its shortest form, and words for it, with blanks between them. No word
 * can have a blank in it. */
int check_command(const char *text, const char **ret_why);

int check_address(const char *text, const char **ret_why);

/* See mail_pattern_is_valid(). */
int check_address_pattern(const char *text, const char **ret_why);

/* See language_is_valid(). */
int check_language(const char *text, const char **ret_why);
