/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* memory-hog COUNTER MEBIBYTES - takes so much memory, goes through all of it, gives it back, and begins
 * again: the kernel has to make and free each page, and the caches are of no use to anybody. COUNTER counts
 * the mebibytes. */

#include <err.h>
#include <stdint.h>
#include <sys/mman.h>

#include "load.h"

#define MIB  (1U << 20)
#define LINE 64U

static void go_through(WorkCounter *counter, char *memory, size_t mebibytes) {
        for (size_t i = 0; i < mebibytes; i++) {
                for (size_t j = 0; j < MIB; j += LINE)
                        memory[i * MIB + j]++;
                atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
        }
}

int main(int argc, char *argv[]) {
        WorkCounter *counter;
        size_t mebibytes;

        if (argc != 3)
                errx(2, "usage: memory-hog COUNTER MEBIBYTES");
        counter = work_counter_open(argv[1]);
        mebibytes = (size_t) argument(argv[2], 1, 1 << 20);
        for (;;) {
                char *memory = mmap(NULL, mebibytes * MIB, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

                if (memory == MAP_FAILED)
                        err(1, "no memory");
                for (unsigned i = 0; i < 4; i++)
                        go_through(counter, memory, mebibytes);
                munmap(memory, mebibytes * MIB);
        }
}
