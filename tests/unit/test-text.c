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

static void test_stream(_unused_ void **state) {
        _cleanup_free_ char *text = NULL;
        size_t length = 0;
        FILE *f = open_memstream(&text, &length);

        assert_non_null(f);
        fputs("alice", f);
        assert_int_equal(memstream_close(f), 0);
        assert_string_equal(text, "alice");
        assert_int_equal(length, 5);
}

/* What was lost is told, whenever that was. */
static void test_stream_fails(_unused_ void **state) {
        FILE *f = fopen("/dev/full", "we");

        assert_non_null(f);
        fputs("lost at the end", f);
        assert_int_equal(memstream_close(f), -ENOMEM);

        f = fopen("/dev/full", "we");
        assert_non_null(f);
        fputs("lost before", f);
        assert_int_equal(fflush(f), EOF);
        assert_int_equal(memstream_close(f), -ENOMEM);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_clean),
                cmocka_unit_test(test_stream),
                cmocka_unit_test(test_stream_fails),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
