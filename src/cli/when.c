/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/when.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MINUTE UINT64_C(60)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

const char *when_format(WhenBuffer buffer, usec_t time) {
        /* Not strftime's, which are the locale's. */
        static const char days[] = "SunMonTueWedThuFriSat";
        time_t seconds = (time_t) (time / USEC_PER_SEC);
        struct tm tm;

        if (time == 0 || !localtime_r(&seconds, &tm) || tm.tm_year > 9999 - 1900)
                return strcpy(buffer, "n/a");
        snprintf(buffer, WHEN_MAX, "%.3s %04d-%02d-%02d %02d:%02d:%02d %.8s", days + 3 * (tm.tm_wday % 7),
                 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                 tm.tm_zone ? tm.tm_zone : "");
        return buffer;
}

/* "2h 5min ago"; the second unit only if there is something of it. */
static const char *two_units(WhenBuffer buffer, uint64_t a, const char *unit_a, uint64_t b,
                             const char *unit_b) {
        if (b > 0)
                snprintf(buffer, WHEN_MAX, "%" PRIu64 "%s %" PRIu64 "%s ago", a, unit_a, b, unit_b);
        else
                snprintf(buffer, WHEN_MAX, "%" PRIu64 "%s ago", a, unit_a);
        return buffer;
}

const char *when_ago(WhenBuffer buffer, usec_t time, usec_t now) {
        uint64_t seconds = now > time ? (now - time) / USEC_PER_SEC : 0;

        if (seconds == 0)
                return strcpy(buffer, "now");
        if (seconds < MINUTE)
                return two_units(buffer, seconds, "s", 0, "");
        if (seconds < HOUR)
                return two_units(buffer, seconds / MINUTE, "min", 0, "");
        if (seconds < DAY)
                return two_units(buffer, seconds / HOUR, "h", seconds % HOUR / MINUTE, "min");
        return two_units(buffer, seconds / DAY, seconds < 2 * DAY ? " day" : " days", 0, "");
}
