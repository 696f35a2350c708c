/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "notify/shown.h"

#include <inttypes.h>

#include "basic/fs.h"
#include "basic/parse.h"

#define FILE_NAME    "shown"
#define DEFAULT_USEC (60 * USEC_PER_SEC)
#define OLDEST_USEC  (60 * 60 * USEC_PER_SEC)

static usec_t ago(usec_t now, usec_t usec) {
        return now > usec ? now - usec : 0;
}

usec_t shown_since(int dirfd, usec_t now) {
        usec_t until;
        char text[32];

        /* The clock may have been set back. */
        if (dirfd < 0 || read_file_at(dirfd, FILE_NAME, text, sizeof text) < 0 ||
            parse_u64(text, &until) < 0 || until > now)
                return ago(now, DEFAULT_USEC);
        return MAX(until + 1, ago(now, OLDEST_USEC));
}

int shown_save(int dirfd, usec_t until, usec_t now) {
        char text[32];
        int length = snprintf(text, sizeof text, "%" PRIu64 "\n", MIN(until, now));

        return write_file_atomic(dirfd, FILE_NAME, text, (size_t) length, 0600);
}
