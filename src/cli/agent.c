/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/agent.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "basic/macro.h"

#define AGENT          "/usr/bin/pkttyagent"
#define READY_MSEC_MAX 10000

/* The agent talks on standard output, which may lead elsewhere. */
static void exec_agent(int notify_fd) {
        _cleanup_close_ int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
        char number[16];

        (void) prctl(PR_SET_PDEATHSIG, SIGTERM);
        snprintf(number, sizeof number, "%d", notify_fd);
        if (fd >= 0 && dup2(fd, STDIN_FILENO) >= 0 && dup2(fd, STDOUT_FILENO) >= 0 &&
            dup2(fd, STDERR_FILENO) >= 0 && fcntl(notify_fd, F_SETFD, 0) >= 0)
                execl(AGENT, AGENT, "--notify-fd", number, "--fallback", NULL);
        _exit(EXIT_FAILURE);
}

pid_t agent_open(void) {
        _cleanup_close_ int read_fd = -1, write_fd = -1;
        struct pollfd ready = { .events = POLLHUP };
        int fds[2];
        pid_t pid;

        if (geteuid() == 0 || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO) || access(AGENT, X_OK) < 0 ||
            pipe2(fds, O_CLOEXEC) < 0)
                return 0;
        read_fd = ready.fd = fds[0];
        write_fd = fds[1];
        pid = fork();
        if (pid < 0)
                return 0;
        if (pid == 0)
                exec_agent(write_fd);
        write_fd = safe_close(write_fd);
        /* It closes the descriptor once it is registered, or ends. */
        (void) poll(&ready, 1, READY_MSEC_MAX);
        return pid;
}

void agent_close(pid_t pid) {
        if (pid <= 0)
                return;
        (void) kill(pid, SIGTERM);
        (void) kill(pid, SIGCONT);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
}
