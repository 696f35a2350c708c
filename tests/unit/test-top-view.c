/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <locale.h>
#include <string.h>

#include "cli/text.h"
#include "cli/top-view.h"
#include "unit.h"

#define SLICES 40

static char id[] = "user-1000.slice", held[] = "fair-share", policy[] = "max-min";

/* Names that are as long, as wide and as hostile as names can be. */
static char *name_of(unsigned i) {
        static const char *const parts[] = { "a",        "\x1b[31m", "\n", "漢字", "e\xcc\x81", "\xff",
                                             "\xc2\x9b", "\u202e",   "\\", " ",    "%s",        "🙂" };
        char name[256] = "";

        for (unsigned k = 0; k < 1 + i % 30; k++)
                strcat(name, parts[(i * 7 + k * 5) % ELEMENTSOF(parts)]);
        return strdup(name);
}

static void make_slices(SliceInfos *slices, SliceInfo items[SLICES]) {
        static const uint64_t odd[] = { 0, 1, 999999, 1000000, UINT64_MAX / 2, UINT64_MAX - 1, UINT64_MAX };

        for (unsigned i = 0; i < SLICES; i++) {
                items[i] = (SliceInfo){
                        .id = id,
                        .uid = i,
                        .user_name = name_of(i),
                        .held_by = held,
                        .throttled = i % 2,
                        .exempt = i % 3 == 0,
                        .use = odd[i % ELEMENTSOF(odd)],
                        .share = odd[i / 2 % ELEMENTSOF(odd)],
                        .memory_current = odd[i / 3 % ELEMENTSOF(odd)],
                };
                items[i].limits[LIMIT_MEMORY_MAX] = odd[i / 4 % ELEMENTSOF(odd)];
        }
        *slices = (SliceInfos){ .items = items, .n = SLICES };
}

/* Nothing reaches the terminal but what can be seen, and it is no more than there is room for. */
static void check_lines(const Terminal *terminal, const TopView *view, char *text) {
        for (char *rest, *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
                /* Columns of figures that are far beyond all hosts may be wider. */
                assert_true(text_width(terminal, line) <= MAX(view->columns, 80U));
                for (const char *s = line; *s; s++)
                        assert_true((unsigned char) *s >= ' ' && *s != 0x7f);
        }
}

static void test_hostile(_unused_ void **state) {
        SliceInfo items[SLICES];
        SliceInfos slices;
        HostInfo host = { .policy = policy, .level = UINT64_MAX, .cpus = UINT64_MAX - 1, .contended = true };

        make_slices(&slices, items);
        for (unsigned round = 0; round < 2000; round++) {
                Terminal terminal = { .utf8 = round % 2 };
                TopView view = {
                        .order = round % _TOP_ORDER_COUNT,
                        .reverse = round & 4,
                        .slices = round & 8,
                        .help = round % 11 == 0,
                        .notice = round & 16 ? "a notice" : NULL,
                        .columns = round % 120 + 1,
                        .rows = round / 3 % 30,
                };
                unsigned rows = 0;
                char *text = NULL;
                size_t length;
                FILE *f = open_memstream(&text, &length);

                top_sort(&view, &slices);
                assert_int_equal(top_write(&terminal, &view, &host, &slices, round & 32, f), 0);
                fclose(f);
                for (const char *s = text; *s; s++)
                        rows += *s == '\n';
                assert_true(view.rows == 0 || rows <= view.rows);
                check_lines(&terminal, &view, text);
                free(text);
        }
        for (unsigned i = 0; i < SLICES; i++)
                free(items[i].user_name);
}

static void check_order(TopOrder order, bool reverse, const char *expected) {
        char a[] = "a", b[] = "b", c[] = "c", nothing[] = "nothing", names[4] = "";
        SliceInfo items[] = {
                { .user_name = a, .use = 5, .memory_current = 1, .held_by = nothing, .share = UINT64_MAX },
                { .user_name = b, .use = UINT64_MAX, .memory_current = 9, .held_by = held, .share = 7 },
                { .user_name = c, .use = 5, .memory_current = UINT64_MAX, .held_by = held, .share = 3 },
        };
        SliceInfos slices = { .items = items, .n = ELEMENTSOF(items) };

        top_sort(&(TopView){ .order = order, .reverse = reverse }, &slices);
        for (size_t i = 0; i < ELEMENTSOF(items); i++)
                names[i] = items[i].user_name[0];
        assert_string_equal(names, expected);
}

static void test_order(_unused_ void **state) {
        check_order(TOP_BY_CPU, false, "acb");
        check_order(TOP_BY_CPU, true, "bca");
        check_order(TOP_BY_MEMORY, false, "bac");
        check_order(TOP_BY_USER, false, "abc");
        check_order(TOP_BY_SHARE, false, "cba");
}

static void test_delay(_unused_ void **state) {
        TopView view = { .delay = USEC_PER_SEC };

        for (unsigned i = 0; i < 10; i++)
                assert_true(top_key(&view, '-'));
        assert_int_equal(view.delay, 250 * USEC_PER_MSEC);
        for (unsigned i = 0; i < 4; i++)
                assert_true(top_key(&view, '+'));
        assert_int_equal(view.delay, 2 * USEC_PER_SEC);
        for (unsigned i = 0; i < 5000; i++)
                assert_true(top_key(&view, '+'));
        assert_int_equal(view.delay, 3600 * USEC_PER_SEC);
        assert_false(top_key(&view, 'x') || top_key(&view, '\0') || top_key(&view, '\x1b'));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_hostile),
                cmocka_unit_test(test_order),
                cmocka_unit_test(test_delay),
        };

        if (!setlocale(LC_CTYPE, "C.UTF-8"))
                return 77;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
