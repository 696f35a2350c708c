/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "mail/wake.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

int wake_open(const Spool *spool, Wake *ret) {
        _cleanup_close_ int signal_fd = -1;
        int spool_fd;
        sigset_t mask;

        sigemptyset(&mask);
        sigaddset(&mask, SIGTERM);
        sigaddset(&mask, SIGINT);
        sigaddset(&mask, SIGHUP);
        if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
                return -errno;
        signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
        if (signal_fd < 0)
                return -errno;
        spool_fd = spool_watch(spool);
        if (spool_fd < 0)
                return spool_fd;
        *ret = (Wake){ .signal_fd = TAKE_FD(signal_fd), .spool_fd = spool_fd };
        return 0;
}

void wake_close(Wake *wake) {
        safe_close(wake->signal_fd);
        safe_close(wake->spool_fd);
        *wake = WAKE_NULL;
}

void wake_look(Wake *wake) {
        struct signalfd_siginfo info;
        char events[4096];

        while (read(wake->signal_fd, &info, sizeof info) == (ssize_t) sizeof info) {
                if (info.ssi_signo == SIGHUP)
                        wake->retry = true;
                else if (!wake->stop) {
                        wake->stop = true;
                        wake->stop_usec = now_monotonic();
                }
        }
        /* The events say nothing that a look at the spool does not. */
        while (read(wake->spool_fd, events, sizeof events) > 0)
                ;
}

void wake_wait(const Wake *wake, usec_t usec) {
        struct pollfd fds[] = {
                { .fd = wake->signal_fd, .events = POLLIN },
                { .fd = wake->spool_fd, .events = POLLIN },
        };
        usec_t msec = usec / USEC_PER_MSEC + 1;

        (void) poll(fds, ELEMENTSOF(fds), msec > 3600 * 1000 ? 3600 * 1000 : (int) msec);
}
