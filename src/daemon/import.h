/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* Writes to `out` the fairsliced.conf that a configuration of CGroup_Py comes to on this host, and says what
 * does not come through, a warning each, which are also in its comments. Logs what fails, by the name of the
 * file; then nothing was written, or what there was room for. */
int import_print_cgroup_py(int proc_fd, const char *file, FILE *out);
