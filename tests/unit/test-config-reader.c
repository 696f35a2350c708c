/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "config/line.h"
#include "config/problem.h"
#include "config/reader.h"
#include "unit.h"

/* ---- one line ---- */

/* "name", or "!why". */
static char *section(const char *line) {
        LineParser parser = LINE_PARSER_NULL;
        const char *why = NULL;
        char *name = NULL, *text;
        int r;

        assert_int_equal(line_parser_open(&parser), 0);
        r = line_parse_section(&parser, line, &name, &why);
        line_parser_close(&parser);
        assert_true(r >= 0);
        if (r > 0)
                return name;
        assert_non_null(why);
        assert_true(asprintf(&text, "!%s", why) > 0);
        return text;
}

/* "key|value", or "!". */
static char *assignment(const char *line) {
        LineParser parser = LINE_PARSER_NULL;
        const char *why = NULL;
        char *key = NULL, *value = NULL, *text;
        int r;

        assert_int_equal(line_parser_open(&parser), 0);
        r = line_parse_assignment(&parser, line, &key, &value, &why);
        line_parser_close(&parser);
        assert_true(r >= 0);
        assert_true(r == 0 ? why != NULL : key && value);
        assert_true(asprintf(&text, r > 0 ? "%s|%s" : "!", key, value) > 0);
        free(key);
        free(value);
        return text;
}

static void test_section(_unused_ void **state) {
        static const char *const right[][2] = {
                { "[CPU]", "CPU" },
                { "[CPU]  ", "CPU" },
                { "[CPU]\r", "CPU" },
                { "[ CPU ]", "CPU" },
                { "[User alice]", "User alice" },
                { "[User  alice ]", "User  alice" },
                { "[User 1000-2000]", "User 1000-2000" },
                { "[Group domain users]", "Group domain users" },
                { "[User \"alice\"]", "User \"alice\"" },
                { "[User EXAMPLE\\alice]", "User EXAMPLE\\alice" },
                { "[User al=ice]", "User al=ice" },
                { "[User müller]", "User müller" },
        };
        static const char *const wrong[] = { "[",       "[]",     "[ ]",    "[CPU",
                                             "[CPU] x", "[CPU]=", "[CPU]x", "[CPU]\\" };

        for (size_t i = 0; i < ELEMENTSOF(right); i++) {
                _cleanup_free_ char *name = section(right[i][0]);

                assert_string_equal(name, right[i][1]);
        }
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                _cleanup_free_ char *name = section(wrong[i]);

                assert_true(name[0] == '!' || name[0] == '\0');
        }
}

/* A name with brackets in it must not turn into one without. */
static void test_section_with_brackets(_unused_ void **state) {
        static const char *const lines[] = { "[[CPU]]", "[CPU]]", "[[CPU]", "[CPU][CPU]", "[]CPU[]" };

        for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
                _cleanup_free_ char *name = section(lines[i]);

                assert_string_not_equal(name, "CPU");
        }
}

static void test_assignment(_unused_ void **state) {
        static const char *const right[][2] = {
                { "Key=value", "Key|value" },
                { "Key = value ", "Key|value" },
                { "Key\t=\tvalue\r", "Key|value" },
                { "Key=", "Key|" },
                { "Key= ", "Key|" },
                { "Key =", "Key|" },
                { "Key=a b  c", "Key|a b  c" },
                { "Key=\"value\"", "Key|value" },
                { "Key=\"a b\" ", "Key|a b" },
                { "Key=\"value", "Key|\"value" },
                { "Key=value\"", "Key|value\"" },
                { "Key='value'", "Key|'value'" },
                { "Key=a=b", "Key|a=b" },
                { "Key==b", "Key|=b" },
                { "Key=%s%n", "Key|%s%n" },
                { "Key=[x]", "Key|[x]" },
                { "Schlüssel=wert", "Schlüssel|wert" },
                { "Key=\xff\xfe", "Key|\xff\xfe" },
                { "_none_=_none_", "_none_|_none_" },
        };
        static const char *const wrong[] = { "=",         "=value", " = value", "Two words=value",
                                             "Key value", "# x=y",  "" };

        for (size_t i = 0; i < ELEMENTSOF(right); i++) {
                _cleanup_free_ char *text = assignment(right[i][0]);

                assert_string_equal(text, right[i][1]);
        }
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                _cleanup_free_ char *text = assignment(wrong[i]);

                assert_string_equal(text, "!");
        }
}

