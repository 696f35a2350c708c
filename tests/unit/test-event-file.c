/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "report/event-file.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "cgroup-fixture.h"
#include "unit.h"

static Fixture fixture;
static EventFile file = EVENT_FILE_NONE;

static int setup(_unused_ void **state) {
        return fixture_open(&fixture);
}

static int teardown(_unused_ void **state) {
        event_file_close(&file);
        fixture_close(&fixture);
        return 0;
}

static void expect(const char *name, const char *expected) {
        char text[256];

        assert_true(read_file_at(fixture.fd, name, text, sizeof text) >= 0);
        assert_string_equal(text, expected);
}

static void test_appends(_unused_ void **state) {
        struct stat st;

        assert_int_equal(event_file_write(&file, "nowhere\n"), 0);
        assert_int_equal(event_file_open(&file, fixture.fd, "/log"), 0);
        assert_int_equal(fstatat(fixture.fd, "log", &st, 0), 0);
        assert_int_equal(st.st_mode & 0137, 0);
        assert_int_equal(event_file_write(&file, "one\n"), 0);
        assert_int_equal(event_file_open(&file, fixture.fd, "/log"), 0);
        assert_int_equal(event_file_write(&file, "two\n"), 0);
        expect("log", "one\ntwo\n");
        assert_int_equal(ftruncate(file.fd, 0), 0); /* as logrotate's copytruncate does */
        assert_int_equal(event_file_write(&file, "three\n"), 0);
        expect("log", "three\n");
        assert_int_equal(renameat(fixture.fd, "log", fixture.fd, "log.1"), 0);
        assert_int_equal(event_file_write(&file, "four\n"), 0);
        assert_int_equal(event_file_open(&file, fixture.fd, "/log"), 0);
        assert_int_equal(event_file_write(&file, "five\n"), 0);
        expect("log.1", "three\nfour\n");
        expect("log", "five\n");
}

static void test_refused(_unused_ void **state) {
        assert_int_equal(event_file_open(&file, fixture.fd, "/log"), 0);
        assert_int_equal(event_file_open(&file, fixture.fd, "/missing/log"), -ENOENT);
        assert_int_equal(file.fd, -1);
        assert_int_equal(symlinkat("log", fixture.fd, "link"), 0);
        assert_int_equal(event_file_open(&file, fixture.fd, "/link"), -ELOOP);
        assert_int_equal(mkfifoat(fixture.fd, "pipe", 0600), 0);
        assert_int_equal(event_file_open(&file, fixture.fd, "/pipe"), -ENXIO);
        fixture_mkdir(&fixture, "dir");
        assert_int_equal(event_file_open(&file, fixture.fd, "/dir"), -EISDIR);
}

/* A file that may not grow is like a disk that is full. */
static void test_full(_unused_ void **state) {
        struct rlimit before, small = { .rlim_cur = 10 };

        assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
        small.rlim_max = before.rlim_max;
        assert_int_equal(event_file_open(&file, fixture.fd, "/log"), 0);
        (void) signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        assert_int_equal(event_file_write(&file, "seven\n"), 0);
        assert_int_equal(event_file_write(&file, "eight\n"), -ENOSPC);
        assert_int_equal(event_file_write(&file, "nine\n"), -EFBIG);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        (void) signal(SIGXFSZ, SIG_DFL);
        assert_int_equal(event_file_write(&file, "ten\n"), 0);
        assert_int_equal(event_file_write(&file, "eleven\n"), 0);
        expect("log", "seven\neigh\nten\neleven\n");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = { TEST(test_appends), TEST(test_refused), TEST(test_full) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
