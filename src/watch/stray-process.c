/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "watch/stray-process.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "basic/fs.h"

/* Linux: include/linux/sched.h */
#define PF_KTHREAD 0x00200000UL

/* The list of groups in status is what may be long: 2,000 groups fit. */
#define STATUS_SIZE 32768
#define STAT_SIZE   1024
#define GROUPS_SIZE 32768
/* Ours is short; one that is longer is another. */
#define UID_MAP_SIZE 256

/* ---- parsers ---- */

/* What follows "KEY:" and blanks at the beginning of a line, or NULL. */
static const char *find_field(const char *text, const char *key) {
        size_t length = strlen(key);

        for (const char *line = text; line; line = strchr(line, '\n')) {
                line += *line == '\n';
                if (strncmp(line, key, length) == 0 && line[length] == ':')
                        return line + length + 1 + strspn(line + length + 1, " \t");
        }
        return NULL;
}

static int parse_uids(const char *s, StrayProcess *process) {
        unsigned long uid[4];

        for (size_t i = 0; i < ELEMENTSOF(uid); i++) {
                char *end;

                s += strspn(s, " \t");
                if (*s < '0' || *s > '9')
                        return -EINVAL;
                errno = 0;
                uid[i] = strtoul(s, &end, 10);
                if (errno != 0 || uid[i] > UINT32_MAX)
                        return -EINVAL;
                s = end;
        }
        if (*s != '\n')
                return -EINVAL;
        process->uid = (uid_t) uid[0];
        process->one_uid = uid[1] == uid[0] && uid[2] == uid[0] && uid[3] == uid[0];
        return 0;
}

/* One PID for each namespace, from ours to the process's own. */
static int parse_inner_pids(const char *s, bool *ret) {
        size_t digits = strspn(s, "0123456789");

        if (digits == 0)
                return -EINVAL;
        s += digits;
        s += strspn(s, " \t");
        *ret = *s != '\n';
        return 0;
}

int stray_process_parse_status(const char *text, StrayProcess *process) {
        const char *name = find_field(text, "Name"), *uids = find_field(text, "Uid"),
                   *pids = find_field(text, "NSpid");
        int r;

        if (!name || !uids || !pids)
                return -EINVAL;
        r = parse_uids(uids, process);
        if (r >= 0)
                r = parse_inner_pids(pids, &process->inner_pids);
        if (r < 0)
                return r;
        snprintf(process->comm, sizeof process->comm, "%.*s", (int) MIN(strcspn(name, "\n"), (size_t) 255),
                 name);
        return 0;
}

int stray_process_parse_stat(const char *text, StrayProcess *process) {
        /* The name is in parentheses and may have some of its own; nothing behind it has. */
        const char *rest = strrchr(text, ')');
        unsigned long flags;
        uint64_t started;
        long threads;
        char state;

        if (!rest ||
            sscanf(rest + 1,
                   " %c %*d %*d %*d %*d %*d %lu %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %ld %*d %" SCNu64,
                   &state, &flags, &threads, &started) != 4)
                return -EINVAL;
        process->kernel = flags & PF_KTHREAD;
        /* The first thread may have ended while others live on. */
        process->dead = (state == 'Z' || state == 'X') && threads <= 1;
        process->started = started;
        return 0;
}

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

/* ---- files ---- */

static const char *pid_name(char buffer[16], pid_t pid) {
        snprintf(buffer, 16, "%d", (int) pid);
        return buffer;
}

int stray_process_open(int proc_fd, pid_t pid) {
        char name[16];
        int fd = openat(proc_fd, pid_name(name, pid), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

static int read_status(int process_fd, StrayProcess *process) {
        char text[STATUS_SIZE];
        ssize_t n = read_file_at(process_fd, "status", text, sizeof text);

        return n < 0 ? (int) n : stray_process_parse_status(text, process);
}

static int read_stat(int process_fd, StrayProcess *process) {
        char text[STAT_SIZE];
        ssize_t n = read_file_at(process_fd, "stat", text, sizeof text);

        return n < 0 ? (int) n : stray_process_parse_stat(text, process);
}

/* The links in ns/ are only for who may trace the process; this file is for everybody. Of a namespace that
 * maps as ours does there is nothing to be seen, and nothing to be lost. */
static int read_inner_users(int process_fd, int proc_fd, bool *ret) {
        char map[UID_MAP_SIZE], own[UID_MAP_SIZE];
        ssize_t n;

        n = read_file_at(proc_fd, "self/uid_map", own, sizeof own);
        if (n < 0)
                return (int) n;
        n = read_file_at(process_fd, "uid_map", map, sizeof map);
        if (n < 0 && n != -EFBIG)
                return (int) n;
        *ret = n == -EFBIG || strcmp(map, own) != 0;
        return 0;
}

int stray_process_read(int process_fd, int proc_fd, pid_t pid, StrayProcess *ret) {
        StrayProcess process = { .pid = pid };
        int r;

        r = read_status(process_fd, &process);
        if (r >= 0)
                r = read_stat(process_fd, &process);
        if (r >= 0)
                r = read_inner_users(process_fd, proc_fd, &process.inner_users);
        if (r < 0)
                return r;
        *ret = process;
        return 0;
}

int stray_process_is_in(int process_fd, const char *group) {
        _cleanup_free_ char *text = malloc(GROUPS_SIZE);
        ssize_t n;

        if (!text)
                return -ENOMEM;
        n = read_file_at(process_fd, "cgroup", text, GROUPS_SIZE);
        return n < 0 ? (int) n : stray_groups_are(text, group);
}

int stray_process_age(int proc_fd, pid_t pid, uint64_t *ret_started, uid_t *ret_uid) {
        _cleanup_close_ int fd = stray_process_open(proc_fd, pid);
        StrayProcess process;
        int r;

        if (fd < 0)
                return fd;
        r = read_status(fd, &process);
        if (r >= 0)
                r = read_stat(fd, &process);
        if (r < 0)
                return r;
        *ret_started = process.started;
        *ret_uid = process.uid;
        return 0;
}
