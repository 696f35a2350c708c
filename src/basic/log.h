/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <syslog.h>

#include "basic/macro.h"

/* Lines for the administrator, to standard error: with the "<N>" prefix of sd-daemon(3) where standard
 * error is the journal's, plain elsewhere. Libraries return errors and do not log; whoever is at the top
 * of the call logs once, with the subject and the consequence. */

/* Lines above this syslog level are dropped. LOG_INFO at start. */
void log_set_max_level(int level);
int log_max_level(void);

/* Drops the "<N>" prefix or puts it, whatever standard error is; for tests. */
void log_set_prefix(bool prefix);

/* Control characters of the finished line are written as '?', so that no name from outside can end a line
 * or paint a terminal. `error` (negative or positive errno, or 0) is what %m prints; the same value comes
 * back, always as a negative one, so that `return log_error_errno(r, …)` works. */
int log_full(int level, int error, const char *format, ...) _printf_(3, 4);

#define log_error_errno(error, ...)   log_full(LOG_ERR, (error), __VA_ARGS__)
#define log_warning_errno(error, ...) log_full(LOG_WARNING, (error), __VA_ARGS__)
#define log_debug_errno(error, ...)   log_full(LOG_DEBUG, (error), __VA_ARGS__)
#define log_error(...)                ((void) log_full(LOG_ERR, 0, __VA_ARGS__))
#define log_warning(...)              ((void) log_full(LOG_WARNING, 0, __VA_ARGS__))
#define log_notice(...)               ((void) log_full(LOG_NOTICE, 0, __VA_ARGS__))
#define log_info(...)                 ((void) log_full(LOG_INFO, 0, __VA_ARGS__))
#define log_debug(...)                ((void) log_full(LOG_DEBUG, 0, __VA_ARGS__))
#define log_oom()                     log_full(LOG_ERR, -ENOMEM, "Out of memory.")
