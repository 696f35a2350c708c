/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/config.h"

/* Limits that were set over the bus: one file for each user, "user-1000.slice.conf", with [User 1000] and
 * what else fairsliced.conf(5) allows there, in /run/fairslice/control.d for now and in the state
 * directory's control.d for good. They stand above the rest of the configuration, and those for now above
 * those for good. Files there with other names than *.conf are left alone; people may write some of their
 * own, in which [User UID] and [User NAME] sections are allowed and nothing else is. */

#define CONTROL_DIRECTORY "control.d"

/* Where they lie. -1: cannot be had, and -EROFS for who wants to write there. The paths are for messages. */
typedef struct ControlDirs {
        int runtime_fd, persistent_fd; /* of the control.d directories themselves */
        const char *runtime_path, *persistent_path;
} ControlDirs;

/* Reads both. What is wrong goes to *problems and is left out. Returns 0 or -ENOMEM. */
int control_load(const ControlDirs *dirs, Problems *problems, Control **ret);
Control *control_free(Control *control);
DEFINE_CLEANUP(Control *, control_free)

/* Checks a value as the configuration's reader would. 0, or -ERANGE with what is allowed, for a message
 * ("allowed is …"). */
int control_check(const LimitSetting *setting, const char **ret_allowed);

/* Adds these to the user's file, or changes them there; what else stands in it stays. For good also takes
 * them out of the file for now, so that they are in force. Atomic, and synced. A negative errno: nothing
 * changed. */
int control_set(const ControlDirs *dirs, uid_t uid, const LimitSetting *settings, size_t n, bool runtime);
/* Removes both files of the user. 1; 0 if there were none. */
int control_reset(const ControlDirs *dirs, uid_t uid);
