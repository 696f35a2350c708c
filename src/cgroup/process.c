/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cgroup/process.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "basic/parse.h"

#define STAT_MAX 2048
/* Usually enough. A dozen hierarchies may have paths as long as paths get, and a user may be in 65536
 * groups, which status lists. */
#define USUAL_SIZE    ((size_t) 4 << 10)
#define FILE_SIZE_MAX ((size_t) 1 << 20)

/* Ours is short; one that is longer is another. */
#define UID_MAP_SIZE 256

/* The kernel's own limit is 32. */
#define NAMESPACE_DEPTH_MAX 64

/* PF_KTHREAD of the kernel's include/linux/sched.h; tools have gone by it for as long as there is one. */
#define FLAG_KERNEL_THREAD UINT64_C(0x00200000)

#define DELETED " (deleted)"

/* ---- texts ---- */

typedef struct Text {
        const char *at;
        size_t left;
} Text;

/* Cuts the text up to the separator off the front. */
static Text cut(Text *text, char separator) {
        const char *end = memchr(text->at, separator, text->left);
        Text word = { text->at, end ? (size_t) (end - text->at) : text->left };
        size_t used = word.left + (end ? 1 : 0);

        text->at += used;
        text->left -= used;
        return word;
}

static bool text_is(Text text, const char *s) {
        return strlen(s) == text.left && memcmp(text.at, s, text.left) == 0;
}

static int parse_pid(Text word, pid_t *ret) {
        uint64_t n;

        if (parse_digits(word.at, word.left, &n) < 0 || n > INT_MAX)
                return -EBADMSG;
        *ret = (pid_t) n;
        return 0;
}

/* The name may hold anything, also brackets and blanks: it ends with the last bracket of the text. */
static int cut_comm(Text *text, char *comm, size_t size) {
        const char *begin = memchr(text->at, '(', text->left), *end = memrchr(text->at, ')', text->left);
        size_t length;

        if (!begin || !end || end < begin || end + 1 == text->at + text->left || end[1] != ' ')
                return -EBADMSG;
        length = MIN((size_t) (end - begin - 1), size - 1);
        memcpy(comm, begin + 1, length);
        comm[length] = '\0';
        text->left -= (size_t) (end + 2 - text->at);
        text->at = end + 2;
        return 0;
}

/* Fields as proc(5) counts them, of which the third is the first after the name. */
enum {
        FIELD_STATE = 3,
        FIELD_PARENT = 4,
        FIELD_FLAGS = 9,
        FIELD_THREADS = 20,
        FIELD_START = 22,
        FIELD_POLICY = 41,
};

int process_parse_stat(const char *text, size_t length, Process *process) {
        Text rest = { text, length }, fields[FIELD_POLICY + 1];
        uint64_t flags, threads, policy;
        Process read = *process;
        Text pid = rest;

        if (length == 0 || text[length - 1] != '\n')
                return -EBADMSG;
        pid = cut(&pid, ' ');
        if (cut_comm(&rest, read.comm, sizeof read.comm) < 0)
                return -EBADMSG;
        for (unsigned i = FIELD_STATE; i <= FIELD_POLICY; i++)
                fields[i] = cut(&rest, ' ');
        if (parse_pid(pid, &read.pid) < 0 || parse_pid(fields[FIELD_PARENT], &read.parent) < 0 ||
            parse_digits(fields[FIELD_FLAGS].at, fields[FIELD_FLAGS].left, &flags) < 0 ||
            parse_digits(fields[FIELD_THREADS].at, fields[FIELD_THREADS].left, &threads) < 0 ||
            parse_digits(fields[FIELD_START].at, fields[FIELD_START].left, &read.start) < 0 ||
            parse_digits(fields[FIELD_POLICY].at, fields[FIELD_POLICY].left, &policy) < 0)
                return -EBADMSG;
        read.kernel = flags & FLAG_KERNEL_THREAD;
        /* The first thread may have ended while others live on. */
        read.dead = (text_is(fields[FIELD_STATE], "Z") || text_is(fields[FIELD_STATE], "X")) && threads <= 1;
        read.realtime = policy == SCHED_FIFO || policy == SCHED_RR;
        *process = read;
        return 0;
}