static void test_longest_line(_unused_ void **state) {
        LineParser parser = LINE_PARSER_NULL;
        char line[LINE_LENGTH_MAX + 2], *key = NULL, *value = NULL;
        const char *why;

        memset(line, 'x', sizeof line);
        line[1] = '=';
        line[LINE_LENGTH_MAX] = '\0';
        assert_int_equal(line_parser_open(&parser), 0);
        assert_int_equal(line_parse_assignment(&parser, line, &key, &value, &why), 1);
        assert_int_equal(strlen(value), LINE_LENGTH_MAX - 2);
        free(key);
        free(value);
        line[LINE_LENGTH_MAX] = 'x';
        line[LINE_LENGTH_MAX + 1] = '\0';
        assert_int_equal(line_parse_assignment(&parser, line, &key, &value, &why), -EINVAL);
        assert_int_equal(line_parse_section(&parser, line, &key, &why), -EINVAL);
        line_parser_close(&parser);
        line_parser_close(&parser);
}

/* ---- a file ---- */

/* Entries as text, one a line: "1 [Section]", "2 Key=value", "3 !problem"; the file's own entry is left out.
 */
static char *read_bytes(const void *data, size_t size, int *ret) {
        int fd = memfd_create("file", MFD_CLOEXEC);
        Entries entries = {};
        char *text = NULL;
        size_t length = 0;
        FILE *f = open_memstream(&text, &length);

        assert_int_equal(write(fd, data, size), size);
        *ret = reader_read("FILE", fd, &entries);
        for (size_t i = 0; i < entries.count; i++) {
                const Entry *e = &entries.item[i];

                assert_string_equal(e->file, "FILE");
                if (e->problem)
                        fprintf(f, "%u !%s\n", e->line, e->problem);
                else if (e->key)
                        fprintf(f, "%u %s=%s\n", e->line, e->key, e->value);
                else if (e->value)
                        fprintf(f, "%u [%s]\n", e->line, e->value);
                else if (e->line > 0)
                        fprintf(f, "%u []\n", e->line);
                else
                        assert_int_equal(i, 0);
        }
        fclose(f);
        entries_done(&entries);
        safe_close(fd);
        return text;
}

static void expect_read(const char *text, const char *expected) {
        int r;
        _cleanup_free_ char *found = read_bytes(text, strlen(text), &r);

        assert_int_equal(r, 0);
        assert_string_equal(found, expected);
}

static void test_file(_unused_ void **state) {
        expect_read("", "");
        expect_read("\n\n \n\t\n", "");
        expect_read("# comment\n ; comment\n#[CPU]\n;A=1", "");
        expect_read("[CPU]\nA=1\n\n[Memory]\n  B = 2\nC=3", "1 [CPU]\n2 A=1\n4 [Memory]\n5 B=2\n6 C=3\n");
        expect_read("[CPU]\r\nA=1\r\n", "1 [CPU]\n2 A=1\n");
        expect_read("\xef\xbb\xbf[CPU]\nA=1", "1 [CPU]\n2 A=1\n");
        expect_read("A=1", "1 A=1\n");
}

/* libeconf's versions disagree about the second '#'. */
static void test_comments(_unused_ void **state) {
        expect_read("[CPU] # a # b\nA=1 # c # d\nB=2#c\nC=# c\nD=4 ; e\nE=\"55 # f\"\nF=\"6\" # \"g\"\n",
                    "1 [CPU]\n2 A=1\n3 B=2\n4 C=\n5 D=4 ; e\n6 E=\"55\n7 F=6\n");
        expect_read("Key # a=b\n", "1 !Key: not an assignment (Missing delimiter); allowed is KEY=VALUE.\n");
}

