/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "daemon/host.h"

/* Who is told at once that memory ran short or out: what is asked of a scripted systemd. */

#define BOB         1001
#define UNIT        "fairslice-notify@1001.service"
#define SECOND      USEC_PER_SEC
#define CROWD       2000
#define CROWD_SIZE  20
#define NOT_STARTED "Cannot start fairslice-notify"

static unsigned starts, crowd_starts, unit_job;
static bool runs;          /* the last one has not ended */
static const char *refuse; /* StartUnit, with this error */

static int answer(sd_bus_message *m) {
        char job[64];

        if (refuse)
                return sd_bus_reply_method_errorf(m, refuse, "no");
        unit_job += !runs;
        snprintf(job, sizeof job, "/org/freedesktop/systemd1/job/%u", unit_job);
        return sd_bus_reply_method_return(m, "o", job);
}

static int on_call(sd_bus_message *m, _unused_ void *userdata, _unused_ sd_bus_error *error) {
        const char *unit, *mode;

        if (!sd_bus_message_is_method_call(m, "org.freedesktop.systemd1.Manager", "StartUnit"))
                return 0;
        assert_true(sd_bus_message_read(m, "ss", &unit, &mode) > 0);
        assert_string_equal(mode, "replace");
        if (strncmp(unit, "fairslice-notify@20", 19) == 0)
                crowd_starts++;
        else {
                assert_string_equal(unit, UNIT);
                starts++;
        }
        return answer(m);
}

static void answer_starts(void) {
        assert_true(sd_bus_add_filter(fake_systemd_bus(host.systemd), NULL, on_call, NULL) >= 0);
}

static int setup(void **state) {
        (void) host_setup_with_bus(state);
        starts = crowd_starts = unit_job = 0;
        runs = false;
        refuse = NULL;
        answer_starts();
        return 0;
}

static void start(const char *configuration) {
        fixture_configure(host.fixture, configuration);
        fixture_add_user(host.fixture, BOB);
        host_start();
}

static void happen(uid_t uid, EventKind kind, uint64_t kills) {
        Event event = { .kind = kind, .uid = uid };

        slice_name_for_uid(event.slice, uid);
        oom_event_init(&event.oom, event.slice);
        event.oom.kills = kills;
        event.oom.late = true; /* nobody looks for its processes */
        event.warning = (MemoryWarning){ .percent = 75, .used = 80, .current = 90, .max = 100 };
        manager_memory_event(host.manager, &event, "bob");
        host_settle();
}

static void kill_one(void) {
        happen(BOB, EVENT_OUT_OF_MEMORY, 1);
}

static void test_told(_unused_ void **state) {
        start("");
        kill_one();
        assert_int_equal(starts, 1);
        host_leap(60 * SECOND);
        assert_int_equal(starts, 1);
        happen(BOB, EVENT_MEMORY_WARNING, 0);
        assert_int_equal(starts, 2);
        assert_int_equal(log_capture_count(NOT_STARTED), 0);
}

/* The whole way from the kernel's counter. */
static void test_killed(_unused_ void **state) {
        start("[Memory]\nMemoryMax=100M\n");
        fixture_put(host.fixture, BOB, "memory.events", "low 0\nhigh 0\nmax 9\noom 1\noom_kill 1\n");
        DRIVE_UNTIL(starts == 1);
}

static void test_nothing_died(_unused_ void **state) {
        start("");
        happen(BOB, EVENT_OUT_OF_MEMORY, 0);
        assert_int_equal(starts, 0);
}

/* However many there are, and none is lost. */
static void test_at_most_each_five_seconds(_unused_ void **state) {
        start("");
        for (unsigned i = 0; i < 20; i++) {
                kill_one();
                host_leap(SECOND / 5);
        }
        assert_int_equal(starts, 1);
        host_leap(SECOND + 1);
        assert_int_equal(starts, 2);
        host_leap(30 * SECOND);
        assert_int_equal(starts, 2);
}

/* PID 1 has only said that it runs already: it may have looked before this happened. */
static void test_still_running(_unused_ void **state) {
        start("");
        kill_one();
        runs = true;
        host_leap(6 * SECOND);
        kill_one();
        assert_int_equal(starts, 2);
        host_leap(6 * SECOND);
        assert_int_equal(starts, 3);
        runs = false;
        host_leap(6 * SECOND);
        assert_int_equal(starts, 4);
        host_leap(60 * SECOND);
        assert_int_equal(starts, 4);
}

