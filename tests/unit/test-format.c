/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "basic/format.h"
#include "basic/parse.h"
#include "unit.h"

static void test_size(_unused_ void **state) {
        static const struct {
                uint64_t bytes;
                const char *text;
        } cases[] = {
                { 0, "0B" },
                { 1, "1B" },
                { 1023, "1023B" },
                { 1024, "1K" },
                { 1536, "1.5K" },
                { (1 << 20) - 1, "1023.9K" },
                { 1 << 20, "1M" },
                { UINT64_C(8) << 30, "8G" },
                { UINT64_C(1) << 60, "1E" },
                { UINT64_MAX - 1, "15.9E" },
                { UINT64_MAX, "infinity" },
        };
        FormatBuffer b;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_string_equal(format_size(b, cases[i].bytes), cases[i].text);
}

static void test_size_exact(_unused_ void **state) {
        static const struct {
                uint64_t bytes;
                const char *text;
        } cases[] = {
                { 0, "0" },
                { 1, "1" },
                { 1025, "1025" },
                { 1024, "1K" },
                { 1536, "1536" },
                { UINT64_C(1536) << 20, "1536M" },
                { UINT64_C(8) << 30, "8G" },
                { UINT64_C(15) << 60, "15E" },
                { UINT64_MAX - 1, "18446744073709551614" },
                { UINT64_MAX, "infinity" },
        };
        FormatBuffer b;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_string_equal(format_size_exact(b, cases[i].bytes), cases[i].text);
}

static void test_permyriad(_unused_ void **state) {
        FormatBuffer b;

        assert_string_equal(format_permyriad(b, 0), "0%");
        assert_string_equal(format_permyriad(b, 1), "0.01%");
        assert_string_equal(format_permyriad(b, 10), "0.1%");
        assert_string_equal(format_permyriad(b, 1250), "12.5%");
        assert_string_equal(format_permyriad(b, 1205), "12.05%");
        assert_string_equal(format_permyriad(b, 10000), "100%");
        assert_true(strlen(format_permyriad(b, UINT64_MAX)) < FORMAT_MAX);
}

static void test_cpu(_unused_ void **state) {
        FormatBuffer b;

        assert_string_equal(format_cpu(b, 0), "0%");
        assert_string_equal(format_cpu(b, 10000), "1%");
        assert_string_equal(format_cpu(b, 15000), "1.5%");
        assert_string_equal(format_cpu(b, 1500000), "150%");
        assert_string_equal(format_cpu(b, 999), "0%");
        assert_string_equal(format_cpu(b, UINT64_MAX), "infinity");
        assert_true(strlen(format_cpu(b, UINT64_MAX - 1)) < FORMAT_MAX);
}

static void test_timespan(_unused_ void **state) {
        static const struct {
                usec_t usec;
                const char *text;
        } cases[] = {
                { 0, "0us" },
                { 999, "999us" },
                { 250 * USEC_PER_MSEC, "250ms" },
                { USEC_PER_SEC, "1s" },
                { 1500 * USEC_PER_MSEC, "1.5s" },
                { 59 * USEC_PER_SEC, "59s" },
                { 60 * USEC_PER_SEC, "1min" },
                { 90 * USEC_PER_SEC, "1min 30s" },
                { 3599 * USEC_PER_SEC, "59min 59s" },
                { 3600 * USEC_PER_SEC, "1h" },
                { 3661 * USEC_PER_SEC, "1h 1min" },
                { 86399 * USEC_PER_SEC, "23h 59min" },
                { 86400 * USEC_PER_SEC, "1d" },
                { 100 * 3600 * USEC_PER_SEC, "4d 4h" },
                { USEC_INFINITY, "infinity" },
        };
        FormatBuffer b;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_string_equal(format_timespan(b, cases[i].usec), cases[i].text);
        assert_true(strlen(format_timespan(b, USEC_INFINITY - 1)) < FORMAT_MAX);
}

/* What is written can be read, and is at most a tenth of a unit too little. */
static void test_round_trip(_unused_ void **state) {
        unsigned seed = 1;

        for (unsigned i = 0; i < 100000; i++) {
                uint64_t number = (uint64_t) rand_r(&seed) << 33 ^ (uint64_t) rand_r(&seed) << 11 ^
                                  (uint64_t) rand_r(&seed);
                uint64_t bytes = number >> rand_r(&seed) % 64, back;
                FormatBuffer b;

                assert_int_equal(parse_size(format_size(b, bytes), &back), 0);
                assert_true(back <= bytes && bytes - back <= bytes / 8);
                assert_int_equal(parse_timespan(format_timespan(b, bytes), &back), 0);
                assert_true(back <= bytes && bytes - back <= bytes / 2);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_size),      cmocka_unit_test(test_size_exact),
                cmocka_unit_test(test_permyriad), cmocka_unit_test(test_cpu),
                cmocka_unit_test(test_timespan),  cmocka_unit_test(test_round_trip),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
