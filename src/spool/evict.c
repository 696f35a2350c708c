/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <sys/file.h>

#include "spool/internal.h"

/* Returns 1; 0 if it is just being sent or gone. The lock is the sender's word that it is not, and keeps the
 * sender from beginning. */
static int drop(Spool *spool, const SpoolName *name) {
        int new_fd = spool->place_fd[SPOOL_QUEUED], r;
        _cleanup_close_ int fd = -1;
        SpoolFileBuffer file;

        fd = spool_open_file(new_fd, spool_file_name(file, name, MESSAGE_SUFFIX), O_RDONLY, NULL);
        if (fd < 0)
                return 0;
        if (flock(fd, LOCK_EX | LOCK_NB) < 0)
                return errno == EWOULDBLOCK ? 0 : -errno;
        r = spool_count_lost(spool);
        if (r < 0)
                return r;
        if (unlinkat(new_fd, file, 0) < 0)
                return errno == ENOENT ? 0 : -errno;
        (void) spool_remove(spool->retry_fd, spool_file_name(file, name, ""));
        return 1;
}

static bool fits(const Spool *spool, size_t count, uint64_t bytes, uint64_t size) {
        return count < spool->limits.messages && size <= spool->limits.bytes &&
               bytes <= spool->limits.bytes - size;
}

/* Whether it would fit without any of the warnings: none is dropped for nothing. */
static bool can_fit(const Spool *spool, const SpoolEntry *entries, size_t n, uint64_t size) {
        uint64_t bytes = 0;
        size_t count = 0;

        for (size_t i = 0; i < n; i++)
                if (entries[i].name.kind != SPOOL_WARNING) {
                        count++;
                        bytes += entries[i].size;
                }
        return fits(spool, count, bytes, size);
}

int spool_make_room(Spool *spool, uint64_t size) {
        _cleanup_free_ SpoolEntry *entries = NULL;
        uint64_t bytes = 0;
        size_t n, count;
        int r = spool_list(spool, SPOOL_QUEUED, &entries, &n);

        if (r < 0)
                return r;
        if (!can_fit(spool, entries, n, size))
                return -ENOSPC;
        count = n;
        for (size_t i = 0; i < n; i++)
                bytes += entries[i].size;
        for (size_t i = 0; i < n && !fits(spool, count, bytes, size); i++) {
                if (entries[i].name.kind != SPOOL_WARNING)
                        continue;
                r = drop(spool, &entries[i].name);
                if (r < 0)
                        return r;
                if (r > 0) {
                        count--;
                        bytes -= entries[i].size;
                }
        }
        return fits(spool, count, bytes, size) ? 0 : -ENOSPC;
}
