/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "model/limits.h"

/* A user's file in control.d as a text, with these settings in it, or without them. People may have edited
 * it: every line that does not set one of these limits in a [User UID] section stays as it is, whether it
 * can be understood or not. A value is changed in its line, with the comment behind it, if the line is in
 * the last section of the file; else it goes to the end, where it holds.
 *
 * `old` is the text; NULL or "" if there is no file. The result is a new string. Returns 0, -EFBIG if it
 * would be too large for a file of the configuration, or another negative errno. */
int control_edit_set(const char *old, uid_t uid, const LimitSetting *settings, size_t n, char **ret);

/* Returns 1; 0 if none of them is there, which leaves *ret alone; or as above. *ret is NULL if nothing is
 * left that anybody would miss. */
int control_edit_remove(const char *old, uid_t uid, const LimitSetting *settings, size_t n, char **ret);
