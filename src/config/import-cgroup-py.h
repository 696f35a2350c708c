/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/config.h"

/* Makes a fairsliced.conf of a configuration of CGroup_Py, with the same effect: every key whose default
 * differs is in it, and all that cannot be carried over, or is not right, is named with line, key and reason
 * in its comments. The same is in *problems, all of it warnings (but for the one that ends too long a list).
 * The text can be read by config_load() without a problem, and is no longer than CONFIG_FILE_MAX.
 *
 * `text` is of any size up to CONFIG_FILE_MAX and any content; see import-ini.h for how it is read, and
 * import-names.h for what is known. `file` is how the problems name it. `soft_limit` says whether
 * MemoryHigh= is the kernel's soft limit on the host, as with cgroup v1: with the unified tree it is not,
 * and then it stands in a comment.
 *
 * Returns 0 and a new string; -ENOMEM; or -EBADMSG if this is no configuration of CGroup_Py, for it has no
 * section [main]. */
int import_cgroup_py(const char *file, const char *text, size_t size, bool soft_limit, Problems *problems,
                     char **ret);
