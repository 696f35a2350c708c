/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "watch/strays.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/xattr.h>

#include "basic/fs.h"
#include "cgroup/group.h"
#include "model/slice-name.h"

/* systemd's own are three or four deep. */
#define SLICE_DEPTH_MAX 16

/* One look through the groups. */
typedef struct Walk {
        const StrayQuery *query;
        Strays *strays;
        uint64_t oldest_start; /* clock ticks: who began later is too young; UINT64_MAX: nobody is */
        pid_t *pid;            /* of the unit that is looked at */
        size_t pids;
        char path[PATH_MAX]; /* of the directory that is looked at, "" for the root */
} Walk;

static bool ends_with(const char *s, const char *suffix) {
        size_t length = strlen(s), suffix_length = strlen(suffix);

        return length > suffix_length && strcmp(s + length - suffix_length, suffix) == 0;
}

bool stray_uid_is_possible(uid_t uid, uid_t min_uid) {
        return uid >= min_uid && uid != UID_INVALID &&
               (uid < STRAY_DYNAMIC_UID_FIRST || uid > STRAY_DYNAMIC_UID_LAST);
}

/* ---- the list ---- */

void strays_done(Strays *strays) {
        for (size_t i = 0; i < strays->count; i++)
                free(strays->item[i].group);
        free(strays->item);
        *strays = (Strays){};
}

static int append(Strays *strays, const Process *process, const char *group) {
        char *copy;

        if (strays->count == strays->allocated) {
                size_t wanted = strays->allocated ? 2 * strays->allocated : 16;
                Stray *more = reallocarray(strays->item, wanted, sizeof *more);

                if (!more)
                        return -ENOMEM;
                strays->item = more;
                strays->allocated = wanted;
        }
        copy = strdup(group);
        if (!copy)
                return -ENOMEM;
        strays->item[strays->count++] = (Stray){ .process = *process, .group = copy };
        return 0;
}

static int compare(const void *a, const void *b) {
        const Stray *x = a, *y = b;
        int r;

        if (x->process.uid != y->process.uid)
                return x->process.uid < y->process.uid ? -1 : 1;
        r = strcmp(x->group, y->group);
        if (r != 0)
                return r;
        if (x->process.start != y->process.start)
                return x->process.start < y->process.start ? -1 : 1;
        return x->process.pid < y->process.pid ? -1 : x->process.pid > y->process.pid;
}

/* ---- rule 9 ---- */

/* "ID:CONTROLLERS:PATH", of which the line is `length` long: where PATH begins. */
static const char *path_of(const char *line, size_t length, const char *controllers) {
        const char *first = memchr(line, ':', length), *second;

        if (!first)
                return NULL;
        first++;
        second = memchr(first, ':', length - (size_t) (first - line));
        if (!second)
                return NULL;
        if (controllers && (strlen(controllers) != (size_t) (second - first) ||
                            memcmp(first, controllers, (size_t) (second - first)) != 0))
                return NULL;
        return second + 1;
}

static bool is_or_above(const char *path, size_t length, const char *group) {
        if (length == 1 && *path == '/')
                return true;
        return length > 0 && strncmp(path, group, length) == 0 &&
               (group[length] == '\0' || group[length] == '/');
}

static bool is_same(const char *path, size_t length, const char *group) {
        return length == strlen(group) && memcmp(path, group, length) == 0;
}

bool stray_groups_are(const char *text, const char *group) {
        bool named = false, named_same = false, unified = false, unified_same = false;

        for (size_t length; *text; text += length + (text[length] == '\n')) {
                const char *path, *end;

                length = strcspn(text, "\n");
                end = text + length;
                path = path_of(text, length, NULL);
                if (!path || !is_or_above(path, (size_t) (end - path), group))
                        return false;
                if (path_of(text, length, "name=systemd")) {
                        named = true;
                        named_same = is_same(path, (size_t) (end - path), group);
                } else if (path_of(text, length, "")) {
                        unified = true;
                        unified_same = is_same(path, (size_t) (end - path), group);
                }
        }
        return named ? named_same : unified && unified_same;
}

bool stray_is_in(int process_fd, const char *group) {
        _cleanup_free_ char *text = NULL;

        return process_read_file(process_fd, "cgroup", &text) >= 0 && stray_groups_are(text, group);
}

