/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <sys/stat.h>

#include "daemon/mail.h"

/* Whom a message goes to: the map, then the command, then the pattern. */

#define TO(address) "X-Fairslice-Recipient: " address "\r\n"
#define AGAIN       (301 * USEC_PER_SEC)

static void wait_for_mail(usec_t usec) {
        host_leap(usec);
        mail_settle();
}

static void put_map(const char *text) {
        fixture_put_host(host.fixture, "root/etc/addresses", text);
}

#define WITH_MAP MAIL_SERVER MAIL_USERS "UserAddressMap=/etc/addresses\n"

static void test_map(_unused_ void **state) {
        put_map("alice: a.smith@example.net\nnonsense\n");
        mail_start(WITH_MAP);
        mail_kill(1000, 1);
        mail_kill(1001, 1);
        wait_for_mail(MAIL_COALESCE);
        assert_int_equal(mail_count_with(TO("a.smith@example.net")), 1);
        assert_int_equal(mail_count_with(TO("bob@example.org")), 1);
        assert_int_equal(log_capture_count("/etc/addresses:2: "), 1);
        mail_kill(1000, 2);
        wait_for_mail(MAIL_COALESCE);
        assert_int_equal(log_capture_count("/etc/addresses:2: "), 1);
        /* Another one from now on; and bob gets none. */
        put_map("alice: other@example.net\nbob:\n");
        mail_kill(1000, 3);
        mail_kill(1001, 3);
        wait_for_mail(MAIL_COALESCE);
        assert_int_equal(mail_count_with(TO("other@example.net")), 1);
        assert_int_equal(mail_count(), 4);
}

/* It may say that somebody gets none: nothing is sent before it was read once. */
static void test_no_map(_unused_ void **state) {
        mail_start(WITH_MAP);
        mail_kill(1000, 1);
        for (unsigned i = 0; i < 5; i++)
                wait_for_mail(AGAIN);
        assert_int_equal(mail_count(), 0);
        assert_int_equal(log_capture_count("Cannot read /etc/addresses, mail to users waits"), 1);
        put_map("");
        wait_for_mail(AGAIN);
        assert_int_equal(mail_count_with(TO("alice@example.org")), 1);
}

static void test_map_gone(_unused_ void **state) {
        put_map("alice: a.smith@example.net\n");
        mail_start(WITH_MAP);
        mail_kill(1000, 1);
        wait_for_mail(MAIL_COALESCE);
        assert_int_equal(unlinkat(host.manager->root_fd, "etc/addresses", 0), 0);
        for (unsigned i = 2; i < 5; i++) {
                mail_kill(1000, i);
                wait_for_mail(MAIL_COALESCE);
        }
        assert_int_equal(mail_count_with(TO("a.smith@example.net")), 4);
        assert_int_equal(log_capture_count("Cannot read /etc/addresses, addresses are as it said before"),
                         1);
}

/* It may be large, and its disk slow: it is read where nobody waits for it. */
static void test_map_is_read_beside_the_loop(_unused_ void **state) {
        put_map("alice: a.smith@example.net\n");
        mail_start(WITH_MAP);
        mail_kill(1000, 1);
        mail_jobs_left = 1; /* what is sealed is saved */
        wait_for_mail(MAIL_COALESCE);
        assert_int_equal(log_capture_count("Cannot read /etc/addresses, mail to users waits"), 1);
        mail_jobs_left = -1;
        wait_for_mail(AGAIN);
        assert_int_equal(mail_count_with(TO("a.smith@example.net")), 1);
}

static int hold(void *data) {
        char byte;

        return read(*(const int *) data, &byte, 1) == 1 ? 0 : -EIO;
}

static void held(int result, _unused_ void *data) {
        assert_int_equal(result, 0);
}

/* What is being read when the configuration changes is of the old one. */
static void test_reload_while_it_is_read(_unused_ void **state) {
        int fds[2];

        assert_int_equal(pipe(fds), 0);
        mail_start(WITH_MAP);
        mail_kill(1000, 1);
        wait_for_mail(MAIL_COALESCE);
        assert_int_equal(mail_count(), 0);
        put_map("alice: a.smith@example.net\nnonsense\n");
        assert_int_equal(worker_submit(host.manager->mail->worker, hold, held, fds), 0);
        host_leap(AGAIN);
        host_settle();
        assert_non_null(host.manager->mail->map_read);
        host_reload(MAIL_SERVER MAIL_USERS);
        assert_int_equal(write(fds[1], "x", 1), 1);
        wait_for_mail(AGAIN);
        assert_int_equal(mail_count_with(TO("alice@example.org")), 1);
        assert_int_equal(mail_count(), 1);
        assert_int_equal(log_capture_count("The line is left out"), 0);
        safe_close(fds[0]);
        safe_close(fds[1]);
}

