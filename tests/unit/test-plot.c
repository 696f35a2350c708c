/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <time.h>

#include "cli/plot.h"
#include "cli/svg.h"
#include "unit.h"

#define START    (UINT64_C(1795326000) * USEC_PER_SEC) /* 05:40 UTC */
#define INTERVAL (10 * USEC_PER_SEC)
#define CPU      UINT64_C(1000000)

/* An hour: nothing, then one CPU, then two that are held back to one and a half; memory grows. */
static size_t make_looks(Look looks[360]) {
        for (size_t i = 0; i < 360; i++) {
                looks[i] = (Look){
                        .time = START + (i + 1) * INTERVAL,
                        .use = i < 120   ? 0
                               : i < 240 ? CPU
                                         : CPU * 3 / 2,
                        .grant = i < 240 ? LIMIT_UNSET : CPU * 3 / 2,
                        .throttled = i < 240 ? 0 : CPU / 2,
                        .memory = i << 20,
                };
        }
        return 360;
}

static void test_series(_unused_ void **state) {
        static Look looks[360];
        size_t n = make_looks(looks);
        Series s;

        assert_int_equal(series_make(looks, n, INTERVAL, 36, &s), 0);
        /* The first look tells of two intervals at most. */
        assert_true(s.from == START - INTERVAL && s.to == START + 360 * INTERVAL);
        assert_true(s.bin[0].known && s.bin[0].use < 1e-6);
        assert_true(s.bin[20].use > 0.99e6 && s.bin[20].use < 1.01e6);
        assert_true(s.bin[35].use > 1.49e6 && s.bin[35].use < 1.51e6);
        assert_true(s.bin[35].grant == CPU * 3 / 2 && s.bin[20].grant == LIMIT_UNSET);
        assert_true(s.throttled && s.use_max < 1.51e6);
        series_done(&s);

        /* Without looks for half of the time, that half is not known. */
        memmove(looks + 90, looks + 270, 90 * sizeof *looks);
        assert_int_equal(series_make(looks, 180, INTERVAL, 36, &s), 0);
        assert_true(s.bin[0].known && !s.bin[15].known && !s.bin[20].known && s.bin[35].known);
        series_done(&s);
        assert_int_equal(series_make(looks, 0, INTERVAL, 36, &s), -ENODATA);
}

/* Whatever a service says, a picture comes out. */
static void test_series_hostile(_unused_ void **state) {
        static const uint64_t odd[] = { 0, 1, 1000000, UINT64_MAX / 2, UINT64_MAX - 1, UINT64_MAX };
        unsigned seed = 1;

        for (unsigned round = 0; round < 2000; round++) {
                Look looks[8];
                char *text = NULL;
                size_t length, bins = 1 + (size_t) rand_r(&seed) % 80;
                FILE *f = open_memstream(&text, &length);
                Terminal t = { .utf8 = round % 2 };
                Series s;

                for (size_t i = 0; i < 8; i++) {
                        uint64_t *field = (uint64_t *) (looks + i);

                        for (size_t k = 0; k < 5; k++)
                                field[k] = odd[(size_t) rand_r(&seed) % ELEMENTSOF(odd)];
                }
                assert_int_equal(series_make(looks, 8, odd[round % ELEMENTSOF(odd)], bins, &s), 0);
                plot_print(&s,
                           &(PlotStyle){ .terminal = &t, .rows = 20, .title = "", .grant_name = "grant" },
                           f);
                svg_print(&s, &(SvgStyle){ .title = "", .grant_name = "grant" }, f);
                fclose(f);
                assert_null(strstr(text, "nan"));
                assert_null(strstr(text, "inf"));
                free(text);
                series_done(&s);
        }
}

static void test_axis(_unused_ void **state) {
        char letter;

        assert_true(axis_top(0, 0.01) == 0.01);
        assert_true(axis_top(0.3, 0.01) > 0.299 && axis_top(0.3, 0.01) < 0.301);
        assert_true(axis_top(1, 0.01) == 1 && axis_top(1.1, 0.01) == 1.5 && axis_top(7, 1) == 8);
        assert_true(axis_top(64, 1) == 80);
        assert_true(axis_unit(0, &letter) == 1 && letter == 'B');
        assert_true(axis_unit(1 << 20, &letter) == 1 << 20 && letter == 'M');
}

