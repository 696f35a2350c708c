/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is decided about a message, by what was said; passwords; pauses. */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "mail/outcome.h"
#include "mail/password.h"
#include "mail/retry.h"
#include "mail/transfer.h"
#include "support/scratch.h"
#include "support/test.h"

/* "C: " is what we say, "S: " what the server says, "M" the message. */
static Conversation talk(const char *const *lines) {
        Conversation c = {};

        for (; *lines; lines++)
                if (**lines == 'M')
                        conversation_message(&c);
                else if (**lines == 'C')
                        conversation_command(&c, *lines + 3, strlen(*lines) - 3);
                else
                        conversation_line(&c, *lines + 3, strlen(*lines) - 3);
        return c;
}

#define TALK(...) talk((const char *const[]){ __VA_ARGS__, NULL })

static void expect(Conversation c, Outcome outcome, const char *reason) {
        char buffer[SPOOL_ANSWER_MAX + 1];

        assert_int_equal(outcome_of(&c, false, false), outcome);
        assert_string_equal(outcome_reason(&c, "broken", buffer), reason);
}

static void test_outcomes(_unused_ void **state) {
        expect(TALK("S: 421 no\r\n"), OUTCOME_SERVER, "421 no (while connecting)");
        expect(TALK("S: 554 no\r\n"), OUTCOME_SERVER, "554 no (while connecting)");
        expect(TALK("S: 220 a", "C: EHLO x\r\n", "S: 250 ok", "C: AUTH PLAIN", "S: 535 no"), OUTCOME_SERVER,
               "535 no (after AUTH)");
        expect(TALK("C: MAIL FROM:<a@b>"), OUTCOME_BROKEN, "broken (after MAIL FROM)");
        expect(TALK("C: MAIL FROM:<a@b>", "S: 530 log in"), OUTCOME_SERVER, "530 log in (after MAIL FROM)");
        expect(TALK("C: MAIL FROM:<a@b>", "S: 552 too large"), OUTCOME_REFUSED,
               "552 too large (after MAIL FROM)");
        expect(TALK("C: MAIL FROM:<a@b>", "S: 250 ok", "C: RCPT TO:<c@d>", "S: 450 grey"), OUTCOME_LATER,
               "450 grey (after RCPT TO)");
        expect(TALK("C: RCPT TO:<c@d>", "S: 550 no", "C: QUIT", "S: 221 bye"), OUTCOME_REFUSED,
               "550 no (after RCPT TO)");
        expect(TALK("C: RCPT TO:<c@d>", "S: 421 bye"), OUTCOME_BROKEN, "421 bye (after RCPT TO)");
        expect(TALK("C: DATA", "S: 354 go on"), OUTCOME_BROKEN, "broken (after DATA)");
        expect(TALK("C: DATA", "S: 354 go on", "M", "M"), OUTCOME_BROKEN, "broken (after the message)");
        expect(TALK("C: DATA", "S: 354 go on", "M", "S: 451 later"), OUTCOME_LATER,
               "451 later (after the message)");
        expect(TALK("C: DATA", "S: 354 go on", "M", "S: 554-spam", "S: 554-I", "S: 554 say"),
               OUTCOME_REFUSED, "554-spam I say (after the message)");
        /* Not all of it is there, so it is nobody's answer yet. */
        expect(TALK("C: DATA", "S: 354 go on", "M", "S: 554-spam"), OUTCOME_BROKEN,
               "broken (after the message)");
        /* A later message over the same connection. */
        expect(TALK("C: DATA", "S: 354 go on", "M", "S: 250 ok", "C: MAIL FROM:<a@b>"), OUTCOME_BROKEN,
               "broken (after MAIL FROM)");
}

static void test_sent_in_spite_of_all(_unused_ void **state) {
        Conversation c = TALK("C: DATA", "S: 354 go on", "M", "S: 250 queued", "C: QUIT", "S: 421 bye");

        assert_int_equal(outcome_of(&c, false, false), OUTCOME_SENT);
        assert_int_equal(outcome_of(&c, false, true), OUTCOME_SENT);
        c = TALK("C: RCPT TO:<c@d>", "S: 250 ok");
        assert_int_equal(outcome_of(&c, false, false), OUTCOME_BROKEN);
        assert_int_equal(outcome_of(&c, false, true), OUTCOME_STOPPED);
}

static void test_nonsense(_unused_ void **state) {
        static const char *const lines[] = { "S: ",       "S: 5",       "S: 55",
                                             "S: 5500 x", "S: 5x0 no",  "S: \x80no",
                                             "S: 000 no", "S: 550\tno", "S: -550 no" };
        char line[5000];

        for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
                Conversation c = TALK("C: RCPT TO:<c@d>", lines[i]);

                assert_int_equal(c.code, 0);
                assert_int_equal(outcome_of(&c, false, false), OUTCOME_BROKEN);
        }
        memset(line, 'x', sizeof line);
        memcpy(line, "S: 550-", 7);
        line[sizeof line - 1] = '\0';
        for (unsigned i = 0; i < 3; i++) {
                Conversation c = TALK("C: RCPT TO:<c@d>", line, line, "S: 550 end");

                assert_int_equal(c.code, 550);
                assert_int_equal(strlen(c.answer), SPOOL_ANSWER_MAX);
        }
}

/* A dialogue of AUTH may say anything. */
static void test_login_dialogue(_unused_ void **state) {
        Conversation c = TALK("C: AUTH LOGIN", "S: 334 x", "C: DATAquit", "S: 535 no");

        assert_int_equal(c.phase, PHASE_LOGIN);
        assert_int_equal(outcome_of(&c, false, false), OUTCOME_SERVER);
        c = TALK("C: AUTH LOGIN", "S: 334 x", "C: QUIT", "S: 535 no");
        assert_int_equal(c.code, 535);
}