/* libeconf, given the whole file, would lose the second one of each. */
static void test_repeated(_unused_ void **state) {
        expect_read("[CPU]\nA=1\nA=\nA=2\n[Memory]\nA=3\n[CPU]\nA=4\n",
                    "1 [CPU]\n2 A=1\n3 A=\n4 A=2\n5 [Memory]\n6 A=3\n7 [CPU]\n8 A=4\n");
}

/* Every mistake is told of, and what is right is kept. */
static void test_mistakes(_unused_ void **state) {
        expect_read("[CPU]\nA=1\nrubbish\nB=2\nC=3 \\\nD\n=4\nE=5\n",
                    "1 [CPU]\n2 A=1\n"
                    "3 !rubbish: not an assignment (Missing delimiter); allowed is KEY=VALUE.\n"
                    "4 B=2\n"
                    "5 !C=3 \\: not an assignment (a line cannot be continued on the next); allowed is "
                    "KEY=VALUE.\n"
                    "6 !D: not an assignment (Missing delimiter); allowed is KEY=VALUE.\n"
                    "7 !=4: not an assignment (No key); allowed is KEY=VALUE.\n"
                    "8 E=5\n");
}

/* What follows a header that cannot be read must not count as part of the section before it. */
static void test_broken_header(_unused_ void **state) {
        int r;
        const char *text = "[CPU]\nA=1\n[User alice\nB=2\nrubbish\n[Memory]\nC=3\n";
        _cleanup_free_ char *found = read_bytes(text, strlen(text), &r);

        assert_int_equal(r, 0);
        assert_non_null(strstr(found, "2 A=1\n3 ![User alice: not a section header ("));
        assert_non_null(strstr(found, "\n3 []\n6 [Memory]\n7 C=3\n"));
        assert_null(strstr(found, "B=2"));
}

static void test_nul(_unused_ void **state) {
        int r;
        _cleanup_free_ char *found = read_bytes("[CPU]\nA=1\nB=\0\n", 14, &r);

        assert_int_equal(r, -EBADMSG);
        assert_string_equal(found, "3 !The file has a NUL byte; allowed is text.\n");
}

static void test_size(_unused_ void **state) {
        _cleanup_free_ char *text = malloc(CONFIG_FILE_MAX + 1), *found = NULL, *more = NULL;
        int r;

        memset(text, '\n', CONFIG_FILE_MAX + 1);
        memcpy(text + CONFIG_FILE_MAX - 3, "A=1", 3);
        found = read_bytes(text, CONFIG_FILE_MAX, &r);
        assert_int_equal(r, 0);
        assert_string_equal(found, "1048574 A=1\n");
        more = read_bytes(text, CONFIG_FILE_MAX + 1, &r);
        assert_int_equal(r, -EFBIG);
        assert_string_equal(more, "0 !The file is too large; allowed are 1048576 bytes.\n");
}

/* Too long a line is one problem, whatever a parser with a buffer of its own would make of its pieces. */
static void test_long_line(_unused_ void **state) {
        size_t size = CONFIG_FILE_MAX;
        _cleanup_free_ char *text = malloc(size), *found = NULL;
        int r;

        memset(text, ' ', size);
        memcpy(text, "[CPU]\nA=", 8);
        for (size_t i = 8; i + 8 < size; i += 8)
                memcpy(text + i, "\rB=1    ", 8);
        memcpy(text + size - 5, "\nC=2\n", 5);
        found = read_bytes(text, size, &r);
        assert_int_equal(r, 0);
        assert_string_equal(found, "1 [CPU]\n2 !The line is too long; allowed are 4095 bytes.\n3 C=2\n");
}

static void test_unreadable(_unused_ void **state) {
        Entries entries = {};
        int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        assert_int_equal(reader_read("FILE", fd, &entries), -EISDIR);
        assert_string_equal(entries.item[entries.count - 1].problem, "Cannot be read: Is a directory.");
        entries_done(&entries);
        safe_close(fd);
}

