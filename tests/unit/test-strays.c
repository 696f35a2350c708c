/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "support/stray-host.h"
#include "support/test.h"
#include "watch/strays.h"

#define ALICE 1000
#define BOB   1001
#define CRON  "/system.slice/cron.service"

static StrayHost host;
static Strays found;
static pid_t next_pid;

static int setup(_unused_ void **state) {
        next_pid = 100;
        stray_host_open(&host, NULL, NULL);
        return 0;
}

static int teardown(_unused_ void **state) {
        strays_done(&found);
        stray_host_close(&host);
        return 0;
}

/* ---- what is there, and what is found ---- */

static pid_t add(const char *group, FakeProcess process) {
        stray_host_add(&host, next_pid, group, &process);
        return next_pid++;
}

#define ADD(group, ...) add((group), (FakeProcess){ __VA_ARGS__ })

/* A service whose main process is root's. */
static void add_cron(void) {
        ADD(CRON, .uid = 0, .started = 10);
}

static int find_with(uid_t only, usec_t min_age) {
        _cleanup_close_ int proc_fd = open(host.proc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int tree_fd = open(host.tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        StrayQuery query = {
                .proc_fd = proc_fd,
                .tree_fd = tree_fd,
                .min_uid = 1000,
                .only_uid = only,
                .min_age_usec = min_age,
        };

        strays_done(&found);
        return strays_find(&query, &found);
}

static void find(void) {
        assert_int_equal(find_with(UID_INVALID, 0), 0);
}

static void expect_none(void) {
        find();
        assert_int_equal(found.count, 0);
}

static void expect_one(pid_t pid, uid_t uid, const char *group) {
        find();
        assert_int_equal(found.count, 1);
        assert_int_equal(found.item[0].process.pid, pid);
        assert_int_equal(found.item[0].process.uid, uid);
        assert_string_equal(found.item[0].group, group);
}

/* ---- strays ---- */

static void test_job_of_cron(_unused_ void **state) {
        pid_t job;

        add_cron();
        job = ADD(CRON, .uid = BOB, .comm = "b (ack) up");
        expect_one(job, BOB, CRON);
        assert_string_equal(found.item[0].process.comm, "b (ack) up");
        assert_int_equal(found.item[0].process.start, 100);
}

static void test_other_users_session(_unused_ void **state) {
        pid_t shell;

        ADD("/user.slice/user-1000.slice/session-3.scope", .uid = ALICE, .started = 50);
        shell = ADD("/user.slice/user-1000.slice/session-3.scope", .uid = BOB);
        expect_one(shell, BOB, "/user.slice/user-1000.slice/session-3.scope");
}

/* Alice has left, and what bob began in her session goes on: no unit of bob's all the same. */
static void test_other_users_session_without_them(_unused_ void **state) {
        pid_t shell = ADD("/user.slice/user-1000.slice/session-3.scope", .uid = BOB);

        expect_one(shell, BOB, "/user.slice/user-1000.slice/session-3.scope");
}

static void test_slices_in_slices(_unused_ void **state) {
        ADD("/system.slice/system-getty.slice/getty@tty1.service", .uid = 0, .started = 10);
        expect_one(ADD("/system.slice/system-getty.slice/getty@tty1.service", .uid = BOB), BOB,
                   "/system.slice/system-getty.slice/getty@tty1.service");
}

static void test_scope_of_root(_unused_ void **state) {
        ADD("/batch.slice/run-7.scope", .uid = 0, .started = 10);
        expect_one(ADD("/batch.slice/run-7.scope", .uid = BOB), BOB, "/batch.slice/run-7.scope");
}

static void test_order(_unused_ void **state) {
        add_cron();
        ADD(CRON, .uid = BOB, .started = 300);
        ADD(CRON, .uid = ALICE, .started = 200);
        ADD(CRON, .uid = BOB, .started = 150);
        ADD("/system.slice/atd.service", .uid = 0, .started = 10);
        ADD("/system.slice/atd.service", .uid = BOB, .started = 400);
        find();
        assert_int_equal(found.count, 4);
        assert_int_equal(found.item[0].process.uid, ALICE);
        assert_string_equal(found.item[1].group, "/system.slice/atd.service");
        assert_int_equal(found.item[2].process.start, 150);
        assert_int_equal(found.item[3].process.start, 300);
}

static void test_one_user_only(_unused_ void **state) {
        add_cron();
        ADD(CRON, .uid = ALICE);
        ADD(CRON, .uid = BOB);
        assert_int_equal(find_with(BOB, 0), 0);
        assert_int_equal(found.count, 1);
        assert_int_equal(found.item[0].process.uid, BOB);
}

/* Uptime is 172800 s. */
static void test_too_young(_unused_ void **state) {
        add_cron();
        ADD(CRON, .uid = ALICE, .started = 172796 * (uint64_t) sysconf(_SC_CLK_TCK));
        ADD(CRON, .uid = BOB, .started = 172795 * (uint64_t) sysconf(_SC_CLK_TCK));
        assert_int_equal(find_with(UID_INVALID, 5 * USEC_PER_SEC), 0);
        assert_int_equal(found.count, 1);
        assert_int_equal(found.item[0].process.uid, BOB);
        find();
        assert_int_equal(found.count, 2);
}

/* ---- rule 1: all UIDs are the same ---- */

static void test_other_identity(_unused_ void **state) {
        add_cron();
        ADD(CRON, .uid = 0, .effective = BOB, .file_system = BOB); /* smbd */
        ADD(CRON, .uid = BOB, .effective = 33);
        ADD(CRON, .uid = BOB, .saved = 33);
        ADD(CRON, .uid = BOB, .file_system = 33);
        expect_none();
}

/* ---- rule 2: UIDs ---- */

static void test_uids_of_no_person(_unused_ void **state) {
        static const uid_t uids[] = { 1, 33, 999, 61184, 64055, 65519, 65534, 65535 };

        add_cron();
        for (size_t i = 0; i < ELEMENTSOF(uids); i++)
                ADD(CRON, .uid = uids[i]);
        expect_none();
        ADD(CRON, .uid = 1000);
        ADD(CRON, .uid = 61183);
        ADD(CRON, .uid = 65536);
        ADD(CRON, .uid = 1234567890);
        find();
        assert_int_equal(found.count, 4);
}

/* ---- rule 3: kernel threads, the dead ---- */

static void test_kernel_thread(_unused_ void **state) {
        add_cron();
        ADD(CRON, .uid = BOB, .flags = 0x00208040UL);
        expect_none();
}

static void test_zombie(_unused_ void **state) {
        add_cron();
        ADD(CRON, .uid = BOB, .state = 'Z');
        ADD(CRON, .uid = BOB, .state = 'X');
        expect_none();
        /* Only its first thread has ended. */
        expect_one(ADD(CRON, .uid = BOB, .state = 'Z', .threads = 3), BOB, CRON);
}

/* ---- rule 4: namespaces ---- */

static void test_other_namespaces(_unused_ void **state) {
        add_cron();
        ADD(CRON, .uid = BOB, .inner_pid = "1");
        ADD(CRON, .uid = BOB, .inner_pid = "17\t1");
        ADD(CRON, .uid = BOB, .uid_map = "         0       1001          1\n");
        ADD(CRON, .uid = BOB, .uid_map = "");
        expect_none();
}

/* A kernel before 4.1 does not tell. */
static void test_untold_namespaces(_unused_ void **state) {
        pid_t job;

        add_cron();
        job = ADD(CRON, .uid = BOB);
        stray_host_put(&host, job, "status", "Name:\tsh\nUid:\t1001\t1001\t1001\t1001\n");
        expect_none();
        stray_host_put(&host, job, "status", "Name:\tsh\nUid:\t1001\t1001\t1001\t1001\nNSpid:\t101\n");
        expect_one(job, BOB, CRON);
}

/* A map of many lines is not ours, and is not read to its end. */
static void test_long_uid_map(_unused_ void **state) {
        char map[4000] = "";

        for (unsigned i = 0; i < 60; i++)
                snprintf(map + strlen(map), sizeof map - strlen(map), "%10u %10u %10u\n", i, 100000 + i, 1);
        add_cron();
        ADD(CRON, .uid = BOB, .uid_map = map);
        expect_none();
}

/* ---- rules 5 and 6: units, and what is delegated ---- */

static void test_not_directly_in_a_unit(_unused_ void **state) {
        static const char *const groups[] = {
                "/system.slice",
                "/system.slice/slurmd.service/job_1/step_0",
                "/system.slice/x.service/system.slice/y.service",
                "/docker/0123456789abcdef",
                "/lxc.payload.web/system.slice/cron.service",
                "/kubepods/besteffort/pod1",
                "/.slice/x.service",
        };

        for (size_t i = 0; i < ELEMENTSOF(groups); i++) {
                ADD(groups[i], .uid = 0, .started = 10);
                ADD(groups[i], .uid = BOB);
        }
        expect_none();
}

static void test_never_touched(_unused_ void **state) {
        static const char *const groups[] = {
                "/init.scope",
                "/machine.slice/machine-web.scope",
                "/machine.slice/machine-a.slice/x.service",
                "/user.slice/user-1000.slice/user@1000.service",
                "/user.slice/user-1000.slice/user@1000.service/app.slice/x.service",
                "/system.slice/user@1000.service",
        };

        for (size_t i = 0; i < ELEMENTSOF(groups); i++) {
                ADD(groups[i], .uid = 0, .started = 10);
                ADD(groups[i], .uid = BOB);
        }
        expect_none();
}

static void test_delegated(_unused_ void **state) {
        const char *const names[] = { "user.delegate", "trusted.delegate" };
        char path[512];
        bool any = false;

        ADD("/system.slice/docker-1.scope", .uid = 0, .started = 10);
        ADD("/system.slice/docker-1.scope", .uid = BOB);
        snprintf(path, sizeof path, "%s/system.slice/docker-1.scope", host.tree);
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                if (setxattr(path, names[i], "1", 1, 0) < 0)
                        continue;
                any = true;
                expect_none();
                assert_int_equal(setxattr(path, names[i], "0", 1, 0), 0);
                find();
                assert_int_equal(found.count, 1);
                assert_int_equal(removexattr(path, names[i]), 0);
        }
        if (!any) {
                fprintf(stderr, "SKIPPED: %s takes no extended attributes.\n", host.tree);
                skip();
        }
}

/* ---- rule 7: the user's own slice ---- */

static void test_own_slice(_unused_ void **state) {
        ADD("/user.slice/user-1001.slice/session-4.scope", .uid = 0, .started = 10);
        ADD("/user.slice/user-1001.slice/session-4.scope", .uid = BOB);
        ADD("/user.slice/user-1001.slice/user@1001.service/init.scope", .uid = BOB);
        ADD("/user.slice/user-1001.slice/user-1001-jobs.slice/x.service", .uid = BOB);
        ADD("/user.slice/user-1001.slice/fairslice-adopted-1001-1.scope", .uid = BOB);
        expect_none();
}

/* Only below user.slice is it the user's. */
static void test_slice_of_that_name_elsewhere(_unused_ void **state) {
        ADD("/x.slice/user-1001.slice/a.service", .uid = 0, .started = 10);
        expect_one(ADD("/x.slice/user-1001.slice/a.service", .uid = BOB), BOB,
                   "/x.slice/user-1001.slice/a.service");
}

/* ---- rule 8: set up as the user on purpose ---- */

static void test_service_of_the_user(_unused_ void **state) {
        ADD("/system.slice/run-u5.service", .uid = BOB, .started = 50);
        ADD("/system.slice/run-u5.service", .uid = BOB, .started = 60);
        ADD("/system.slice/tool.scope", .uid = BOB);
        expect_none();
}

static void test_service_of_the_user_with_helpers(_unused_ void **state) {
        ADD("/system.slice/app.service", .uid = BOB, .started = 50);
        ADD("/system.slice/app.service", .uid = 0, .started = 60);
        ADD("/system.slice/app.service", .uid = BOB, .started = 70);
        expect_none();
        /* But who else is in there is one. */
        expect_one(ADD("/system.slice/app.service", .uid = ALICE, .started = 80), ALICE,
                   "/system.slice/app.service");
}

static void test_same_tick(_unused_ void **state) {
        pid_t job;

        ADD(CRON, .uid = 0);
        job = ADD(CRON, .uid = BOB);
        expect_one(job, BOB, CRON);
}

/* ---- rule 9: elsewhere on version 1 ---- */

static void test_version_1(_unused_ void **state) {
        pid_t job;

        add_cron();
        job = ADD(CRON, .uid = BOB,
                  .groups = "12:cpu,cpuacct:/system.slice\n5:freezer:/\n4:memory:" CRON
                            "\n1:name=systemd:" CRON "\n0::" CRON "\n");
        expect_one(job, BOB, CRON);
        stray_host_put(&host, job, "cgroup",
                       "3:memory:/slurm/uid_1001/job_1\n1:name=systemd:" CRON "\n0::/\n");
        expect_none();
        stray_host_put(&host, job, "cgroup", "3:memory:/system\n1:name=systemd:" CRON "\n0::/\n");
        expect_none();
}

/* It went elsewhere between the two looks. */
static void test_moved_meanwhile(_unused_ void **state) {
        pid_t job;

        add_cron();
        job = ADD(CRON, .uid = BOB, .groups = "0::/user.slice/user-1001.slice/session-1.scope\n");
        expect_none();
        stray_host_put(&host, job, "cgroup", "0::" CRON " (deleted)\n");
        expect_none();
}

/* ---- what goes, and what cannot be read ---- */

static void test_gone(_unused_ void **state) {
        char path[512];
        pid_t job;

        add_cron();
        job = ADD(CRON, .uid = BOB);
        stray_host_remove(&host, job, NULL);
        snprintf(path, sizeof path, "%s/system.slice/empty.service", host.tree);
        assert_int_equal(mkdir(path, 0755), 0);
        expect_none();
}

static void test_unreadable(_unused_ void **state) {
        static const char *const files[] = { "status", "stat", "uid_map", "cgroup" };

        add_cron();
        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                stray_host_remove(&host, ADD(CRON, .uid = BOB), files[i]);
        expect_none();
}

static void test_rubbish(_unused_ void **state) {
        static const char *const texts[] = { "", "\n", "Uid:\n", "Name:\t\nUid:\t1 2 3\nNSpid:\t\n", ")" };
        static const char *const files[] = { "status", "stat", "cgroup" };

        add_cron();
        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                for (size_t k = 0; k < ELEMENTSOF(files); k++)
                        stray_host_put(&host, ADD(CRON, .uid = BOB), files[k], texts[i]);
        expect_none();
}

static void test_hidden(_unused_ void **state) {
        add_cron();
        ADD(CRON, .uid = BOB);
        stray_host_remove(&host, 1, NULL);
        assert_int_equal(find_with(UID_INVALID, 0), -EACCES);
        assert_int_equal(found.count, 0);
}

static void test_uptime(_unused_ void **state) {
        static const char *const texts[] = { "", "x", "-5.0 1.0", "5", "99999999999999999999.0 1" };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                stray_host_put_uptime(&host, texts[i]);
                assert_int_equal(find_with(UID_INVALID, 5 * USEC_PER_SEC), -EINVAL);
        }
}

