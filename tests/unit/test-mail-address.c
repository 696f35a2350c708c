/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "basic/mail-address.h"
#include "unit.h"

static void test_valid(_unused_ void **state) {
        assert_true(mail_address_is_valid("alice@example.org"));
        assert_true(mail_address_is_valid("root@localhost"));
        assert_true(mail_address_is_valid("a.b-c+d_e@mail-1.EXAMPLE.org"));
        assert_true(mail_address_is_valid("o'neill@3com.example"));
        assert_true(mail_address_is_valid("!#$%&'*+-/=?^_`{|}~@x"));
}

static void test_invalid(_unused_ void **state) {
        static const char *const wrong[] = {
                "",
                "@",
                "alice",
                "alice@",
                "@example.org",
                "alice@@example.org",
                "a@b@example.org",
                ".alice@example.org",
                "alice.@example.org",
                "al..ice@example.org",
                "-oQ/tmp@example.org",
                "alice@.org",
                "alice@example.",
                "alice@example..org",
                "alice@-example.org",
                "alice@example-.org",
                "alice@exa_mple.org",
                "alice@[127.0.0.1]",
                "\"al ice\"@example.org",
                "al ice@example.org",
                "alice@example.org ",
                " alice@example.org",
                "alice@example.org, bob@example.org",
                "<alice@example.org>",
                "Alice <alice@example.org>",
                "alice@example.org\r\nBcc: bob@example.org",
                "alice\n@example.org",
                "alice@exa\tmple.org",
                "al(ice)@example.org",
                "al:ice@example.org",
                "al\\ice@example.org",
                "DOMAIN\\alice@example.org",
                "\xc3\xa9lise@example.org",
                "elise@ex\xc3\xa4mple.org",
                "alice@example.org\x7f",
        };

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                if (mail_address_is_valid(wrong[i]))
                        fail_msg("taken: %s", wrong[i]);
}

/* So many letters, '@', and labels of so many letters up to so many bytes in all. */
static bool is_valid_with(size_t local, size_t label, size_t domain) {
        char address[1024];

        memset(address, 'a', sizeof address);
        address[local] = '@';
        for (size_t i = label; i < domain; i += label + 1)
                address[local + 1 + i] = '.';
        address[local + 1 + domain] = '\0';
        return mail_address_is_valid(address);
}

static void test_lengths(_unused_ void **state) {
        assert_true(is_valid_with(64, 63, 63));
        assert_false(is_valid_with(65, 63, 63));
        assert_false(is_valid_with(1, 64, 64));
        assert_true(is_valid_with(1, 50, 252));
        assert_false(is_valid_with(1, 50, 253)); /* one byte too many in all */
        assert_true(is_valid_with(64, 50, 189));
        assert_false(is_valid_with(64, 50, 190));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_valid),
                cmocka_unit_test(test_invalid),
                cmocka_unit_test(test_lengths),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
