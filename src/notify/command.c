/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "notify/command.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "basic/child.h"

#define BLANKS " \t"

/* The words of `text`, which is cut up, and the last one; ended by NULL. */
static const char **split(char *text, const char *last) {
        size_t n = 0;
        const char **words = calloc(strlen(text) / 2 + 3, sizeof *words);
        char *rest;

        if (!words)
                return NULL;
        for (char *word = strtok_r(text, BLANKS, &rest); word; word = strtok_r(NULL, BLANKS, &rest))
                words[n++] = word;
        words[n] = last;
        return words;
}

static bool is_variable(const char *entry, const char *like) {
        size_t length = strcspn(like, "=") + 1;

        return strncmp(entry, like, length) == 0;
}

/* Ours with these two in it; ended by NULL. The strings are the caller's and ours, the array is the
 * caller's. */
static const char **environment_with(const char *directory, const char *address) {
        size_t n = 0;
        const char **result;

        while (environ && environ[n])
                n++;
        result = calloc(n + 3, sizeof *result);
        if (!result)
                return NULL;
        n = 0;
        for (char **entry = environ; entry && *entry; entry++)
                if (!is_variable(*entry, directory) && !is_variable(*entry, address))
                        result[n++] = *entry;
        result[n++] = directory;
        result[n] = address;
        return result;
}

/* What it writes goes to our standard error. */
static int start(const char *const words[], uid_t uid, pid_t *ret) {
        _cleanup_free_ const char **environment = NULL;
        char directory[64], address[96];

        snprintf(directory, sizeof directory, "XDG_RUNTIME_DIR=/run/user/%u", (unsigned) uid);
        snprintf(address, sizeof address, "DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/%u/bus",
                 (unsigned) uid);
        environment = environment_with(directory, address);
        if (!environment)
                return -ENOMEM;
        /* The child has no way to say it. */
        if (access(words[0], X_OK) < 0)
                return -errno;
        return child_spawn(words[0], words, environment, STDERR_FILENO, ret);
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

static int run(const char *const words[], uid_t uid, usec_t timeout) {
        usec_t end = now_monotonic() + timeout;
        int status = 0, r;
        pid_t pid;

        r = start(words, uid, &pid);
        if (r < 0)
                return r;
        if (!wait_for(pid, end, &status))
                return kill_all(pid);
        if (!WIFEXITED(status))
                return -EPROTO;
        if (WEXITSTATUS(status) == CHILD_CANNOT_RUN)
                return -ENOEXEC;
        return WEXITSTATUS(status) == 0 ? 0 : -EPROTO;
}

int command_run(const char *command, uid_t uid, const Notice *notice, usec_t timeout) {
        _cleanup_free_ char *text = strdup(command);
        _cleanup_free_ const char **words = text ? split(text, notice->body) : NULL;
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