/* A link in the tree leads nowhere. */
static void test_link(_unused_ void **state) {
        char path[512];

        add_cron();
        ADD("/elsewhere/x.service", .uid = 0, .started = 10);
        ADD("/elsewhere/x.service", .uid = BOB);
        snprintf(path, sizeof path, "%s/link.slice", host.tree);
        assert_int_equal(symlink("elsewhere", path), 0);
        expect_none();
}

static void test_many(_unused_ void **state) {
        add_cron();
        for (unsigned i = 0; i < 600; i++)
                ADD(CRON, .uid = BOB);
        find();
        assert_int_equal(found.count, 600);
}

/* ---- before the move ---- */

static bool is_still_there(void) {
        _cleanup_close_ int proc_fd = open(host.proc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return stray_is_still_there(proc_fd, &found.item[0]);
}

static void test_still_there(_unused_ void **state) {
        FakeProcess other = { .uid = BOB, .started = 5000 }, same = { .uid = BOB };
        pid_t job;

        add_cron();
        job = ADD(CRON, .uid = BOB);
        find();
        assert_true(is_still_there());
        stray_host_put_process(&host, job, CRON, &other); /* the PID was used again */
        assert_false(is_still_there());
        stray_host_put_process(&host, job, "/system.slice/other.service", &same);
        assert_false(is_still_there());
        stray_host_put_process(&host, job, CRON, &same);
        assert_true(is_still_there());
        stray_host_remove(&host, job, NULL);
        assert_false(is_still_there());
}

/* ---- rule 9: the text ---- */

static void test_groups(_unused_ void **state) {
        assert_true(stray_groups_are("0::/a/b\n", "/a/b"));
        assert_true(stray_groups_are("0::/a/b", "/a/b"));
        assert_false(stray_groups_are("0::/a\n", "/a/b"));
        assert_false(stray_groups_are("0::/a/bc\n", "/a/b"));
        assert_false(stray_groups_are("0::/a/b/c\n", "/a/b"));
        assert_false(stray_groups_are("", "/a/b"));
        assert_false(stray_groups_are("4:memory:/a/b\n", "/a/b"));
        assert_false(stray_groups_are("0:/a/b\n", "/a/b"));
        assert_false(stray_groups_are("0::\n", "/a/b"));
        assert_false(stray_groups_are("3:memory:\n0::/a/b\n", "/a/b"));
        assert_true(stray_groups_are("1:name=systemd:/a:b/c\n0::/\n", "/a:b/c"));
        assert_false(stray_groups_are("1:name=systemd:/a\n0::/a/b\n", "/a/b"));
        assert_true(stray_groups_are("2:name=other:/a\n0::/a/b\n", "/a/b"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_job_of_cron),
                TEST(test_other_users_session),
                TEST(test_other_users_session_without_them),
                TEST(test_slices_in_slices),
                TEST(test_scope_of_root),
                TEST(test_order),
                TEST(test_one_user_only),
                TEST(test_too_young),
                TEST(test_other_identity),
                TEST(test_uids_of_no_person),
                TEST(test_kernel_thread),
                TEST(test_zombie),
                TEST(test_other_namespaces),
                TEST(test_untold_namespaces),
                TEST(test_long_uid_map),
                TEST(test_not_directly_in_a_unit),
                TEST(test_never_touched),
                TEST(test_delegated),
                TEST(test_own_slice),
                TEST(test_slice_of_that_name_elsewhere),
                TEST(test_service_of_the_user),
                TEST(test_service_of_the_user_with_helpers),
                TEST(test_same_tick),
                TEST(test_version_1),
                TEST(test_moved_meanwhile),
                TEST(test_gone),
                TEST(test_unreadable),
                TEST(test_rubbish),
                TEST(test_hidden),
                TEST(test_uptime),
                TEST(test_link),
                TEST(test_many),
                TEST(test_still_there),
                TEST(test_groups),
        };

        if (geteuid() != 0) {
                fprintf(stderr, "SKIPPED: needs root, to give processes' directories to users.\n");
                return 77;
        }
        return cmocka_run_group_tests(tests, NULL, NULL);
}
