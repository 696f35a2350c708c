/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

#define PASSWORD_MAX 1024

typedef struct Password {
        char text[PASSWORD_MAX + 1];
} Password;

/* Leaves nothing of it in memory. */
void password_forget(Password *password);

/* The first line of the file. It must be a regular file, owned by root or by `owner`, and readable by its
 * owner alone; `trusted` (a credential of systemd, whose mode shows an access list) lets that be. Returns 0,
 * or a negative errno with what is wrong in *ret_why (a constant) unless the errno says it. */
int password_read(const char *path, unsigned owner, bool trusted, Password *ret, const char **ret_why);
