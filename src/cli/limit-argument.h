/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/limits.h"

/* "CPUQuota=50%", "MemoryMax=25%", "MemoryHigh=" as in fairsliced.conf(5). Nothing behind the "=" is no
 * limit, of CPUWeight= what systemd begins with.
 *
 * Returns 0; -ENOENT if it is not one of the keys, and *ret_allowed says which there are; -EINVAL or -ERANGE
 * if the value is none, and *ret_allowed says what is allowed ("a size, …"). Whether the configuration would
 * take the value is the service's to say. */
int limit_argument_parse(const char *s, LimitSetting *ret, const char **ret_allowed);

/* The key in files and on the command line: "CPUQuota". On the bus it is limit_to_string(). */
const char *limit_key(Limit limit);
