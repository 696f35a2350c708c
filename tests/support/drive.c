/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/drive.h"

#include <poll.h>

#define LOOPS_MAX  4
#define QUIET_USEC (30 * USEC_PER_MSEC)

static sd_event *loops[LOOPS_MAX];
static size_t n_loops;

void drive_add(sd_event *loop) {
        assert_true(n_loops < LOOPS_MAX);
        loops[n_loops++] = sd_event_ref(loop);
}

void drive_remove(sd_event *loop) {
        for (size_t i = 0; i < n_loops; i++)
                if (loops[i] == loop) {
                        loops[i] = loops[--n_loops];
                        sd_event_unref(loop);
                        return;
                }
}

static bool run_ready(void) {
        bool ran = false;

        for (size_t i = 0; i < n_loops; i++) {
                int r;

                if (sd_event_get_state(loops[i]) == SD_EVENT_FINISHED)
                        continue;
                r = sd_event_run(loops[i], 0);
                assert_true(r >= 0);
                ran = ran || r > 0;
        }
        return ran;
}

static bool wait_for_any(usec_t wait) {
        struct pollfd fds[LOOPS_MAX];

        for (size_t i = 0; i < n_loops; i++)
                fds[i] = (struct pollfd){ .fd = sd_event_get_fd(loops[i]), .events = POLLIN };
        return poll(fds, n_loops, (int) (wait / USEC_PER_MSEC)) > 0;
}

bool drive_step(usec_t wait) {
        return run_ready() || (wait_for_any(wait) && run_ready());
}

void drive_ready(void) {
        while (run_ready())
                ;
}

void drive_quiet(void) {
        usec_t quiet_since = now_monotonic();

        while (now_monotonic() - quiet_since < QUIET_USEC)
                if (drive_step(QUIET_USEC))
                        quiet_since = now_monotonic();
}
