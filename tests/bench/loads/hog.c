/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* hog COUNTER THREADS [FROM ON OFF] - so many threads that never sleep, or that are busy for ON seconds and
 * then asleep for OFF, again and again, from when CLOCK_MONOTONIC shows FROM. COUNTER counts what they do.
 */

#include <err.h>
#include <pthread.h>
#include <unistd.h>

#include "load.h"

#define TURNS 50000 /* some tens of microseconds */

static WorkCounter *counter;
static uint64_t from, on, cycle; /* cycle: 0 if there is none */

/* Until the next time that it is on. */
static void wait_for_turn(void) {
        uint64_t now = clock_nsec(CLOCK_MONOTONIC);

        if (now < from)
                sleep_until(from);
        else if ((now - from) % cycle >= on)
                sleep_until(now - (now - from) % cycle + cycle);
}

static void *run(void *unused) {
        for (;;) {
                if (cycle > 0)
                        wait_for_turn();
                spin(TURNS);
                atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
        }
        return unused;
}

int main(int argc, char *argv[]) {
        unsigned threads;

        if (argc != 3 && argc != 6)
                errx(2, "usage: hog COUNTER THREADS [FROM ON OFF]");
        counter = work_counter_open(argv[1]);
        threads = (unsigned) argument(argv[2], 1, 10000);
        if (argc == 6) {
                from = (uint64_t) (argument(argv[3], 0, 1e9) * 1e9);
                on = (uint64_t) (argument(argv[4], 0.001, 1e6) * 1e9);
                cycle = on + (uint64_t) (argument(argv[5], 0.001, 1e6) * 1e9);
        }
        for (unsigned i = 1; i < threads; i++) {
                pthread_t thread;

                if (pthread_create(&thread, NULL, run, NULL) != 0)
                        errx(1, "no more than %u threads", i);
        }
        run(NULL);
}
