/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/time-util.h"

#include <time.h>

usec_t now_monotonic(void) {
        struct timespec ts;

        clock_gettime(CLOCK_MONOTONIC, &ts);
        return (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / NSEC_PER_USEC;
}
