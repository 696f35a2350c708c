/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/when.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "basic/format.h"

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

const char *when_ago(WhenBuffer buffer, usec_t time, usec_t now) {
        usec_t usec = now > time ? now - time : 0;
        FormatBuffer span;

        if (usec < USEC_PER_SEC)
                return strcpy(buffer, "now");
        snprintf(buffer, WHEN_MAX, "%s ago", format_timespan(span, usec - usec % USEC_PER_SEC));
        return buffer;
}