/* A file of nothing but mistakes costs little memory. */
static void test_many_mistakes(_unused_ void **state) {
        Entries entries = {};
        int fd = memfd_create("file", MFD_CLOEXEC);
        _cleanup_free_ char *text = malloc(CONFIG_FILE_MAX);

        memset(text, 'x', CONFIG_FILE_MAX);
        for (size_t i = 1; i < CONFIG_FILE_MAX; i += 2)
                text[i] = '\n';
        assert_int_equal(write(fd, text, CONFIG_FILE_MAX), CONFIG_FILE_MAX);
        assert_int_equal(reader_read("FILE", fd, &entries), 0);
        assert_int_equal(entries.problems, PROBLEMS_MAX);
        assert_int_equal(entries.count, PROBLEMS_MAX + 1);
        entries_done(&entries);
        safe_close(fd);
}

/* ---- what stands in messages ---- */

static void test_quote(_unused_ void **state) {
        QuoteBuffer b;
        char text[300];

        assert_string_equal(quote(b, "plain"), "plain");
        assert_string_equal(quote(b, ""), "");
        assert_string_equal(quote(b, "a\nb\t\x1b[0m\x7f"), "a?b??[0m?");
        assert_string_equal(quote(b, "müller 日本 😀"), "müller 日本 😀");
        assert_string_equal(quote(b, "\xc2\x9b[31m"), "??[31m");        /* CSI as a C1 control */
        assert_string_equal(quote(b, "\xff\xc3\xe2\x82"), "????");      /* broken */
        assert_string_equal(quote(b, "\xc0\xaf\xe0\x80\xaf"), "?????"); /* overlong */
        assert_string_equal(quote(b, "\xed\xa0\x80"), "???");           /* a surrogate */
        assert_string_equal(quote(b, "\xf5\x80\x80\x80"), "????");      /* beyond Unicode */
        memset(text, 'x', sizeof text);
        text[64] = '\0';
        assert_int_equal(strlen(quote(b, text)), 64);
        text[64] = 'x';
        text[65] = '\0';
        assert_string_equal(quote(b, text) + 64, "…");
        for (unsigned i = 0; i < 70; i++)
                memcpy(text + 4 * i, "😀", 5);
        assert_int_equal(strlen(quote(b, text)), 64 * 4 + strlen("…"));
}

static void test_problems(_unused_ void **state) {
        Problems problems = {};

        assert_false(problems_have_error(&problems));
        assert_int_equal(problems_add(&problems, PROBLEM_WARNING, "a\nb", 3, "%s %d.", "text", 7), 0);
        assert_false(problems_have_error(&problems));
        assert_string_equal(problems.item[0].file, "a?b");
        assert_string_equal(problems.item[0].message, "text 7.");
        assert_int_equal(problems.item[0].line, 3);
        for (unsigned i = 0; i < 2 * PROBLEMS_MAX; i++)
                assert_int_equal(problems_add(&problems, PROBLEM_WARNING, "f", i, "m"), 0);
        assert_int_equal(problems.count, PROBLEMS_MAX);
        assert_true(problems_have_error(&problems)); /* what is not listed may be one */
        problems_done(&problems);
        assert_int_equal(problems.count, 0);
        problems_done(&problems);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_section),       cmocka_unit_test(test_section_with_brackets),
                cmocka_unit_test(test_assignment),    cmocka_unit_test(test_longest_line),
                cmocka_unit_test(test_file),          cmocka_unit_test(test_comments),
                cmocka_unit_test(test_repeated),      cmocka_unit_test(test_mistakes),
                cmocka_unit_test(test_broken_header), cmocka_unit_test(test_nul),
                cmocka_unit_test(test_size),          cmocka_unit_test(test_long_line),
                cmocka_unit_test(test_unreadable),    cmocka_unit_test(test_many_mistakes),
                cmocka_unit_test(test_quote),         cmocka_unit_test(test_problems),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