static void test_gone(_unused_ void **state) {
        start("");
        happen(1002, EVENT_OUT_OF_MEMORY, 1);
        happen(0, EVENT_OUT_OF_MEMORY, 1);
        kill_one();
        kill_one();
        fixture_remove_user(host.fixture, BOB);
        host_settle();
        host_leap(6 * SECOND);
        host_leap(6 * SECOND);
        assert_int_equal(starts, 1);
}

static void test_not_wanted(_unused_ void **state) {
        start("[OOM]\nNotifyUsers=no\n");
        kill_one();
        assert_int_equal(starts, 0);
        host_reload("");
        kill_one();
        assert_int_equal(starts, 1);
        host_reload("[Manager]\nObserve=yes\n");
        host_leap(6 * SECOND);
        kill_one();
        assert_int_equal(starts, 1);
}

/* Once for each reason. */
static void test_refused(_unused_ void **state) {
        refuse = SD_BUS_ERROR_ACCESS_DENIED;
        start("");
        for (unsigned i = 0; i < 3; i++) {
                kill_one();
                host_leap(6 * SECOND);
        }
        assert_int_equal(starts, 3);
        assert_int_equal(log_capture_count(NOT_STARTED), 1);
        refuse = "org.freedesktop.systemd1.NoSuchUnit";
        kill_one();
        host_leap(6 * SECOND);
        kill_one();
        assert_int_equal(log_capture_count(NOT_STARTED), 2);
}

static void test_everybody_at_once(_unused_ void **state) {
        for (uid_t i = 0; i < CROWD_SIZE; i++)
                fixture_add_user(host.fixture, CROWD + i);
        start("");
        for (uid_t i = 0; i < CROWD_SIZE; i++)
                happen(CROWD + i, EVENT_OUT_OF_MEMORY, 1);
        assert_int_equal(crowd_starts, 8);
        host_leap(SECOND);
        assert_int_equal(crowd_starts, 16);
        host_leap(SECOND);
        assert_int_equal(crowd_starts, CROWD_SIZE);
}

/* It happens while there is no bus, and the start under way is lost with it. */
static void test_bus_restart(_unused_ void **state) {
        start("");
        private_bus_kill(host.bus);
        DRIVE_UNTIL(!host.manager->backend->is_online);
        fake_systemd_disconnect(host.systemd);
        fake_logind_disconnect(host.logind);
        kill_one();
        host_leap(6 * SECOND);
        assert_int_equal(starts, 0);
        private_bus_start(host.bus);
        fake_systemd_connect(host.systemd);
        fake_logind_connect(host.logind);
        answer_starts();
        DRIVE_UNTIL(host.manager->backend->is_online);
        host_leap(SECOND);
        DRIVE_UNTIL(starts == 1);
}

/* ---- without systemd ---- */

static char calls[64], program[64];

static void put_program(const char *text) {
        FILE *f = fopen(program, "we");

        assert_non_null(f);
        fputs(text, f);
        assert_int_equal(fclose(f), 0);
        assert_int_equal(chmod(program, 0755), 0);
}

static int setup_without(void **state) {
        (void) host_setup(state);
        snprintf(calls, sizeof calls, "/tmp/fairslice-notify-calls-%d", getpid());
        snprintf(program, sizeof program, "/tmp/fairslice-notify-program-%d", getpid());
        host.options.notify_program = program;
        return 0;
}

static int teardown_without(void **state) {
        (void) unlink(calls);
        (void) unlink(program);
        return host_teardown(state);
}

/* Once it has started: there is no kernel to make groups in. */
static void start_without(void) {
        start("");
        host.manager->host.systemd = false;
        assert_int_equal(manager_open_notify(host.manager), 0);
        assert_non_null(host.manager->notify);
}

/* How often the program has run, each time as it should. */
static unsigned count_calls(void) {
        _cleanup_fclose_ FILE *f = fopen(calls, "re");
        char line[256];
        unsigned n = 0;

        while (f && fgets(line, sizeof line, f)) {
                assert_string_equal(line, "--user=1001 HOME=\n");
                n++;
        }
        return n;
}

