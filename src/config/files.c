/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/files.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "basic/fs.h"
#include "config/problem.h"

#define MAIN_NAME   "fairsliced.conf"
#define DROPIN_NAME "fairsliced.conf.d"

/* The first has the highest priority. */
static const char *const directories[] = { "/etc/fairslice", "/run/fairslice", "/usr/lib/fairslice" };

/* A drop-in by its name, and the directory that it was found in. */
typedef struct DropIn {
        char *name;
        size_t directory;
} DropIn;

typedef struct DropIns {
        DropIn *item;
        size_t count;
} DropIns;

static void drop_ins_done(DropIns *d) {
        for (size_t i = 0; i < d->count; i++)
                free(d->item[i].name);
        free(d->item);
}

void config_files_done(ConfigFiles *files) {
        for (size_t i = 0; i < files->count; i++)
                free(files->path[i]);
        free(files->path);
        *files = (ConfigFiles){ .root_fd = -1 };
}

/* Takes the path, also on failure. */
static int files_append(ConfigFiles *files, char *path) {
        char **p = path ? reallocarray(files->path, files->count + 1, sizeof *p) : NULL;

        if (!p) {
                free(path);
                return -ENOMEM;
        }
        files->path = p;
        files->path[files->count++] = path;
        return 0;
}

static char *join(const char *a, const char *b, const char *c) {
        char *s;

        return asprintf(&s, "%s%s%s%s%s", a, b ? "/" : "", b ?: "", c ? "/" : "", c ?: "") < 0 ? NULL : s;
}

/* A path as messages have it, as the at-functions want it. */
static const char *below_root(int root_fd, const char *path) {
        return root_fd == AT_FDCWD ? path : path + strspn(path, "/");
}

/* openat(), but an absolute symbolic link or ".." in one leads to the root directory, not out of it. Kernels
 * and sandboxes without openat2() get the plain call: on a host, where the root is "/", it does the same. */
