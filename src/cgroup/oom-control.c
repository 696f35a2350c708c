/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cgroup/oom-control.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "cgroup/flat-keyed.h"

#define OOM_CONTROL     "memory.oom_control"
#define OOM_CONTROL_MAX 512
#define VMSTAT_MAX      32768

typedef struct Groups {
        OomGroup *group;
        size_t count;
        size_t room;
} Groups;

int oom_kill_parse(const char *text, size_t length, uint64_t *ret) {
        uint64_t kills;
        int found = flat_keyed_parse(text, length, &(FlatKey){ "oom_kill", &kills }, 1);

        if (found < 0)
                return found;
        if (found == 0)
                return -ENODATA;
        *ret = kills;
        return 0;
}

/* The kernel gives a page at a time, and adds all counters up anew for each: no more are read than up to
 * that of kills. */
int oom_kill_read_host(int vmstat_fd, uint64_t *ret) {
        _cleanup_free_ char *text = malloc(VMSTAT_MAX);
        ssize_t n = text ? read_fd_to_line(vmstat_fd, "oom_kill ", text, VMSTAT_MAX) : -ENOMEM;

        return n < 0 ? (int) n : oom_kill_parse(text, (size_t) n, ret);
}

static int add_group(Groups *groups, uint64_t inode, uint64_t kills) {
        if (groups->count == OOM_GROUPS_MAX)
                return -E2BIG;
        if (groups->count == groups->room) {
                size_t room = MAX(groups->room * 2, (size_t) 16);
                OomGroup *more = reallocarray(groups->group, room, sizeof *more);

                if (!more)
                        return -ENOMEM;
                groups->group = more;
                groups->room = room;
        }
        groups->group[groups->count++] = (OomGroup){ inode, kills };
        return 0;
}

static int read_group(int dirfd, Groups *groups) {
        char text[OOM_CONTROL_MAX];
        ssize_t n = read_attribute_at(dirfd, OOM_CONTROL, text, sizeof text);
        struct stat st;
        uint64_t kills;
        int r;

        if (n < 0)
                return (int) n;
        r = oom_kill_parse(text, (size_t) n, &kills);
        if (r < 0)
                return r;
        return fstat(dirfd, &st) < 0 ? -errno : add_group(groups, st.st_ino, kills);
}

static int read_tree(int dirfd, unsigned depth, Groups *groups);

static int read_child(int dirfd, const char *name, unsigned depth, Groups *groups) {
        _cleanup_close_ int fd = openat(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int r = fd < 0 ? -errno : read_tree(fd, depth, groups);

        /* Removed since its name was read: nothing wrong, and what it counted is gone with it. */
        return r == -ENOENT || r == -ENODEV ? 0 : r;
}

static int read_children(int dirfd, unsigned depth, Groups *groups) {
        _cleanup_(closedirp) DIR *dir = NULL;
        int r = open_dir_again(dirfd, &dir);

        if (r < 0)
                return r;
        for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
                if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 ||
                    strcmp(entry->d_name, "..") == 0)
                        continue;
                r = read_child(dirfd, entry->d_name, depth, groups);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int read_tree(int dirfd, unsigned depth, Groups *groups) {
        int r;

        if (depth > OOM_GROUPS_DEPTH_MAX)
                return -E2BIG;
        r = read_group(dirfd, groups);
        return r < 0 ? r : read_children(dirfd, depth + 1, groups);
}

int oom_groups_read(int dirfd, OomGroup **ret, size_t *ret_count) {
        Groups groups = {};
        int r = read_tree(dirfd, 0, &groups);

        if (r < 0) {
                free(groups.group);
                return r;
        }
        *ret = groups.group;
        *ret_count = groups.count;
        return 0;
}

int oom_control_notify(int dirfd, int eventfd) {
        _cleanup_close_ int control = -1, events = -1;
        char text[32];
        int n;

        control = openat(dirfd, OOM_CONTROL, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
        if (control < 0)
                return -errno;
        events = openat(dirfd, "cgroup.event_control", O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
        if (events < 0)
                return -errno;
        n = snprintf(text, sizeof text, "%d %d", eventfd, control);
        return write(events, text, (size_t) n) < 0 ? -errno : 0;
}
