/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <locale.h>
#include <string.h>

#include "cli/json.h"
#include "cli/text.h"
#include "cli/when.h"
#include "unit.h"

static const Terminal utf8 = { .utf8 = true }, ascii = {};

static void assert_escaped(const Terminal *terminal, const char *s, const char *expected) {
        _cleanup_free_ char *text = text_escape(terminal, s);

        assert_non_null(text);
        assert_string_equal(text, expected);
}

static void test_escape(_unused_ void **state) {
        static const struct {
                const char *s, *utf8, *ascii;
        } cases[] = {
                { NULL, "", "" },
                { "", "", "" },
                { "alice", "alice", "alice" },
                { "a b~", "a b~", "a b~" },
                { "a\\x1b", "a\\\\x1b", "a\\\\x1b" },
                { "a\033[31m\n\t\r\177", "a\\x1b[31m\\x0a\\x09\\x0d\\x7f",
                  "a\\x1b[31m\\x0a\\x09\\x0d\\x7f" },
                { "zo\xc3\xab", "zo\xc3\xab", "zo\\xc3\\xab" },
                { "\xe5\xa4\xa7", "\xe5\xa4\xa7", "\\xe5\\xa4\\xa7" },
                { "\xff\xfe", "\\xff\\xfe", "\\xff\\xfe" },
                { "\xc3", "\\xc3", "\\xc3" },
                { "\xc0\x9b", "\\xc0\\x9b", "\\xc0\\x9b" },                     /* too long a form of ESC */
                { "\xc2\x9b", "\\xc2\\x9b", "\\xc2\\x9b" },                     /* CSI in one character */
                { "\xe2\x80\xae x", "\\xe2\\x80\\xae x", "\\xe2\\x80\\xae x" }, /* from right to left */
                { "\xe2\x80\x8b", "\\xe2\\x80\\x8b", "\\xe2\\x80\\x8b" },       /* no width */
                { "\xed\xa0\x80", "\\xed\\xa0\\x80", "\\xed\\xa0\\x80" },       /* a surrogate */
                { "\xf3\xa0\x81\x81", "\\xf3\\xa0\\x81\\x81", "\\xf3\\xa0\\x81\\x81" }, /* a tag */
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                assert_escaped(&utf8, cases[i].s, cases[i].utf8);
                assert_escaped(&ascii, cases[i].s, cases[i].ascii);
        }
}

static void test_escape_is_bounded(_unused_ void **state) {
        _cleanup_free_ char *s = malloc(1 << 20), *text = NULL;

        assert_non_null(s);
        memset(s, 1, (1 << 20) - 1);
        s[(1 << 20) - 1] = '\0';
        text = text_escape(&utf8, s);
        assert_non_null(text);
        assert_int_equal(strlen(text), 4 * TEXT_BYTES_MAX + strlen("…"));
        assert_string_equal(text + 4 * TEXT_BYTES_MAX, "…");
}

static void assert_cut(const Terminal *terminal, const char *s, size_t columns, const char *expected) {
        _cleanup_free_ char *text = text_cut(terminal, s, columns);

        assert_non_null(text);
        assert_string_equal(text, expected);
        assert_true(text_width(terminal, text) <= columns);
}

static void test_cut(_unused_ void **state) {
        assert_int_equal(text_width(&utf8, "zo\xc3\xab"), 3);
        assert_int_equal(text_width(&utf8, "\xe5\xa4\xa7\xe5\xad\xa6"), 4); /* two columns each */
        assert_int_equal(text_width(&utf8, "e\xcc\x81"), 1);                /* e and its accent */

        assert_cut(&utf8, "alice", 5, "alice");
        assert_cut(&utf8, "alice", 4, "ali…");
        assert_cut(&utf8, "alice", 1, "…");
        assert_cut(&utf8, "alice", 0, "");
        assert_cut(&utf8, "\xe5\xa4\xa7\xe5\xad\xa6", 3, "\xe5\xa4\xa7…");
        assert_cut(&utf8, "\xe5\xa4\xa7\xe5\xad\xa6", 2, "…");
        assert_cut(&ascii, "alice", 4, "a...");
        assert_cut(&ascii, "alice", 3, "...");
        assert_cut(&ascii, "alice", 2, "..");
        assert_cut(&ascii, "alice", 0, "");
}

static void test_when(_unused_ void **state) {
        static const struct {
                usec_t time;
                const char *text;
        } whens[] = {
                { 0, "n/a" },
                { USEC_INFINITY, "n/a" },
                { UINT64_C(1767268680) * USEC_PER_SEC, "Thu 2026-01-01 11:58:00 UTC" },
                { UINT64_C(253402300799) * USEC_PER_SEC, "Fri 9999-12-31 23:59:59 UTC" },
                { UINT64_C(253402300800) * USEC_PER_SEC, "n/a" },
        };
        WhenBuffer buffer;

        assert_int_equal(setenv("TZ", "UTC", true), 0);
        for (size_t i = 0; i < ELEMENTSOF(whens); i++)
                assert_string_equal(when_format(buffer, whens[i].time), whens[i].text);
        assert_string_equal(when_ago(buffer, 100 * USEC_PER_SEC, 100 * USEC_PER_SEC), "now");
        assert_string_equal(when_ago(buffer, 200 * USEC_PER_SEC, 100 * USEC_PER_SEC), "now");
        assert_string_equal(when_ago(buffer, 100 * USEC_PER_SEC, 103900 * USEC_PER_MSEC), "3s ago");
        assert_string_equal(when_ago(buffer, 0, 90 * USEC_PER_SEC), "1min 30s ago");
        assert_string_equal(when_ago(buffer, 0, USEC_INFINITY), "213503982d 8h ago");
}

static void test_json(_unused_ void **state) {
        static const struct {
                const char *s, *json;
        } cases[] = {
                { "alice", "\"alice\"" },
                { "", "\"\"" },
                { "a\"\\/\n\033", "\"a\\\"\\\\/\\n\\u001b\"" },
                { "zo\xc3\xab", "\"zo\xc3\xab\"" },
                { "\xff", "\"\xef\xbf\xbd\"" },
                { "a\xc3", "\"a\xef\xbf\xbd\"" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_json_ json_object *object = json_text(cases[i].s);

                assert_string_equal(json_object_to_json_string_ext(
                                            object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
                                    cases[i].json);
        }
        assert_null(json_text(NULL));
        assert_null(json_number(UINT64_MAX));
        for (uint64_t number = UINT64_MAX - 1; number; number >>= 21) {
                _cleanup_json_ json_object *object = json_number(number);

                assert_int_equal(json_object_get_uint64(object), number);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_escape), cmocka_unit_test(test_escape_is_bounded),
                cmocka_unit_test(test_cut),    cmocka_unit_test(test_when),
                cmocka_unit_test(test_json),
        };

        if (!setlocale(LC_CTYPE, "C.UTF-8"))
                return 77;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
