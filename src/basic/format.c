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

const char *format_timespan(FormatBuffer buffer, usec_t usec) {
        if (usec == USEC_INFINITY)
                return strcpy(buffer, "infinity");
        if (usec < USEC_PER_MSEC)
                snprintf(buffer, FORMAT_MAX, "%" PRIu64 "us", usec);
        else if (usec < USEC_PER_SEC)
                snprintf(buffer, FORMAT_MAX, "%" PRIu64 "ms", usec / USEC_PER_MSEC);
        else if (usec < 60 * USEC_PER_SEC && usec % USEC_PER_SEC)
                snprintf(buffer, FORMAT_MAX, "%" PRIu64 ".%" PRIu64 "s", usec / USEC_PER_SEC,
                         usec % USEC_PER_SEC / (USEC_PER_SEC / 10));
        else if (usec < 60 * USEC_PER_SEC || usec / USEC_PER_SEC % 60 == 0)
                snprintf(buffer, FORMAT_MAX, usec < 60 * USEC_PER_SEC ? "%" PRIu64 "s" : "%" PRIu64 "min",
                         usec < 60 * USEC_PER_SEC ? usec / USEC_PER_SEC : usec / USEC_PER_SEC / 60);
        else
                snprintf(buffer, FORMAT_MAX, "%" PRIu64 "min %" PRIu64 "s", usec / USEC_PER_SEC / 60,
                         usec / USEC_PER_SEC % 60);
        return buffer;
}