/* Real, effective, saved and of the file system */
static int parse_uids(Text values, uid_t *ret, bool *ret_one) {
        uint64_t uid[4];

        for (size_t i = 0; i < ELEMENTSOF(uid); i++) {
                Text value = cut(&values, '\t');

                if (parse_digits(value.at, value.left, &uid[i]) < 0 || uid[i] > UINT32_MAX)
                        return -EBADMSG;
        }
        if (values.left > 0)
                return -EBADMSG;
        *ret = (uid_t) uid[0];
        *ret_one = uid[1] == uid[0] && uid[2] == uid[0] && uid[3] == uid[0];
        return 0;
}

/* One PID for each namespace, from ours to the process's own. */
static int parse_inner_pids(Text values, Process *process) {
        Text first = cut(&values, '\t');
        pid_t pid;

        if (parse_pid(first, &pid) < 0)
                return -EBADMSG;
        process->tells_nested = true;
        process->nested = values.left > 0;
        return 0;
}

int process_parse_status(const char *text, size_t length, Process *process) {
        Text rest = { text, length };
        Process read = *process;
        bool found = false;

        read.nested = read.tells_nested = false;
        while (rest.left > 0) {
                Text values = cut(&rest, '\n'), key = cut(&values, '\t');

                if (text_is(key, "Uid:")) {
                        if (found || parse_uids(values, &read.uid, &read.one_uid) < 0)
                                return -EBADMSG;
                        found = true;
                } else if (text_is(key, "NSpid:") && parse_inner_pids(values, &read) < 0)
                        return -EBADMSG;
        }
        if (!found)
                return -EBADMSG;
        *process = read;
        return 0;
}

static bool has_name(Text controllers, const char *name) {
        if (*name == '\0')
                return controllers.left == 0;
        while (controllers.left > 0)
                if (text_is(cut(&controllers, ','), name))
                        return true;
        return false;
}

/* A path of the kernel's: from the root, and where it says "..", out of what this cgroup namespace shows. */
static int check_path(Text path) {
        if (path.left == 0 || *path.at != '/' || memchr(path.at, '\0', path.left))
                return -EBADMSG;
        if (path.left >= strlen(DELETED) &&
            memcmp(path.at + path.left - strlen(DELETED), DELETED, strlen(DELETED)) == 0)
                return -ENOENT;
        while (path.left > 0) {
                Text name = cut(&path, '/');

                if (text_is(name, "..") || text_is(name, "."))
                        return -ENOENT;
        }
        return 0;
}

/* Cuts the hierarchy's root off the path. */
static int below_root(Text path, const char *root, char **ret) {
        size_t skip = strcmp(root, "/") == 0 ? 0 : strlen(root);
        int r = check_path(path);

        if (r < 0)
                return r;
        if (skip > path.left || memcmp(path.at, root, skip) != 0 ||
            (skip < path.left && path.at[skip] != '/'))
                return -ENOENT;
        *ret = skip == path.left ? strdup("/") : strndup(path.at + skip, path.left - skip);
        return *ret ? 0 : -ENOMEM;
}

int process_parse_group(const char *text, size_t length, const char *name, const char *root, char **ret) {
        Text rest = { text, length };

        while (rest.left > 0) {
                Text line = cut(&rest, '\n'), controllers;

                (void) cut(&line, ':');
                controllers = cut(&line, ':');
                if (has_name(controllers, name))
                        return below_root(line, root, ret);
        }
        return -ENOENT;
}

/* ---- files ---- */

/* A process that ends while it is read shows by either. */
static int gone(int error) {
        return error == -ENOENT ? -ESRCH : error;
}

pid_t process_next(DIR *proc) {
        struct dirent *entry;
        pid_t pid;

        while ((entry = readdir(proc)))
                if (parse_pid((Text){ entry->d_name, strlen(entry->d_name) }, &pid) >= 0 && pid > 0)
                        return pid;
        return 0;
}

static const char *pid_path(char path[16], pid_t pid) {
        snprintf(path, 16, "%d", (int) pid);
        return path;
}

int process_owner(int proc_fd, pid_t pid, uid_t *ret) {
        char path[16];
        struct stat st;

        if (fstatat(proc_fd, pid_path(path, pid), &st, AT_SYMLINK_NOFOLLOW) < 0)
                return gone(-errno);
        *ret = st.st_uid;
        return 0;
}

