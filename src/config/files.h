/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/config.h"

/* Which files make up the configuration, by systemd's rules:
 *
 *  1. fairsliced.conf from the first of /etc/fairslice, /run/fairslice and /usr/lib/fairslice that has it;
 *  2. then fairsliced.conf.d/ *.conf from all three, in the order of their file names whichever directory
 * they are in. A name in /etc stands in for the same name in /run, and that for the same in /usr/lib; so an
 *     empty file, or a link to /dev/null, masks what the distribution ships.
 *
 * A later file wins over an earlier one. A further layer above these (limits set over the bus) is one more
 * call that appends to the list. */
typedef struct ConfigFiles {
        int root_fd; /* what the paths are relative to; AT_FDCWD for a single file. Borrowed. */
        char **path; /* as messages name them: "/etc/fairslice/…" below the root; first read first */
        size_t count;
} ConfigFiles;

/* What cannot be looked at becomes a problem; what is not there does not. Returns 0 or -ENOMEM. */
int config_files_find(int root_fd, Problems *problems, ConfigFiles *ret);

/* Just this one file, relative to the working directory. */
int config_files_single(const char *path, ConfigFiles *ret);

void config_files_done(ConfigFiles *files);

/* Opens a file of the list for reading. Returns 1 and a descriptor, 0 if the file is masked by a link to
 * /dev/null, or a negative errno: -EINVAL if it is not a regular file. Never waits for the other end of a
 * fifo, and never leaves the root directory by a symbolic link. */
int config_files_open(const ConfigFiles *files, size_t i, int *ret_fd);

/* Whether a file of that name in a directory of drop-ins, or in control.d, is to be read: it ends with
 * CONFIG_ENDING, and does not begin with a point, as temporary files do. */
#define CONFIG_ENDING ".conf"
bool config_is_file_name(const char *name);
