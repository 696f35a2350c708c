/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "basic/macro.h"

/* The slices that there are in a directory of cgroups, seen by inotify: also those that logind did not make.
 * mkdir and rmdir pass through in the kernel's cgroup file systems. */
typedef struct SliceDirWatch SliceDirWatch;

typedef struct SliceDirHandlers {
        /* A directory NAME.slice is there. May be called again for one that is known. */
        void (*created)(const char *name, void *userdata);
        void (*removed)(const char *name, void *userdata);
        /* Events were lost: whatever is known is to be looked for again; `created` follows for all that is
         * there now. */
        void (*lost)(void *userdata);
        /* The directory itself is gone; start anew when there is one again. */
        void (*gone)(void *userdata);
        void *userdata;
} SliceDirHandlers;

/* Starts watching the directory, which stays the caller's, then calls `created` for what is in it. */
int slice_dir_watch_new(sd_event *event, int dirfd, const SliceDirHandlers *handlers, SliceDirWatch **ret);

/* Calls `created` for what is there if that failed after events were lost, for want of descriptors, say. To
 * be called now and then. 0 if there is nothing left to do. */
int slice_dir_watch_retry(SliceDirWatch *watch);

/* Calls `created` for what is there. */
int slice_dir_watch_scan(SliceDirWatch *watch);

SliceDirWatch *slice_dir_watch_free(SliceDirWatch *watch);
DEFINE_CLEANUP(SliceDirWatch *, slice_dir_watch_free)
