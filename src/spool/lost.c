/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "basic/fs.h"
#include "basic/parse.h"
#include "spool/internal.h"
#include <inttypes.h>

/* Only who puts writes it, so it needs no lock. */
static int write_lost(Spool *spool, uint64_t count) {
        char text[32];

        if (count == 0)
                return spool_remove(spool->dirfd, LOST_FILE);
        snprintf(text, sizeof text, "%" PRIu64 "\n", count);
        return write_file_atomic(spool->dirfd, LOST_FILE, text, strlen(text), FILE_MODE);
}

/* What cannot be read is nothing: it is a report about losses, and must not become one more. */
int spool_lost(Spool *spool, uint64_t *ret) {
        char text[32];
        ssize_t n = spool_read_text(spool->dirfd, LOST_FILE, text, sizeof text);

        *ret = 0;
        if (n > 0 && text[n - 1] == '\n')
                text[n - 1] = '\0';
        if (n <= 0 || parse_u64(text, ret) < 0)
                *ret = 0;
        return n < 0 && n != -ENOENT && n != -EFBIG && n != -EBADMSG && n != -ELOOP && n != -EINVAL ? (int) n
                                                                                                    : 0;
}

int spool_count_lost(Spool *spool) {
        uint64_t count;
        int r = spool_lost(spool, &count);

        return r < 0 || count == UINT64_MAX ? r : write_lost(spool, count + 1);
}

int spool_lost_told(Spool *spool, uint64_t count) {
        uint64_t all;
        int r = spool_lost(spool, &all);

        return r < 0 || count == 0 ? r : write_lost(spool, all - MIN(all, count));
}
