/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/child.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#define PATH_OF_CHILDREN "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct Child {
        pid_t pid; /* 0: has ended */
        sd_event_source *source;
        ChildEnded ended;
        void *userdata;
};

static int on_ended(_unused_ sd_event_source *source, const siginfo_t *si, void *userdata) {
        Child *child = userdata;
        /* As W_EXITCODE() of glibc has it. */
        int status = si->si_code == CLD_EXITED ? si->si_status << 8 : si->si_status;

        child->pid = 0;
        child->ended(status, child->userdata);
        return 0;
}

static void spawn_donep(posix_spawnattr_t *attributes) {
        (void) posix_spawnattr_destroy(attributes);
}

static void actions_donep(posix_spawn_file_actions_t *actions) {
        (void) posix_spawn_file_actions_destroy(actions);
}

/* Signals that are blocked or ignored here are none of the child's business. */
static int set_attributes(posix_spawnattr_t *attributes) {
        sigset_t none, piped;
        int r;

        sigemptyset(&none);
        sigemptyset(&piped);
        sigaddset(&piped, SIGPIPE);
        r = posix_spawnattr_setsigmask(attributes, &none);
        if (r == 0)
                r = posix_spawnattr_setsigdefault(attributes, &piped);
        return r
                       ?: posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
                                                                       POSIX_SPAWN_SETSIGDEF);
}

static int spawn(const char *const argv[], pid_t *ret) {
        char *environment[] = { (char *) PATH_OF_CHILDREN, NULL };
        _cleanup_(spawn_donep) posix_spawnattr_t attributes;
        _cleanup_(actions_donep) posix_spawn_file_actions_t actions;
        int r;

        (void) posix_spawnattr_init(&attributes); /* neither fails with glibc */
        (void) posix_spawn_file_actions_init(&actions);
        r = set_attributes(&attributes);
        if (r == 0)
                r = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        if (r == 0)
                r = posix_spawn(ret, argv[0], &actions, &attributes, (char *const *) argv, environment);
        return -r;
}

int child_start(sd_event *event, const char *const argv[], ChildEnded ended, void *userdata, Child **ret) {
        _cleanup_(child_freep) Child *child = calloc(1, sizeof *child);
        int r;

        if (!child)
                return -ENOMEM;
        *child = (Child){ .ended = ended, .userdata = userdata };
        r = spawn(argv, &child->pid);
        if (r >= 0)
                r = sd_event_add_child(event, &child->source, child->pid, WEXITED, on_ended, child);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(child);
        return 0;
}

/* Its session is a group too, but for the moment before it is one. */
void child_kill(Child *child) {
        if (child->pid == 0)
                return;
        (void) kill(-child->pid, SIGKILL);
        (void) kill(child->pid, SIGKILL);
}

/* What hangs in the kernel cannot be waited for. */
Child *child_free(Child *child) {
        if (!child)
                return NULL;
        child_kill(child);
        sd_event_source_disable_unref(child->source);
        if (child->pid > 0)
                (void) waitpid(child->pid, NULL, WNOHANG);
        free(child);
        return NULL;
}
