/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-id128.h>

#include "watch/oom-source.h"

/* The kernel's lines, out of the journal. /dev/kmsg itself needs CAP_SYSLOG; journald reads it anyway, and a
 * member of the group systemd-journal may read what it wrote, some milliseconds later.
 *
 * The journal is open only while somebody polls, since its files are many and come and go. */
typedef struct KernelLog KernelLog;

/* `directory` holds the journal files of a test; NULL is the host's journal. Only lines of the boot `boot`
 * are looked at. Touches no file yet. */
int kernel_log_new(const char *directory, sd_id128_t boot, KernelLog **ret);

KernelLog *kernel_log_free(KernelLog *log);
DEFINE_CLEANUP(KernelLog *, kernel_log_free)

/* The operations for oom_watch_new(); the log must outlive the watch. */
OomLineSource kernel_log_source(KernelLog *log);
