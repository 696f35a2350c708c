/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unit.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "cgroup/process.h"
#include "model/user.h"

static Process process;

static int stat_of(const char *text) {
        process = (Process){};
        return process_parse_stat(text, strlen(text), &process);
}

static int status_of(const char *text) {
        process = (Process){};
        return process_parse_status(text, strlen(text), &process);
}

/* What stands behind the name, up to the scheduling policy and a little further */
#define STAT(state, parent, flags, threads, start, policy)                               \
        state " " parent " 9 9 0 -1 " flags " 1 2 3 4 5 6 7 8 20 0 " threads " 0 " start \
              " 1 2 18446744073709551615 1 2 3 0 0 0 0 0 0 0 0 0 17 0 0 " policy " 0 0\n"

static void test_stat(_unused_ void **state) {
        assert_int_equal(stat_of("3592 (cat) " STAT("R", "3588", "4194304", "1", "1356844", "0")), 0);
        assert_int_equal(process.pid, 3592);
        assert_int_equal(process.parent, 3588);
        assert_int_equal(process.start, 1356844);
        assert_string_equal(process.comm, "cat");
        assert_false(process.kernel || process.dead || process.realtime);
}

static void test_names(_unused_ void **state) {
        assert_int_equal(stat_of("1 () " STAT("S", "0", "0", "1", "5", "0")), 0);
        assert_string_equal(process.comm, "");
        assert_int_equal(stat_of("7 (a) R 2 (b) " STAT("S", "3", "0", "1", "5", "0")), 0);
        assert_string_equal(process.comm, "a) R 2 (b");
        assert_int_equal(process.parent, 3);
        assert_int_equal(stat_of("7 (line\nbreak )) " STAT("S", "4", "0", "1", "5", "0")), 0);
        assert_string_equal(process.comm, "line\nbreak )");
        assert_int_equal(process.parent, 4);
        assert_int_equal(
                stat_of("7 (kworker/u16:0-a-very-long-name-of-a-work-queue-that-goes-on-and-on) " STAT(
                        "I", "2", "69238880", "1", "5", "0")),
                0);
        assert_int_equal(strlen(process.comm), sizeof process.comm - 1);
        assert_true(process.kernel);
}

static void test_kinds(_unused_ void **state) {
        assert_int_equal(stat_of("7 (x) " STAT("Z", "1", "4", "1", "5", "0")), 0);
        assert_true(process.dead);
        assert_int_equal(stat_of("7 (x) " STAT("X", "1", "4", "0", "5", "0")), 0);
        assert_true(process.dead);
        assert_int_equal(stat_of("7 (x) " STAT("Z", "1", "4", "2", "5", "0")), 0);
        assert_false(process.dead); /* its other thread lives */
        assert_int_equal(stat_of("7 (x) " STAT("S", "1", "0", "1", "5", "1")), 0);
        assert_true(process.realtime);
        assert_int_equal(stat_of("7 (x) " STAT("S", "1", "0", "1", "5", "2")), 0);
        assert_true(process.realtime);
        assert_int_equal(stat_of("7 (x) " STAT("S", "1", "0", "1", "5", "6")), 0);
        assert_false(process.realtime); /* SCHED_DEADLINE */
}

static void test_stat_rubbish(_unused_ void **state) {
        static const char *const texts[] = {
                "",
                "\n",
                "7",
                "7 (x)",
                "7 (x)\n",
                "7 x S 1\n",
                ")7 ( S 1\n",
                "-7 (x) " STAT("S", "1", "0", "1", "5", "0"),
                "99999999999 (x) " STAT("S", "1", "0", "1", "5", "0"),
                "7 (x) " STAT("S", "-1", "0", "1", "5", "0"),
                "7 (x) " STAT("S", "1", "flags", "1", "5", "0"),
                "7 (x) " STAT("S", "1", "0", "1", "99999999999999999999999", "0"),
                "7 (x) S 1 9 9 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 5\n",
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                assert_int_equal(stat_of(texts[i]), -EBADMSG);
                assert_int_equal(process.pid, 0);
        }
        /* cut off */
        assert_int_equal(process_parse_stat("7 (x) S 1 9", 11, &process), -EBADMSG);
}

static void test_status(_unused_ void **state) {
        assert_int_equal(status_of("Name:\tcat\nUid:\t1000\t0\t0\t0\nGid:\t1\t1\t1\t1\nNSpid:\t3592\n"), 0);
        assert_int_equal(process.uid, 1000);
        assert_false(process.nested);
        assert_int_equal(status_of("Uid:\t4294967294\t0\t0\t0\nNSpid:\t3592\t1\n"), 0);
        assert_int_equal(process.uid, 4294967294U);
        assert_true(process.nested);
        assert_int_equal(status_of("Uid:\t5\t0\t0\t0\n"), 0); /* a kernel without NSpid */
        assert_int_equal(process.uid, 5);
        assert_false(process.nested || process.tells_nested);
}

