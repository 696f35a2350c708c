/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/verb.h"
#include "config/config.h"
#include "spool/spool.h"

/* The mail spool of this host and [Mail] of its configuration. fairslicectl works on the files themselves:
 * as root or as a member of the group fairslice, and whether the service runs or not. Every Status other
 * than STATUS_OK was told on standard error, with what to do. */

/* Opens the spool. With SPOOL_LOOK *ret is NULL if nothing was ever put into it. Who puts waits for the
 * service, which has the spool for moments. `limits` as in spool_open(). */
Status mail_spool_open(SpoolRole role, const SpoolLimits *limits, Spool **ret);

/* Reads the configuration as the service does. What is wrong with it is the service's to tell. */
Status mail_config_load(Config **ret);

/* How much may wait. */
SpoolLimits mail_spool_limits(const Config *config);

/* Says what went wrong with the spool. */
Status mail_spool_failed(const char *what, int error);

/* What the state of a message is called: "waiting", "failed", "sent". */
const char *mail_state(SpoolPlace place);

/* Waits this long; a signal may end it before. */
void mail_pause(usec_t usec);
