/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "watch/slice-dir.h"

#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>

#include "basic/fs.h"

struct SliceDirWatch {
        SliceDirHandlers handlers;
        sd_event_source *source;
        int dirfd;     /* our own */
        bool unlisted; /* events were lost, and what is there could not be listed yet */
};

static bool is_slice_name(const char *name) {
        size_t length = strlen(name);

        return length > 6 && strcmp(name + length - 6, ".slice") == 0;
}

int slice_dir_watch_scan(SliceDirWatch *watch) {
        _cleanup_(closedirp) DIR *dir = NULL;
        struct dirent *entry;
        int r = open_dir_again(watch->dirfd, &dir);

        if (r < 0)
                return r;
        while ((entry = readdir(dir)))
                if (entry->d_type == DT_DIR && is_slice_name(entry->d_name))
                        watch->handlers.created(entry->d_name, watch->handlers.userdata);
        return 0;
}

static int on_inotify(sd_event_source *s _unused_, const struct inotify_event *event, void *userdata) {
        SliceDirWatch *watch = userdata;
        SliceDirHandlers *h = &watch->handlers;

        if (event->mask & IN_Q_OVERFLOW) {
                h->lost(h->userdata);
                watch->unlisted = slice_dir_watch_scan(watch) < 0;
        } else if (event->mask & (IN_DELETE_SELF | IN_IGNORED))
                h->gone(h->userdata); /* may free the watch: nothing after it */
        else if (event->len == 0 || !(event->mask & IN_ISDIR) || !is_slice_name(event->name))
                return 0;
        else if (event->mask & IN_CREATE)
                h->created(event->name, h->userdata);
        else if (event->mask & IN_DELETE)
                h->removed(event->name, h->userdata);
        return 0;
}

int slice_dir_watch_new(sd_event *event, int dirfd, const SliceDirHandlers *handlers, SliceDirWatch **ret) {
        _cleanup_(slice_dir_watch_freep) SliceDirWatch *watch = NULL;
        char path[32];
        int r;

        watch = calloc(1, sizeof *watch);
        if (!watch)
                return -ENOMEM;
        watch->handlers = *handlers;
        watch->dirfd = fcntl(dirfd, F_DUPFD_CLOEXEC, 3);
        if (watch->dirfd < 0)
                return -errno;
        /* inotify wants a path; this one is the directory of the descriptor and no other. */
        snprintf(path, sizeof path, "/proc/self/fd/%d", watch->dirfd);
        r = sd_event_add_inotify(event, &watch->source, path,
                                 IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_ONLYDIR, on_inotify, watch);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(watch->source, "slice-dir");
        r = slice_dir_watch_scan(watch);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(watch);
        return 0;
}

int slice_dir_watch_retry(SliceDirWatch *watch) {
        int r = watch->unlisted ? slice_dir_watch_scan(watch) : 0;

        watch->unlisted = r < 0;
        return r;
}

SliceDirWatch *slice_dir_watch_free(SliceDirWatch *watch) {
        if (!watch)
                return NULL;
        sd_event_source_disable_unref(watch->source);
        safe_close(watch->dirfd);
        free(watch);
        return NULL;
}
