/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/text.h"
#include "unit.h"

static void expect(const char *text, const char *expected) {
        _cleanup_free_ char *clean = text_clean(text);

        assert_non_null(clean);
        assert_string_equal(clean, expected);
}

static void test_clean(_unused_ void **state) {
        expect("", "");
        expect("alice", "alice");
        expect("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
        expect("a\tb\nc\x1b[31m\x7f", "a?b?c?[31m?");
        expect("\xc2\x9b"
               "1m",
               "??1m"); /* what begins a terminal's sequence in Latin-1 */
        expect("\xe9t\xe9", "?t?");
        expect("\xc3", "?");
        expect("\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80", "?????????");
        expect("\xef\xbf\xbe \xef\xb7\x90 \xf0\x9f\xbf\xbf \xef\xbf\xbd", "??? ??? ???? \xef\xbf\xbd");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_clean),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
