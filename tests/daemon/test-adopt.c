/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <pwd.h>
#include <string.h>
#include <sys/wait.h>

#include "daemon/adopt.h"
#include "daemon/host.h"
#include "support/stray-host.h"

/* `fairsliced --adopt=UID` as a process of its own, with a scripted systemd that knows units and moves
 * processes. */

#define BOB     1001
#define CRON    "/system.slice/cron.service"
#define SESSION "/user.slice/user-1000.slice/session-3.scope"
#define ADOPT   "[Manager]\nAdoptStrays=yes\n"
#define NAME    "org.freedesktop.systemd1"

int __wrap_getpwuid_r(uid_t uid, struct passwd *pw, char *buffer, size_t size, struct passwd **ret);

/* Of one unit: what systemd says. */
typedef struct FakeUnit {
        const char *name, *group, *user;
        bool delegate;
} FakeUnit;

static StrayHost strays;
static struct {
        FakeUnit unit[4];
        unsigned scopes;    /* StartTransientUnit */
        unsigned gone;      /* so often a process is gone by then */
        const char *refuse; /* StartTransientUnit, with this error */
        bool do_nothing;    /* says yes, and moves nobody */
        pid_t pid[8];       /* that it got last */
        size_t pids;
        char scope[256];
        pid_t reused; /* this PID is another process when it is moved */
} systemd;

int __wrap_getpwuid_r(uid_t uid, struct passwd *pw, char *buffer, size_t size, struct passwd **ret) {
        *ret = NULL;
        if (uid == 1002)
                return 0;
        assert_true(size >= sizeof "bob");
        strcpy(buffer, "bob");
        *pw = (struct passwd){ .pw_name = buffer, .pw_uid = uid, .pw_gid = 100 };
        *ret = pw;
        return 0;
}

/* ---- systemd ---- */

static int on_get_unit(sd_bus_message *m) {
        const char *name;
        char path[64];

        assert_true(sd_bus_message_read(m, "s", &name) > 0);
        for (size_t i = 0; i < ELEMENTSOF(systemd.unit) && systemd.unit[i].name; i++) {
                snprintf(path, sizeof path, "/org/freedesktop/systemd1/unit/_%zu", i);
                if (strcmp(systemd.unit[i].name, name) == 0)
                        return sd_bus_reply_method_return(m, "o", path);
        }
        return sd_bus_reply_method_errorf(m, NAME ".NoSuchUnit", "Unit %s not loaded.", name);
}

static int on_get_property(sd_bus_message *m) {
        const char *interface, *property, *number = strrchr(sd_bus_message_get_path(m), '_');
        const FakeUnit *unit;
        bool service;

        assert_non_null(number);
        unit = &systemd.unit[atoi(number + 1)];
        service = strstr(unit->name, ".service");
        assert_true(sd_bus_message_read(m, "ss", &interface, &property) > 0);
        assert_string_equal(interface, service ? NAME ".Service" : NAME ".Scope");
        if (strcmp(property, "ControlGroup") == 0)
                return sd_bus_reply_method_return(m, "v", "s", unit->group);
        if (strcmp(property, "Delegate") == 0)
                return sd_bus_reply_method_return(m, "v", "b", unit->delegate);
        assert_string_equal(property, "User");
        assert_true(service);
        return sd_bus_reply_method_return(m, "v", "s", unit->user ?: "");
}

static void read_property(sd_bus_message *m, const char *property) {
        const char *text;
        int yes;

        if (strcmp(property, "PIDs") == 0) {
                uint32_t pid;

                assert_true(sd_bus_message_enter_container(m, 'v', "au") > 0);
                assert_true(sd_bus_message_enter_container(m, 'a', "u") > 0);
                for (systemd.pids = 0; sd_bus_message_read(m, "u", &pid) > 0;) {
                        assert_true(systemd.pids < ELEMENTSOF(systemd.pid));
                        systemd.pid[systemd.pids++] = (pid_t) pid;
                }
                assert_true(sd_bus_message_exit_container(m) > 0);
                assert_true(sd_bus_message_exit_container(m) > 0);
        } else if (strcmp(property, "SendSIGHUP") == 0)
                assert_true(sd_bus_message_read(m, "v", "b", &yes) > 0);
        else {
                assert_true(sd_bus_message_read(m, "v", "s", &text) > 0);
                if (strcmp(property, "Slice") == 0)
                        assert_string_equal(text, "user-1001.slice");
                else if (strcmp(property, "CollectMode") == 0)
                        assert_string_equal(text, "inactive-or-failed");
                else
                        assert_string_equal(property, "Description");
        }
}

