/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "notify/command.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define BLANKS " \t"

/* The words of `text`, which is cut up, and the last one; ended by NULL. */
static char **split(char *text, const char *last) {
        size_t n = 0;
        char **words = calloc(strlen(text) / 2 + 3, sizeof *words), *rest;

        if (!words)
                return NULL;
        for (char *word = strtok_r(text, BLANKS, &rest); word; word = strtok_r(NULL, BLANKS, &rest))
                words[n++] = word;
        words[n] = (char *) last;
        return words;
}

static void set_environment(uid_t uid) {
        char directory[64], address[96];

        snprintf(directory, sizeof directory, "/run/user/%u", (unsigned) uid);
        snprintf(address, sizeof address, "unix:path=%s/bus", directory);
        (void) setenv("XDG_RUNTIME_DIR", directory, true);
        (void) setenv("DBUS_SESSION_BUS_ADDRESS", address, true);
}

/* In the child. What it cannot do goes through the pipe, which a successful execv() closes. */
static void run_child(char **words, uid_t uid, int report_fd) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC), error;
        sigset_t none;

        sigemptyset(&none);
        if (setsid() >= 0 && null >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
            dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 && sigprocmask(SIG_SETMASK, &none, NULL) >= 0) {
                (void) signal(SIGPIPE, SIG_DFL);
                set_environment(uid);
                (void) execv(words[0], words);
        }
        error = errno;
        (void) !write(report_fd, &error, sizeof error);
        _exit(127);
}

/* SIGCHLD is blocked. Returns whether it has ended in time. */
static bool wait_for(pid_t pid, usec_t end, int *ret_status) {
        sigset_t child;

        sigemptyset(&child);
        sigaddset(&child, SIGCHLD);
        for (;;) {
                usec_t now = now_monotonic(), left = now < end ? end - now : 0;
                struct timespec wait = { .tv_sec = (time_t) (left / USEC_PER_SEC),
                                         .tv_nsec = (long) (left % USEC_PER_SEC * NSEC_PER_USEC) };

                if (waitpid(pid, ret_status, WNOHANG) == pid)
                        return true;
                if (left == 0)
                        return false;
                (void) sigtimedwait(&child, NULL, &wait);
        }
}

/* It leads a session, and so a group, of its own. */
static int kill_all(pid_t pid) {
        (void) kill(-pid, SIGKILL);
        (void) kill(pid, SIGKILL);
        (void) waitpid(pid, NULL, 0);
        return -ETIMEDOUT;
}

static int run(char **words, uid_t uid, usec_t timeout) {
        usec_t end = now_monotonic() + timeout;
        _cleanup_close_ int read_fd = -1, write_fd = -1;
        int fds[2], error, status = 0;
        pid_t pid;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        read_fd = fds[0];
        write_fd = fds[1];
        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0)
                run_child(words, uid, write_fd);
        write_fd = safe_close(write_fd);
        if (!wait_for(pid, end, &status))
                return kill_all(pid);
        if (read(read_fd, &error, sizeof error) == (ssize_t) sizeof error)
                return -error;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EPROTO;
}

int command_run(const char *command, uid_t uid, const Notice *notice, usec_t timeout) {
        _cleanup_free_ char *text = strdup(command);
        _cleanup_free_ char **words = text ? split(text, notice->body) : NULL;
        sigset_t child, before;
        int r;

        if (!words)
                return -ENOMEM;
        sigemptyset(&child);
        sigaddset(&child, SIGCHLD);
        if (sigprocmask(SIG_BLOCK, &child, &before) < 0)
                return -errno;
        r = run(words, uid, timeout);
        (void) sigprocmask(SIG_SETMASK, &before, NULL);
        return r;
}
