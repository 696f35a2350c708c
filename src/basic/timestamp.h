/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"
#include "basic/time-util.h"

/* Points in time as people write them for --since=: a subset of systemd.time(7), with the time zone of the
 * process. All times are CLOCK_REALTIME in µs. */

/* What parse_timestamp() understands, for messages. */
#define TIMESTAMP_ALLOWED                                                                      \
        "\"-1h\", \"10min ago\", \"now\", \"today\", \"yesterday\", \"HH:MM\", \"HH:MM:SS\", " \
        "\"YYYY-MM-DD\", \"YYYY-MM-DD HH:MM[:SS]\" and \"@SECONDS\""

/* "-1h 30min", "1h 30min ago" and "1h 30min" (so long before `now`); "now", "today", "yesterday"; "HH:MM" of
 * today, "YYYY-MM-DD", both, seconds behind them and " UTC" at the end; "@" and seconds since 1970. White
 * space around it is skipped. A number alone needs a unit: nobody can tell 10 minutes from 10 o'clock.
 * Returns 0, -EINVAL, or -ERANGE for what is before 1970 or past the year 9999; *ret is untouched then. */
int parse_timestamp(const char *s, usec_t now, usec_t *ret);

#define TIMESTAMP_MAX 32
typedef char TimestampBuffer[TIMESTAMP_MAX];

/* "Nov 22 06:24:15", as the journal's lines begin; "-" for 0, for infinity and for what no calendar has.
 * Does not depend on the locale. Returns the buffer. */
const char *format_timestamp_short(TimestampBuffer buffer, usec_t usec);

/* "06:24:15"; "-" as above. */
const char *format_timestamp_clock(TimestampBuffer buffer, usec_t usec);