static void move_all(void) {
        char group[512];

        snprintf(group, sizeof group, "0::/user.slice/user-1001.slice/%s\n", systemd.scope);
        for (size_t i = 0; i < systemd.pids; i++)
                stray_host_put(&strays, systemd.pid[i], "cgroup", group);
        if (systemd.reused > 0)
                stray_host_put_process(&strays, systemd.reused, "/system.slice/other.service",
                                       &(FakeProcess){ .uid = BOB, .started = 9999 });
}

static int on_start_scope(sd_bus_message *m) {
        const char *scope, *mode, *property;

        systemd.scopes++;
        assert_true(sd_bus_message_has_signature(m, "ssa(sv)a(sa(sv))"));
        assert_true(sd_bus_message_read(m, "ss", &scope, &mode) > 0);
        snprintf(systemd.scope, sizeof systemd.scope, "%s", scope);
        assert_string_equal(mode, "fail");
        assert_true(sd_bus_message_enter_container(m, 'a', "(sv)") > 0);
        while (sd_bus_message_enter_container(m, 'r', "sv") > 0) {
                assert_true(sd_bus_message_read(m, "s", &property) > 0);
                read_property(m, property);
                assert_true(sd_bus_message_exit_container(m) > 0);
        }
        if (systemd.gone > 0) {
                systemd.gone--;
                return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_UNIX_PROCESS_ID_UNKNOWN, "gone");
        }
        if (systemd.refuse)
                return sd_bus_reply_method_errorf(m, systemd.refuse, "no");
        if (!systemd.do_nothing)
                move_all();
        return sd_bus_reply_method_return(m, "o", "/org/freedesktop/systemd1/job/1");
}

static int on_call(sd_bus_message *m, _unused_ void *userdata, _unused_ sd_bus_error *error) {
        if (sd_bus_message_is_method_call(m, NAME ".Manager", "GetUnit"))
                return on_get_unit(m);
        if (sd_bus_message_is_method_call(m, "org.freedesktop.DBus.Properties", "Get"))
                return on_get_property(m);
        if (sd_bus_message_is_method_call(m, NAME ".Manager", "StartTransientUnit"))
                return on_start_scope(m);
        return 0;
}

/* ---- the host ---- */

static int setup(void **state) {
        (void) host_setup_with_bus(state);
        stray_host_open(&strays, fixture_proc_path(host.fixture), fixture_cgroup_path(host.fixture));
        host.options.adopt_uid = BOB;
        memset(&systemd, 0, sizeof systemd);
        systemd.unit[0] = (FakeUnit){ .name = "cron.service", .group = CRON };
        systemd.unit[1] = (FakeUnit){ .name = "session-3.scope", .group = SESSION };
        assert_true(sd_bus_add_filter(fake_systemd_bus(host.systemd), NULL, on_call, NULL) >= 0);
        fixture_configure(host.fixture, ADOPT);
        stray_host_add(&strays, 100, CRON, &(FakeProcess){ .started = 10 });
        return 0;
}

static int teardown(void **state) {
        stray_host_close(&strays);
        return host_teardown(state);
}

static void add(pid_t pid, const char *group, uid_t uid) {
        stray_host_add(&strays, pid, group, &(FakeProcess){ .uid = uid });
}

static bool has_ended(pid_t pid, int *ret_status) {
        return waitpid(pid, ret_status, WNOHANG) == pid;
}

/* Whether it says that all is well. It waits for the answers of the fakes, so it is a process of its own. */
static bool adopt(void) {
        pid_t pid = fork();
        int status;

        assert_true(pid >= 0);
        if (pid == 0)
                _exit(adopt_run(&host.options) < 0);
        DRIVE_UNTIL(has_ended(pid, &status));
        assert_true(WIFEXITED(status));
        return WEXITSTATUS(status) == 0;
}

/* ---- tests ---- */

static void test_moves_all_of_one_user(_unused_ void **state) {
        add(101, CRON, BOB);
        add(102, CRON, 1000);
        add(103, SESSION, BOB);
        add(104, CRON, BOB);
        assert_true(adopt());
        assert_int_equal(systemd.scopes, 1);
        assert_int_equal(systemd.pids, 3);
        assert_int_equal(systemd.pid[0], 101);
        assert_int_equal(systemd.pid[1], 104);
        assert_int_equal(systemd.pid[2], 103);
        assert_int_equal(strncmp(systemd.scope, "fairslice-adopted-1001-", 23), 0);
        assert_int_equal(
                log_capture_count("Moved 3 processes of bob (UID 1001) from system.slice/cron.service and 1 "
                                  "other place into fairslice-adopted-1001-"),
                1);
        assert_int_equal(log_capture_count(""), 2); /* that line, and what follows its end */
}

