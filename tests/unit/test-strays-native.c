/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Strays among real processes in groups of the real kernel: that /proc and the groups look as the fixtures
 * pretend. With a number as its argument it measures instead what a look costs with so many processes.
 *
 * All happens in one group of the hierarchy that systemd would use, which a cgroup namespace makes the root,
 * and is gone afterwards. */

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "support/test.h"
#include "watch/strays.h"

/* Of nobody. */
#define ALICE 71301
#define BOB   71302

static char mount_point[] = "/tmp/fairslice-test-XXXXXX";
static char base[128];
static int proc_fd = -1, tree_fd = -1;

/* ---- groups and processes ---- */

static void make_group(const char *group) {
        char path[256];

        snprintf(path, sizeof path, "%s", group + 1);
        for (char *slash = strchr(path, '/');; slash = strchr(slash + 1, '/')) {
                if (slash)
                        *slash = '\0';
                assert_true(mkdirat(tree_fd, path, 0755) >= 0 || errno == EEXIST);
                if (!slash)
                        return;
                *slash = '/';
        }
}

static int join(int dirfd, const char *group) {
        char path[300];
        _cleanup_close_ int fd = -1;

        snprintf(path, sizeof path, "%s%scgroup.procs", group, *group ? "/" : "");
        fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC);
        return fd < 0 || write(fd, "0", 1) != 1 ? -errno : 0;
}

typedef struct Ready {
        int fd[2];
} Ready;

/* A process that stands in the group until the test ends. The kernel sends it the signal when who started
 * it is gone, but forgets that where the UID changes, so that is said again. */
static pid_t spawn(const char *group, uid_t uid, int (*prepare)(void)) {
        Ready ready;
        pid_t pid;
        char c;

        make_group(group);
        assert_int_equal(pipe2(ready.fd, O_CLOEXEC), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                close(ready.fd[0]);
                if (join(tree_fd, group + 1) < 0 || (prepare && prepare() < 0) ||
                    setresuid(uid, uid, uid) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
                    write(ready.fd[1], "r", 1) != 1)
                        _exit(1);
                for (;;)
                        pause();
        }
        close(ready.fd[1]);
        assert_int_equal(read(ready.fd[0], &c, 1), 1);
        close(ready.fd[0]);
        return pid;
}

static void end(pid_t pid) {
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void find(uid_t only, Strays *ret) {
        StrayQuery query = {
                .proc_fd = proc_fd,
                .tree_fd = tree_fd,
                .min_uid = 1000,
                .only_uid = only,
        };

        assert_int_equal(strays_find(&query, ret), 0);
}

/* ---- tests ---- */

static void test_found(_unused_ void **state) {
        _cleanup_(strays_done) Strays strays = {};
        pid_t root = spawn("/system.slice/cron.service", 0, NULL);
        pid_t job = spawn("/system.slice/cron.service", BOB, NULL);
        pid_t own = spawn("/user.slice/user-71302.slice/session-1.scope", BOB, NULL);
        pid_t other = spawn("/user.slice/user-71301.slice/session-2.scope", BOB, NULL);

        find(UID_INVALID, &strays);
        assert_int_equal(strays.count, 2);
        assert_int_equal(strays.item[0].process.pid, job);
        assert_string_equal(strays.item[0].group, "/system.slice/cron.service");
        assert_int_equal(strays.item[1].process.pid, other);
        assert_true(stray_is_still_there(proc_fd, &strays.item[0]));
        end(job);
        assert_false(stray_is_still_there(proc_fd, &strays.item[0]));
        end(root);
        end(own);
        end(other);
}

/* As any user may, with their own UID mapped to itself. */
static int new_users(void) {
        static const char map[] = "71302 71302 1";
        _cleanup_close_ int fd = -1;

        if (setresuid(BOB, BOB, BOB) < 0 || prctl(PR_SET_DUMPABLE, 1) < 0 || unshare(CLONE_NEWUSER) < 0)
                return -errno;
        fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
        return fd < 0 || write(fd, map, strlen(map)) < 0 ? -errno : 0;
}

/* In /proc its child is what has another PID of its own. */
static int new_pids(void) {
        pid_t pid;

        if (unshare(CLONE_NEWPID) < 0)
                return -errno;
        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0) {
                if (setresuid(BOB, BOB, BOB) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
                        _exit(1);
                for (;;)
                        pause();
        }
        return 0;
}

static void test_namespaces(_unused_ void **state) {
        _cleanup_(strays_done) Strays strays = {};
        pid_t root = spawn("/system.slice/cron.service", 0, NULL);
        pid_t users = spawn("/system.slice/cron.service", BOB, new_users);
        pid_t pids = spawn("/system.slice/cron.service", ALICE, new_pids);

        find(UID_INVALID, &strays);
        assert_int_equal(strays.count, 1);
        assert_int_equal(strays.item[0].process.pid, pids);
        end(users);
        end(pids);
        end(root);
}

static int real_uid_root(void) {
        return setresuid(0, BOB, 0) < 0 ? -errno : 0;
}

static pid_t spawn_acting(void) {
        pid_t pid;
        int ready[2];
        char c;

        assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                if (join(tree_fd, "system.slice/smbd.service") < 0 || real_uid_root() < 0 ||
                    write(ready[1], "r", 1) != 1)
                        _exit(1);
                for (;;)
                        pause();
        }
        assert_int_equal(read(ready[0], &c, 1), 1);
        close(ready[0]);
        close(ready[1]);
        return pid;
}

