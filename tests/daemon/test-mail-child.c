/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "basic/fs.h"
#include "daemon/mail-child.h"
#include "spool/spool.h"
#include "support/drive.h"
#include "support/log-capture.h"
#include "support/scratch.h"

/* Without systemd: who is started when there is mail. */

static sd_event *event;
static const Scratch *scratch;
static MailChild *child;
static char program[128], spool[128];
static usec_t now;

static void put_program(const char *script) {
        char text[512];

        snprintf(text, sizeof text, "#!/bin/sh\necho \"$@\" >>%s/runs\n%s\n", scratch->path, script);
        assert_int_equal(write_file_synced(scratch->fd, "program", text, strlen(text), 0755), 0);
}

static unsigned runs(void) {
        char text[4096];
        unsigned n = 0;

        if (read_file_at(scratch->fd, "runs", text, sizeof text) < 0)
                return 0;
        for (const char *s = text; (s = strchr(s, '\n')); s++)
                n++;
        return n;
}

static void put_message(const char *id) {
        _cleanup_close_ int fd = open(spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_(spool_freep) Spool *s = NULL;
        SpoolLimits limits = { .messages = 100, .bytes = 1 << 20 };
        SpoolName name = { .kind = SPOOL_KILL, .time = USEC_PER_SEC };

        snprintf(name.id, sizeof name.id, "%s", id);
        assert_int_equal(spool_open(fd, SPOOL_PUT, &limits, &s), 0);
        assert_int_equal(spool_put(s, &name, "a@b", "x", 1), 1);
}

static void look(usec_t usec) {
        now += usec;
        mail_child_look(child, now);
        drive_ready();
}

static int setup(void **state) {
        MailChildArgs args = { .program = program, .spool_path = spool, .config_file = "/x.conf" };
        sigset_t mask;

        sigemptyset(&mask);
        sigaddset(&mask, SIGCHLD);
        assert_int_equal(sigprocmask(SIG_BLOCK, &mask, NULL), 0);
        assert_int_equal(scratch_setup(state), 0);
        scratch = *state;
        now = 1000 * USEC_PER_SEC;
        snprintf(program, sizeof program, "%s/program", scratch->path);
        snprintf(spool, sizeof spool, "%s/spool", scratch->path);
        assert_true(sd_event_new(&event) >= 0);
        drive_add(event);
        args.event = event;
        assert_int_equal(mail_child_new(&args, &child), 0);
        log_capture_start();
        return 0;
}

static int teardown(void **state) {
        log_capture_stop(getenv("SHOW_LOG"));
        child = mail_child_free(child);
        drive_remove(event);
        event = sd_event_unref(event);
        while (waitpid(-1, NULL, 0) > 0)
                ;
        return scratch_teardown(state);
}

static bool runs_now(void) {
        siginfo_t si;

        return waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* It has run so often, and the last has ended, however long that takes. */
#define EXPECT_RUNS(n)                      \
        do {                                \
                DRIVE_UNTIL(runs() == (n)); \
                DRIVE_UNTIL(!runs_now());   \
                drive_quiet();              \
        } while (0)

#define SEND_ALL "rm -f ${0%program}spool/new/*"

static void test_sent(_unused_ void **state) {
        char text[256];

        put_program(SEND_ALL);
        look(0);
        assert_int_equal(access(spool, F_OK), -1); /* not wanted yet */
        mail_child_set_wanted(child, true);
        look(0);
        put_message("a");
        DRIVE_UNTIL(runs() == 1);
        assert_true(read_file_at(scratch->fd, "runs", text, sizeof text) > 0);
        assert_non_null(strstr(text, "--user=fairslice --spool="));
        assert_non_null(strstr(text, "/spool --config=/x.conf\n"));
        EXPECT_RUNS(1);
        look(USEC_PER_SEC);
        put_message("b");
        EXPECT_RUNS(2);
        look(10 * USEC_PER_SEC);
        drive_quiet();
        assert_int_equal(runs(), 2);
        assert_int_equal(log_capture_count(""), 1); /* the end of the text */
}

/* What was there before is sent; one at a time. */
static void test_there_before(_unused_ void **state) {
        put_program("exec sleep 1000");
        assert_int_equal(mkdir(spool, 0755), 0);
        put_message("a");
        mail_child_set_wanted(child, true);
        look(0);
        DRIVE_UNTIL(runs() == 1);
        put_message("b");
        look(1000 * USEC_PER_SEC);
        drive_quiet();
        assert_int_equal(runs(), 1);
        /* It ends when no mail is to be sent, and begins when it is again. */
        mail_child_set_wanted(child, false);
        drive_quiet();
        look(1000 * USEC_PER_SEC);
        drive_quiet();
        assert_int_equal(runs(), 1);
        mail_child_set_wanted(child, true);
        look(0);
        DRIVE_UNTIL(runs() == 2);
        assert_int_equal(log_capture_count("ended with"), 0);
}

/* The pauses grow, and it is said once. */
static void test_failure(_unused_ void **state) {
        unsigned sent;

        put_program("exit 1");
        mail_child_set_wanted(child, true);
        look(0);
        put_message("a");
        DRIVE_UNTIL(runs() == 1);
        DRIVE_UNTIL(log_capture_count("program ended with status 1; mail waits") == 1);
        for (usec_t pause = 1; pause < 64; pause *= 2) {
                unsigned before = runs();

                look(pause * USEC_PER_SEC - 1);
                drive_quiet();
                assert_int_equal(runs(), before);
                look(1);
                EXPECT_RUNS(before + 1);
        }
        assert_int_equal(log_capture_count("ended with"), 1);
        put_program(SEND_ALL);
        sent = runs() + 1;
        look(MAIL_CHILD_PAUSE_MAX_USEC);
        EXPECT_RUNS(sent);
        put_program("kill -KILL $$");
        put_message("b");
        look(MAIL_CHILD_PAUSE_MAX_USEC);
        DRIVE_UNTIL(log_capture_count("program ended with signal 9") == 1);
}

/* A program that says that all is well, and leaves it. */
static void test_nothing_done(_unused_ void **state) {
        put_program("true");
        mail_child_set_wanted(child, true);
        look(0);
        put_message("a");
        EXPECT_RUNS(1);
        assert_int_equal(runs(), 1);
        look(USEC_PER_SEC);
        DRIVE_UNTIL(runs() == 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_sent),
                TEST(test_there_before),
                TEST(test_failure),
                TEST(test_nothing_done),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
