/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "spool/internal.h"

/* In the order in which messages move, so that one that moves meanwhile is met. */
int spool_find(Spool *spool, const SpoolName *name) {
        static const SpoolPlace order[] = { SPOOL_QUEUED, SPOOL_FAILED, SPOOL_SENT };
        SpoolFileBuffer file;
        struct stat st;

        if (!spool_name_is_valid(name))
                return -EINVAL;
        spool_file_name(file, name, MESSAGE_SUFFIX);
        for (size_t i = 0; i < ELEMENTSOF(order); i++) {
                if (fstatat(spool->place_fd[order[i]], file, &st, AT_SYMLINK_NOFOLLOW) >= 0)
                        return (int) order[i];
                if (errno != ENOENT)
                        return -errno;
        }
        return -ENOENT;
}

typedef struct List {
        SpoolEntry *entry;
        size_t count, allocated;
} List;

static int append(List *list, const SpoolName *name, const struct stat *st) {
        if (list->count == list->allocated) {
                size_t allocated = MAX((size_t) 64, list->allocated * 2);
                SpoolEntry *more = reallocarray(list->entry, allocated, sizeof *more);

                if (!more)
                        return -ENOMEM;
                list->entry = more;
                list->allocated = allocated;
        }
        list->entry[list->count++] = (SpoolEntry){
                .name = *name,
                .since = st->st_mtim.tv_sec < 0 ? 0
                                                : (usec_t) st->st_mtim.tv_sec * USEC_PER_SEC +
                                                          (usec_t) st->st_mtim.tv_nsec / NSEC_PER_USEC,
                .size = (uint64_t) st->st_size,
        };
        return 0;
}

static int compare(const void *a, const void *b) {
        return spool_name_compare(&((const SpoolEntry *) a)->name, &((const SpoolEntry *) b)->name);
}

int spool_list(Spool *spool, SpoolPlace place, SpoolEntry **ret, size_t *ret_count) {
        _cleanup_(closedirp) DIR *dir = NULL;
        List list = {};
        int r = open_dir_again(spool->place_fd[place], &dir);

        if (r < 0)
                return r;
        for (struct dirent *e; r >= 0 && list.count < SPOOL_ENTRIES_MAX && (e = readdir(dir));) {
                SpoolName name;
                struct stat st;

                if (spool_file_parse(e->d_name, MESSAGE_SUFFIX, &name) >= 0 &&
                    fstatat(spool->place_fd[place], e->d_name, &st, AT_SYMLINK_NOFOLLOW) >= 0 &&
                    S_ISREG(st.st_mode))
                        r = append(&list, &name, &st);
        }
        if (r < 0) {
                free(list.entry);
                return r;
        }
        if (list.count > 0)
                qsort(list.entry, list.count, sizeof *list.entry, compare);
        *ret = list.entry;
        *ret_count = list.count;
        return 0;
}

bool spool_is_empty(Spool *spool) {
        _cleanup_(closedirp) DIR *dir = NULL;

        if (open_dir_again(spool->place_fd[SPOOL_QUEUED], &dir) < 0)
                return true;
        for (struct dirent *e; (e = readdir(dir));)
                if (e->d_name[0] != '.')
                        return false;
        return true;
}

/* ---- one message ---- */

void spool_message_done(SpoolMessage *message) {
        free(message->buffer);
        message->fd = safe_close(message->fd);
        *message = SPOOL_MESSAGE_NULL;
}

int spool_message_parse(char *text, size_t length, SpoolMessage *ret) {
        char *recipient = text + strlen(RECIPIENT_HEADER), *end;

        if (strlen(text) != length || strncmp(text, RECIPIENT_HEADER, strlen(RECIPIENT_HEADER)) != 0)
                return -EBADMSG;
        end = strchr(recipient, '\n');
        if (!end || end == recipient || end[-1] != '\r' || end[1] == '\0')
                return -EBADMSG;
        end[-1] = '\0';
        if (!mail_address_is_valid(recipient)) {
                end[-1] = '\r';
                return -EBADMSG;
        }
        ret->recipient = recipient;
        ret->data = end + 1;
        ret->size = length - (size_t) (ret->data - text);
        return 0;
}

/* The first line alone is read, and "x" stands for the rest. */
const char *spool_recipient(Spool *spool, SpoolPlace place, const SpoolName *name,
                            char buffer[static MAIL_ADDRESS_MAX + 1]) {
        char text[sizeof RECIPIENT_HEADER + MAIL_ADDRESS_MAX + sizeof "\r\nx"], *end;
        _cleanup_close_ int fd = -1;
        SpoolMessage message = SPOOL_MESSAGE_NULL;
        SpoolFileBuffer file;
        ssize_t n;

        buffer[0] = '\0';
        fd = spool_open_file(spool->place_fd[place], spool_file_name(file, name, MESSAGE_SUFFIX), O_RDONLY,
                             NULL);
        n = fd < 0 ? fd : pread(fd, text, sizeof text - 2, 0);
        if (n <= 0)
                return buffer;
        end = memchr(text, '\n', (size_t) n);
        if (!end)
                return buffer;
        strcpy(end + 1, "x");
        if (spool_message_parse(text, (size_t) (end + 2 - text), &message) >= 0)
                strcpy(buffer, message.recipient);
        return buffer;
}

static int read_message(SpoolMessage *message, uint64_t size) {
        size_t allocated = SPOOL_MESSAGE_MAX + strlen(RECIPIENT_HEADER) + MAIL_ADDRESS_MAX + 2 + 1;
        ssize_t n;

        if (size >= allocated)
                return -EBADMSG;
        message->buffer = malloc(allocated);
        if (!message->buffer)
                return -ENOMEM;
        n = read_fd(message->fd, message->buffer, allocated);
        if (n < 0)
                return n == -EFBIG ? -EBADMSG : (int) n;
        return spool_message_parse(message->buffer, (size_t) n, message);
}

/* One that is in sent/ as well was put again by somebody who did not know. */
static int forget_if_sent(Spool *spool, const char *file) {
        struct stat st;

        if (fstatat(spool->place_fd[SPOOL_SENT], file, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        return unlinkat(spool->place_fd[SPOOL_QUEUED], file, 0) < 0 ? -errno : 1;
}

int spool_take(Spool *spool, const SpoolName *name, SpoolMessage *ret) {
        _cleanup_(spool_message_done) SpoolMessage message = SPOOL_MESSAGE_NULL;
        int new_fd = spool->place_fd[SPOOL_QUEUED], r;
        SpoolFileBuffer file;
        struct stat st;
        uint64_t size;

        spool_file_name(file, name, MESSAGE_SUFFIX);
        r = forget_if_sent(spool, file);
        if (r != 0)
                return r < 0 && r != -ENOENT ? r : 0;
        message.fd = spool_open_file(new_fd, file, O_RDONLY, &size);
        if (message.fd < 0)
                return message.fd == -ENOENT ? 0 : message.fd;
        if (flock(message.fd, LOCK_EX | LOCK_NB) < 0)
                return errno == EWOULDBLOCK ? 0 : -errno;
        /* It may have been dropped before it was locked. */
        if (fstat(message.fd, &st) < 0 || st.st_nlink == 0)
                return 0;
        r = read_message(&message, size);
        if (r < 0)
                return r;
        *ret = message;
        message = SPOOL_MESSAGE_NULL;
        return 1;
}
