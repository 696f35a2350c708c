/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* What goes to standard error is kept instead of shown. */
void log_capture_start(void);
/* Back to where it went before; what was kept is forgotten, or shown if the test wants it. */
void log_capture_stop(bool show);

/* How many lines have the text in them. */
size_t log_capture_count(const char *text);
void log_capture_forget(void);