/* ---- one process ---- */

static int judge(Walk *w, pid_t pid) {
        _cleanup_close_ int fd = process_open(w->query->proc_fd, pid);
        Process p;
        int r;

        if (fd < 0)
                return fd;
        r = process_read(fd, &p);
        if (r < 0)
                return r;
        if (!p.one_uid || p.dead || p.kernel || p.nested || !p.tells_nested || p.start > w->oldest_start ||
            !stray_uid_is_possible(p.uid, w->query->min_uid) ||
            (w->query->only_uid != UID_INVALID && p.uid != w->query->only_uid) ||
            process_has_other_users(fd, w->query->proc_fd) != 0)
                return 0;
        return stray_is_in(fd, w->path) ? append(w->strays, &p, w->path) : 0;
}

/* ---- one unit ---- */

static int read_pids(Walk *w, int unit_fd) {
        free(w->pid);
        w->pid = NULL;
        w->pids = 0;
        return group_list(unit_fd, &w->pid, &w->pids);
}

/* By the directory's owner, which is the effective UID and costs one call. Keeps those who may be strays. */
static void keep_candidates(Walk *w, uid_t owner) {
        size_t kept = 0;

        for (size_t i = 0; i < w->pids; i++) {
                uid_t uid;

                if (process_owner(w->query->proc_fd, w->pid[i], &uid) < 0 || uid == owner ||
                    !stray_uid_is_possible(uid, w->query->min_uid) ||
                    (w->query->only_uid != UID_INVALID && uid != w->query->only_uid))
                        continue;
                w->pid[kept++] = w->pid[i];
        }
        w->pids = kept;
}

static bool is_delegated(int unit_fd) {
        static const char *const names[] = { "user.delegate", "trusted.delegate" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                char value[2];

                if (fgetxattr(unit_fd, names[i], value, sizeof value) == 1 && *value == '1')
                        return true;
        }
        return false;
}

static int read_process(int proc_fd, pid_t pid, Process *ret) {
        _cleanup_close_ int fd = process_open(proc_fd, pid);

        return fd < 0 ? fd : process_read(fd, ret);
}

/* Whose the oldest process is. PIDs decide between two of the same tick. -ENOENT if all are gone. */
static int find_first_user(Walk *w, int unit_fd, uid_t *ret) {
        Process first = { .start = UINT64_MAX }, p;
        int r;

        r = read_pids(w, unit_fd);
        for (size_t i = 0; r >= 0 && i < w->pids; i++)
                if (read_process(w->query->proc_fd, w->pid[i], &p) >= 0 &&
                    (p.start < first.start || (p.start == first.start && p.pid < first.pid)))
                        first = p;
        *ret = first.uid;
        return r < 0 ? r : first.start == UINT64_MAX ? -ENOENT : 0;
}

/* Leaves out what was set up to run as its user. */
static int drop_own(Walk *w, int unit_fd) {
        uid_t uid;
        int r = find_first_user(w, unit_fd, &uid);

        if (r >= 0)
                keep_candidates(w, uid);
        return r;
}

/* `owner` is whose slice it is in, or UID_INVALID. */
static int look_at_unit(Walk *w, int fd, uid_t owner) {
        int r = read_pids(w, fd);

        if (r < 0)
                return r;
        keep_candidates(w, owner);
        if (w->pids == 0 || is_delegated(fd))
                return 0;
        if (owner == UID_INVALID) {
                r = drop_own(w, fd);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < w->pids && w->strays->count < STRAYS_MAX; i++) {
                r = judge(w, w->pid[i]);
                if (r == -ENOMEM)
                        return r;
        }
        return 0;
}

/* ---- the tree ---- */

static int look_at_slice(Walk *w, int fd, uid_t owner, unsigned depth);

static int open_below(Walk *w, int fd, const char *name, size_t length) {
        int child;

        if ((size_t) snprintf(w->path + length, sizeof w->path - length, "/%s", name) >=
            sizeof w->path - length)
                return -ENAMETOOLONG;
        child = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return child < 0 ? -errno : child;
}

static bool is_unit_of_interest(const char *name) {
        if (strcmp(name, "init.scope") == 0 || strncmp(name, "user@", strlen("user@")) == 0)
                return false;
        return ends_with(name, ".service") || ends_with(name, ".scope");
}

