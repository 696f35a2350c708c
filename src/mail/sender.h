/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mail/wake.h"
#include "spool/spool.h"

/* Sends what is in the spool until there is nothing left or a signal ends it. The configuration is read anew
 * for each round, so a mistake in it is mended without restarting anything; `config_file` as in
 * config_load().
 *
 * A round sends what is due, what was tried least first: so a message that breaks each connection holds up
 * nobody else. If the server is not there, the round is over, and the pause is the server's and not the
 * messages'. */
int sender_run(Spool *spool, Wake *wake, const char *config_file);
