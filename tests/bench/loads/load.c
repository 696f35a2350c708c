/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "load.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

WorkCounter *work_counter_open(const char *path) {
        int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        void *p;

        if (fd < 0)
                err(1, "%s", path);
        p = mmap(NULL, sizeof(WorkCounter), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (p == MAP_FAILED)
                err(1, "%s", path);
        close(fd);
        return p;
}

double argument(const char *text, double low, double high) {
        char *end;
        double value;

        errno = 0;
        value = strtod(text, &end);
        if (errno != 0 || end == text || *end != '\0' || !(value >= low && value <= high))
                errx(2, "%s: not a number from %g to %g", text, low, high);
        return value;
}

uint64_t clock_nsec(clockid_t clock) {
        struct timespec t;

        clock_gettime(clock, &t);
        return (uint64_t) t.tv_sec * NSEC_IN_SEC + (uint64_t) t.tv_nsec;
}

void sleep_until(uint64_t nsec) {
        const struct timespec t = { .tv_sec = (time_t) (nsec / NSEC_IN_SEC),
                                    .tv_nsec = (long) (nsec % NSEC_IN_SEC) };

        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
                ;
}

void spin(unsigned turns) {
        uint64_t x = turns;

        for (unsigned i = 0; i < turns; i++) {
                x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
                __asm__ volatile("" : "+r"(x));
        }
}