static char program[128];

/* The command's program, in the fixture. */
static void put_program(const char *script) {
        char text[512];

        snprintf(program, sizeof program, "%s/program", fixture_root_path(host.fixture));
        snprintf(text, sizeof text, "#!/bin/sh\n%s\n", script);
        fixture_put_host(host.fixture, "root/program", text);
        assert_int_equal(chmod(program, 0755), 0);
}

static void start_with_command(const char *script, const char *more) {
        char configuration[512];

        put_program(script);
        snprintf(configuration, sizeof configuration, MAIL_SERVER "%sUserAddressCommand=%s\n", more,
                 program);
        mail_start(configuration);
}

static bool is_asking(void) {
        for (size_t i = 0; i < MAIL_UNDER_WAY_MAX; i++)
                if (host.manager->mail->delivery[i].command)
                        return true;
        return false;
}

static void ask(usec_t usec) {
        wait_for_mail(usec);
        DRIVE_UNTIL(!is_asking());
        mail_settle();
}

static void test_command(_unused_ void **state) {
        put_map("bob: b@example.net\n");
        start_with_command("echo $1@example.com", MAIL_USERS "UserAddressMap=/etc/addresses\n");
        mail_kill(1000, 1);
        mail_kill(1001, 1);
        ask(MAIL_COALESCE);
        assert_int_equal(mail_count_with(TO("alice@example.com")), 1);
        assert_int_equal(mail_count_with(TO("b@example.net")), 1);
        assert_int_equal(mail_count(), 2);
}

static void test_command_knows_none(_unused_ void **state) {
        start_with_command("true", "");
        mail_kill(1000, 1);
        ask(MAIL_COALESCE);
        put_program("echo a@b");
        ask(AGAIN);
        assert_int_equal(mail_count(), 0);
}

static void test_command_fails(_unused_ void **state) {
        start_with_command("exit 1", MAIL_ADMIN);
        mail_kill(1000, 1);
        ask(MAIL_COALESCE);
        for (unsigned i = 0; i < 3; i++)
                ask(AGAIN);
        assert_int_equal(log_capture_count("failed for the user alice, mail to them waits: it ended with"),
                         1);
        assert_int_equal(mail_count_with(TO("root@example.org")), 1);
        assert_int_equal(mail_count(), 1);
        put_program("echo a@b");
        ask(10 * USEC_PER_SEC);
        assert_int_equal(mail_count(), 1);
        ask(AGAIN);
        assert_int_equal(mail_count_with(TO("a@b")), 1);
}

/* Nobody else's mail waits for it. */
static void test_command_hangs(_unused_ void **state) {
        start_with_command("[ $1 = bob ] || exec sleep 1000; echo bob@b", "");
        mail_kill(1000, 1);
        mail_kill(1001, 1);
        wait_for_mail(MAIL_COALESCE);
        DRIVE_UNTIL(mail_count() == 1);
        assert_true(is_asking());
        ask(11 * USEC_PER_SEC);
        assert_int_equal(log_capture_count("for the user alice, mail to them waits: it took too long"), 1);
        assert_int_equal(mail_count_with(TO("bob@b")), 1);
        put_program("echo a@b");
        ask(AGAIN);
        assert_int_equal(mail_count_with(TO("a@b")), 1);
}

/* The service ends while it is asked, and the next one asks again. */
static void test_command_at_the_end(_unused_ void **state) {
        start_with_command("exec sleep 1000", "");
        mail_kill(1000, 1);
        wait_for_mail(MAIL_COALESCE);
        DRIVE_UNTIL(is_asking());
        host_crash();
        put_program("echo a@b");
        host_start();
        ask(USEC_PER_SEC);
        assert_int_equal(mail_count_with(TO("a@b")), 1);
}

/* Another configuration while it is asked. */
static void test_reload(_unused_ void **state) {
        start_with_command("exec sleep 1000", "");
        mail_kill(1000, 1);
        wait_for_mail(MAIL_COALESCE);
        DRIVE_UNTIL(is_asking());
        host_reload(MAIL_SERVER MAIL_USERS);
        mail_settle();
        assert_false(is_asking());
        wait_for_mail(USEC_PER_SEC);
        assert_int_equal(mail_count_with(TO("alice@example.org")), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, mail_setup, host_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_map),
                TEST(test_no_map),
                TEST(test_map_gone),
                TEST(test_map_is_read_beside_the_loop),
                TEST(test_reload_while_it_is_read),
                TEST(test_command),
                TEST(test_command_knows_none),
                TEST(test_command_fails),
                TEST(test_command_hangs),
                TEST(test_command_at_the_end),
                TEST(test_reload),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