/* ---- the message ---- */

static void expect_lines(const char *text, const char *wanted) {
        size_t size;
        _cleanup_free_ char *lines = transfer_lines(text, strlen(text), &size);

        assert_non_null(lines);
        assert_string_equal(lines, wanted);
        assert_int_equal(size, strlen(wanted));
}

static void test_lines(_unused_ void **state) {
        expect_lines("a\r\nb\r\n", "a\r\nb\r\n");
        expect_lines("a\nb", "a\r\nb\r\n");
        expect_lines("a\rb\r", "a\r\nb\r\n");
        expect_lines("\r\r\n\n", "\r\n\r\n\r\n");
        expect_lines("\n.\n", "\r\n.\r\n");
        expect_lines("", "\r\n");
        expect_lines("a\r\n.\rb", "a\r\n.\r\nb\r\n");
}

/* ---- pauses ---- */

static void test_pauses(_unused_ void **state) {
        static const unsigned seconds[] = { 5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600 };

        for (unsigned i = 0; i < ELEMENTSOF(seconds); i++) {
                usec_t whole = seconds[i] * USEC_PER_SEC;

                assert_true(retry_pause(i + 1, 0) == whole);
                for (uint32_t n = 0; n < 2000; n++) {
                        usec_t pause = retry_pause(i + 1, n * 2654435761U);

                        assert_true(pause <= whole && pause >= whole - whole / 5);
                }
        }
        assert_true(retry_pause(0, 0) == 5 * USEC_PER_SEC);
        assert_true(retry_pause(UINT32_MAX, 0) == 3600 * USEC_PER_SEC);
        assert_true(retry_wait(10, 20) == 0);
        assert_true(retry_wait(30, 20) == 10);
        /* The clock was set back by days. */
        assert_true(retry_wait(USEC_INFINITY, 20) == 0);
}

/* ---- passwords ---- */

static int try_password(const Scratch *scratch, const char *text, size_t size, mode_t mode, bool trusted,
                        Password *ret, const char **ret_why) {
        char path[128];

        snprintf(path, sizeof path, "%s/password", scratch->path);
        assert_int_equal(write_file_synced(scratch->fd, "password", text, size, mode), 0);
        return password_read(path, geteuid(), trusted, ret, ret_why);
}

static void test_passwords(void **state) {
        char large[PASSWORD_MAX + 10], path[128];
        const char *why = NULL;
        Password got;

        assert_int_equal(try_password(*state, "secret\n", 7, 0600, false, &got, &why), 0);
        assert_string_equal(got.text, "secret");
        assert_int_equal(try_password(*state, " s\xc3\xa9 ", 5, 0400, false, &got, &why), 0);
        assert_string_equal(got.text, " s\xc3\xa9 ");
        password_forget(&got);
        assert_int_equal(got.text[0], 0);
        assert_int_equal(try_password(*state, "secret", 6, 0440, true, &got, &why), 0);
        assert_int_equal(try_password(*state, "secret", 6, 0440, false, &got, &why), -EPERM);
        assert_string_equal(why, "others than its owner may read or write it");
        assert_int_equal(try_password(*state, "secret", 6, 0602, false, &got, &why), -EPERM);
        assert_int_equal(try_password(*state, "", 0, 0600, false, &got, &why), -EPERM);
        assert_int_equal(try_password(*state, "\n", 1, 0600, false, &got, &why), -EPERM);
        assert_int_equal(try_password(*state, "a\nb\n", 4, 0600, false, &got, &why), -EPERM);
        assert_int_equal(try_password(*state, "a\0b", 3, 0600, false, &got, &why), -EPERM);
        assert_int_equal(try_password(*state, "a\rb", 3, 0600, false, &got, &why), -EPERM);
        memset(large, 'x', sizeof large);
        assert_int_equal(try_password(*state, large, sizeof large, 0600, false, &got, &why), -EPERM);
        assert_int_equal(try_password(*state, large, PASSWORD_MAX, 0600, false, &got, &why), 0);
        snprintf(path, sizeof path, "%s/link", ((Scratch *) *state)->path);
        assert_int_equal(symlink("password", path), 0);
        assert_int_equal(password_read(path, geteuid(), false, &got, &why), -EPERM);
        assert_string_equal(why, "it is a symbolic link");
        snprintf(path, sizeof path, "%s/fifo", ((Scratch *) *state)->path);
        assert_int_equal(mkfifo(path, 0600), 0);
        assert_int_equal(password_read(path, geteuid(), false, &got, &why), -EPERM);
        snprintf(path, sizeof path, "%s/none", ((Scratch *) *state)->path);
        assert_int_equal(password_read(path, geteuid(), false, &got, &why), -ENOENT);
        assert_null(why);
        if (geteuid() == 0) {
                snprintf(path, sizeof path, "%s/password", ((Scratch *) *state)->path);
                assert_int_equal(chown(path, 61001, 0), 0);
                assert_int_equal(password_read(path, 61002, false, &got, &why), -EPERM);
                assert_string_equal(why, "it belongs to another user");
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_outcomes),
                cmocka_unit_test(test_sent_in_spite_of_all),
                cmocka_unit_test(test_nonsense),
                cmocka_unit_test(test_login_dialogue),
                cmocka_unit_test(test_lines),
                cmocka_unit_test(test_pauses),
                cmocka_unit_test_setup_teardown(test_passwords, scratch_setup, scratch_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
