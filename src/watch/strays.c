/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "watch/strays.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "basic/fs.h"
#include "model/slice-name.h"

/* systemd's own are three or four deep. */
#define SLICE_DEPTH_MAX 16

/* One look through the groups. */
typedef struct Walk {
        const StrayQuery *query;
        Strays *strays;
        uint64_t oldest_start; /* clock ticks: who began later is too young; UINT64_MAX: nobody is */
        pid_t *pid;            /* of the unit that is looked at */
        size_t pids, pids_allocated;
        char path[PATH_MAX]; /* of the directory that is looked at, "" for the root */
} Walk;

static void closedirp(DIR **d) {
        if (*d)
                closedir(*d);
}

static bool ends_with(const char *s, const char *suffix) {
        size_t length = strlen(s), suffix_length = strlen(suffix);

        return length > suffix_length && strcmp(s + length - suffix_length, suffix) == 0;
}

/* What comes and goes while we look. */
static bool is_gone(int r) {
        return r == -ENOENT || r == -ESRCH || r == -ENODEV;
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

static int append(Strays *strays, const StrayProcess *process, const char *group) {
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
        if (x->process.started != y->process.started)
                return x->process.started < y->process.started ? -1 : 1;
        return x->process.pid < y->process.pid ? -1 : x->process.pid > y->process.pid;
}

/* ---- one process ---- */

static int judge(Walk *w, pid_t pid) {
        _cleanup_close_ int fd = stray_process_open(w->query->proc_fd, pid);
        StrayProcess p;
        int r;

        if (fd < 0)
                return fd;
        r = stray_process_read(fd, w->query->proc_fd, pid, &p);
        if (r < 0)
                return r;
        if (!p.one_uid || p.dead || p.kernel || p.inner_pids || p.inner_users ||
            p.started > w->oldest_start || !stray_uid_is_possible(p.uid, w->query->min_uid) ||
            (w->query->only_uid != UID_INVALID && p.uid != w->query->only_uid))
                return 0;
        r = stray_process_is_in(fd, w->path);
        return r <= 0 ? r : append(w->strays, &p, w->path);
}

/* ---- one unit ---- */

static int add_pid(Walk *w, pid_t pid) {
        if (w->pids == w->pids_allocated) {
                size_t wanted = w->pids_allocated ? 2 * w->pids_allocated : 256;
                pid_t *more = reallocarray(w->pid, wanted, sizeof *more);

                if (!more)
                        return -ENOMEM;
                w->pid = more;
                w->pids_allocated = wanted;
        }
        w->pid[w->pids++] = pid;
        return 0;
}

/* Processes in other PID namespaces that are not below ours show as 0. */
static int read_pids(Walk *w, int unit_fd) {
        _cleanup_fclose_ FILE *file = NULL;
        int fd, pid, r = 0;

        w->pids = 0;
        fd = openat(unit_fd, "cgroup.procs", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        file = fdopen(fd, "r");
        if (!file) {
                r = -errno;
                safe_close(fd);
                return r;
        }
        while (r >= 0 && fscanf(file, "%d", &pid) == 1)
                if (pid > 0)
                        r = add_pid(w, pid);
        return r;
}

/* By the directory's owner, which is the effective UID and costs one call. Keeps those who may be strays. */
static void keep_candidates(Walk *w, uid_t owner) {
        size_t kept = 0;

        for (size_t i = 0; i < w->pids; i++) {
                struct stat st;
                char name[16];

                snprintf(name, sizeof name, "%d", (int) w->pid[i]);
                if (fstatat(w->query->proc_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_uid == owner ||
                    !stray_uid_is_possible(st.st_uid, w->query->min_uid) ||
                    (w->query->only_uid != UID_INVALID && st.st_uid != w->query->only_uid))
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

/* Whose the oldest process is. PIDs decide between two of the same tick. -ENOENT if all are gone. */
static int find_first_user(Walk *w, int unit_fd, uid_t *ret) {
        uint64_t first = UINT64_MAX, started;
        pid_t first_pid = 0;
        uid_t uid;
        int r;

        r = read_pids(w, unit_fd);
        for (size_t i = 0; r >= 0 && i < w->pids; i++) {
                if (stray_process_age(w->query->proc_fd, w->pid[i], &started, &uid) < 0 || started > first ||
                    (started == first && w->pid[i] > first_pid))
                        continue;
                first = started;
                first_pid = w->pid[i];
                *ret = uid;
        }
        return r < 0 ? r : first == UINT64_MAX ? -ENOENT : 0;
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
        StrayProcess process;
        _cleanup_close_ int fd = stray_process_open(proc_fd, 1);
        int r = fd < 0 ? fd : stray_process_read(fd, proc_fd, 1, &process);

        return is_gone(r) || r == -EPERM ? -EACCES : r;
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
        _cleanup_close_ int fd = stray_process_open(proc_fd, stray->process.pid);
        StrayProcess now;

        return fd >= 0 && stray_process_read(fd, proc_fd, stray->process.pid, &now) >= 0 &&
               now.started == stray->process.started && now.one_uid && now.uid == stray->process.uid &&
               !now.dead && stray_process_is_in(fd, stray->group) > 0;
}