static void check_plot(bool utf8, unsigned columns, unsigned rows, const char *expected) {
        static Look looks[360];
        Terminal t = { .utf8 = utf8 };
        PlotStyle style = {
                .terminal = &t, .columns = columns, .rows = rows, .title = "alice", .grant_name = "grant"
        };
        char *text = NULL;
        size_t length;
        FILE *f = open_memstream(&text, &length);
        Series s;

        assert_int_equal(series_make(looks, make_looks(looks), INTERVAL, plot_bins(columns), &s), 0);
        plot_print(&s, &style, f);
        fclose(f);
        assert_string_equal(text, expected);
        free(text);
        series_done(&s);
}

static void test_plot(_unused_ void **state) {
        check_plot(true, 40, 14,
                   "alice: CPUs\n"
                   "   1.5 ┤                     ─██████████\n"
                   "       │                     ▆██████████\n"
                   "       │                     ███████████\n"
                   "       │           ▅▅▅▅▅▅▅▅▅▅███████████\n"
                   "       │           █████████████████████\n"
                   "  0.75 ┤           █████████████████████\n"
                   "       │           █████████████████████\n"
                   "       │           █████████████████████\n"
                   "       │          ▇█████████████████████\n"
                   "       │          ██████████████████████\n"
                   "     0 ┼─────────────────────▲▲▲▲▲▲▲▲▲▲▲\n"
                   "        05:39:50                06:40:00\n"
                   "        █ use   ─ grant   ▲ throttled\n");
        check_plot(true, 44, 20,
                   "alice: CPUs\n"
                   "   1.5 ┤                        ─███████████\n"
                   "       │                        ████████████\n"
                   "       │                        ████████████\n"
                   "       │            ▂▅▅▅▅▅▅▅▅▅▅▅████████████\n"
                   "       │            ████████████████████████\n"
                   "  0.75 ┤            ████████████████████████\n"
                   "       │            ████████████████████████\n"
                   "       │            ████████████████████████\n"
                   "       │            ████████████████████████\n"
                   "       │            ████████████████████████\n"
                   "     0 ┼────────────────────────▲▲▲▲▲▲▲▲▲▲▲▲\n"
                   "Memory\n"
                   "  400M ┤                               ▁▂▃▄▄\n"
                   "       │                     ▁▂▃▄▄▅▆▇███████\n"
                   "       │           ▁▂▃▄▄▅▆▇█████████████████\n"
                   "       │▁▁▂▃▃▄▅▆▇███████████████████████████\n"
                   "     0 ┼────────────────────────────────────\n"
                   "        05:39:50                    06:40:00\n"
                   "        █ use   ─ grant   ▲ throttled\n");
        check_plot(false, 44, 20,
                   "alice: CPUs\n"
                   "   1.5 +                        -###########\n"
                   "       |                        ############\n"
                   "       |                        ############\n"
                   "       |            .:::::::::::############\n"
                   "       |            ########################\n"
                   "  0.75 +            ########################\n"
                   "       |            ########################\n"
                   "       |            ########################\n"
                   "       |            ########################\n"
                   "       |            ########################\n"
                   "     0 +------------------------^^^^^^^^^^^^\n"
                   "Memory\n"
                   "  400M +                                ..::\n"
                   "       |                      ..:::#########\n"
                   "       |            ..:::###################\n"
                   "       |  ...::#############################\n"
                   "     0 +------------------------------------\n"
                   "        05:39:50                    06:40:00\n"
                   "        # use   - grant   ^ throttled\n");
        check_plot(false, 1, 1,
                   "alice: CPUs\n"
                   "   1.5 +              -#######\n"
                   "       |        ::::::########\n"
                   "       |       :##############\n"
                   "       |       ###############\n"
                   "     0 +--------------^^^^^^^^\n"
                   "        05:39:50      06:40:00\n"
                   "        # use   - grant   ^ throttled\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_series),
                cmocka_unit_test(test_series_hostile),
                cmocka_unit_test(test_axis),
                cmocka_unit_test(test_plot),
        };

        setenv("TZ", "UTC", 1);
        tzset();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
