/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "mail/retry.h"

usec_t retry_pause(unsigned tries, uint32_t random) {
        usec_t pause = RETRY_PAUSE_MIN_USEC;

        for (unsigned i = 1; i < tries && pause < RETRY_PAUSE_MAX_USEC; i++)
                pause *= 2;
        if (pause > RETRY_PAUSE_MAX_USEC)
                pause = RETRY_PAUSE_MAX_USEC;
        return pause - random % (pause / 5 + 1);
}

usec_t retry_wait(usec_t next, usec_t now) {
        return next <= now || next - now > RETRY_PAUSE_MAX_USEC ? 0 : next - now;
}
