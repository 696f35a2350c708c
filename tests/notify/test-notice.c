/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "notify/notice.h"
#include "support/test.h"

#define GIB (UINT64_C(1) << 30)

static Notice notice;

static void write_it(const News *news) {
        notice_write(news, "lab", &notice);
}

static void test_one_killed(_unused_ void **state) {
        write_it(&(News){ .newest = 1,
                          .kills = 1,
                          .cause = OOM_CAUSE_SLICE,
                          .oom_max = 4 * GIB,
                          .victim = { .name = "python3", .pid = 4711 },
                          .warned = true });
        assert_true(notice.critical);
        assert_string_equal(notice.summary, "Your memory on lab ran out");
        assert_string_equal(
                notice.body,
                "Your program \"python3\" (process 4711) was ended: your programs together needed more "
                "than the 4G of memory that you may use here. What it had not saved is lost. Everything "
                "else goes on. \"fairslicectl why\" shows your limits.");
}

static void test_several_killed(_unused_ void **state) {
        write_it(&(News){ .newest = 1,
                          .kills = 3,
                          .cause = OOM_CAUSE_HOST,
                          .oom_max = LIMIT_UNSET,
                          .victim = { .name = "R", .pid = 12 } });
        assert_string_equal(
                notice.body,
                "3 of your programs were ended, first \"R\" (process 12): the whole computer had no "
                "memory left. What they had not saved is lost. Everything else goes on. \"fairslicectl "
                "why\" shows your limits.");
}

static void test_nothing_known(_unused_ void **state) {
        static const char *const why[_OOM_CAUSE_COUNT] = {
                [OOM_CAUSE_UNKNOWN] = "there was not enough memory",
                [OOM_CAUSE_SLICE] = "your programs together needed more memory than you may use here",
                [OOM_CAUSE_INNER] = "a service or container of yours needed more memory than it may use",
                [OOM_CAUSE_OUTER] = "all users' programs together needed more memory than they may use here",
                [OOM_CAUSE_HOST] = "the whole computer had no memory left",
        };

        for (OomCause cause = 0; cause < _OOM_CAUSE_COUNT; cause++) {
                char expected[256];

                write_it(&(News){ .newest = 1, .kills = 1, .cause = cause, .oom_max = LIMIT_UNSET });
                snprintf(expected, sizeof expected, "One of your programs was ended: %s. What it",
                         why[cause]);
                assert_memory_equal(notice.body, expected, strlen(expected));
                write_it(
                        &(News){ .newest = 1, .kills = UINT64_MAX, .cause = cause, .oom_max = LIMIT_UNSET });
                assert_non_null(strstr(notice.body, "18446744073709551615 of your programs were ended: "));
        }
}

static void test_warned(_unused_ void **state) {
        write_it(&(News){ .newest = 1,
                          .warned = true,
                          .used = 4 * GIB / 100 * 86 + 100,
                          .warning_max = 4 * GIB,
                          .largest = { .name = "java", .pid = 7, .rss = 3 * GIB } });
        assert_false(notice.critical);
        assert_string_equal(notice.summary, "Your memory on lab is running short");
        assert_string_equal(
                notice.body,
                "Your programs together use 86 % of the memory that you may use here (3.4G of 4G). If "
                "they need more than that, one of them is ended. Save your work, and close what you no "
                "longer need. The largest is \"java\" (process 7, 3G). \"fairslicectl why\" shows your "
                "limits.");
        write_it(&(News){ .newest = 1, .warned = true, .used = UINT64_MAX, .warning_max = 100 });
        assert_non_null(strstr(notice.body, "use 100 % of the memory"));
        write_it(&(News){ .newest = 1, .warned = true, .used = 5 });
        assert_non_null(strstr(notice.body, "have used up most of the memory that you may use here. If"));
}

/* Whatever comes from outside, nothing is cut off in the middle of a sentence. */
static void test_longest(_unused_ void **state) {
        News news = {
                .newest = 1, .kills = UINT64_MAX, .cause = OOM_CAUSE_SLICE, .oom_max = UINT64_MAX - 1
        };
        char host[256];

        memset(host, 'h', sizeof host - 1);
        host[sizeof host - 1] = '\0';
        memset(news.victim.name, 'v', NEWS_NAME_MAX);
        news.victim.pid = UINT32_MAX;
        notice_write(&news, host, &notice);
        assert_non_null(strstr(notice.summary, " ran out"));
        assert_non_null(strstr(notice.body, "vvv\" (process 4294967295): your programs"));
        assert_non_null(strstr(notice.body, "shows your limits."));
        news = (News){ .newest = 1, .warned = true, .used = UINT64_MAX, .warning_max = UINT64_MAX - 1 };
        memset(news.largest.name, 'v', NEWS_NAME_MAX);
        news.largest.pid = UINT32_MAX;
        news.largest.rss = UINT64_MAX - 1;
        notice_write(&news, host, &notice);
        assert_non_null(strstr(notice.body, "shows your limits."));
}

static void test_markup(_unused_ void **state) {
        char *text = notice_escape("<b>a & b</b> \"c\" &&");

        assert_string_equal(text, "&lt;b&gt;a &amp; b&lt;/b&gt; \"c\" &amp;&amp;");
        free(text);
        text = notice_escape("");
        assert_string_equal(text, "");
        free(text);
}

static void expect_lines(const char *text, size_t width, const char *expected) {
        char *lines = notice_wrap(text, width);

        assert_string_equal(lines, expected);
        free(lines);
}

static void test_lines(_unused_ void **state) {
        expect_lines("", 10, "\r\n");
        expect_lines("one two three", 80, "one two three\r\n");
        expect_lines("one two three", 7, "one two\r\nthree\r\n");
        expect_lines("one two three", 3, "one\r\ntwo\r\nthree\r\n");
        expect_lines("a word_that_is_longer than", 5, "a\r\nword_that_is_longer\r\nthan\r\n");
        expect_lines("  a  b ", 80, "a b\r\n");
        expect_lines("\x1b]0;t\a \xc2\x9b \n", 80, "?]0;t? ?? ?\r\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_one_killed),    cmocka_unit_test(test_several_killed),
                cmocka_unit_test(test_nothing_known), cmocka_unit_test(test_warned),
                cmocka_unit_test(test_longest),       cmocka_unit_test(test_markup),
                cmocka_unit_test(test_lines),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