static void test_nothing_there(_unused_ void **state) {
        add(102, CRON, 1000);
        assert_true(adopt());
        assert_int_equal(systemd.scopes, 0);
        assert_int_equal(log_capture_count(""), 1);
}

/* What systemd says counts more than what the files look like. */
static void test_what_systemd_keeps(_unused_ void **state) {
        static const FakeUnit keeps[] = {
                { .name = "cron.service", .group = CRON, .delegate = true },
                { .name = "cron.service", .group = CRON, .user = "bob" },
                { .name = "cron.service", .group = CRON, .user = "1001" },
                { .name = "cron.service", .group = "/elsewhere.slice/cron.service" },
                { .name = "other.service", .group = CRON },
        };

        add(101, CRON, BOB);
        for (size_t i = 0; i < ELEMENTSOF(keeps); i++) {
                systemd.unit[0] = keeps[i];
                assert_true(adopt());
                assert_int_equal(systemd.scopes, 0);
        }
        systemd.unit[0] = (FakeUnit){ .name = "cron.service", .group = CRON, .user = "root" };
        assert_true(adopt());
        assert_int_equal(systemd.scopes, 1);
}

/* systemd has put a "_" before the name of the group. */
static void test_escaped_name(_unused_ void **state) {
        systemd.unit[0] = (FakeUnit){ .name = "memory.service", .group = "/system.slice/_memory.service" };
        stray_host_add(&strays, 110, "/system.slice/_memory.service", &(FakeProcess){ .started = 10 });
        add(111, "/system.slice/_memory.service", BOB);
        assert_true(adopt());
        assert_int_equal(systemd.scopes, 1);
}

static void expect_refused(const char *configuration, uid_t uid) {
        fixture_configure(host.fixture, configuration);
        host.options.adopt_uid = uid;
        assert_false(adopt());
        assert_int_equal(systemd.scopes, 0);
        assert_int_equal(log_capture_count("Not moving processes"), 1);
        log_capture_forget();
}

static void test_refuses(_unused_ void **state) {
        add(101, CRON, BOB);
        add(102, CRON, 1002);
        expect_refused("", BOB);
        expect_refused(ADOPT, 0);
        expect_refused(ADOPT, 999);
        expect_refused(ADOPT, 65534);
        expect_refused(ADOPT, 61184);
        expect_refused(ADOPT, 1002); /* nobody's name */
        expect_refused(ADOPT "MinUID=2000\n", BOB);
        expect_refused(ADOPT "ExemptUsers=bob\n", BOB);
        expect_refused(ADOPT "Observe=yes\n", BOB);
}

static void test_one_ends_meanwhile(_unused_ void **state) {
        add(101, CRON, BOB);
        systemd.gone = 2;
        assert_true(adopt());
        assert_int_equal(systemd.scopes, 3);
        assert_int_equal(log_capture_count("Moved 1 process of bob"), 1);
}

static void test_they_never_stand_still(_unused_ void **state) {
        add(101, CRON, BOB);
        systemd.gone = 1000;
        assert_false(adopt());
        assert_int_equal(log_capture_count("come and go too fast"), 1);
}

static void test_systemd_refuses(_unused_ void **state) {
        add(101, CRON, BOB);
        systemd.refuse = SD_BUS_ERROR_ACCESS_DENIED;
        assert_false(adopt());
        assert_int_equal(systemd.scopes, 1);
        assert_int_equal(log_capture_count("Cannot make fairslice-adopted-1001-"), 1);
}

/* What did not move is not said to have moved. */
static void test_not_moved(_unused_ void **state) {
        add(101, CRON, BOB);
        systemd.do_nothing = true;
        assert_false(adopt());
        assert_int_equal(log_capture_count("1 process of bob (UID 1001) did not get into"), 1);
        assert_int_equal(log_capture_count("Moved"), 0);
}

static void test_pid_used_again(_unused_ void **state) {
        add(101, CRON, BOB);
        add(102, CRON, BOB);
        systemd.reused = 102;
        assert_true(adopt());
        assert_int_equal(log_capture_count("Moved 1 process of bob"), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_moves_all_of_one_user),  TEST(test_nothing_there),   TEST(test_what_systemd_keeps),
                TEST(test_escaped_name),           TEST(test_refuses),         TEST(test_one_ends_meanwhile),
                TEST(test_they_never_stand_still), TEST(test_systemd_refuses), TEST(test_not_moved),
                TEST(test_pid_used_again),
        };

        if (geteuid() != 0) {
                fprintf(stderr, "SKIPPED: needs root, to give processes' directories to users.\n");
                return 77;
        }
        return cmocka_run_group_tests(tests, NULL, NULL);
}
