/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cgroup/large-processes.h"

#include <fcntl.h>
#include <string.h>

#include "basic/fs.h"
#include "basic/parse.h"
#include "cgroup/group.h"
#include "cgroup/process.h"

#define STATM_MAX 256
#define COMM_MAX  128 /* a thread of the kernel has more than 15 */

typedef struct Search {
        int proc_fd;
        uint64_t page_size;
        unsigned groups, processes; /* that were looked at */
        bool full;                  /* no more groups */
        LargeProcesses found;
} Search;

int process_parse_statm(const char *text, size_t length, uint64_t *ret) {
        const char *end = text + length, *begin = memchr(text, ' ', length), *behind;

        if (!begin)
                return -EBADMSG;
        begin++;
        behind = memchr(begin, ' ', (size_t) (end - begin));
        return behind ? parse_digits(begin, (size_t) (behind - begin), ret) : -EBADMSG;
}

static int read_rss(const Search *s, int dirfd, const char *name, uint64_t *ret) {
        char text[STATM_MAX];
        ssize_t n = read_file_at(dirfd, name, text, sizeof text);
        uint64_t pages;
        int r = n < 0 ? (int) n : process_parse_statm(text, (size_t) n, &pages);

        if (r < 0)
                return r;
        return __builtin_mul_overflow(pages, s->page_size, ret) ? -EBADMSG : 0;
}

/* A newline ends it; there may be others in it. */
static int read_comm(int process_fd, char comm[LARGE_PROCESS_COMM_MAX + 1]) {
        char text[COMM_MAX] = {};
        ssize_t n = read_file_at(process_fd, "comm", text, sizeof text);

        if (n < 0)
                return (int) n;
        if (n > 0 && text[n - 1] == '\n')
                text[n - 1] = '\0';
        text[LARGE_PROCESS_COMM_MAX] = '\0';
        memcpy(comm, text, LARGE_PROCESS_COMM_MAX + 1);
        return 0;
}

static bool is_large(const LargeProcesses *found, uint64_t rss) {
        return rss > 0 && (found->count < LARGE_PROCESSES_MAX || rss > found->process[found->count - 1].rss);
}

static void put_in(LargeProcesses *found, const LargeProcess *process) {
        size_t at = 0;

        if (found->count < LARGE_PROCESSES_MAX)
                found->count++;
        while (at < found->count - 1 && found->process[at].rss >= process->rss)
                at++;
        memmove(&found->process[at + 1], &found->process[at],
                (found->count - 1 - at) * sizeof *found->process);
        found->process[at] = *process;
}

/* Both are of one process, also if the PID is used again just now. */
static void take(Search *s, pid_t pid) {
        _cleanup_close_ int fd = process_open(s->proc_fd, pid);
        LargeProcess process = { .pid = pid };

        if (fd < 0 || read_rss(s, fd, "statm", &process.rss) < 0 || read_comm(fd, process.comm) < 0)
                return;
        if (is_large(&s->found, process.rss))
                put_in(&s->found, &process);
}

static void look_at_process(Search *s, pid_t pid) {
        char path[32];
        uint64_t rss;

        snprintf(path, sizeof path, "%d/statm", (int) pid);
        if (read_rss(s, s->proc_fd, path, &rss) >= 0 && is_large(&s->found, rss))
                take(s, pid);
}

static int look_at_processes(Search *s, int group_fd) {
        _cleanup_free_ pid_t *pids = NULL;
        size_t count, most = LARGE_PROCESSES_LOOKED_AT - s->processes;
        int r = group_list(group_fd, &pids, &count);

        if (r < 0)
                return r;
        if (count > most)
                s->found.incomplete = true;
        for (size_t i = 0; i < MIN(count, most); i++)
                look_at_process(s, pids[i]);
        s->processes += (unsigned) MIN(count, most);
        return 0;
}

static void look_at_group(Search *s, int group_fd, unsigned depth);

static void look_below(Search *s, DIR *dir, unsigned depth) {
        for (struct dirent *entry; !s->full && (entry = readdir(dir));) {
                _cleanup_close_ int fd = -1;

                if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 ||
                    strcmp(entry->d_name, "..") == 0)
                        continue;
                fd = openat(dirfd(dir), entry->d_name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                if (fd >= 0)
                        look_at_group(s, fd, depth);
        }
}

static void look_at_group(Search *s, int group_fd, unsigned depth) {
        _cleanup_(closedirp) DIR *dir = NULL;

        if (s->groups >= LARGE_PROCESSES_GROUPS || depth >= LARGE_PROCESSES_DEPTH) {
                s->found.incomplete = true;
                s->full = s->groups >= LARGE_PROCESSES_GROUPS;
                return;
        }
        s->groups++;
        (void) look_at_processes(s, group_fd); /* a group of threads has none to name */
        if (open_dir_again(group_fd, &dir) >= 0)
                look_below(s, dir, depth + 1);
}

int large_processes_find(int group_fd, int proc_fd, LargeProcesses *ret) {
        _cleanup_(closedirp) DIR *dir = NULL;
        Search s = { .proc_fd = proc_fd, .page_size = (uint64_t) sysconf(_SC_PAGESIZE), .groups = 1 };
        int r = look_at_processes(&s, group_fd);

        if (r >= 0)
                r = open_dir_again(group_fd, &dir);
        if (r < 0)
                return r;
        look_below(&s, dir, 1);
        *ret = s.found;
        return 0;
}
