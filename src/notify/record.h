/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "notify/notice.h"

/* Writes it to the journal, as who we are: journald files by the sender's UID, so that a user finds it in
 * their own. Where there is no journal it goes to syslog(3). Returns 0, or a negative errno if there is a
 * journal and it did not take it. */
int record_write(const Notice *notice);
