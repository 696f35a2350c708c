/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/format.h"

#include <inttypes.h>
#include <string.h>

const char *format_size(FormatBuffer buffer, uint64_t bytes) {
        static const char suffixes[] = "BKMGTPE";
        unsigned power = 0;
        uint64_t whole, tenths;

        if (bytes == UINT64_MAX)
                return strcpy(buffer, "infinity");
        while (power < 6 && bytes >> (10 * (power + 1)))
                power++;
        whole = bytes >> (10 * power);
        tenths = power == 0 ? 0 : ((bytes >> (10 * (power - 1))) & 1023) * 10 / 1024;
        if (tenths)
                snprintf(buffer, FORMAT_MAX, "%" PRIu64 ".%" PRIu64 "%c", whole, tenths, suffixes[power]);
        else
                snprintf(buffer, FORMAT_MAX, "%" PRIu64 "%c", whole, suffixes[power]);
        return buffer;
}

const char *format_size_exact(FormatBuffer buffer, uint64_t bytes) {
        static const char *const suffixes[] = { "", "K", "M", "G", "T", "P", "E" };
        unsigned power = 0;

        if (bytes == UINT64_MAX)
                return strcpy(buffer, "infinity");
        for (; bytes > 0 && power < ELEMENTSOF(suffixes) - 1 && bytes % 1024 == 0; power++)
                bytes /= 1024;
        snprintf(buffer, FORMAT_MAX, "%" PRIu64 "%s", bytes, suffixes[power]);
        return buffer;
}

const char *format_permyriad(FormatBuffer buffer, uint64_t permyriad) {
        uint64_t whole = permyriad / 100;
        unsigned hundredths = (unsigned) (permyriad % 100);

        if (hundredths == 0)
                snprintf(buffer, FORMAT_MAX, "%" PRIu64 "%%", whole);
        else if (hundredths % 10 == 0)
                snprintf(buffer, FORMAT_MAX, "%" PRIu64 ".%u%%", whole, hundredths / 10);
        else
                snprintf(buffer, FORMAT_MAX, "%" PRIu64 ".%02u%%", whole, hundredths);
        return buffer;
}

const char *format_cpu(FormatBuffer buffer, uint64_t usec_per_sec) {
        uint64_t tenths;

        if (usec_per_sec == UINT64_MAX)
                return strcpy(buffer, "infinity");
        tenths = usec_per_sec / 1000;
        if (tenths % 10)
                snprintf(buffer, FORMAT_MAX, "%" PRIu64 ".%" PRIu64 "%%", tenths / 10, tenths % 10);
        else
                snprintf(buffer, FORMAT_MAX, "%" PRIu64 "%%", tenths / 10);
        return buffer;
}

/* "2h 5min"; the smaller unit only if there is something of it. */
static void format_two_units(FormatBuffer buffer, uint64_t count, uint64_t per_unit, const char *unit,
                             const char *smaller) {
        if (count % per_unit)
                snprintf(buffer, FORMAT_MAX, "%" PRIu64 "%s %" PRIu64 "%s", count / per_unit, unit,
                         count % per_unit, smaller);
        else
                snprintf(buffer, FORMAT_MAX, "%" PRIu64 "%s", count / per_unit, unit);
}

const char *format_timespan(FormatBuffer buffer, usec_t usec) {
        uint64_t seconds = usec / USEC_PER_SEC;

        if (usec == USEC_INFINITY)
                return strcpy(buffer, "infinity");
        if (usec < USEC_PER_MSEC)
                snprintf(buffer, FORMAT_MAX, "%" PRIu64 "us", usec);
        else if (usec < USEC_PER_SEC)
                snprintf(buffer, FORMAT_MAX, "%" PRIu64 "ms", usec / USEC_PER_MSEC);
        else if (seconds < 60 && usec % USEC_PER_SEC)
                snprintf(buffer, FORMAT_MAX, "%" PRIu64 ".%" PRIu64 "s", seconds,
                         usec % USEC_PER_SEC / (USEC_PER_SEC / 10));
        else if (seconds < 60)
                snprintf(buffer, FORMAT_MAX, "%" PRIu64 "s", seconds);
        else if (seconds < 3600)
                format_two_units(buffer, seconds, 60, "min", "s");
        else if (seconds < 86400)
                format_two_units(buffer, seconds / 60, 60, "h", "min");
        else
                format_two_units(buffer, seconds / 3600, 24, "d", "h");
        return buffer;
}