static void test_identities(_unused_ void **state) {
        assert_int_equal(status_of("Name:\tsh\nUid:\t1000\t1000\t1000\t1000\nNSpid:\t5\n"), 0);
        assert_true(process.one_uid && process.tells_nested && !process.nested);
        assert_int_equal(status_of("Uid:\t1000\t1000\t1000\t1000\nNSpid:\t5\t1\n"), 0);
        assert_true(process.one_uid && process.nested);
        for (unsigned i = 1; i < 4; i++) {
                char text[64];

                snprintf(text, sizeof text, "Uid:\t1000\t%d\t%d\t%d\n", i == 1 ? 33 : 1000,
                         i == 2 ? 33 : 1000, i == 3 ? 33 : 1000);
                assert_int_equal(status_of(text), 0);
                assert_false(process.one_uid);
                assert_int_equal(process.uid, 1000);
        }
}

static void test_status_rubbish(_unused_ void **state) {
        static const char *const texts[] = {
                "",
                "Name:\tUid:\t1000\t0\n",
                "Uid:\t\n",
                "Uid:\tx\t0\t0\t0\n",
                "Uid:\t4294967296\t0\t0\t0\n",
                "Uid: 1000 0 0 0\n",
                "Uid:\t1\t1\t1\t1\nUid:\t2\t2\t2\t2\n",
                "Uid:\t1000\t1000\t1000\nNSpid:\t5\n",
                "Uid:\t-1\t1000\t1000\t1000\n",
                "Uid:\t1\t1\t1\t1\t1\n",
                "Uid:\t1\t1\t1\t1\nNSpid:\t\n",
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                assert_int_equal(status_of(texts[i]), -EBADMSG);
}

#define GROUPS                                  \
        "9:name=systemd:/user.slice/a.scope\n"  \
        "4:memory:/process_api/8 2:7\n"         \
        "3:cpuset:/\n"                          \
        "2:cpu,cpuacct:/user.slice (deleted)\n" \
        "1:blkio:/a/../b\n"                     \
        "0::/init.scope\n"

static void check_group(const char *name, const char *root, const char *expected) {
        _cleanup_free_ char *path = NULL;

        assert_int_equal(process_parse_group(GROUPS, strlen(GROUPS), name, root, &path), 0);
        assert_string_equal(path, expected);
}

static int no_group(const char *name, const char *root) {
        char *path = NULL;
        int r = process_parse_group(GROUPS, strlen(GROUPS), name, root, &path);

        assert_null(path);
        return r;
}

static void test_group(_unused_ void **state) {
        check_group("name=systemd", "/", "/user.slice/a.scope");
        check_group("memory", "/", "/process_api/8 2:7");
        check_group("cpuset", "/", "/");
        check_group("", "/", "/init.scope");
        check_group("memory", "/process_api", "/8 2:7");
        check_group("memory", "/process_api/8 2:7", "/");
        assert_int_equal(no_group("memory", "/process"), -ENOENT); /* a part of a name is no parent */
        assert_int_equal(no_group("memory", "/other"), -ENOENT);
        assert_int_equal(no_group("cpu", "/"), -ENOENT);
        assert_int_equal(no_group("cpuacct", "/"), -ENOENT);
        assert_int_equal(no_group("blkio", "/"), -ENOENT); /* outside of what is seen here */
        assert_int_equal(no_group("cp", "/"), -ENOENT);
        assert_int_equal(no_group("pids", "/"), -ENOENT);
}

static void test_group_rubbish(_unused_ void **state) {
        static const char *const texts[] = { "4:memory\n", "4:memory:\n", "4:memory:a\n" };
        char *path = NULL;

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                assert_int_equal(process_parse_group(texts[i], strlen(texts[i]), "memory", "/", &path),
                                 -EBADMSG);
        assert_int_equal(process_parse_group("4:memory:/a\0b", 13, "memory", "/", &path), -EBADMSG);
        assert_int_equal(process_parse_group("", 0, "memory", "/", &path), -ENOENT);
        assert_null(path);
}

/* ---- the real /proc ---- */

static int proc_fd = -1;

static void test_ourselves(_unused_ void **state) {
        _cleanup_close_ int fd = process_open(proc_fd, getpid());
        uid_t owner;

        assert_true(fd >= 0);
        assert_int_equal(process_read(fd, &process), 0);
        assert_int_equal(process.pid, getpid());
        assert_int_equal(process.parent, getppid());
        assert_int_equal(process.uid, getuid());
        assert_true(process.start > 0);
        assert_string_equal(process.comm, "test-process");
        assert_false(process.kernel || process.dead);
        assert_int_equal(process_has_other_users(fd, proc_fd), 0);
        assert_int_equal(process_owner(proc_fd, getpid(), &owner), 0);
        assert_int_equal(owner, geteuid());
}

static void test_ended(_unused_ void **state) {
        _cleanup_close_ int fd = -1;
        char *group = NULL;
        pid_t child;
        uid_t owner;
        int ends[2];

        assert_int_equal(pipe(ends), 0);
        child = fork();
        if (child == 0) {
                close(ends[1]);
                _exit((int) read(ends[0], &owner, 1));
        }
        close(ends[0]);
        fd = process_open(proc_fd, child);
        assert_true(fd >= 0);
        assert_int_equal(process_read(fd, &process), 0);
        assert_false(process.dead);
        close(ends[1]);
        assert_int_equal(waitid(P_PID, (id_t) child, &(siginfo_t){}, WEXITED | WNOWAIT), 0);
        assert_int_equal(process_read(fd, &process), 0);
        assert_true(process.dead);
        assert_int_equal(waitpid(child, NULL, 0), child);
        assert_int_equal(process_read(fd, &process), -ESRCH);
        assert_int_equal(
                process_read_group(fd, &(CgroupHierarchy){ .name = "", .root = (char *) "/" }, &group),
                -ESRCH);
        assert_int_equal(process_has_other_users(fd, proc_fd), -ESRCH);
        assert_int_equal(process_owner(proc_fd, child, &owner), -ESRCH);
        assert_int_equal(process_open(proc_fd, child), -ESRCH);
}

/* ---- user namespaces ---- */

#define USER 61290 /* nobody's */

static bool put(const char *path, const char *text) {
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

        return fd >= 0 && write(fd, text, strlen(text)) > 0;
}

/* Who is not mapped may not make another. */
static bool new_users(uid_t uid) {
        char users[32], groups[32];

        snprintf(users, sizeof users, "%u %u 1", (unsigned) uid, (unsigned) uid);
        snprintf(groups, sizeof groups, "%u %u 1", (unsigned) getegid(), (unsigned) getegid());
        return unshare(CLONE_NEWUSER) >= 0 && put("/proc/self/uid_map", users) &&
               put("/proc/self/setgroups", "deny") && put("/proc/self/gid_map", groups);
}

/* A process of the user's in so many user namespaces, one in the other. -1: not allowed here. */
static pid_t spawn_in_users(uid_t uid, unsigned depth) {
        int ready[2];
        char c = 'n';
        pid_t pid;

        assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
        pid = fork();
        if (pid == 0) {
                bool ok = setresuid(uid, uid, uid) >= 0 && prctl(PR_SET_DUMPABLE, 1) >= 0;

                for (unsigned i = 0; ok && i < depth; i++)
                        ok = new_users(uid);
                (void) (write(ready[1], ok ? "y" : "n", 1) + close(ready[1]) + pause());
                _exit(0);
        }
        close(ready[1]);
        assert_int_equal(read(ready[0], &c, 1), 1);
        close(ready[0]);
        if (c == 'y')
                return pid;
        kill(pid, SIGKILL);
        (void) waitpid(pid, NULL, 0);
        return -1;
}

static void check_owner(uid_t uid, unsigned depth) {
        pid_t pid = spawn_in_users(uid, depth);
        _cleanup_close_ int fd = pid > 0 ? process_open(proc_fd, pid) : -1;
        uid_t owner = UID_INVALID;
        int r, other;

        if (pid < 0) {
                fprintf(stderr, "SKIPPED: no user namespace can be made here.\n");
                skip();
        }
        r = process_users_owner(fd, proc_fd, &owner);
        other = process_has_other_users(fd, proc_fd);
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        assert_int_equal(r, depth > 0);
        assert_int_equal(other, depth > 0);
        assert_int_equal(owner, depth > 0 ? uid : UID_INVALID);
        assert_true(process_users_owner(fd, proc_fd, &owner) < 0);
}

static void test_users_owner(_unused_ void **state) {
        if (geteuid() != 0) {
                fprintf(stderr, "SKIPPED: needs root, to be another user.\n");
                skip();
        }
        check_owner(USER, 0);
        check_owner(USER, 1);
        check_owner(USER, 3);
        check_owner(0, 1);
}

static void test_next(_unused_ void **state) {
        DIR *proc = opendir("/proc");
        bool found = false;
        pid_t pid;

        assert_non_null(proc);
        while ((pid = process_next(proc)) > 0)
                found = found || pid == getpid();
        closedir(proc);
        assert_true(found);
}

static int setup(_unused_ void **state) {
        proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return proc_fd < 0 ? -1 : 0;
}

static int teardown(_unused_ void **state) {
        proc_fd = safe_close(proc_fd);
        return 0;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_stat),           cmocka_unit_test(test_names),
                cmocka_unit_test(test_kinds),          cmocka_unit_test(test_stat_rubbish),
                cmocka_unit_test(test_status),         cmocka_unit_test(test_identities),
                cmocka_unit_test(test_status_rubbish), cmocka_unit_test(test_group),
                cmocka_unit_test(test_group_rubbish),  cmocka_unit_test(test_ourselves),
                cmocka_unit_test(test_ended),          cmocka_unit_test(test_users_owner),
                cmocka_unit_test(test_next),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
