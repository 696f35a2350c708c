/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/child.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/syscall.h>

static const char *const least_environment[] = {
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        NULL,
};

static void forget_signals(void) {
        struct sigaction standard = { .sa_handler = SIG_DFL };
        sigset_t none;

        for (int i = 1; i <= SIGRTMAX; i++)
                (void) sigaction(i, &standard, NULL);
        (void) sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Kernels before 5.9 and some filters of system calls know no close_range(2). */
static void close_all(void) {
        if (syscall(__NR_close_range, STDERR_FILENO + 1, UINT_MAX, 0) >= 0)
                return;
        for (long fd = STDERR_FILENO + 1, end = sysconf(_SC_OPEN_MAX); fd < end; fd++)
                (void) close((int) fd);
}

/* Other threads are not here, and may have held any lock: only what signal handlers may call. */
static void run(const char *program, const char *const argv[], const char *const environment[],
                int output_fd) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);

        forget_signals();
        /* Never the terminal that we may have been started from: it may become somebody else. */
        (void) setsid();
        if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
            dup2(output_fd < 0 ? null : output_fd, STDOUT_FILENO) < 0)
                _exit(CHILD_CANNOT_RUN);
        close_all();
        (void) execve(program, (char *const *) argv, (char *const *) environment);
        _exit(CHILD_CANNOT_RUN);
}

int child_spawn(const char *program, const char *const argv[], const char *const environment[],
                int output_fd, pid_t *ret) {
        pid_t pid = fork();

        if (pid < 0)
                return -errno;
        if (pid == 0)
                run(program, argv, environment ?: least_environment, output_fd);
        *ret = pid;
        return 0;
}
