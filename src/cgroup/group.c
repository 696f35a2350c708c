/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cgroup/group.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "basic/parse.h"

#define PROCS           "cgroup.procs"
#define SUBTREE_CONTROL "cgroup.subtree_control"

/* Four million processes, which is as many as there can be, of eight bytes each */
#define PROCS_FIRST_SIZE ((size_t) 16 << 10)
#define PROCS_SIZE_MAX   ((size_t) 64 << 20)
#define CONTROL_MAX      1024

int group_open(int root_fd, const char *path) {
        _cleanup_close_ int fd = openat(root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_free_ char *copy = strdup(path);
        char *rest = copy, *name;

        if (!copy)
                return -ENOMEM;
        if (fd < 0)
                return -errno;
        while ((name = strsep(&rest, "/"))) {
                int below;

                if (*name == '\0')
                        continue;
                if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
                        return -EINVAL;
                below = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                if (below < 0)
                        return -errno;
                safe_close(fd);
                fd = below;
        }
        return TAKE_FD(fd);
}

int group_make(int parent_fd, const char *name) {
        if (mkdirat(parent_fd, name, 0755) >= 0)
                return 1;
        return errno == EEXIST ? 0 : -errno;
}

int group_remove(int parent_fd, const char *name) {
        if (unlinkat(parent_fd, name, AT_REMOVEDIR) >= 0 || errno == ENOENT)
                return 0;
        return errno == ENOTEMPTY ? -EBUSY : -errno;
}

static int write_once(int dirfd, const char *name, const char *text, size_t size) {
        _cleanup_close_ int fd = openat(dirfd, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
        ssize_t n;

        if (fd < 0)
                return -errno;
        do
                n = write(fd, text, size);
        while (n < 0 && errno == EINTR);
        return n < 0 ? -errno : 0;
}

int group_attach(int group_fd, pid_t pid) {
        char text[16];
        int length = snprintf(text, sizeof text, "%d\n", (int) pid);
        int r = write_once(group_fd, PROCS, text, (size_t) length);

        return r == -ENOENT ? -ENODEV : r;
}

int group_set(int group_fd, const char *file, uint64_t value) {
        char text[24];
        int length = snprintf(text, sizeof text, "%" PRIu64 "\n", value);

        return write_once(group_fd, file, text, (size_t) length);
}

int group_procs_parse(const char *text, size_t length, pid_t **ret, size_t *ret_count) {
        _cleanup_free_ pid_t *pids = NULL;
        size_t lines = 0, count = 0;

        for (size_t i = 0; i < length; i++)
                lines += text[i] == '\n';
        pids = malloc(MAX(lines, (size_t) 1) * sizeof *pids);
        if (!pids)
                return -ENOMEM;
        while (length > 0) {
                const char *end = memchr(text, '\n', length);
                uint64_t n;

                if (!end || parse_digits(text, (size_t) (end - text), &n) < 0 || n > INT_MAX)
                        return -EBADMSG;
                if (n > 0)
                        pids[count++] = (pid_t) n;
                length -= (size_t) (end + 1 - text);
                text = end + 1;
        }
        *ret = TAKE_PTR(pids);
        *ret_count = count;
        return 0;
}

int group_list(int group_fd, pid_t **ret, size_t *ret_count) {
        _cleanup_close_ int fd = openat(group_fd, PROCS, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

        if (fd < 0)
                return errno == ENOENT ? -ENODEV : -errno;
        for (size_t size = PROCS_FIRST_SIZE; size <= PROCS_SIZE_MAX; size *= 8) {
                _cleanup_free_ char *text = malloc(size);
                ssize_t n = text ? read_fd(fd, text, size) : -ENOMEM;

                if (n != -EFBIG)
                        return n < 0 ? (int) n : group_procs_parse(text, (size_t) n, ret, ret_count);
        }
        return -EFBIG;
}

int group_is_empty(int group_fd) {
        char text[16];
        ssize_t n = read_attribute_at(group_fd, PROCS, text, sizeof text);

        if (n == -EFBIG)
                return 0;
        return n < 0 ? (int) n : n == 0;
}

int group_controls(int group_fd, const char *controller) {
        char text[CONTROL_MAX], *rest = text, *word;
        ssize_t n = read_file_at(group_fd, SUBTREE_CONTROL, text, sizeof text);

        if (n < 0)
                return (int) n;
        while ((word = strsep(&rest, " \n")))
                if (strcmp(word, controller) == 0)
                        return 1;
        return 0;
}

int group_control(int group_fd, const char *controller, bool on) {
        char text[64];
        int length = snprintf(text, sizeof text, "%c%s\n", on ? '+' : '-', controller);

        if ((size_t) length >= sizeof text)
                return -EINVAL;
        return write_once(group_fd, SUBTREE_CONTROL, text, (size_t) length);
}
