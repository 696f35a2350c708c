/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/pager.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <systemd/sd-login.h>

#include "basic/parse.h"

#define WORDS_MAX 16U

static bool is_privileged(void) {
        bool secure;
        const char *s = getenv("SYSTEMD_PAGERSECURE");
        uid_t owner;

        if (s && parse_bool(s, &secure) >= 0)
                return secure;
        if (geteuid() != getuid() || getenv("SUDO_UID") || getenv("PKEXEC_UID") || getenv("DOAS_USER"))
                return true;
        return sd_pid_get_owner_uid(0, &owner) < 0 ? geteuid() == 0 : owner != geteuid();
}

static bool can_be_run(const char *program) {
        const char *path = getenv("PATH");
        char file[4096];

        if (strchr(program, '/'))
                return access(program, X_OK) >= 0;
        for (path = path ? path : "/usr/bin:/bin"; *path; path += *path == ':') {
                size_t n = strcspn(path, ":");

                /* The current directory is nothing to run programs from. */
                if (*path == '/' &&
                    (size_t) snprintf(file, sizeof file, "%.*s/%s", (int) n, path, program) < sizeof file &&
                    access(file, X_OK) >= 0)
                        return true;
                path += n;
        }
        return false;
}

/* The words of the command, in `text`, which is changed. Returns whether there is such a program. */
static bool split(char *text, char *words[static WORDS_MAX + 1]) {
        size_t n = 0;
        char *rest;

        for (char *word = strtok_r(text, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
                if (n == WORDS_MAX)
                        return false;
                words[n++] = word;
        }
        words[n] = NULL;
        return n > 0 && can_be_run(words[0]);
}

/* Chooses the pager, in `buffer`. Returns whether there is to be one. */
static bool choose(char *buffer, size_t size, char *words[static WORDS_MAX + 1], bool privileged) {
        const char *wanted = getenv("SYSTEMD_PAGER");

        if (!wanted)
                wanted = getenv("PAGER");
        if (wanted && (*wanted == '\0' || strcmp(wanted, "cat") == 0))
                return false;
        if (wanted && !privileged && strlen(wanted) < size && split(strcpy(buffer, wanted), words))
                return true;
        return split(strcpy(buffer, "less"), words);
}

static void set_environment(const Terminal *terminal, bool privileged) {
        const char *options = getenv("SYSTEMD_LESS");

        (void) setenv("LESS", options ? options : "FRSXMK", true);
        if (terminal->utf8)
                (void) setenv("LESSCHARSET", "utf-8", true);
        if (!privileged)
                return;
        (void) setenv("LESSSECURE", "1", true);
        /* They name programs to run, and files of the other user's. */
        (void) unsetenv("LESSOPEN");
        (void) unsetenv("LESSCLOSE");
        (void) unsetenv("LESSKEY");
        (void) unsetenv("LESSKEYIN");
        (void) setenv("LESSHISTFILE", "-", true);
}

static void exec_pager(const Terminal *terminal, char *words[], bool privileged, int input_fd) {
        (void) prctl(PR_SET_PDEATHSIG, SIGTERM);
        (void) signal(SIGPIPE, SIG_DFL);
        set_environment(terminal, privileged);
        if (dup2(input_fd, STDIN_FILENO) >= 0)
                execvp(words[0], words);
        _exit(EXIT_FAILURE);
}

pid_t pager_open(const Terminal *terminal, const Options *options) {
        _cleanup_close_ int read_fd = -1, write_fd = -1;
        bool privileged = is_privileged();
        char buffer[256], *words[WORDS_MAX + 1];
        const char *term = getenv("TERM");
        int fds[2];
        pid_t pid;

        if (!terminal->tty || !term || strcmp(term, "dumb") == 0 || options->no_pager ||
            options->json != JSON_OFF || !choose(buffer, sizeof buffer, words, privileged))
                return 0;
        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        read_fd = fds[0];
        write_fd = fds[1];
        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0)
                exec_pager(terminal, words, privileged, read_fd);
        if (dup2(write_fd, STDOUT_FILENO) < 0) {
                int e = errno;

                (void) kill(pid, SIGTERM);
                return -e;
        }
        /* The reader may leave before the end, and Ctrl-C is the pager's. */
        (void) signal(SIGPIPE, SIG_IGN);
        (void) signal(SIGINT, SIG_IGN);
        return pid;
}

void pager_close(pid_t pid) {
        if (pid <= 0)
                return;
        (void) fflush(stdout);
        (void) close(STDOUT_FILENO);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
}