static void test_acting_for_a_user(_unused_ void **state) {
        _cleanup_(strays_done) Strays strays = {};
        pid_t root = spawn("/system.slice/smbd.service", 0, NULL), acting = spawn_acting();

        find(UID_INVALID, &strays);
        assert_int_equal(strays.count, 0);
        end(acting);
        end(root);
}

static void test_service_of_the_user(_unused_ void **state) {
        _cleanup_(strays_done) Strays strays = {};
        pid_t main_process = spawn("/system.slice/app.service", BOB, NULL);
        pid_t worker = spawn("/system.slice/app.service", BOB, NULL);

        find(UID_INVALID, &strays);
        assert_int_equal(strays.count, 0);
        end(worker);
        end(main_process);
}

/* ---- what it costs ---- */

static double cpu_seconds(void) {
        struct timespec t;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

static double measure(unsigned looks, size_t *ret_strays) {
        double begin = cpu_seconds();

        for (unsigned i = 0; i < looks; i++) {
                _cleanup_(strays_done) Strays strays = {};

                find(UID_INVALID, &strays);
                *ret_strays = strays.count;
        }
        return (cpu_seconds() - begin) / looks;
}

/* Nine of ten are users' in sessions of their own, one is of a service; then there are 20 strays too. */
static void measure_with(unsigned processes) {
        size_t strays = 0;
        double without, with;
        char group[128];

        for (unsigned i = 0; i < processes; i++) {
                unsigned user = 71400 + i % 40;

                if (i % 10 == 0)
                        snprintf(group, sizeof group, "/system.slice/service-%u.service", i / 10 % 60);
                else
                        snprintf(group, sizeof group, "/user.slice/user-%u.slice/session-%u.scope", user,
                                 user);
                (void) spawn(group, i % 10 == 0 ? 0 : user, NULL);
        }
        without = measure(20, &strays);
        printf("%u processes in %u units, %zu strays: %.2f ms a look, %.3f %% of a CPU every 5 s\n",
               processes, 100U, strays, 1e3 * without, 100 * without / 5);
        for (unsigned i = 0; i < 20; i++)
                (void) spawn("/system.slice/service-1.service", BOB, NULL);
        with = measure(20, &strays);
        printf("%u processes in %u units, %zu strays: %.2f ms a look, %.3f %% of a CPU every 5 s\n",
               processes + 20, 100U, strays, 1e3 * with, 100 * with / 5);
}

/* ---- the hierarchy ---- */

static bool has_named_hierarchy(void) {
        char text[4096];
        _cleanup_close_ int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

        if (n < 0)
                return false;
        text[n] = '\0';
        return strstr(text, ":name=systemd:");
}

/* For ourselves alone; it is the kernel's one hierarchy all the same. */
static bool mount_hierarchy(void) {
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            !mkdtemp(mount_point))
                return false;
        if (has_named_hierarchy() ? mount("none", mount_point, "cgroup", 0, "none,name=systemd") < 0
                                  : mount("none", mount_point, "cgroup2", 0, NULL) < 0)
                return false;
        snprintf(base, sizeof base, "%s/fairslice-strays-%d", mount_point, (int) getpid());
        return mkdir(base, 0755) >= 0;
}

static bool enter(void) {
        tree_fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return tree_fd >= 0 && proc_fd >= 0 && join(tree_fd, "") >= 0 && unshare(CLONE_NEWCGROUP) >= 0;
}

static int run_all(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_found),
                cmocka_unit_test(test_namespaces),
                cmocka_unit_test(test_acting_for_a_user),
                cmocka_unit_test(test_service_of_the_user),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Whoever is in there still is killed; groups go from the inside out. */
static void clean_up(void) {
        char command[512];

        snprintf(command, sizeof command,
                 "find '%s' -name cgroup.procs -exec cat '{}' + | xargs -r kill -9 2>/dev/null\n"
                 "find '%s' -depth -type d -exec rmdir '{}' ';' 2>/dev/null",
                 base, base);
        for (unsigned i = 0; i < 100 && access(base, F_OK) == 0; i++) {
                if (system(command) != 0)
                        (void) usleep(20000);
                while (waitpid(-1, NULL, WNOHANG) > 0)
                        ;
        }
        (void) umount2(mount_point, MNT_DETACH);
        (void) rmdir(mount_point);
}

int main(int argc, char **argv) {
        int status = 0;
        pid_t pid;

        if (geteuid() != 0 || !mount_hierarchy()) {
                fprintf(stderr, "SKIPPED: needs root, and to be let mount the kernel's groups: %m\n");
                return 77;
        }
        (void) prctl(PR_SET_CHILD_SUBREAPER, 1);
        pid = fork();
        if (pid == 0) {
                if (!enter())
                        _exit(77);
                if (argc > 1)
                        measure_with((unsigned) atoi(argv[1]));
                fflush(stdout);
                _exit(argc > 1 ? 0 : run_all());
        }
        (void) waitpid(pid, &status, 0);
        clean_up();
        if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
                fprintf(stderr, "SKIPPED: no group can be joined, or no namespace made.\n");
        return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
