/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "watch/mount-watch.h"

#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>

#include "basic/time-util.h"

/* Containers may mount all day long, and each look reads all that is mounted: it is looked so long after the
 * first change, at what came with it as well. */
#define PAUSE_USEC (500 * USEC_PER_MSEC)

struct MountWatch {
        MountHandler handler;
        void *userdata;
        sd_event_source *source, *pause;
        int proc_fd;
        CgroupMounts first;
        bool missing[_CONTROLLER_COUNT]; /* said */
        bool unified_missing;
};

static bool same_mount(const CgroupMount *a, const CgroupMount *b) {
        return a->path && b->path && strcmp(a->path, b->path) == 0;
}

static void compare(MountWatch *w, const char *names, const CgroupMount *first, const CgroupMount *now,
                    bool *missing) {
        bool gone = first->path && !same_mount(first, now);

        if (gone == *missing)
                return;
        *missing = gone;
        w->handler(names, first->path, !gone, w->userdata);
}

/* Controllers that are mounted together come and go together, and are told as one. */
static bool is_told_with_another(const MountWatch *w, unsigned controller) {
        for (unsigned i = 0; i < controller; i++)
                if (same_mount(&w->first.legacy[i], &w->first.legacy[controller]))
                        return true;
        return false;
}

static const char *names_of(const MountWatch *w, unsigned controller, char names[64]) {
        size_t length = 0;

        for (unsigned i = controller; i < _CONTROLLER_COUNT; i++)
                if (i == controller || same_mount(&w->first.legacy[i], &w->first.legacy[controller]))
                        length += (size_t) snprintf(names + length, 64 - length, "%s%s", length ? "," : "",
                                                    controller_to_string(i));
        return names;
}

/* What cannot be read tells nothing; the next change may. */
void mount_watch_look(MountWatch *watch) {
        _cleanup_(cgroup_mounts_done) CgroupMounts now = {};
        char names[64];

        if (cgroup_mounts_read(watch->proc_fd, &now) < 0)
                return;
        for (unsigned i = 0; i < _CONTROLLER_COUNT; i++)
                if (!is_told_with_another(watch, i))
                        compare(watch, names_of(watch, i, names), &watch->first.legacy[i], &now.legacy[i],
                                &watch->missing[i]);
        compare(watch, "cgroup2", &watch->first.unified, &now.unified, &watch->unified_missing);
}

static int on_change(sd_event_source *s, int fd _unused_, uint32_t revents _unused_, void *userdata) {
        MountWatch *watch = userdata;
        int r;

        r = sd_event_source_set_time_relative(watch->pause, PAUSE_USEC);
        if (r >= 0)
                r = sd_event_source_set_enabled(watch->pause, SD_EVENT_ONESHOT);
        return r < 0 ? r : sd_event_source_set_enabled(s, SD_EVENT_OFF);
}

/* Listening comes first: the kernel tells only of what changes after that. */
static int on_pause_over(sd_event_source *s _unused_, uint64_t usec _unused_, void *userdata) {
        MountWatch *watch = userdata;
        int r = sd_event_source_set_enabled(watch->source, SD_EVENT_ON);

        mount_watch_look(watch);
        return r;
}

/* proc(5): the file is readable with EPOLLPRI and EPOLLERR when something was mounted or unmounted. */
static int add_source(MountWatch *watch, sd_event *event) {
        _cleanup_close_ int fd = openat(watch->proc_fd, "self/mountinfo", O_RDONLY | O_CLOEXEC);
        int r;

        if (fd < 0)
                return -errno;
        r = sd_event_add_io(event, &watch->source, fd, EPOLLPRI, on_change, watch);
        if (r == -EPERM)
                return 0; /* an ordinary file, of a test */
        if (r < 0)
                return r;
        r = sd_event_source_set_io_fd_own(watch->source, true);
        if (r < 0)
                return r;
        TAKE_FD(fd);
        r = sd_event_add_time(event, &watch->pause, CLOCK_MONOTONIC, 0, 0, on_pause_over, watch);
        return r < 0 ? r : sd_event_source_set_enabled(watch->pause, SD_EVENT_OFF);
}

int mount_watch_new(sd_event *event, int proc_fd, MountHandler handler, void *userdata, MountWatch **ret) {
        _cleanup_(mount_watch_freep) MountWatch *watch = calloc(1, sizeof *watch);
        int r;

        if (!watch)
                return -ENOMEM;
        watch->handler = handler;
        watch->userdata = userdata;
        watch->proc_fd = fcntl(proc_fd, F_DUPFD_CLOEXEC, 3);
        if (watch->proc_fd < 0)
                return -errno;
        r = add_source(watch, event);
        if (r >= 0)
                r = cgroup_mounts_read(watch->proc_fd, &watch->first);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(watch);
        return 0;
}

MountWatch *mount_watch_free(MountWatch *watch) {
        if (!watch)
                return NULL;
        sd_event_source_disable_unref(watch->source);
        sd_event_source_disable_unref(watch->pause);
        safe_close(watch->proc_fd);
        cgroup_mounts_done(&watch->first);
        free(watch);
        return NULL;
}
