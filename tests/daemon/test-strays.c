/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <pwd.h>
#include <string.h>

#include "daemon/host.h"
#include "support/stray-host.h"

/* AdoptStrays= in the manager: what is said, and what is asked of a scripted systemd. */

#define BOB        1001
#define CRON       "/system.slice/cron.service"
#define CROWD      2000
#define CROWD_SIZE 10
#define HELPER     "fairslice-adopt@1001.service"
#define ADOPT      "[Manager]\nAdoptStrays=yes\n"

int __wrap_getpwuid_r(uid_t uid, struct passwd *pw, char *buffer, size_t size, struct passwd **ret);

static StrayHost strays;
static unsigned lookups, starts;
static unsigned crowd_starts[CROWD_SIZE];
static const char *refuse;     /* StartUnit, with this error */
static int name_service_error; /* of getpwuid_r */

/* bob, and a row of others (ld's --wrap). */
int __wrap_getpwuid_r(uid_t uid, struct passwd *pw, char *buffer, size_t size, struct passwd **ret) {
        *ret = NULL;
        if (uid >= CROWD && uid < CROWD + CROWD_SIZE) {
                snprintf(buffer, size, "crowd%u", (unsigned) uid);
                *pw = (struct passwd){ .pw_name = buffer, .pw_uid = uid, .pw_gid = 100 };
                *ret = pw;
                return 0;
        }
        if (uid != BOB)
                return 0;
        lookups++;
        if (name_service_error)
                return name_service_error;
        assert_true(size >= sizeof "bob");
        strcpy(buffer, "bob");
        *pw = (struct passwd){ .pw_name = buffer, .pw_uid = uid, .pw_gid = 100 };
        *ret = pw;
        return 0;
}

static int on_call(sd_bus_message *m, _unused_ void *userdata, _unused_ sd_bus_error *error) {
        const char *unit, *mode;

        if (!sd_bus_message_is_method_call(m, "org.freedesktop.systemd1.Manager", "StartUnit"))
                return 0;
        assert_true(sd_bus_message_read(m, "ss", &unit, &mode) > 0);
        assert_string_equal(mode, "replace");
        for (uid_t i = 0; i < CROWD_SIZE; i++) {
                char other[64];

                snprintf(other, sizeof other, "fairslice-adopt@%u.service", (unsigned) (CROWD + i));
                if (strcmp(unit, other) == 0) {
                        crowd_starts[i]++;
                        return sd_bus_reply_method_return(m, "o", "/org/freedesktop/systemd1/job/2");
                }
        }
        assert_string_equal(unit, HELPER);
        starts++;
        if (refuse)
                return sd_bus_reply_method_errorf(m, refuse, "no");
        return sd_bus_reply_method_return(m, "o", "/org/freedesktop/systemd1/job/1");
}

static void answer_starts(void) {
        assert_true(sd_bus_add_filter(fake_systemd_bus(host.systemd), NULL, on_call, NULL) >= 0);
}

static int setup(void **state) {
        (void) host_setup_with_bus(state);
        stray_host_open(&strays, fixture_proc_path(host.fixture), fixture_cgroup_path(host.fixture));
        lookups = starts = 0;
        memset(crowd_starts, 0, sizeof crowd_starts);
        refuse = NULL;
        name_service_error = 0;
        answer_starts();
        return 0;
}

static int teardown(void **state) {
        stray_host_close(&strays);
        return host_teardown(state);
}

static void add_stray(pid_t pid, uid_t uid, uint64_t started) {
        stray_host_add(&strays, pid, CRON,
                       &(FakeProcess){ .uid = uid, .started = started, .comm = "back\x1bup" });
}

static void start_with_stray(const char *configuration) {
        stray_host_add(&strays, 100, CRON, &(FakeProcess){ .started = 10 });
        add_stray(101, BOB, 200);
        fixture_configure(host.fixture, configuration);
        host_start();
}

/* Strays are looked for every five seconds. */
static void run(unsigned seconds) {
        for (unsigned i = 0; i < seconds; i += 5)
                host_leap(5 * USEC_PER_SEC);
}

static void test_told_and_asked_for(_unused_ void **state) {
        start_with_stray(ADOPT);
        assert_int_equal(starts, 1);
        host_leap(4 * USEC_PER_SEC);
        assert_int_equal(starts, 1);
        assert_int_equal(
                log_capture_count("bob (UID 1001) runs PID 101 (\"back?up\") outside of user-1001.slice, in "
                                  "system.slice/cron.service; asking systemd to have that moved"),
                1);
        stray_host_remove(&strays, 101, NULL);
        run(60);
        assert_int_equal(starts, 1);
        assert_int_equal(lookups, 1);
        /* The next night. */
        add_stray(102, BOB, 300);
        run(5);
        assert_int_equal(starts, 2);
        assert_int_equal(log_capture_count("bob"), 1);
}

static void test_in_vain(_unused_ void **state) {
        start_with_stray(ADOPT);
        run(75);
        assert_in_range(starts, 4, 5);
        assert_int_equal(log_capture_count("bob"), 1);
        assert_int_equal(lookups, 1);
}

