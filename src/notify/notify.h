/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "notify/shown.h"

/* Tells who we are what memory events of theirs they were not told yet: all in one notice, which goes to the
 * journal, and to NotifyCommand=, or else to the desktop, or else to the terminals. `config_file` is
 * as for config_load(); what the user cannot read of it counts as not there. Returns 0, also if there was
 * nothing to tell or nobody to see it, or a negative errno; what fails is logged. */
int notify_run(const char *config_file, const Shown *shown);