int process_open(int proc_fd, pid_t pid) {
        char path[16];
        int fd = openat(proc_fd, pid_path(path, pid), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        return fd < 0 ? gone(-errno) : fd;
}

ssize_t process_read_file(int process_fd, const char *name, char **ret) {
        for (size_t size = USUAL_SIZE; size <= FILE_SIZE_MAX; size *= 16) {
                _cleanup_free_ char *text = malloc(size);
                ssize_t n = text ? read_file_at(process_fd, name, text, size) : -ENOMEM;

                if (n == -EFBIG)
                        continue;
                if (n < 0)
                        return gone((int) n);
                *ret = TAKE_PTR(text);
                return n;
        }
        return -EFBIG;
}

int process_read(int process_fd, Process *ret) {
        _cleanup_free_ char *status = NULL;
        char stat[STAT_MAX];
        Process process = {};
        ssize_t n;
        int r;

        n = read_file_at(process_fd, "stat", stat, sizeof stat);
        if (n < 0)
                return gone((int) n);
        r = process_parse_stat(stat, (size_t) n, &process);
        if (r < 0)
                return r;
        if (process.kernel) {
                *ret = process;
                return 0;
        }
        n = process_read_file(process_fd, "status", &status);
        if (n < 0)
                return (int) n;
        r = process_parse_status(status, (size_t) n, &process);
        if (r < 0)
                return r;
        *ret = process;
        return 0;
}

int process_has_other_users(int process_fd, int proc_fd) {
        char map[UID_MAP_SIZE], own[UID_MAP_SIZE];
        ssize_t n;

        n = read_file_at(proc_fd, "self/uid_map", own, sizeof own);
        if (n < 0)
                return (int) n;
        n = read_file_at(process_fd, "uid_map", map, sizeof map);
        if (n < 0 && n != -EFBIG)
                return gone((int) n);
        return n == -EFBIG || strcmp(map, own) != 0;
}

static bool is_same_file(const struct stat *a, const struct stat *b) {
        return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* From the process's own up to the one that is in ours. */
static int find_outermost(int *fd, const struct stat *ours) {
        for (unsigned depth = 0; depth < NAMESPACE_DEPTH_MAX; depth++) {
                _cleanup_close_ int parent = ioctl(*fd, NS_GET_PARENT);
                struct stat st;

                if (parent < 0 || fstat(parent, &st) < 0)
                        return -errno;
                if (is_same_file(&st, ours))
                        return 0;
                safe_close(*fd);
                *fd = TAKE_FD(parent);
        }
        return -ELOOP;
}

int process_users_owner(int process_fd, int proc_fd, uid_t *ret) {
        _cleanup_close_ int fd = openat(process_fd, "ns/user", O_RDONLY | O_CLOEXEC);
        struct stat ours, st;
        int r;

        if (fd < 0)
                return gone(-errno);
        if (fstatat(proc_fd, "self/ns/user", &ours, 0) < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (is_same_file(&st, &ours))
                return 0;
        r = find_outermost(&fd, &ours);
        if (r < 0)
                return r;
        return ioctl(fd, NS_GET_OWNER_UID, ret) < 0 ? -errno : 1;
}

int process_read_group(int process_fd, const CgroupHierarchy *hierarchy, char **ret) {
        _cleanup_free_ char *text = NULL;
        ssize_t n = process_read_file(process_fd, "cgroup", &text);

        return n < 0 ? (int) n
                     : process_parse_group(text, (size_t) n, hierarchy->name, hierarchy->root, ret);
}

int process_read_groups(int process_fd, const CgroupTree *tree, char *ret[CGROUP_HIERARCHIES_MAX]) {
        _cleanup_free_ char *text = NULL;
        ssize_t n = process_read_file(process_fd, "cgroup", &text);

        if (n < 0)
                return (int) n;
        for (size_t i = 0; i < cgroup_tree_count(tree); i++) {
                const CgroupHierarchy *h = cgroup_tree_hierarchy(tree, i);
                int r = process_parse_group(text, (size_t) n, h->name, h->root, &ret[i]);

                if (r < 0 && r != -ENOENT) {
                        while (i-- > 0) {
                                free(ret[i]);
                                ret[i] = NULL;
                        }
                        return r;
                }
        }
        return 0;
}
