/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "cgroup/mounts.h"

/* Tells when hierarchies that were mounted at the start are so no more. A lazy unmount is all that can
 * happen to one whose files are held open: they go on working, but nobody else sees what they limit. */
typedef struct MountWatch MountWatch;

/* `controllers` are the names of those that were at `path`, with commas between them. `mounted`: it is there
 * again. */
typedef void (*MountHandler)(const char *controllers, const char *path, bool mounted, void *userdata);

/* Watches what is mounted now, by the mountinfo of an open "/proc", and looks half a second after a change.
 * Both descriptors may be closed afterwards. */
int mount_watch_new(sd_event *event, int proc_fd, MountHandler handler, void *userdata, MountWatch **ret);
MountWatch *mount_watch_free(MountWatch *watch);
DEFINE_CLEANUP(MountWatch *, mount_watch_free)

/* Compares at once, as when the kernel says that something was mounted or unmounted. */
void mount_watch_look(MountWatch *watch);