static bool is_slice_of_interest(const char *name, unsigned depth) {
        return ends_with(name, ".slice") && depth < SLICE_DEPTH_MAX &&
               !(depth == 0 && strcmp(name, "machine.slice") == 0);
}

/* All below user.slice/user-UID.slice is that user's. */
static uid_t owner_below(const Walk *w, const char *name, uid_t owner) {
        char expected[sizeof "/user.slice/" + SLICE_NAME_MAX];
        uid_t uid;

        snprintf(expected, sizeof expected, "/user.slice/%s", name);
        return strcmp(w->path, expected) == 0 && slice_name_to_uid(name, &uid) >= 0 ? uid : owner;
}

static int look_at_child(Walk *w, int fd, const char *name, uid_t owner, unsigned depth) {
        size_t length = strlen(w->path);
        _cleanup_close_ int child = open_below(w, fd, name, length);
        int r;

        if (child < 0)
                r = child;
        else if (ends_with(name, ".slice"))
                r = look_at_slice(w, child, owner_below(w, name, owner), depth + 1);
        else
                r = look_at_unit(w, child, owner);
        w->path[length] = '\0';
        return r;
}

/* A group that cannot be read, such as a threaded one, is nobody's loss; without memory we give up. */
static int look_at_slice(Walk *w, int fd, uid_t owner, unsigned depth) {
        _cleanup_(closedirp) DIR *dir = NULL;
        _cleanup_close_ int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct dirent *entry;

        if (copy < 0)
                return -errno;
        dir = fdopendir(copy);
        if (!dir)
                return -errno;
        TAKE_FD(copy);
        while ((entry = readdir(dir))) {
                if (entry->d_type != DT_DIR ||
                    (!is_slice_of_interest(entry->d_name, depth) && !is_unit_of_interest(entry->d_name)))
                        continue;
                if (look_at_child(w, fd, entry->d_name, owner, depth) == -ENOMEM)
                        return -ENOMEM;
        }
        return 0;
}

/* ---- all of it ---- */

/* Who began after this is too young. */
static int read_oldest_start(const StrayQuery *query, uint64_t *ret) {
        unsigned long long seconds, ticks = (unsigned long long) sysconf(_SC_CLK_TCK);
        char text[64], *end;
        ssize_t n;

        n = read_file_at(query->proc_fd, "uptime", text, sizeof text);
        if (n < 0)
                return (int) n;
        if (*text < '0' || *text > '9')
                return -EINVAL;
        seconds = strtoull(text, &end, 10);
        if (*end != '.' || seconds > UINT32_MAX)
                return -EINVAL;
        ticks *= seconds - MIN(seconds, query->min_age_usec / USEC_PER_SEC);
        *ret = ticks;
        return 0;
}

/* PID 1 is always there, and never ours. */
static int check_visible(int proc_fd) {
        Process process;
        int r = read_process(proc_fd, 1, &process);

        return r == -ESRCH || r == -EPERM ? -EACCES : r;
}

int strays_find(const StrayQuery *query, Strays *ret) {
        _cleanup_free_ Walk *w = calloc(1, sizeof *w);
        Strays strays = {};
        int r;

        if (!w)
                return -ENOMEM;
        *w = (Walk){ .query = query, .strays = &strays, .oldest_start = UINT64_MAX };
        r = check_visible(query->proc_fd);
        if (r >= 0 && query->min_age_usec > 0)
                r = read_oldest_start(query, &w->oldest_start);
        if (r >= 0)
                r = look_at_slice(w, query->tree_fd, UID_INVALID, 0);
        free(w->pid);
        if (r < 0) {
                strays_done(&strays);
                return r;
        }
        if (strays.count > 0)
                qsort(strays.item, strays.count, sizeof *strays.item, compare);
        *ret = strays;
        return 0;
}

bool stray_is_still_there(int proc_fd, const Stray *stray) {
        _cleanup_close_ int fd = process_open(proc_fd, stray->process.pid);
        Process now;

        return fd >= 0 && process_read(fd, &now) >= 0 && now.start == stray->process.start && now.one_uid &&
               now.uid == stray->process.uid && !now.dead && stray_is_in(fd, stray->group);
}
