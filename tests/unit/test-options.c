/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <getopt.h>
#include <string.h>

#include "daemon/options.h"
#include "support/log-capture.h"
#include "support/test.h"

static Mode mode;
static ManagerOptions options;
static const char *import;

static int setup(_unused_ void **state) {
        log_capture_start();
        return 0;
}

static int teardown(_unused_ void **state) {
        log_capture_stop(false);
        return 0;
}

/* The words of a command line, ended by NULL. */
static int parse(const char *const *words) {
        char *argv[16] = { (char *) "fairsliced" };
        int argc = 1;

        while (*words)
                argv[argc++] = (char *) *words++;
        optind = 0; /* glibc: from the beginning */
        return options_parse(argc, argv, &mode, &options, &import);
}

#define PARSE(...) parse((const char *const[]){ __VA_ARGS__, NULL })

static void test_nothing(_unused_ void **state) {
        assert_int_equal(parse((const char *const[]){ NULL }), 1);
        assert_int_equal(mode, MODE_RUN);
        assert_null(options.config_file);
        assert_int_equal(options.interval_usec, 0);
        assert_false(options.dry_run || options.verbose);
        assert_null(options.proc_path);
}

static void test_long(_unused_ void **state) {
        assert_int_equal(PARSE("--config=/x", "--interval=2s", "--dry-run", "--verbose"), 1);
        assert_string_equal(options.config_file, "/x");
        assert_int_equal(options.interval_usec, 2 * USEC_PER_SEC);
        assert_true(options.dry_run && options.verbose);
        assert_int_equal(mode, MODE_RUN);
}

static void test_short(_unused_ void **state) {
        assert_int_equal(PARSE("-nv", "-c", "/x", "-t500ms"), 1);
        assert_string_equal(options.config_file, "/x");
        assert_int_equal(options.interval_usec, 500 * USEC_PER_MSEC);
        assert_true(options.dry_run && options.verbose);
}

static void test_modes(_unused_ void **state) {
        assert_int_equal(PARSE("--info"), 1);
        assert_int_equal(mode, MODE_INFO);
        assert_int_equal(PARSE("-i"), 1);
        assert_int_equal(mode, MODE_INFO);
        assert_int_equal(PARSE("--check"), 1);
        assert_int_equal(mode, MODE_CHECK);
        assert_int_equal(PARSE("--release"), 1);
        assert_int_equal(mode, MODE_RELEASE);
        assert_null(import);
        assert_int_equal(PARSE("--import-cgroup-py=/etc/cgroup_py.cfg"), 1);
        assert_int_equal(mode, MODE_IMPORT_CGROUP_PY);
        assert_string_equal(import, "/etc/cgroup_py.cfg");
        assert_int_equal(PARSE("--import-cgroup-py", "-x.cfg"), 1);
        assert_string_equal(import, "-x.cfg");
        assert_int_equal(PARSE("--adopt=1001"), 1);
        assert_int_equal(mode, MODE_ADOPT);
        assert_int_equal(options.adopt_uid, 1001);
}

static void test_done_at_once(_unused_ void **state) {
        assert_int_equal(PARSE("--help"), 0);
        assert_int_equal(PARSE("-h"), 0);
        assert_int_equal(PARSE("--version"), 0);
}

static void test_wrong(_unused_ void **state) {
        assert_int_equal(PARSE("--nonsense"), -EINVAL);
        assert_int_equal(PARSE("-x"), -EINVAL);
        assert_int_equal(PARSE("--config"), -EINVAL);
        assert_int_equal(PARSE("--import-cgroup-py"), -EINVAL);
        assert_int_equal(PARSE("--dry-run=yes"), -EINVAL);
        assert_int_equal(PARSE("--adopt"), -EINVAL);
        assert_int_equal(PARSE("--adopt="), -EINVAL);
        assert_int_equal(PARSE("--adopt=bob"), -EINVAL);
        assert_int_equal(PARSE("--adopt=-1"), -EINVAL);
        assert_int_equal(PARSE("--adopt=4294967295"), -EINVAL);
        assert_int_equal(log_capture_count("--adopt="), 4);
        assert_int_equal(PARSE("extra"), -EINVAL);
        assert_int_equal(log_capture_count("extra"), 1);
}

static void test_interval(_unused_ void **state) {
        assert_int_equal(PARSE("--interval=100ms"), 1);
        assert_int_equal(PARSE("--interval=1h"), 1);
        log_capture_forget();
        assert_int_equal(PARSE("--interval=99ms"), -EINVAL);
        assert_int_equal(PARSE("--interval=61min"), -EINVAL);
        assert_int_equal(PARSE("--interval=infinity"), -EINVAL);
        assert_int_equal(PARSE("--interval=0"), -EINVAL);
        assert_int_equal(PARSE("--interval=-1s"), -EINVAL);
        assert_int_equal(PARSE("--interval="), -EINVAL);
        assert_int_equal(PARSE("--interval=soon"), -EINVAL);
        assert_int_equal(log_capture_count("--interval="), 7);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_nothing),      TEST(test_long),  TEST(test_short),    TEST(test_modes),
                TEST(test_done_at_once), TEST(test_wrong), TEST(test_interval),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
