/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/host-info.h"

#include <fcntl.h>
#include <string.h>

#include "support/test.h"
#include "unit/cgroup-fixture.h"

/* What a host is, read from a root and a /proc of the test's, and the backend that it gets. */

#define UNIFIED "24 20 0:21 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
#define BESIDE  "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
#define CPU     "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
#define CPUACCT "33 31 0:30 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct\n"
#define MEMORY  "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
#define SYSTEMD "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n"

static Fixture fixture;
static HostInfo info;
static BackendKind kind;
static char reason[BACKEND_REASON_MAX];

static int setup(_unused_ void **state) {
        if (fixture_open(&fixture) < 0)
                return -1;
        fixture_mkdir(&fixture, "self");
        fixture_mkdir(&fixture, "1");
        fixture_mkdir(&fixture, "run");
        fixture_write(&fixture, "1/comm", "runit\n");
        kind = BACKEND_AUTO;
        return 0;
}

static int teardown(_unused_ void **state) {
        host_info_done(&info);
        fixture_close(&fixture);
        return 0;
}

/* One directory is the root and /proc. */
static void read_host(const char *mountinfo, bool systemd) {
        if (systemd) {
                fixture_mkdir(&fixture, "run/systemd");
                fixture_mkdir(&fixture, "run/systemd/system");
        }
        fixture_write(&fixture, "self/mountinfo", mountinfo);
        host_info_done(&info);
        assert_int_equal(host_info_read(fixture.fd, fixture.fd, &info), 0);
}

static void expect(BackendKind wanted, BackendKind got, const char *why) {
        assert_int_equal(host_info_choose_backend(&info, wanted, &kind, reason), 0);
        assert_int_equal(kind, got);
        assert_string_equal(reason, why);
}

static void expect_refused(BackendKind wanted, const char *why) {
        kind = BACKEND_AUTO;
        assert_int_equal(host_info_choose_backend(&info, wanted, &kind, reason), -EOPNOTSUPP);
        assert_int_equal(kind, BACKEND_AUTO);
        if (!strstr(reason, why))
                fail_msg("\"%s\" does not say \"%s\"", reason, why);
}

static void test_unified_with_systemd(_unused_ void **state) {
        read_host(UNIFIED, true);
        expect(BACKEND_AUTO, BACKEND_SYSTEMD, "the host has the unified cgroup tree, and systemd as PID 1");
        expect(BACKEND_SYSTEMD, BACKEND_SYSTEMD,
               "so it is configured; the host has the unified cgroup tree, and systemd as PID 1");
        expect_refused(BACKEND_CGROUP1, "version 1 has no controllers here");
        expect_refused(BACKEND_CGROUP2, "Backend=systemd is for that");
        /* Somebody who mounts version 1's memory controller besides makes it no legacy host. */
        read_host(UNIFIED MEMORY, true);
        expect(BACKEND_AUTO, BACKEND_SYSTEMD, "the host has the unified cgroup tree, and systemd as PID 1");
}

static void test_unified_without_systemd(_unused_ void **state) {
        read_host("24 20 0:21 / /cg rw - cgroup2 cgroup2 rw\n", false);
        expect(BACKEND_AUTO, BACKEND_CGROUP2, "the host has the unified cgroup tree, and runit as PID 1");
        expect_refused(BACKEND_SYSTEMD, "systemd is not PID 1");
        expect_refused(BACKEND_CGROUP1, "version 1 has no controllers here");
}

static void test_hybrid(_unused_ void **state) {
        read_host(CPU CPUACCT MEMORY BESIDE, false);
        expect(BACKEND_AUTO, BACKEND_CGROUP1, "the host has a hybrid cgroup tree, and runit as PID 1");
        expect_refused(BACKEND_CGROUP2, "not in a unified tree");
        expect_refused(BACKEND_SYSTEMD, "systemd is not PID 1");
        read_host(CPU CPUACCT MEMORY BESIDE SYSTEMD, true);
        expect(BACKEND_AUTO, BACKEND_CGROUP1, "the host has a hybrid cgroup tree, and systemd as PID 1");
        expect(BACKEND_SYSTEMD, BACKEND_SYSTEMD,
               "so it is configured; the host has a hybrid cgroup tree, and systemd as PID 1");
}

static void test_legacy(_unused_ void **state) {
        read_host(CPU CPUACCT MEMORY, false);
        expect(BACKEND_AUTO, BACKEND_CGROUP1, "the host has a legacy cgroup tree, and runit as PID 1");
        read_host(CPU CPUACCT MEMORY, true);
        expect_refused(BACKEND_AUTO, "name=systemd, is not mounted");
}

static void test_something_is_missing(_unused_ void **state) {
        read_host(MEMORY, false);
        expect_refused(BACKEND_AUTO, "cpu and cpuacct hierarchies are not both mounted");
        read_host(CPU, false);
        expect_refused(BACKEND_AUTO, "cpu and cpuacct hierarchies are not both mounted");
        read_host("", false);
        expect_refused(BACKEND_AUTO, "the host has no cgroup tree");
}

static void test_unreadable(_unused_ void **state) {
        HostInfo none = {};

        assert_int_equal(host_info_read(fixture.fd, fixture.fd, &none), -ENOENT);
        fixture_write(&fixture, "self/mountinfo", "rubbish\n");
        assert_int_equal(host_info_read(fixture.fd, fixture.fd, &none), -EBADMSG);
        fixture_remove(&fixture, "1/comm");
        read_host(UNIFIED, false);
        assert_string_equal(host_info_init(&info), "something unknown as PID 1");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_unified_with_systemd),
                TEST(test_unified_without_systemd),
                TEST(test_hybrid),
                TEST(test_legacy),
                TEST(test_something_is_missing),
                TEST(test_unreadable),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
