/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* pread-loop LIST RESULT PAUSE ROUNDS - holds every file that LIST names open, one a line, and reads all of
 * them once in each of ROUNDS, with PAUSE seconds between two. That is the least that a look at as many
 * slices can take. RESULT gets the CPU time of all rounds after the first, falling asleep and waking up
 * included as it is in what the kernel counts of any process, in nanoseconds, and how many files. */

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "load.h"

typedef struct Files {
        int *fd;
        size_t count, room;
} Files;

static void add(Files *files, const char *path) {
        if (files->count == files->room) {
                files->room = files->room * 2 + 64;
                files->fd = reallocarray(files->fd, files->room, sizeof *files->fd);
                if (!files->fd)
                        err(1, "no memory");
        }
        files->fd[files->count] = open(path, O_RDONLY | O_CLOEXEC);
        if (files->fd[files->count++] < 0)
                err(1, "%s", path);
}

static void allow_many_files(void) {
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
                err(1, "getrlimit");
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
                err(1, "setrlimit");
}

static void open_all(Files *files, const char *list) {
        FILE *file = fopen(list, "re");
        char *line = NULL;
        size_t size = 0;
        ssize_t n;

        if (!file)
                err(1, "%s", list);
        while ((n = getline(&line, &size, file)) > 0) {
                line[strcspn(line, "\n")] = '\0';
                add(files, line);
        }
        free(line);
        fclose(file);
}

static void read_all(const Files *files) {
        char buffer[4096];

        for (size_t i = 0; i < files->count; i++)
                if (pread(files->fd[i], buffer, sizeof buffer, 0) < 0)
                        err(1, "read");
}

/* The first round is left out: it is then that the kernel makes what a file needs to be read. */
static uint64_t go_round(const Files *files, uint64_t pause, unsigned rounds) {
        uint64_t before;

        read_all(files);
        before = clock_nsec(CLOCK_PROCESS_CPUTIME_ID);
        for (unsigned i = 0; i < rounds; i++) {
                sleep_until(clock_nsec(CLOCK_MONOTONIC) + pause);
                read_all(files);
        }
        return clock_nsec(CLOCK_PROCESS_CPUTIME_ID) - before;
}

static void tell(const char *path, uint64_t nsec, size_t files) {
        FILE *file = fopen(path, "we");

        if (!file)
                err(1, "%s", path);
        fprintf(file, "%llu %zu\n", (unsigned long long) nsec, files);
        if (fclose(file) != 0)
                err(1, "%s", path);
}

int main(int argc, char *argv[]) {
        Files files = {};

        if (argc != 5)
                errx(2, "usage: pread-loop LIST RESULT PAUSE ROUNDS");
        allow_many_files();
        open_all(&files, argv[1]);
        tell(argv[2],
             go_round(&files, (uint64_t) (argument(argv[3], 0, 3600) * 1e9),
                      (unsigned) argument(argv[4], 1, 1000000)),
             files.count);
        free(files.fd);
        return 0;
}
