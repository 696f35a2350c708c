/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <string.h>

#include "basic/fs.h"
#include "basic/parse.h"
#include "spool/internal.h"

#define TRIES_MAX 100000U
#define TEXT_MAX  (SPOOL_ANSWER_MAX + 128)

/* "tries=3\nsince=1763796900123456\nnext=1763796922123456\nanswer=421 try later\n", in this order: nobody
 * writes it by hand. */
static const char *const fields[] = { "tries=", "since=", "next=", "answer=" };

/* Cuts the next line off and returns what is behind its key, or NULL. */
static char *take_field(char **text, const char *key) {
        char *line = *text, *end = strchr(line, '\n');

        if (!end || strncmp(line, key, strlen(key)) != 0)
                return NULL;
        *end = '\0';
        *text = end + 1;
        return line + strlen(key);
}

int spool_tries_parse(const char *text, size_t length, SpoolTries *ret) {
        char copy[TEXT_MAX], *rest = copy, *field[ELEMENTSOF(fields)];
        SpoolTries tries = {};
        uint64_t count;

        if (length >= sizeof copy || memchr(text, '\0', length))
                return -EBADMSG;
        memcpy(copy, text, length);
        copy[length] = '\0';
        for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
                field[i] = take_field(&rest, fields[i]);
                if (!field[i])
                        return -EBADMSG;
        }
        if (*rest != '\0' || parse_u64(field[0], &count) < 0 || count == 0 || count > TRIES_MAX ||
            parse_u64(field[1], &tries.since) < 0 || parse_u64(field[2], &tries.next) < 0)
                return -EBADMSG;
        tries.count = (unsigned) count;
        spool_clean_line(tries.answer, field[3]);
        *ret = tries;
        return 0;
}

/* Where it is: the message's file, or the server's. Returns the directory. */
static int locate(const Spool *spool, const SpoolName *name, SpoolFileBuffer file) {
        if (name)
                spool_file_name(file, name, "");
        else
                memcpy(file, SERVER_FILE, sizeof SERVER_FILE);
        return name ? spool->retry_fd : spool->dirfd;
}

void spool_tries(Spool *spool, const SpoolName *name, SpoolTries *ret) {
        SpoolFileBuffer file;
        char text[TEXT_MAX];
        int dirfd = locate(spool, name, file);
        ssize_t n = spool_read_text(dirfd, file, text, sizeof text);

        *ret = (SpoolTries){};
        if (n > 0)
                (void) spool_tries_parse(text, (size_t) n, ret);
}

int spool_set_tries(Spool *spool, const SpoolName *name, const SpoolTries *tries) {
        char text[TEXT_MAX], answer[SPOOL_ANSWER_MAX + 1];
        SpoolFileBuffer file;
        int dirfd = locate(spool, name, file);

        spool_clean_line(answer, tries->answer);
        snprintf(text, sizeof text, "tries=%u\nsince=%" PRIu64 "\nnext=%" PRIu64 "\nanswer=%s\n",
                 CLAMP(tries->count, 1U, TRIES_MAX), tries->since, tries->next, answer);
        return write_file_atomic(dirfd, file, text, strlen(text), FILE_MODE);
}

int spool_clear_tries(Spool *spool) {
        return spool_remove(spool->dirfd, SERVER_FILE);
}