static int open_in_root(int root_fd, const char *path, int flags) {
        struct open_how how = { .flags = (uint64_t) (flags | O_CLOEXEC), .resolve = RESOLVE_IN_ROOT };
        int fd = -1;

        path = below_root(root_fd, path);
        /* EAGAIN: something was renamed meanwhile. */
        for (unsigned i = 0; root_fd != AT_FDCWD && i < 16; i++) {
                fd = (int) syscall(__NR_openat2, root_fd, path, &how, sizeof how);
                if (fd >= 0 || errno != EAGAIN)
                        break;
        }
        if (root_fd == AT_FDCWD || (fd < 0 && (errno == ENOSYS || errno == EPERM)))
                fd = openat(root_fd, path, flags | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

static int cannot_look(Problems *problems, const char *path, int error) {
        return problems_add(problems, PROBLEM_ERROR, path, 0, "Cannot be read: %s.", strerror(-error));
}

static int find_main(Problems *problems, ConfigFiles *files) {
        for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
                _cleanup_free_ char *path = join(directories[i], MAIN_NAME, NULL);
                _cleanup_close_ int fd = -1;
                int r;

                if (!path)
                        return -ENOMEM;
                fd = open_in_root(files->root_fd, path, O_PATH | O_NOFOLLOW);
                if (fd >= 0)
                        return files_append(files, TAKE_PTR(path));
                if (fd == -ENOENT)
                        continue;
                r = cannot_look(problems, path, fd);
                if (r < 0)
                        return r;
        }
        return 0;
}

bool config_is_file_name(const char *name) {
        size_t length = strlen(name), ending = strlen(CONFIG_ENDING);

        return name[0] != '.' && length > ending && strcmp(name + length - ending, CONFIG_ENDING) == 0;
}

static int drop_ins_append(DropIns *d, const char *name, size_t directory) {
        DropIn *item = reallocarray(d->item, d->count + 1, sizeof *item);
        char *copy = strdup(name);

        if (item)
                d->item = item;
        if (!item || !copy) {
                free(copy);
                return -ENOMEM;
        }
        d->item[d->count++] = (DropIn){ .name = copy, .directory = directory };
        return 0;
}

/* Takes over the descriptor, also on failure. Returns 0, -ENOMEM, or another error of the directory. */
static int list_directory(int fd, size_t directory, DropIns *d) {
        _cleanup_(closedirp) DIR *dir = fdopendir(fd);

        if (!dir) {
                safe_close(fd);
                return -errno;
        }
        for (;;) {
                struct dirent *entry;
                int r;

                errno = 0;
                entry = readdir(dir);
                if (!entry)
                        return -errno;
                if (!config_is_file_name(entry->d_name))
                        continue;
                r = drop_ins_append(d, entry->d_name, directory);
                if (r < 0)
                        return r;
        }
}

static int find_drop_ins(int root_fd, Problems *problems, DropIns *d) {
        for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
                _cleanup_free_ char *path = join(directories[i], DROPIN_NAME, NULL);
                int r;

                if (!path)
                        return -ENOMEM;
                r = open_in_root(root_fd, path, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
                if (r >= 0)
                        r = list_directory(r, i, d);
                if (r < 0 && r != -ENOENT && r != -ENOMEM)
                        r = cannot_look(problems, path, r);
                if (r == -ENOMEM)
                        return r;
        }
        return 0;
}

static int compare_drop_ins(const void *a, const void *b) {
        const DropIn *x = a, *y = b;
        int r = strcmp(x->name, y->name);

        return r != 0 ? r : (x->directory > y->directory) - (x->directory < y->directory);
}

static void drop_insp(DropIns *d) {
        drop_ins_done(d);
}

static void config_filesp(ConfigFiles *files) {
        config_files_done(files);
}

int config_files_find(int root_fd, Problems *problems, ConfigFiles *ret) {
        _cleanup_(config_filesp) ConfigFiles files = { .root_fd = root_fd };
        _cleanup_(drop_insp) DropIns d = {};
        int r;

        r = find_main(problems, &files);
        if (r < 0)
                return r;
        r = find_drop_ins(root_fd, problems, &d);
        if (r < 0)
                return r;
        if (d.count > 0)
                qsort(d.item, d.count, sizeof *d.item, compare_drop_ins);
        for (size_t i = 0; i < d.count; i++) {
                if (i > 0 && strcmp(d.item[i].name, d.item[i - 1].name) == 0)
                        continue; /* stood in for by a directory of higher priority */
                r = files_append(&files,
                                 join(directories[d.item[i].directory], DROPIN_NAME, d.item[i].name));
                if (r < 0)
                        return r;
        }
        *ret = files;
        files = (ConfigFiles){};
        return 0;
}

int config_files_single(const char *path, ConfigFiles *ret) {
        ConfigFiles files = { .root_fd = AT_FDCWD };
        int r = files_append(&files, strdup(path));

        if (r < 0)
                return r;
        *ret = files;
        return 0;
}

/* The link itself is read, since a root directory that is not "/" need not have a /dev/null. */
static bool is_link_to_null(int root_fd, const char *path) {
        _cleanup_close_ int fd = open_in_root(root_fd, path, O_PATH | O_NOFOLLOW);
        char target[sizeof "/dev/null"];

        return fd >= 0 && readlinkat(fd, "", target, sizeof target) == sizeof target - 1 &&
               memcmp(target, "/dev/null", sizeof target - 1) == 0;
}

int config_files_open(const ConfigFiles *files, size_t i, int *ret_fd) {
        _cleanup_close_ int fd = -1;
        struct stat st;

        if (is_link_to_null(files->root_fd, files->path[i]))
                return 0;
        fd = open_in_root(files->root_fd, files->path[i], O_RDONLY | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
                return TAKE_FD(fd);
        if (fstat(fd, &st) < 0)
                return -errno;
        if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)) /* /dev/null itself */
                return 0;
        if (!S_ISREG(st.st_mode))
                return -EINVAL;
        *ret_fd = TAKE_FD(fd);
        return 1;
}