static void write_program(const char *then) {
        char text[256];

        snprintf(text, sizeof text, "#!/bin/sh\necho \"$* HOME=$HOME\" >>%s\n%s\n", calls, then);
        put_program(text);
}

static void test_child(_unused_ void **state) {
        write_program("exit 0");
        start_without();
        kill_one();
        kill_one();
        DRIVE_UNTIL(count_calls() == 1);
        host_leap(4 * SECOND);
        assert_int_equal(count_calls(), 1);
        host_leap(2 * SECOND);
        DRIVE_UNTIL(count_calls() == 2);
        assert_int_equal(log_capture_count(NOT_STARTED), 0);
}

/* The first was killed, and takes a moment to end. */
static void wait_for_second(void) {
        for (unsigned i = 0; count_calls() < 2; i++) {
                assert_true(i < 6000);
                (void) usleep(10000);
                host_leap(SECOND / 10);
        }
}

/* What happens while one runs is for the next, which comes when that has ended or was ended. */
static void test_child_hangs(_unused_ void **state) {
        write_program("exec sleep 1000");
        start_without();
        kill_one();
        DRIVE_UNTIL(count_calls() == 1);
        host_leap(10 * SECOND);
        kill_one();
        host_leap(10 * SECOND);
        assert_int_equal(count_calls(), 1);
        write_program("exit 1");
        host_leap(11 * SECOND);
        assert_int_equal(log_capture_count("it takes too long"), 1);
        wait_for_second();
        DRIVE_UNTIL(log_capture_count("it has failed") == 1);
}

static pid_t find_child(void) {
        _cleanup_fclose_ FILE *f = NULL;
        char path[64];
        int pid = 0;

        snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
        f = fopen(path, "re");
        assert_non_null(f);
        assert_int_equal(fscanf(f, "%d", &pid), 1);
        return pid;
}

/* Nobody else sees the end of what a debugger holds and does not wait for. */
static pid_t start_debugger(pid_t child) {
        int fds[2];
        pid_t pid;
        char done;

        assert_int_equal(pipe(fds), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                if (ptrace(PTRACE_SEIZE, child, NULL, NULL) < 0 || write(fds[1], "x", 1) != 1)
                        _exit(1);
                for (;;)
                        pause();
        }
        close(fds[1]);
        assert_int_equal(read(fds[0], &done, 1), 1);
        close(fds[0]);
        return pid;
}

/* Not waited for, however long it takes to end. */
static void test_child_outlives_it(_unused_ void **state) {
        pid_t child, debugger;

        (void) alarm(60);
        write_program("exec sleep 1000");
        start_without();
        kill_one();
        DRIVE_UNTIL(count_calls() == 1);
        child = find_child();
        debugger = start_debugger(child);
        manager_close_notify(host.manager);
        assert_int_equal(kill(debugger, SIGKILL), 0);
        assert_int_equal(waitpid(debugger, NULL, 0), debugger);
        DRIVE_UNTIL(kill(child, 0) < 0);
        (void) alarm(0);
}

static void test_no_program(_unused_ void **state) {
        start_without();
        kill_one();
        DRIVE_UNTIL(log_capture_count(NOT_STARTED ", users are not told at once that memory runs short or "
                                                  "out: it cannot be run") == 1);
        host_leap(6 * SECOND);
        kill_one();
        host_leap(6 * SECOND);
        assert_int_equal(log_capture_count(NOT_STARTED), 1);
}

#define TEST(f)         cmocka_unit_test_setup_teardown(f, setup, host_teardown)
#define TEST_WITHOUT(f) cmocka_unit_test_setup_teardown(f, setup_without, teardown_without)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_told),
                TEST(test_killed),
                TEST(test_nothing_died),
                TEST(test_at_most_each_five_seconds),
                TEST(test_still_running),
                TEST(test_gone),
                TEST(test_not_wanted),
                TEST(test_refused),
                TEST(test_everybody_at_once),
                TEST(test_bus_restart),
                TEST_WITHOUT(test_child),
                TEST_WITHOUT(test_child_hangs),
                TEST_WITHOUT(test_child_outlives_it),
                TEST_WITHOUT(test_no_program),
        };

        if (geteuid() != 0) {
                fprintf(stderr, "SKIPPED: needs root, as the service does without systemd.\n");
                return 77;
        }
        return cmocka_run_group_tests(tests, NULL, NULL);
}
