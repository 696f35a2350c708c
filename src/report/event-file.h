/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* EventLog=: a file of lines that only grows. */

typedef struct EventFile {
        int fd;   /* -1: none */
        bool cut; /* the last line could not be written whole */
} EventFile;

#define EVENT_FILE_NONE ((EventFile){ .fd = -1 })

/* Opens or makes the file, mode 0640, to be appended to. `path` is absolute and is looked for below
 * `root_fd`. A link at its end is not followed, and what is no regular file is refused (-EINVAL): the
 * service must not wait for who reads a pipe. What was open before is closed; on failure there is none. */
int event_file_open(EventFile *file, int root_fd, const char *path);

/* Appends the line, which has its newline, with one write(2), so that whoever reads or cuts the file
 * meanwhile sees whole lines. If there is no room for all of it (-ENOSPC) the next one ends what was
 * written. Nothing is done, and 0 returned, if there is none. */
int event_file_write(EventFile *file, const char *line);

void event_file_close(EventFile *file);
