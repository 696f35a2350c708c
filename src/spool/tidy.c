/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "spool/internal.h"

typedef struct Bound {
        SpoolPlace place;
        usec_t keep;
        size_t max;
} Bound;

static const Bound bounds[] = {
        { SPOOL_SENT, SPOOL_SENT_KEEP_USEC, SPOOL_SENT_MAX },
        { SPOOL_FAILED, SPOOL_FAILED_KEEP_USEC, SPOOL_FAILED_MAX },
};

static bool is_there(int dirfd, const char *file) {
        struct stat st;

        return fstatat(dirfd, file, &st, AT_SYMLINK_NOFOLLOW) >= 0;
}

static int by_age(const void *a, const void *b) {
        const SpoolEntry *x = a, *y = b;

        return x->since < y->since ? -1 : x->since > y->since;
}

/* Returns how many went that were not yet old. */
static int keep_within(Spool *spool, const Bound *bound, usec_t now) {
        _cleanup_free_ SpoolEntry *entries = NULL;
        int early = 0, r;
        size_t n;

        r = spool_list(spool, bound->place, &entries, &n);
        if (r < 0)
                return r;
        if (n > 0)
                qsort(entries, n, sizeof *entries, by_age);
        for (size_t i = 0; i < n; i++) {
                bool old = entries[i].since <= now && now - entries[i].since >= bound->keep;
                SpoolFileBuffer file;

                if (!old && n - i <= bound->max)
                        break;
                spool_file_name(file, &entries[i].name, MESSAGE_SUFFIX);
                if (spool_remove(spool->place_fd[bound->place], file) >= 0)
                        early += !old;
        }
        return early;
}

/* Calls for each file that is there; what is removed meanwhile may be met or not. */
static int for_each(Spool *spool, int dirfd, int (*visit)(Spool *spool, const char *file)) {
        _cleanup_(closedirp) DIR *dir = NULL;
        int r = open_dir_again(dirfd, &dir);

        for (struct dirent *e; r >= 0 && (e = readdir(dir));)
                if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
                        r = visit(spool, e->d_name);
        return r;
}

/* A reason without a message: the sender was killed between the two, or the message has gone. */
static int check_failed(Spool *spool, const char *file) {
        int failed_fd = spool->place_fd[SPOOL_FAILED];
        SpoolFileBuffer message;
        SpoolName name;

        if (spool_file_parse(file, REASON_SUFFIX, &name) >= 0 &&
            !is_there(failed_fd, spool_file_name(message, &name, MESSAGE_SUFFIX)))
                return spool_remove(failed_fd, file);
        return 0;
}

static int check_retry(Spool *spool, const char *file) {
        SpoolFileBuffer message;
        SpoolName name;

        if (spool_name_parse(file, &name) < 0 ||
            !is_there(spool->place_fd[SPOOL_QUEUED], spool_file_name(message, &name, MESSAGE_SUFFIX)))
                return spool_remove(spool->retry_fd, file);
        return 0;
}

/* As long as something is in new/, systemd starts the sender again and again. So what the sender will never
 * send goes, under a name that nobody else has chosen. */
static int check_new(Spool *spool, const char *file) {
        int new_fd = spool->place_fd[SPOOL_QUEUED];
        char aside[64];
        SpoolName name;
        struct stat st;

        if (fstatat(new_fd, file, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        if (spool_file_parse(file, MESSAGE_SUFFIX, &name) >= 0 && S_ISREG(st.st_mode))
                return 0;
        snprintf(aside, sizeof aside, "foreign-%" PRIu64, (uint64_t) st.st_ino);
        return renameat(new_fd, file, spool->place_fd[SPOOL_FAILED], aside) < 0 ? -errno : 0;
}

int spool_tidy(Spool *spool, usec_t now) {
        int early = 0, r = 0;

        for (size_t i = 0; i < ELEMENTSOF(bounds); i++) {
                r = keep_within(spool, &bounds[i], now);
                if (r < 0)
                        return r;
                if (bounds[i].place == SPOOL_FAILED)
                        early += r;
        }
        r = for_each(spool, spool->place_fd[SPOOL_FAILED], check_failed);
        if (r >= 0)
                r = for_each(spool, spool->retry_fd, check_retry);
        if (r >= 0)
                r = for_each(spool, spool->place_fd[SPOOL_QUEUED], check_new);
        return r < 0 ? r : early;
}
