/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "spool/message.h"

#include <string.h>

#include "unit.h"

static Message a_message(void) {
        return (Message){
                .from = "fairslice@example.org",
                .to = "alice@example.org",
                .id = "oom-1.2",
                .host = "login.example.org",
                .date = UINT64_C(1767268620) * USEC_PER_SEC,
                .subject = "Memory ran out",
                .text = "Hello alice,\n",
        };
}

static void expect(const Message *message, const char *expected) {
        _cleanup_free_ char *mail = NULL;

        assert_int_equal(message_compose(message, &mail), 0);
        assert_string_equal(mail, expected);
}

static void test_whole(_unused_ void **state) {
        Message message = a_message();

        message.language = "de_AT";
        expect(&message, "From: fairslice@example.org\r\n"
                         "To: alice@example.org\r\n"
                         "Subject: Memory ran out\r\n"
                         "Date: Thu, 01 Jan 2026 11:57:00 +0000\r\n"
                         "Message-ID: <oom-1.2@login.example.org>\r\n"
                         "Auto-Submitted: auto-generated\r\n"
                         "MIME-Version: 1.0\r\n"
                         "Content-Type: text/plain; charset=utf-8\r\n"
                         "Content-Transfer-Encoding: quoted-printable\r\n"
                         "Content-Language: de-AT\r\n"
                         "\r\n"
                         "Hello alice,\r\n");
}

static void expect_part(const Message *message, const char *begin, const char *end, const char *expected) {
        _cleanup_free_ char *mail = NULL;
        char *s;

        assert_int_equal(message_compose(message, &mail), 0);
        s = strstr(mail, begin);
        assert_non_null(s);
        s += strlen(begin);
        if (end)
                *strstr(s, end) = '\0';
        assert_string_equal(s, expected);
}

static void expect_subject(const char *subject, const char *expected) {
        Message message = a_message();

        message.subject = subject;
        expect_part(&message, "Subject: ", "\r\nDate: ", expected);
}

static void test_subject(_unused_ void **state) {
        expect_subject("a: \"b\" <c>", "a: \"b\" <c>");
        expect_subject("Gr\xc3\xbc\xc3\x9f"
                       "e",
                       "=?utf-8?B?R3LDvMOfZQ==?=");
        expect_subject("=?utf-8?Q?x?=", "=?utf-8?B?PT91dGYtOD9RP3g/PQ==?=");
        expect_subject("a\r\nBcc: x@example.org", "a??Bcc: x@example.org");
        expect_subject("", "");
        expect_subject(" ", "=?utf-8?B?IA==?=");
        /* No character is cut in two: 13 of three bytes are in each word. */
        expect_subject(
                "\xe5\xa4\xa7\xe5\xa4\xa7\xe5\xa4\xa7\xe5\xa4\xa7\xe5\xa4\xa7\xe5\xa4\xa7\xe5\xa4\xa7"
                "\xe5\xa4\xa7\xe5\xa4\xa7\xe5\xa4\xa7\xe5\xa4\xa7\xe5\xa4\xa7\xe5\xa4\xa7\xe5\xa4\xa7",
                "=?utf-8?B?5aSn5aSn5aSn5aSn5aSn5aSn5aSn5aSn5aSn5aSn5aSn5aSn5aSn?=\r\n"
                " =?utf-8?B?5aSn?=");
}

static void test_long_subject(_unused_ void **state) {
        char subject[4 * MESSAGE_SUBJECT_MAX + 1];
        Message message = a_message();
        _cleanup_free_ char *mail = NULL;

        memset(subject, 'x', sizeof subject - 1);
        subject[sizeof subject - 1] = '\0';
        message.subject = subject;
        assert_int_equal(message_compose(&message, &mail), 0);
        assert_null(strstr(mail, "xx"));
        assert_true(strlen(mail) < 1000);
}

static void expect_text(const char *text, const char *expected) {
        Message message = a_message();

        message.text = text;
        expect_part(&message, "\r\n\r\n", NULL, expected);
}

static void test_text(_unused_ void **state) {
        expect_text("", "");
        expect_text("a", "a\r\n");
        expect_text("a\n\nb\n", "a\r\n\r\nb\r\n");
        expect_text("1+1=2\t\nx \n", "1+1=3D2=09\r\nx=20\r\n");
        expect_text(".\n.x\nFrom me\nx.\n", "=2E\r\n=2Ex\r\n=46rom me\r\nx.\r\n");
        expect_text("a\r\nb\x1b[31m\xff\xc2\x9b\tc", "a?\r\nb?[31m???\tc\r\n");
        expect_text("gr\xc3\xbc\xc3\x9f"
                    "e",
                    "gr=C3=BC=C3=9Fe\r\n");
        expect_text("0123456789012345678901234567890123456789012345678901234567890123456789012345.6",
                    "012345678901234567890123456789012345678901234567890123456789012345678901234=\r\n"
                    "5.6\r\n");
        expect_text("01234567890123456789012345678901234567890123456789012345678901234567890123\xc3\xbc",
                    "01234567890123456789012345678901234567890123456789012345678901234567890123=\r\n"
                    "=C3=BC\r\n");
}

static void expect_refused(const Message *message) {
        char *mail = NULL;

        assert_int_equal(message_compose(message, &mail), -EINVAL);
        assert_null(mail);
}

static void test_refused(_unused_ void **state) {
        static const char *const ids[] = { "", "a b", "a@b", "a>", ".a", "a.", "a..b", "a\r\nX: y" };
        static const char *const hosts[] = { "", "a b", "a>", "a..b", "a\r\nX: y", "-a" };
        static const char *const languages[] = { "", "d", "de\r\nX: y", "de AT" };
        Message message = a_message();

        message.to = "alice@example.org\r\nBcc: x@example.org";
        expect_refused(&message);
        message = a_message();
        message.from = "root";
        expect_refused(&message);
        for (size_t i = 0; i < ELEMENTSOF(ids); i++) {
                message = a_message();
                message.id = ids[i];
                expect_refused(&message);
        }
        for (size_t i = 0; i < ELEMENTSOF(hosts); i++) {
                message = a_message();
                message.host = hosts[i];
                expect_refused(&message);
        }
        for (size_t i = 0; i < ELEMENTSOF(languages); i++) {
                message = a_message();
                message.language = languages[i];
                expect_refused(&message);
        }
}

static void test_sender(_unused_ void **state) {
        static const char *const bad[] = { "", "lab_1", "a b", "a\r\nX: y", "-a" };
        char from[MAIL_ADDRESS_MAX + 1] = "as it was", host[300] = "";

        assert_int_equal(message_sender("me@example.org", "lab_1", from), 0);
        assert_string_equal(from, "me@example.org");
        assert_int_equal(message_sender(NULL, "lab.example.org", from), 0);
        assert_string_equal(from, "fairslice@lab.example.org");
        memset(host, 'a', sizeof host - 1);
        assert_int_equal(message_sender(NULL, host, from), -EINVAL);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_int_equal(message_sender(NULL, bad[i], from), -EINVAL);
        assert_string_equal(from, "fairslice@lab.example.org");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_whole),        cmocka_unit_test(test_subject),
                cmocka_unit_test(test_long_subject), cmocka_unit_test(test_text),
                cmocka_unit_test(test_refused),      cmocka_unit_test(test_sender),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
