/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "daemon/address-command.h"
#include "support/drive.h"
#include "support/scratch.h"

/* Programs that are asked for an address, and what they may do instead of an answer. */

typedef struct Answer {
        unsigned count;
        bool is_address;
        char text[MAIL_ADDRESS_MAX + 1]; /* or why there is none */
} Answer;

static sd_event *event;
static const Scratch *scratch;
static Answer answer;

static int setup(void **state) {
        sigset_t child;

        sigemptyset(&child);
        sigaddset(&child, SIGCHLD);
        assert_int_equal(sigprocmask(SIG_BLOCK, &child, NULL), 0);
        assert_int_equal(scratch_setup(state), 0);
        scratch = *state;
        answer = (Answer){};
        assert_true(sd_event_new(&event) >= 0);
        drive_add(event);
        return 0;
}

static int teardown(void **state) {
        drive_remove(event);
        event = sd_event_unref(event);
        return scratch_teardown(state);
}

static void on_answer(const char *address, const char *why, _unused_ void *userdata) {
        answer.count++;
        answer.is_address = address;
        snprintf(answer.text, sizeof answer.text, "%s", address ?: why);
}

static AddressCommand *start(const char *script, const char *words, const char *user) {
        _cleanup_free_ char *text = NULL;
        AddressCommand *command;
        char line[128];

        assert_true(asprintf(&text, "#!/bin/sh\n%s\n", script) > 0);
        assert_int_equal(write_file_synced(scratch->fd, "program", text, strlen(text), 0755), 0);
        snprintf(line, sizeof line, "%s/program%s", scratch->path, words);
        assert_int_equal(address_command_start(event, line, user, on_answer, NULL, &command), 0);
        return command;
}

static void expect(const char *script, const char *words, bool is_address, const char *text) {
        AddressCommand *command = start(script, words, "alice");

        answer = (Answer){};
        DRIVE_UNTIL(answer.count > 0);
        drive_ready();
        assert_string_equal(answer.text, text);
        assert_int_equal(answer.is_address, is_address);
        assert_int_equal(answer.count, 1);
        address_command_free(command);
}

static void test_addresses(_unused_ void **state) {
        expect("echo $1@example.org", "", true, "alice@example.org");
        expect("printf '%s' $1@example.org", "", true, "alice@example.org");
        expect("echo $#.$1.$2.$3@example.org", " \t-a  b ", true, "3.-a.b.alice@example.org");
        expect("sleep 0.1; echo a@b", "", true, "a@b");
        expect("true", "", true, "");
        expect("echo", "", true, "");
}

static void test_failures(_unused_ void **state) {
        expect("echo a@b; exit 3", "", false, "it ended with status 3");
        expect("echo a@b; kill -TERM $$", "", false, "signal 15 ended it");
        expect("echo alice", "", false, "what it wrote is no address");
        expect("echo a@b; echo c@d", "", false, "what it wrote is no address");
        expect("echo ' a@b'", "", false, "what it wrote is no address");
        expect("printf 'a@b\\0'", "", false, "what it wrote is no address");
        expect("printf 'a@b\\r\\n'", "", false, "what it wrote is no address");
}

static void test_too_much(_unused_ void **state) {
        expect("yes", "", false, "it wrote more than an address");
        expect("head -c 300 /dev/zero", "", false, "it wrote more than an address");
        /* A line as long as the longest address, and one byte more */
        expect("head -c 255 /dev/zero | tr '\\0' a", "", false, "what it wrote is no address");
}

/* Who holds the end of the pipe is not waited for, nor left. */
static void test_background(_unused_ void **state) {
        char text[32];
        pid_t pid;

        expect("sleep 1000 & echo $! >${0%program}pid; echo a@b", "", true, "a@b");
        assert_true(read_file_at(scratch->fd, "pid", text, sizeof text) > 0);
        pid = atoi(text);
        assert_true(pid > 1);
        for (usec_t end = now_monotonic() + DRIVE_LIMIT_USEC; kill(pid, 0) >= 0 && now_monotonic() < end;) {
                char path[64], status[1024];

                /* It is a zombie as long as nobody has reaped it. */
                snprintf(path, sizeof path, "/proc/%d/status", (int) pid);
                if (read_file_at(AT_FDCWD, path, status, sizeof status) < 0 || strstr(status, "State:\tZ"))
                        return;
        }
        assert_int_equal(kill(pid, 0), -1);
}

static void test_hanging(_unused_ void **state) {
        AddressCommand *command = start("exec sleep 1000", "", "alice");

        drive_quiet();
        assert_int_equal(answer.count, 0);
        address_command_expire(command);
        DRIVE_UNTIL(answer.count > 0);
        assert_false(answer.is_address);
        assert_string_equal(answer.text, "it took too long");
        address_command_free(command);
}

static void test_not_waited_for(_unused_ void **state) {
        address_command_free(start("exec sleep 1000", "", "alice"));
        drive_quiet();
        assert_int_equal(answer.count, 0);
}

/* Nothing of ours, and not what was set for us. */
static void test_surroundings(_unused_ void **state) {
        int fd = open("/dev/null", O_RDONLY);

        assert_true(fd >= 0);
        assert_int_equal(setenv("SECRET", "x", true), 0);
        /* 10 is the shell's own. */
        expect("for i in 3 4 5 6 7 8 9 11 12 13 14 15 16 17 18 19; do\n"
               "[ -e /proc/$$/fd/$i ] && exit 9\ndone\necho ${SECRET-none}@b",
               "", true, "none@b");
        expect("read line || echo nothing@b", "", true, "nothing@b");
        close(fd);
}

static void test_names(_unused_ void **state) {
        AddressCommand *command;

        assert_int_equal(address_command_start(event, "/bin/echo", "-n", on_answer, NULL, &command),
                         -EINVAL);
        assert_int_equal(address_command_start(event, "/bin/echo", "", on_answer, NULL, &command), -EINVAL);
        assert_int_equal(address_command_start(event, " ", "alice", on_answer, NULL, &command), -EINVAL);
        expect("test \"$1\" = '$(id)' && echo same@b", " $(id)", true, "same@b");
}

static void test_no_program(_unused_ void **state) {
        AddressCommand *command;

        assert_int_equal(
                address_command_start(event, "/nonexistent/program", "alice", on_answer, NULL, &command), 0);
        DRIVE_UNTIL(answer.count > 0);
        assert_string_equal(answer.text, "it ended with status 127");
        address_command_free(command);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_addresses),    TEST(test_failures), TEST(test_too_much),
                TEST(test_background),   TEST(test_hanging),  TEST(test_not_waited_for),
                TEST(test_surroundings), TEST(test_names),    TEST(test_no_program),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
