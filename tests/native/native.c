/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "native.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "model/slice-name.h"

#define LOCK_PATH    "/tmp/fairslice-native-test.lock"
#define CHILDREN_MAX 4096

CgroupTree *native_tree;
int native_proc_fd = -1;

static int lock_fd = -1;
static pid_t children[CHILDREN_MAX];
static size_t n_children;

static int leave_out(const char *why) {
        fprintf(stderr, "SKIPPED: %s.\n", why);
        return 77;
}

static int open_tree(void) {
        CgroupMounts mounts;
        int r = cgroup_mounts_read(native_proc_fd, &mounts);

        if (r < 0)
                return r;
        r = cgroup_tree_open_legacy(&mounts, false, &native_tree);
        cgroup_mounts_done(&mounts);
        return r;
}

int native_begin(void) {
        if (geteuid() != 0)
                return leave_out("this test moves processes on the real kernel, and has to be root");
        native_proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (native_proc_fd < 0 || open_tree() < 0)
                return leave_out(
                        "this test needs version 1's cpu and cpuacct hierarchies, and they are not mounted");
        lock_fd = open(LOCK_PATH, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (lock_fd < 0 || flock(lock_fd, LOCK_EX) < 0)
                return leave_out("cannot take the lock " LOCK_PATH);
        /* Another test without the lock may be at its end. */
        for (unsigned i = 0; native_has_slice(0) && i < 300; i++)
                usleep(100000);
        if (native_has_slice(0)) {
                native_end();
                return leave_out("this host has a user.slice already, and it is not this test's");
        }
        return 0;
}

void native_end(void) {
        native_kill_all();
        native_tree = cgroup_tree_free(native_tree);
        native_proc_fd = safe_close(native_proc_fd);
        lock_fd = safe_close(lock_fd);
}

/* ---- processes ---- */

void native_become(uid_t uid) {
        if (setresuid(uid, uid, uid) < 0)
                _exit(1);
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a change of the UID has dropped it */
}

pid_t native_spawn_to(void (*run)(void *argument), void *argument) {
        pid_t pid;

        assert_true(n_children < CHILDREN_MAX);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                run(argument);
                _exit(0);
        }
        children[n_children++] = pid;
        return pid;
}

static void idle(void *argument) {
        native_become(*(uid_t *) argument);
        for (;;)
                pause();
}

pid_t native_spawn(uid_t uid) {
        return native_spawn_to(idle, &uid);
}

void native_kill(pid_t pid) {
        for (size_t i = 0; i < n_children; i++)
                if (children[i] == pid) {
                        children[i] = children[--n_children];
                        kill(pid, SIGKILL);
                        waitpid(pid, NULL, 0);
                        return;
                }
}

void native_kill_all(void) {
        while (n_children > 0)
                native_kill(children[n_children - 1]);
}

/* ---- groups ---- */

static char *group_of(pid_t pid, size_t hierarchy) {
        _cleanup_close_ int fd = process_open(native_proc_fd, pid);
        char *path = NULL;

        if (fd >= 0)
                (void) process_read_group(fd, cgroup_tree_hierarchy(native_tree, hierarchy), &path);
        return path;
}

static bool everywhere(pid_t pid, bool (*check)(const char *path, size_t hierarchy, const void *argument),
                       const void *argument) {
        for (size_t i = 0; i < cgroup_tree_count(native_tree); i++) {
                _cleanup_free_ char *path = group_of(pid, i);

                if (!path || !check(path, i, argument))
                        return false;
        }
        return true;
}

static bool is_path(const char *path, size_t hierarchy _unused_, const void *argument) {
        return strcmp(path, argument) == 0;
}

bool native_is_in(pid_t pid, uid_t uid) {
        char path[64];

        snprintf(path, sizeof path, "/" CGROUP_USER_SLICE "/user-%u.slice", (unsigned) uid);
        return everywhere(pid, is_path, path);
}

static bool is_outside(const char *path, size_t hierarchy _unused_, const void *argument _unused_) {
        return strncmp(path, "/" CGROUP_USER_SLICE, sizeof CGROUP_USER_SLICE) != 0;
}

bool native_is_out(pid_t pid) {
        return everywhere(pid, is_outside, NULL);
}

static bool is_ours(const char *path, size_t hierarchy, const void *argument _unused_) {
        _cleanup_free_ char *ours = group_of(getpid(), hierarchy);

        return ours && strcmp(path, ours) == 0;
}

bool native_is_back(pid_t pid) {
        return everywhere(pid, is_ours, NULL);
}

void native_remove_slices(void) {
        for (size_t i = 0; i < cgroup_tree_count(native_tree); i++) {
                int root_fd = cgroup_tree_hierarchy(native_tree, i)->root_fd;

                for (uid_t uid = NATIVE_UID_FIRST; uid <= NATIVE_UID_LAST; uid++) {
                        char path[64];

                        snprintf(path, sizeof path, CGROUP_USER_SLICE "/user-%u.slice", (unsigned) uid);
                        (void) unlinkat(root_fd, path, AT_REMOVEDIR);
                }
                (void) unlinkat(root_fd, CGROUP_USER_SLICE, AT_REMOVEDIR);
        }
}

bool native_has_slice(uid_t uid) {
        char path[64] = CGROUP_USER_SLICE;

        if (uid != 0)
                snprintf(path, sizeof path, CGROUP_USER_SLICE "/user-%u.slice", (unsigned) uid);
        for (size_t i = 0; i < cgroup_tree_count(native_tree); i++)
                if (faccessat(cgroup_tree_hierarchy(native_tree, i)->root_fd, path, F_OK, 0) >= 0)
                        return true;
        return false;
}