static void test_other_place(_unused_ void **state) {
        start_with_stray(ADOPT);
        add_stray(105, BOB, 210);
        stray_host_add(&strays, 103, "/user.slice/user-1000.slice/session-1.scope",
                       &(FakeProcess){ .uid = BOB });
        run(20);
        assert_int_equal(log_capture_count("system.slice/cron.service"), 1);
        assert_int_equal(log_capture_count("user.slice/user-1000.slice/session-1.scope"), 1);
        assert_int_equal(log_capture_count("bob"), 2);
}

static void test_refused(_unused_ void **state) {
        refuse = SD_BUS_ERROR_ACCESS_DENIED;
        start_with_stray(ADOPT);
        run(30);
        assert_int_equal(log_capture_count("systemd does not start fairslice-adopt@.service"), 1);
        assert_in_range(starts, 2, 4);
}

static void test_off(_unused_ void **state) {
        start_with_stray("");
        run(20);
        assert_int_equal(starts, 0);
        assert_int_equal(log_capture_count("bob"), 0);
        host_reload(ADOPT);
        run(5);
        assert_int_equal(starts, 1);
        host_reload("[Manager]\nAdoptStrays=no\n");
        add_stray(102, BOB, 300);
        run(20);
        assert_int_equal(starts, 1);
}

static void test_observe(_unused_ void **state) {
        start_with_stray(ADOPT "Observe=yes\n");
        run(20);
        assert_int_equal(starts, 0);
        assert_int_equal(log_capture_count("this only observes"), 1);
}

static void test_exempt(_unused_ void **state) {
        start_with_stray(ADOPT "ExemptUsers=bob\n");
        add_stray(102, 1002, 200); /* has no name */
        run(20);
        assert_int_equal(starts, 0);
        assert_int_equal(log_capture_count("outside"), 0);
        assert_int_equal(lookups, 1);
        host_reload(ADOPT);
        run(5);
        assert_int_equal(starts, 1);
}

static void test_name_service_fails(_unused_ void **state) {
        name_service_error = EIO;
        start_with_stray(ADOPT);
        run(50);
        assert_int_equal(starts, 0);
        assert_int_equal(lookups, 1);
        assert_int_equal(log_capture_count("Cannot look up the user with UID 1001"), 1);
        name_service_error = 0;
        run(20);
        assert_in_range(starts, 1, 3);
}

static void test_hidden(_unused_ void **state) {
        stray_host_remove(&strays, 1, NULL);
        start_with_stray(ADOPT);
        run(20);
        assert_int_equal(starts, 0);
        assert_int_equal(log_capture_count("AdoptStrays= has no effect"), 1);
}

/* The bus goes while a helper is asked for, and comes back. */
static void test_bus_restart(_unused_ void **state) {
        start_with_stray(ADOPT);
        add_stray(102, BOB, 300);
        private_bus_kill(host.bus);
        DRIVE_UNTIL(!host.manager->backend->is_online);
        fake_systemd_disconnect(host.systemd);
        fake_logind_disconnect(host.logind);
        run(10);
        private_bus_start(host.bus);
        fake_systemd_connect(host.systemd);
        fake_logind_connect(host.logind);
        answer_starts();
        DRIVE_UNTIL(host.manager->backend->is_online);
        add_stray(103, BOB, 400);
        run(10);
        assert_true(starts >= 2);
}

/* Always new processes of ten users: four are asked for at a look, and each has their turn. */
static void test_turns(_unused_ void **state) {
        unsigned all = 0;

        stray_host_add(&strays, 100, CRON, &(FakeProcess){ .started = 10 });
        fixture_configure(host.fixture, ADOPT);
        host_start();
        for (unsigned look = 0; look < 10; look++) {
                for (uid_t i = 0; i < CROWD_SIZE; i++)
                        add_stray((pid_t) (1000 + look * CROWD_SIZE + i), CROWD + i, 1000 + look);
                run(5);
        }
        for (uid_t i = 0; i < CROWD_SIZE; i++) {
                assert_in_range(crowd_starts[i], 3, 5);
                all += crowd_starts[i];
        }
        assert_int_equal(all, 40);
}

/* It may be on its way into its session. */
static void test_young_one_is_left(_unused_ void **state) {
        fixture_configure(host.fixture, ADOPT);
        stray_host_add(&strays, 100, CRON, &(FakeProcess){ .started = 10 });
        add_stray(101, BOB, (STRAY_HOST_UPTIME_SEC - 2) * (uint64_t) sysconf(_SC_CLK_TCK));
        host_start();
        run(10);
        assert_int_equal(starts, 0);
        stray_host_put_uptime(&strays, "172900.00 1.0\n");
        run(10);
        assert_in_range(starts, 1, 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_told_and_asked_for),
                TEST(test_in_vain),
                TEST(test_other_place),
                TEST(test_refused),
                TEST(test_off),
                TEST(test_observe),
                TEST(test_exempt),
                TEST(test_name_service_fails),
                TEST(test_hidden),
                TEST(test_bus_restart),
                TEST(test_turns),
                TEST(test_young_one_is_left),
        };

        if (geteuid() != 0) {
                fprintf(stderr, "SKIPPED: needs root, to give processes' directories to users.\n");
                return 77;
        }
        return cmocka_run_group_tests(tests, NULL, NULL);
}
