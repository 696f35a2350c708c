/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "basic/mail-address.h"
#include "spool/internal.h"

/* The message behind the line that says whom it is for. */
static char *with_recipient(const char *recipient, const char *message, size_t size, size_t *ret_size) {
        size_t length = strlen(RECIPIENT_HEADER) + strlen(recipient) + 2;
        char *text = malloc(length + size + 1);

        if (!text)
                return NULL;
        snprintf(text, length + 1, RECIPIENT_HEADER "%s\r\n", recipient);
        memcpy(text + length, message, size);
        *ret_size = length + size;
        return text;
}

/* Returns 1; 0 if there is one of this name. */
static int write_message(Spool *spool, const char *file, const char *text, size_t size) {
        int new_fd = spool->place_fd[SPOOL_QUEUED],
            r = write_file_synced(spool->tmp_fd, file, text, size, FILE_MODE);

        if (r >= 0 && renameat2(spool->tmp_fd, file, new_fd, file, RENAME_NOREPLACE) < 0)
                r = errno == EEXIST ? -EEXIST : -errno;
        if (r < 0) {
                (void) unlinkat(spool->tmp_fd, file, 0);
                return r == -EEXIST ? 0 : r;
        }
        return fsync(new_fd) < 0 ? -errno : 1;
}

/* A warning that nobody will hear of is at least counted. */
static int refuse(Spool *spool, const SpoolName *name) {
        int r = name->kind == SPOOL_WARNING ? spool_count_lost(spool) : 0;

        return r < 0 ? r : -ENOSPC;
}

int spool_put(Spool *spool, const SpoolName *name, const char *recipient, const char *message, size_t size) {
        _cleanup_free_ char *text = NULL;
        SpoolFileBuffer file;
        size_t length;
        int r;

        if (!spool_name_is_valid(name) || !mail_address_is_valid(recipient) || size == 0 ||
            memchr(message, '\0', size))
                return -EINVAL;
        if (size > SPOOL_MESSAGE_MAX)
                return -EMSGSIZE;
        r = spool_find(spool, name);
        if (r >= 0)
                /* Who was killed before the last sync puts again, and then wants to be sure of it. */
                return fsync(spool->place_fd[r]) < 0 ? -errno : 0;
        if (r != -ENOENT)
                return r;
        text = with_recipient(recipient, message, size, &length);
        if (!text)
                return -ENOMEM;
        r = spool_make_room(spool, length);
        if (r < 0)
                return r == -ENOSPC ? refuse(spool, name) : r;
        return write_message(spool, spool_file_name(file, name, MESSAGE_SUFFIX), text, length);
}

/* What is known of its tries goes first: a message that is back in new/ is due. The reason goes last. */
static int bring_back(Spool *spool, const SpoolName *name) {
        int failed_fd = spool->place_fd[SPOOL_FAILED], new_fd = spool->place_fd[SPOOL_QUEUED];
        SpoolFileBuffer file, reason;

        spool_file_name(file, name, MESSAGE_SUFFIX);
        /* The days for which it is tried begin anew. */
        if (utimensat(failed_fd, file, NULL, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (renameat2(failed_fd, file, new_fd, file, RENAME_NOREPLACE) < 0)
                return -errno;
        (void) spool_remove(failed_fd, spool_file_name(reason, name, REASON_SUFFIX));
        return fsync(new_fd) < 0 || fsync(failed_fd) < 0 ? -errno : 0;
}

int spool_retry(Spool *spool, const SpoolName *name) {
        SpoolFileBuffer file;
        int place, r;

        if (!name)
                return spool_clear_tries(spool);
        if (!spool_name_is_valid(name))
                return -EINVAL;
        place = spool_find(spool, name);
        if (place < 0 || place == SPOOL_SENT)
                return place < 0 ? place : -ENOENT;
        r = spool_remove(spool->retry_fd, spool_file_name(file, name, ""));
        return r < 0 || place == SPOOL_QUEUED ? r : bring_back(spool, name);
}
