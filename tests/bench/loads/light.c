/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* light RESULT FROM UNTIL - a user who types: is due about each 10 ms and then works for 1 ms of CPU time. How
 * late each turn began, of those that were due from FROM to UNTIL (CLOCK_MONOTONIC, seconds), is written to
 * RESULT at the end: how many there were, the 50th and 99th percentile and the longest, in microseconds, and
 * which part of them was later than LATE.
 *
 * Turns are due at fixed times: one that took long makes the next one late, and is not left out. Those that
 * have not begun at the end count as if they began then. */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "load.h"

/* With 10 ms to the nanosecond all turns of one run would fall on the same two moments of the kernel's tick
 * (4 ms with 250 Hz) and the same ten of the periods of quotas (100 ms), and what is measured would depend on
 * which these happen to be. So they wander through all of them, once in ten seconds. */
#define TURN (10 * NSEC_IN_MSEC + 10 * NSEC_IN_USEC)
#define WORK (1 * NSEC_IN_MSEC)
#define LATE (1 * NSEC_IN_MSEC)

typedef struct Delays {
        uint64_t *nsec;
        size_t count, room;
} Delays;

static void work(void) {
        uint64_t until = clock_nsec(CLOCK_THREAD_CPUTIME_ID) + WORK;

        while (clock_nsec(CLOCK_THREAD_CPUTIME_ID) < until)
                spin(200);
}

static int compare(const void *a, const void *b) {
        uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;

        return x < y ? -1 : x > y;
}

/* The lowest delay that more than `percent` of them do not exceed, or the longest; there is at least one. */
static double percentile(const Delays *delays, double percent) {
        size_t rank = (size_t) ((double) delays->count * percent / 100);

        return (double) delays->nsec[rank < delays->count ? rank : delays->count - 1] / 1000;
}

static double late(const Delays *delays) {
        size_t count = 0;

        for (size_t i = 0; i < delays->count; i++)
                count += delays->nsec[i] > LATE;
        return (double) count / (double) delays->count;
}

static void take_turns(Delays *delays, uint64_t from, uint64_t until) {
        for (uint64_t due = clock_nsec(CLOCK_MONOTONIC) + TURN; due < until; due += TURN) {
                uint64_t now;

                sleep_until(due);
                now = clock_nsec(CLOCK_MONOTONIC);
                if (due >= from && delays->count < delays->room)
                        delays->nsec[delays->count++] = now - due;
                if (now < until)
                        work();
        }
}

static void tell(const Delays *delays, const char *path) {
        FILE *file = fopen(path, "we");

        if (!file)
                err(1, "%s", path);
        fprintf(file, "%zu %.1f %.1f %.1f %.4f\n", delays->count, percentile(delays, 50),
                percentile(delays, 99), percentile(delays, 100), late(delays));
        if (fclose(file) != 0)
                err(1, "%s", path);
}

int main(int argc, char *argv[]) {
        uint64_t from, until;
        Delays delays = {};

        if (argc != 4)
                errx(2, "usage: light RESULT FROM UNTIL");
        from = (uint64_t) (argument(argv[2], 0, 1e9) * 1e9);
        until = (uint64_t) (argument(argv[3], 0, 1e9) * 1e9);
        if (until <= from || until - from > 86400 * NSEC_IN_SEC)
                errx(2, "FROM has to be before UNTIL, by no more than a day");
        delays.room = (until - from) / TURN + 1;
        delays.nsec = calloc(delays.room, sizeof *delays.nsec);
        if (!delays.nsec)
                err(1, "no memory");
        prctl(PR_SET_TIMERSLACK, 1L);
        take_turns(&delays, from, until);
        if (delays.count == 0)
                errx(1, "no turn was due after FROM");
        qsort(delays.nsec, delays.count, sizeof *delays.nsec, compare);
        tell(&delays, argv[1]);
        free(delays.nsec);
        return 0;
}
