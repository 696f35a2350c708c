/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "basic/fs.h"
#include "basic/log.h"
#include "unit.h"

static int saved = -1, captured = -1;

static int setup(_unused_ void **state) {
        saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
        captured = memfd_create("stderr", MFD_CLOEXEC);
        log_set_max_level(LOG_INFO);
        log_set_prefix(false);
        return saved < 0 || captured < 0 || dup2(captured, STDERR_FILENO) < 0 ? -1 : 0;
}

static int teardown(_unused_ void **state) {
        int r = dup2(saved, STDERR_FILENO);

        saved = safe_close(saved);
        captured = safe_close(captured);
        return r < 0 ? -1 : 0;
}

static void expect_logged(const char *text) {
        static char buffer[8192];

        assert_true(read_fd(captured, buffer, sizeof buffer) >= 0);
        assert_string_equal(buffer, text);
        assert_int_equal(ftruncate(captured, 0), 0);
        assert_true(lseek(captured, 0, SEEK_SET) == 0);
}

static void test_lines(_unused_ void **state) {
        log_info("Hello %s.", "world");
        expect_logged("Hello world.\n");
        log_warning("%%n stays, %s too", "%n%s");
        expect_logged("%n stays, %n%s too\n");
        log_info("%s", "");
        expect_logged("\n");
}

static void test_levels(_unused_ void **state) {
        log_debug("not seen");
        expect_logged("");
        log_set_max_level(LOG_DEBUG);
        assert_int_equal(log_max_level(), LOG_DEBUG);
        log_debug("seen");
        expect_logged("seen\n");
        log_set_max_level(LOG_ERR);
        log_warning("not seen");
        log_error("seen");
        expect_logged("seen\n");
}

/* The error comes back as a negative one, logged or not. */
static void test_errors(_unused_ void **state) {
        assert_int_equal(log_error_errno(-ENOENT, "Failed: %m"), -ENOENT);
        expect_logged("Failed: No such file or directory\n");
        assert_int_equal(log_error_errno(ENOENT, "Failed: %m"), -ENOENT);
        expect_logged("Failed: No such file or directory\n");
        assert_int_equal(log_debug_errno(-EPERM, "not seen"), -EPERM);
        assert_int_equal(log_debug_errno(EPERM, "not seen"), -EPERM);
        expect_logged("");
        assert_int_equal(log_full(LOG_INFO, 0, "fine"), 0);
        expect_logged("fine\n");
        assert_int_equal(log_oom(), -ENOMEM);
        expect_logged("Out of memory.\n");
}

static void test_prefix(_unused_ void **state) {
        log_set_prefix(true);
        log_error("one");
        log_info("two");
        expect_logged("<3>one\n<6>two\n");
        log_info("%s", "<0>three"); /* what comes from outside does not choose the level */
        expect_logged("<6><0>three\n");
}

static void test_control_characters(_unused_ void **state) {
        log_info("user %s", "a\nb\r\x1b[31mred\x7f\tü");
        expect_logged("user a?b??[31mred??ü\n");
}

static void test_long(_unused_ void **state) {
        static char buffer[8192], text[5000];
        ssize_t n;

        memset(text, 'x', sizeof text - 1);
        log_info("%s", text);
        n = read_fd(captured, buffer, sizeof buffer);
        assert_true(n > 1000 && n < 5000);
        assert_int_equal(buffer[n - 1], '\n');
        assert_int_equal(strcspn(buffer, "\n"), n - 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_lines),
                TEST(test_levels),
                TEST(test_errors),
                TEST(test_prefix),
                TEST(test_control_characters),
                TEST(test_long),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
