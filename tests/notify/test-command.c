/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "notify/command.h"
#include "support/scratch.h"
#include "support/test.h"

#define TEXT "It's \"over\"; $HOME `x` & <b>"

static const Notice notice = { .summary = "s", .body = TEXT };

static char *path_of(void **state, const char *name) {
        char *path;

        assert_true(asprintf(&path, "%s/%s", ((const Scratch *) *state)->path, name) > 0);
        return path;
}

static void put_program(void **state, const char *text) {
        const Scratch *scratch = *state;

        assert_int_equal(write_file_atomic(scratch->fd, "program", text, strlen(text), 0755), 0);
}

/* With these words after its path. */
static int run(void **state, const char *words, usec_t timeout) {
        _cleanup_free_ char *path = path_of(state, "program"), *command = NULL;

        assert_true(asprintf(&command, "%s%s", path, words) > 0);
        return command_run(command, 1234, &notice, timeout);
}

static void expect_output(void **state, const char *expected) {
        char text[1024];

        assert_true(read_file_at(((const Scratch *) *state)->fd, "out", text, sizeof text) >= 0);
        assert_string_equal(text, expected);
}

/* The words of the configuration, and the text as one more, whatever is in it. */
static void test_words(void **state) {
        put_program(state, "#!/bin/sh\ncd \"${0%/*}\"\n(for i; do echo \"[$i]\"; done\n"
                           "echo $XDG_RUNTIME_DIR $DBUS_SESSION_BUS_ADDRESS $KEPT\ncat) >out\n");
        assert_int_equal(setenv("XDG_RUNTIME_DIR", "/somewhere/else", true), 0);
        assert_int_equal(setenv("KEPT", "kept", true), 0);
        assert_int_equal(run(state, "", 20 * USEC_PER_SEC), 0);
        expect_output(state, "[" TEXT "]\n/run/user/1234 unix:path=/run/user/1234/bus kept\n");
        assert_int_equal(run(state, "  -u\t* $(reboot)  ", 20 * USEC_PER_SEC), 0);
        expect_output(state, "[-u]\n[*]\n[$(reboot)]\n[" TEXT
                             "]\n/run/user/1234 unix:path=/run/user/1234/bus kept\n");
}

static void test_fails(void **state) {
        assert_int_equal(run(state, "", 20 * USEC_PER_SEC), -ENOENT);
        assert_int_equal(command_run("/dev/null/program", 1234, &notice, 20 * USEC_PER_SEC), -ENOTDIR);
        put_program(state, "no program");
        assert_int_equal(run(state, "", 20 * USEC_PER_SEC), -ENOEXEC);
        put_program(state, "#!/bin/sh\nexec /dev/null/program 2>/dev/null\n");
        assert_int_equal(run(state, "", 20 * USEC_PER_SEC), -ENOEXEC);
        put_program(state, "#!/bin/sh\nexit 3\n");
        assert_int_equal(run(state, "", 20 * USEC_PER_SEC), -EPROTO);
        put_program(state, "#!/bin/sh\nkill -TERM $$\n");
        assert_int_equal(run(state, "", 20 * USEC_PER_SEC), -EPROTO);
}

/* Or dead, and waiting for whoever collects it. */
static bool is_gone(pid_t pid) {
        char path[32], text[512];

        snprintf(path, sizeof path, "/proc/%d/stat", (int) pid);
        return read_file_at(AT_FDCWD, path, text, sizeof text) < 0 || strstr(text, ") Z ");
}

/* It is ended with what it has started, also if it does not want to be. */
static void test_hangs(void **state) {
        char text[64];
        pid_t pid;

        put_program(state, "#!/bin/sh\ntrap '' TERM HUP INT\nsleep 1000 &\necho $! >${0%/*}/out.new\n"
                           "mv ${0%/*}/out.new ${0%/*}/out\nwait\nsleep 1000\n");
        assert_int_equal(run(state, "", 3 * USEC_PER_SEC), -ETIMEDOUT);
        assert_true(read_file_at(((const Scratch *) *state)->fd, "out", text, sizeof text) > 0);
        pid = atoi(text);
        assert_true(pid > 1);
        for (unsigned i = 0; !is_gone(pid) && i < 2000; i++)
                usleep(10000);
        assert_true(is_gone(pid));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_words, scratch_setup, scratch_teardown),
                cmocka_unit_test_setup_teardown(test_fails, scratch_setup, scratch_teardown),
                cmocka_unit_test_setup_teardown(test_hangs, scratch_setup, scratch_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
