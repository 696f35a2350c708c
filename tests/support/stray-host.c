/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/stray-host.h"

#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

#include "support/test.h"

#define UID_MAP "         0          0 4294967295\n"

static void write_path(const char *path, const char *text) {
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void mkdir_all(const char *path) {
        char copy[1024];

        snprintf(copy, sizeof copy, "%s", path);
        for (char *slash = strchr(copy + 1, '/');; slash = strchr(slash + 1, '/')) {
                if (slash)
                        *slash = '\0';
                assert_true(mkdir(copy, 0755) >= 0 || errno == EEXIST);
                if (!slash)
                        return;
                *slash = '/';
        }
}

static int remove_one(const char *path, _unused_ const struct stat *st, _unused_ int type,
                      _unused_ struct FTW *ftw) {
        return remove(path);
}

static const char *process_path(const StrayHost *host, char path[256], pid_t pid, const char *file) {
        snprintf(path, 256, "%s/%d%s%s", host->proc, (int) pid, file ? "/" : "", file ?: "");
        return path;
}

void stray_host_put(const StrayHost *host, pid_t pid, const char *file, const char *text) {
        char path[256];

        write_path(process_path(host, path, pid, file), text);
}

void stray_host_remove(const StrayHost *host, pid_t pid, const char *file) {
        char path[256];

        assert_int_equal(nftw(process_path(host, path, pid, file), remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void put_status(const StrayHost *host, pid_t pid, const FakeProcess *p) {
        char text[1024];

        snprintf(text, sizeof text,
                 "Name:\t%s\nUmask:\t0022\nState:\tS "
                 "(sleeping)\nTgid:\t%d\nPid:\t%d\nPPid:\t1\nUid:\t%u\t%u\t%u\t%u\n"
                 "Gid:\t100\t100\t100\t100\nGroups:\t100 \nNStgid:\t%d\nNSpid:\t%d%s%s\nThreads:\t1\n",
                 p->comm ?: "sh", (int) pid, (int) pid, (unsigned) p->uid,
                 (unsigned) (p->effective ?: p->uid), (unsigned) (p->saved ?: p->uid),
                 (unsigned) (p->file_system ?: p->uid), (int) pid, (int) pid, p->inner_pid ? "\t" : "",
                 p->inner_pid ?: "");
        stray_host_put(host, pid, "status", text);
}

static void put_stat(const StrayHost *host, pid_t pid, const FakeProcess *p) {
        char text[1024];

        snprintf(text, sizeof text,
                 "%d (%s) %c 1 1 1 0 -1 %lu 1 2 3 4 5 6 7 8 20 0 %u 0 %llu 12345 67 0 0 0 0 0 0 0 0 0 0 0 0 "
                 "0 17 0 0 "
                 "0 0 0\n",
                 (int) pid, p->comm ?: "sh", p->state ?: 'S', p->flags ?: 0x400100UL, p->threads ?: 1,
                 (unsigned long long) (p->started ?: 100));
        stray_host_put(host, pid, "stat", text);
}

void stray_host_put_process(const StrayHost *host, pid_t pid, const char *group, const FakeProcess *p) {
        char path[256], groups[1024];

        mkdir_all(process_path(host, path, pid, NULL));
        put_status(host, pid, p);
        put_stat(host, pid, p);
        stray_host_put(host, pid, "uid_map", p->uid_map ?: UID_MAP);
        snprintf(groups, sizeof groups, "0::%s\n", group);
        stray_host_put(host, pid, "cgroup", p->groups ?: groups);
        assert_int_equal(chown(path, p->effective ?: p->uid, (gid_t) -1), 0);
}

void stray_host_add(const StrayHost *host, pid_t pid, const char *group, const FakeProcess *process) {
        char path[1024];
        FILE *file;

        snprintf(path, sizeof path, "%s%s", host->tree, group);
        mkdir_all(path);
        strcat(path, "/cgroup.procs");
        file = fopen(path, "ae");
        assert_non_null(file);
        fprintf(file, "%d\n", (int) pid);
        assert_int_equal(fclose(file), 0);
        stray_host_put_process(host, pid, group, process);
}

void stray_host_put_uptime(const StrayHost *host, const char *text) {
        char path[256];

        snprintf(path, sizeof path, "%s/uptime", host->proc);
        write_path(path, text);
}

static void make_own(StrayHost *host) {
        snprintf(host->path, sizeof host->path, "%s/fairslice-test-XXXXXX",
                 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        assert_non_null(mkdtemp(host->path));
        snprintf(host->proc, sizeof host->proc, "%s/proc", host->path);
        snprintf(host->tree, sizeof host->tree, "%s/tree", host->path);
}

void stray_host_open(StrayHost *host, const char *proc, const char *tree) {
        char path[256];

        *host = (StrayHost){};
        if (proc) {
                snprintf(host->proc, sizeof host->proc, "%s", proc);
                snprintf(host->tree, sizeof host->tree, "%s", tree);
        } else
                make_own(host);
        snprintf(path, sizeof path, "%s/self", host->proc);
        mkdir_all(path);
        strcat(path, "/uid_map");
        write_path(path, UID_MAP);
        snprintf(path, sizeof path, "%d.55 1.00\n", STRAY_HOST_UPTIME_SEC);
        stray_host_put_uptime(host, path);
        stray_host_add(host, 1, "/init.scope", &(FakeProcess){ .started = 1 });
}

void stray_host_close(StrayHost *host) {
        if (*host->path)
                assert_int_equal(nftw(host->path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}
