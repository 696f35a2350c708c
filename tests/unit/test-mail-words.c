/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/mail-words.h"

#include <string.h>

#include "unit.h"

#define T0 (UINT64_C(1795332922) * USEC_PER_SEC)

/* As libcurl with OpenSSL and with GnuTLS, and servers, say it. */
static void test_meanings(_unused_ void **state) {
        static const struct {
                const char *answer, *word; /* NULL: it stands for itself */
        } cases[] = {
                { "SSL certificate problem: self-signed certificate (after STARTTLS)", "CAFile=" },
                { "server certificate verification failed. CAfile: none CRLfile: none (after STARTTLS)",
                  "CAFile=" },
                { "SSL: no alternative certificate subject name matches target host name 'x' (while "
                  "connecting)",
                  "CAFile=" },
                { "STARTTLS denied, code 454 (after STARTTLS)", "TLS=" },
                { "Requested SSL level failed (after EHLO)", "TLS=" },
                { "454 4.7.0 not now (after STARTTLS)", "TLS=" },
                { "530 5.7.0 Must issue a STARTTLS command first (after MAIL FROM)", "TLS=" },
                { "535 5.7.8 Error (after AUTH)", "User=" },
                { "Login denied (after EHLO)", "User=" },
                { "530 5.7.0 Authentication required (after MAIL FROM)", "User=" },
                { "Could not resolve host: mail.example.org (while connecting)", "name of the server" },
                { "Failed to connect to 127.0.0.1 port 25: Connection refused (while connecting)", "port" },
                { "Timeout was reached (while connecting)", "firewall" },
                { "550 5.7.1 go away (after EHLO)", "this host" },
                { "553 5.1.8 not from there (after MAIL FROM)", "From=" },
                { "550 5.1.1 no such user (after RCPT TO)", "this address" },
                { "554 5.7.1 spam (after the message)", NULL },
                { "[Mail] Server=: is not set", NULL },
                { "", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const char *meaning = mail_answer_meaning(cases[i].answer);

                if (!cases[i].word)
                        assert_null(meaning);
                else if (!meaning || !strstr(meaning, cases[i].word))
                        fail_msg("\"%s\" means: %s", cases[i].answer, meaning ? meaning : "nothing");
        }
}

static void test_until(_unused_ void **state) {
        char buffer[32], sentence[40];

        assert_string_equal(mail_until(buffer, 0, T0), "now");
        assert_string_equal(mail_until(buffer, T0 - USEC_PER_SEC, T0), "now");
        assert_string_equal(mail_until(buffer, T0 + USEC_PER_SEC - 1, T0), "now");
        assert_string_equal(mail_until(buffer, T0 + 5 * USEC_PER_SEC + 7, T0), "5s");
        assert_string_equal(mail_until(buffer, T0 + 3600 * USEC_PER_SEC, T0), "1h");
        assert_string_equal(mail_next(sentence, T0, T0), "now");
        assert_string_equal(mail_next(sentence, T0 + 3600 * USEC_PER_SEC, T0), "in 1h");
        /* Whatever is in the file. */
        assert_true(strlen(mail_until(buffer, UINT64_MAX, T0)) < sizeof buffer);
        assert_true(strlen(mail_until(buffer, UINT64_MAX, 0)) < sizeof buffer);
}

static void test_text(_unused_ void **state) {
        _cleanup_free_ char *text = mail_test_text("lab", "smtp://mail.example.org", "me@example.org");

        assert_non_null(strstr(text, "Host:   lab\n"));
        assert_non_null(strstr(text, "Server: smtp://mail.example.org\n"));
        assert_non_null(strstr(text, "mail test me@example.org"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_meanings),
                cmocka_unit_test(test_until),
                cmocka_unit_test(test_text),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
