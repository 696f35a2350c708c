/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/child.h"

#include <sys/wait.h>

#include "basic/child.h"

struct Child {
        pid_t pid; /* 0: has ended */
        sd_event_source *source;
        ChildEnded ended; /* NULL: left; then the source is the loop's, and this the source's */
        void *userdata;
};

static void free_left(void *userdata) {
        free(userdata);
}

/* It is reaped behind this call. So its PID, which is that of the group too, is nobody else's yet. */
static int on_exit_of_child(sd_event_source *source, const siginfo_t *si, void *userdata) {
        Child *child = userdata;

        child_kill(child, SIGKILL);
        child->pid = 0;
        if (child->ended)
                child->ended(si, child->userdata);
        else
                (void) sd_event_source_set_floating(source, false);
        return 0;
}

int child_start(sd_event *event, const char *const argv[], int output_fd, ChildEnded ended, void *userdata,
                Child **ret) {
        _cleanup_free_ Child *child = calloc(1, sizeof *child);
        int r;

        if (!child)
                return -ENOMEM;
        *child = (Child){ .ended = ended, .userdata = userdata };
        r = child_spawn(argv[0], argv, NULL, output_fd, &child->pid);
        if (r < 0)
                return r;
        r = sd_event_add_child(event, &child->source, child->pid, WEXITED, on_exit_of_child, child);
        if (r < 0) {
                child_kill(child, SIGKILL);
                return r;
        }
        *ret = TAKE_PTR(child);
        return 0;
}

/* It leads a group as soon as it has got that far. */
void child_kill(const Child *child, int signal) {
        if (child->pid == 0)
                return;
        (void) kill(-child->pid, signal);
        (void) kill(child->pid, signal);
}

Child *child_leave(Child *child) {
        sd_event_source *source;

        if (!child)
                return NULL;
        source = child->source;
        if (child->pid == 0) {
                sd_event_source_disable_unref(source);
                free(child);
                return NULL;
        }
        child->ended = NULL;
        (void) sd_event_source_set_destroy_callback(source, free_left);
        (void) sd_event_source_set_floating(source, true);
        (void) sd_event_source_unref(source);
        return NULL;
}

Child *child_free(Child *child) {
        if (child)
                child_kill(child, SIGKILL);
        return child_leave(child);
}
