/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/config.h"

/* Limits that were set over the bus: one file for each user, "user-1000.slice.conf", with [User 1000] and
 * what else fairsliced.conf(5) allows there, in /run/fairslice/control.d for now and in the state
 * directory's control.d for good. They stand above the rest of the configuration, and those for now above
 * those for good, each key by itself.
 *
 * People may write files of their own there, with other names, in which [User UID] and [User NAME] sections
 * are allowed and nothing else is. In each directory *.conf is read in the order of the names (by bytes),
 * then the users' own files, and the later line wins. Links are not followed. Names that begin with '.' are
 * left alone. So what such a file says of a user for now stands above what control_set() sets for good. */

#define CONTROL_DIRECTORY "control.d"

/* Where they lie. -1: cannot be had, and -EROFS for who wants to write there. The paths are for messages. */
typedef struct ControlDirs {
        int runtime_fd, persistent_fd; /* of the control.d directories themselves; not O_PATH, for fsync() */
        const char *runtime_path, *persistent_path;
} ControlDirs;

/* Reads both. What is wrong goes to *problems and is left out; no error there is a reason to refuse the
 * configuration. `config` is asked which plans there are and from which UID on users are managed; it is not
 * kept, so that it may be read again, and this again with it. Returns 0 or -ENOMEM. */
int control_load(const ControlDirs *dirs, const Config *config, Problems *problems, Control **ret);
Control *control_free(Control *control);
DEFINE_CLEANUP(Control *, control_free)

/* Checks a value as the configuration's reader would. 0, or -ERANGE with what is allowed, for a message
 * ("allowed is …"). What passes is the very same number after it was written and read again. */
int control_check(const LimitSetting *setting, const char **ret_allowed);

/* Puts these into the user's file, in the place of what stood there for the same keys; what else stands in
 * it stays, also comments and what cannot be understood. For good also takes the keys out of the user's file
 * for now, and removes that if nothing is left, so that they are in force. Atomic and synced; several
 * settings are one write.
 *
 * At each moment, also after a crash, what is in force is what was there or what was asked for. Returns 0,
 * or a negative errno if nothing was changed: -ERANGE (control_check()), -EROFS, -EBADMSG if the user's file
 * is there and is no text, no regular file or too large to be changed. Whether that was put back which had
 * to be written on the way cannot be known when the disk fails twice. */
int control_set(const ControlDirs *dirs, uid_t uid, const LimitSetting *settings, size_t n, bool runtime);

/* Removes both files of the user, also links. Returns 1; 0 if there were none; or a negative errno if
 * nothing was changed, such as -EROFS, or -EISDIR. A crash in the midst leaves each key as it was, or as it
 * is without what was set. */
int control_reset(const ControlDirs *dirs, uid_t uid);
