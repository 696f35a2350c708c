/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the service does: puts the message on standard input into a spool, and prints what came of it. With
 * an endless number of tries after a kill -9, as the service has by its ledger.
 *
 * Usage: put SPOOL KIND TIME ID RECIPIENT, or put SPOOL find KIND TIME ID */

#include <fcntl.h>
#include <string.h>

#include "spool/spool.h"

static SpoolName name_of(char **argv) {
        SpoolName name = { .time = strtoull(argv[1], NULL, 10) };

        name.kind = strcmp(argv[0], "kill") == 0 ? SPOOL_KILL : SPOOL_WARNING;
        snprintf(name.id, sizeof name.id, "%s", argv[2]);
        return name;
}

int main(int argc, char **argv) {
        static char message[SPOOL_MESSAGE_MAX + 2];
        const SpoolLimits limits = { .messages = 10000, .bytes = UINT64_C(1) << 30 };
        _cleanup_(spool_freep) Spool *spool = NULL;
        _cleanup_close_ int fd = -1;
        bool find = argc == 6 && strcmp(argv[2], "find") == 0;
        SpoolName name;
        size_t size;
        int r;

        if (argc != 6)
                return 2;
        fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        r = fd < 0 ? -errno : spool_open(fd, find ? SPOOL_LOOK : SPOOL_PUT, &limits, &spool);
        if (r < 0) {
                fprintf(stderr, "%s: %s\n", argv[1], strerror(-r));
                return 1;
        }
        name = name_of(argv + 2 + find);
        if (find)
                r = spool_find(spool, &name);
        else {
                size = fread(message, 1, sizeof message, stdin);
                r = spool_put(spool, &name, argv[5], message, size);
        }
        printf("%d\n", r);
        return 0;
}
