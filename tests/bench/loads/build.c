/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* build COUNTER JOBS - what make -jJOBS does to a host: as many processes at once that each work for some
 * tens of milliseconds and end, and others come in their place. COUNTER counts those that have ended.
 *
 * build unit SEED - is one of them. */

#include <err.h>
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "load.h"

#define WORK_MIN (5 * NSEC_IN_MSEC)
#define WORK_MAX (60 * NSEC_IN_MSEC)
#define MEMORY   (4U << 20)
#define PAGE     4096U

extern char **environ;

/* Uses CPU time and a little memory, as a compiler does. */
static int compile(unsigned seed) {
        uint64_t until;
        char *memory = malloc(MEMORY);

        if (!memory)
                err(1, "no memory");
        /* Between the two, by the upper bits of a multiplicative hash (Knuth, TAOCP 3, 6.4). */
        until = WORK_MIN + (WORK_MAX - WORK_MIN) * (uint64_t) (seed * 2654435761U >> 16) / 65536;
        for (size_t i = 0; i < MEMORY; i += PAGE)
                memory[i] = (char) i;
        while (clock_nsec(CLOCK_PROCESS_CPUTIME_ID) < until)
                spin(2000);
        free(memory);
        return 0;
}

static void start(const char *self, unsigned seed) {
        char number[16];
        char *words[] = { (char *) self, (char *) "unit", number, NULL };
        pid_t pid;
        int r;

        snprintf(number, sizeof number, "%u", seed);
        r = posix_spawn(&pid, "/proc/self/exe", NULL, NULL, words, environ);
        if (r != 0)
                errx(1, "cannot start a process: %s", strerror(r));
}

int main(int argc, char *argv[]) {
        WorkCounter *counter;
        unsigned jobs, seed = 0;

        if (argc != 3)
                errx(2, "usage: build COUNTER JOBS");
        if (strcmp(argv[1], "unit") == 0)
                return compile((unsigned) argument(argv[2], 0, 4294967295.0));
        counter = work_counter_open(argv[1]);
        jobs = (unsigned) argument(argv[2], 1, 10000);
        while (seed < jobs)
                start(argv[0], seed++);
        for (;;) {
                if (wait(NULL) < 0) {
                        if (errno == EINTR)
                                continue;
                        err(1, "wait");
                }
                atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
                start(argv[0], seed++);
        }
}
