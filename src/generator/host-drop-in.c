/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "generator/host-drop-in.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "cgroup/mounts.h"

/* Root without capabilities is let into the mail spool as anybody else is. */
#define SPOOL_GROUP "SupplementaryGroups=fairslice\n"

/* The kernel's files are written where there is no unified tree, and they are root's. They take no
 * capability: the unit's empty set stays, and with it all else that confines the service. */
static const char *const legacy =
        "# Written by fairslice-generator: this host has no unified cgroup tree. See fairsliced(8).\n"
        "[Service]\n"
        "User=root\n" SPOOL_GROUP "ProtectControlGroups=no\n";

/* PID 1 lets root set properties without asking polkit. */
static const char *const without_rules =
        "# Written by fairslice-generator: there is no polkit here that reads rules. See fairsliced(8).\n"
        "[Service]\n"
        "User=root\n" SPOOL_GROUP;

/* Only with rules in JavaScript (polkit 0.106 or later) may a user who is not root be allowed single units.
 */
static bool polkit_reads_rules(int root_fd) {
        /* The folder polkit-1 came with the rules: polkit 0.105 has its daemon at /usr/libexec/polkitd
         * (Debian 11, Ubuntu 22.04) or in /usr/lib/policykit-1. The folder rules.d says nothing: other
         * packages make it too. */
        static const char *const daemons[] = {
                "usr/lib/polkit-1/polkitd", "usr/libexec/polkit-1/polkitd", /* openSUSE */
        };

        for (size_t i = 0; i < ELEMENTSOF(daemons); i++)
                if (faccessat(root_fd, daemons[i], F_OK, 0) >= 0)
                        return true;
        return false;
}

int host_drop_in(int root_fd, int proc_fd, const char **ret) {
        CgroupMounts mounts;
        const char *text = NULL;
        int r;

        r = cgroup_mounts_read(proc_fd, &mounts);
        if (r < 0)
                return r;
        if (cgroup_mounts_are_unified(&mounts))
                text = polkit_reads_rules(root_fd) ? NULL : without_rules;
        else if (cgroup_mounts_are_legacy(&mounts))
                text = legacy;
        cgroup_mounts_done(&mounts);
        if (text)
                *ret = text;
        return !!text;
}

int host_drop_in_write(int directory_fd, const char *text) {
        _cleanup_close_ int fd = -1;

        if (mkdirat(directory_fd, HOST_DROP_IN_DIRECTORY, 0755) < 0 && errno != EEXIST)
                return -errno;
        fd = openat(directory_fd, HOST_DROP_IN_DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        return write_file_atomic(fd, HOST_DROP_IN_NAME, text, strlen(text), 0644);
}
