/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "basic/parse.h"
#include "unit.h"

/* What no parser may take for a value. */
static const char *const rubbish[] = {
        "",         " ",    "\t\n",    "-",
        "-1",       "+1",   "0x10",    "1e3",
        "abc",      "1 2x", "١",       "%",
        ".",        "..",   "1..2",    ",",
        "1,5",      "\x01", "\xff",    "1\xff",
        "\xc2\xb5", "∞",    "infinit", "infinityx",
        "nan",      "1;",   "1\"",     "'1'",
        "[1]",      "--1",  "1-",      "1--2",
        "%1",       "1%%",  "%s%n",    "99999999999999999999999999999999999999999999999999999999999999999",
};

#define UNTOUCHED UINT64_C(0xdeadbeefdeadbeef)

static void test_u64(_unused_ void **state) {
        uint64_t n;

        assert_int_equal(parse_u64("0", &n), 0);
        assert_int_equal(n, 0);
        assert_int_equal(parse_u64(" \t 42 \n", &n), 0);
        assert_int_equal(n, 42);
        assert_int_equal(parse_u64("007", &n), 0);
        assert_int_equal(n, 7);
        assert_int_equal(parse_u64("18446744073709551615", &n), 0);
        assert_true(n == UINT64_MAX);

        n = UNTOUCHED;
        assert_int_equal(parse_u64("18446744073709551616", &n), -ERANGE);
        assert_int_equal(parse_u64("1 1", &n), -EINVAL);
        assert_int_equal(parse_u64("1.5", &n), -EINVAL);
        assert_int_equal(parse_u64("1K", &n), -EINVAL);
        assert_int_equal(parse_u64("18446744073709551610x", &n), -EINVAL);
        for (size_t i = 0; i < ELEMENTSOF(rubbish); i++)
                assert_true(parse_u64(rubbish[i], &n) < 0);
        assert_true(n == UNTOUCHED);
}

static void test_bool(_unused_ void **state) {
        static const char *const yes[] = {
                "1", "yes", "true", "on", "y", "t", "YES", "True", "oN", " yes\t"
        };
        static const char *const no[] = {
                "0", "no", "false", "off", "n", "f", "NO", "False", "oFF", " no\t"
        };
        static const char *const neither[] = { "",   " ",     "2",       "10", "yess",
                                               "ye", "no no", "enabled", "-",  "\xff" };
        bool b;

        for (size_t i = 0; i < ELEMENTSOF(yes); i++) {
                b = false;
                assert_int_equal(parse_bool(yes[i], &b), 0);
                assert_true(b);
                assert_int_equal(parse_bool(no[i], &b), 0);
                assert_false(b);
        }
        b = true;
        for (size_t i = 0; i < ELEMENTSOF(neither); i++)
                assert_int_equal(parse_bool(neither[i], &b), -EINVAL);
        assert_true(b);
}

static void test_uid(_unused_ void **state) {
        uid_t uid;

        assert_int_equal(parse_uid("0", &uid), 0);
        assert_int_equal(uid, 0);
        assert_int_equal(parse_uid(" 1000 ", &uid), 0);
        assert_int_equal(uid, 1000);
        assert_int_equal(parse_uid("4294967294", &uid), 0);
        assert_true(uid == UINT32_MAX - 1);

        uid = 7;
        assert_int_equal(parse_uid("65535", &uid), -ERANGE);
        assert_int_equal(parse_uid("4294967295", &uid), -ERANGE);
        assert_int_equal(parse_uid("4294967296", &uid), -ERANGE);
        assert_int_equal(parse_uid("18446744073709551616", &uid), -ERANGE);
        for (size_t i = 0; i < ELEMENTSOF(rubbish); i++)
                assert_true(parse_uid(rubbish[i], &uid) < 0);
        assert_int_equal(uid, 7);
}

static void test_uid_range(_unused_ void **state) {
        static const char *const wrong[] = {
                "2-1",          "-",   "-5",  "5-",  "1-2-3", "1--2", "1-65535", "65535-70000",
                "1-4294967295", "a-b", "1-b", "1 2", ""
        };
        char blanks[200];
        uid_t a, b;

        assert_int_equal(parse_uid_range("1000-1999", &a, &b), 0);
        assert_int_equal(a, 1000);
        assert_int_equal(b, 1999);
        assert_int_equal(parse_uid_range(" 5 - 6 ", &a, &b), 0);
        assert_int_equal(a, 5);
        assert_int_equal(b, 6);
        assert_int_equal(parse_uid_range("0-4294967294", &a, &b), 0);
        assert_int_equal(a, 0);
        assert_true(b == UINT32_MAX - 1);
        assert_int_equal(parse_uid_range("77", &a, &b), 0);
        assert_int_equal(a, 77);
        assert_int_equal(b, 77);
        assert_int_equal(parse_uid_range("9-9", &a, &b), 0);

        a = b = 3;
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                assert_true(parse_uid_range(wrong[i], &a, &b) < 0);
        for (size_t i = 0; i < ELEMENTSOF(rubbish); i++)
                assert_true(parse_uid_range(rubbish[i], &a, &b) < 0);
        memset(blanks, ' ', sizeof blanks);
        strcpy(blanks + sizeof blanks - 4, "1-2");
        assert_true(parse_uid_range(blanks, &a, &b) < 0);
        assert_int_equal(a, 3);
        assert_int_equal(b, 3);
}

static void test_permyriad(_unused_ void **state) {
        static const struct {
                const char *text;
                uint64_t value;
        } right[] = {
                { "0%", 0 },        { "1%", 100 },   { "12.5%", 1250 },
                { "12.05%", 1205 }, { "0.01%", 1 },  { "100.00%", 10000 },
                { "250%", 25000 },  { " 7% ", 700 }, { "007.10%", 710 },
        };
        uint64_t n;

        for (size_t i = 0; i < ELEMENTSOF(right); i++) {
                assert_int_equal(parse_permyriad(right[i].text, &n), 0);
                assert_int_equal(n, right[i].value);
        }
        n = UNTOUCHED;
        assert_int_equal(parse_permyriad("50", &n), -EINVAL);
        assert_int_equal(parse_permyriad("1.234%", &n), -EINVAL);
        assert_int_equal(parse_permyriad("1.%", &n), -EINVAL);
        assert_int_equal(parse_permyriad(".5%", &n), -EINVAL);
        assert_int_equal(parse_permyriad("5 %", &n), -EINVAL);
        assert_int_equal(parse_permyriad("5%%", &n), -EINVAL);
        assert_int_equal(parse_permyriad("5% 5%", &n), -EINVAL);
        assert_int_equal(parse_permyriad("infinity", &n), -EINVAL);
        assert_int_equal(parse_permyriad("-5%", &n), -EINVAL);
        assert_int_equal(parse_permyriad("18446744073709551615%", &n), -ERANGE);
        assert_int_equal(parse_permyriad("99999999999999999999999%", &n), -ERANGE);
        for (size_t i = 0; i < ELEMENTSOF(rubbish); i++)
                assert_true(parse_permyriad(rubbish[i], &n) < 0);
        assert_true(n == UNTOUCHED);
}

static void test_size(_unused_ void **state) {
        static const struct {
                const char *text;
                uint64_t value;
        } right[] = {
                { "0", 0 },
                { "0B", 0 },
                { "1", 1 },
                { "512B", 512 },
                { "1K", 1024 },
                { "8G", UINT64_C(8) << 30 },
                { " 8G ", UINT64_C(8) << 30 },
                { "1.5G", UINT64_C(3) << 29 },
                { "0.5K", 512 },
                { "1.0009K", 1024 },
                { "2T", UINT64_C(2) << 40 },
                { "3P", UINT64_C(3) << 50 },
                { "15E", UINT64_C(15) << 60 },
                { "15.5E", UINT64_C(31) << 59 },
                { "0.000000000000000000000000000000000000000000001E", 0 },
                { "1.99999999999999999999999999999999999999999999K", 2047 },
                { "18446744073709551614", UINT64_MAX - 1 },
                { "infinity", UINT64_MAX },
                { " Infinity ", UINT64_MAX },
        };
        static const char *const wrong[] = { "8GB", "8GiB",   "8g",         "G",   "8 G",  "8G 1M",
                                             "8%",  "1.5.5G", "1.G",        ".5G", "8,5G", "-8G",
                                             "8G-", "8Z",     "infinity G", "0x8G" };
        uint64_t n;

        for (size_t i = 0; i < ELEMENTSOF(right); i++) {
                assert_int_equal(parse_size(right[i].text, &n), 0);
                assert_true(n == right[i].value);
        }
        n = UNTOUCHED;
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                assert_int_equal(parse_size(wrong[i], &n), -EINVAL);
        assert_int_equal(parse_size("16E", &n), -ERANGE);
        assert_int_equal(parse_size("15.9999999999999999999999E", &n), 0);
        n = UNTOUCHED;
        /* The word for it is "infinity"; a number must not mean it by accident. */
        assert_int_equal(parse_size("18446744073709551615", &n), -ERANGE);
        assert_int_equal(parse_size("18446744073709551616", &n), -ERANGE);
        assert_int_equal(parse_size("18014398509481984K", &n), -ERANGE);
        for (size_t i = 0; i < ELEMENTSOF(rubbish); i++)
                assert_true(parse_size(rubbish[i], &n) < 0);
        assert_true(n == UNTOUCHED);
}

static void test_timespan(_unused_ void **state) {
        static const struct {
                const char *text;
                usec_t value;
        } right[] = {
                { "0", 0 },
                { "5", 5 * USEC_PER_SEC },
                { "5s", 5 * USEC_PER_SEC },
                { "5 s", 5 * USEC_PER_SEC },
                { "5sec", 5 * USEC_PER_SEC },
                { "1 second", USEC_PER_SEC },
                { "2 seconds", 2 * USEC_PER_SEC },
                { "500ms", 500 * USEC_PER_MSEC },
                { "0.5", 500 * USEC_PER_MSEC },
                { "1.5s", 1500 * USEC_PER_MSEC },
                { "250us", 250 },
                { "250 usec", 250 },
                { "250µs", 250 },
                { "250μs", 250 }, /* the other µ */
                { "1min 30s", 90 * USEC_PER_SEC },
                { "1min30s", 90 * USEC_PER_SEC },
                { "1m", 60 * USEC_PER_SEC },
                { "1h", 3600 * USEC_PER_SEC },
                { "1hr 1minute 1", 3661 * USEC_PER_SEC },
                { "1d", 86400 * USEC_PER_SEC },
                { "1w", 604800 * USEC_PER_SEC },
                { "0.0000001s", 0 },
                { "infinity", USEC_INFINITY },
                { " infinity ", USEC_INFINITY },
        };
        static const char *const wrong[] = { "s",      "5x",          "5 lightyears", "5S",        "5s x",
                                             "5.5.5s", "5.s",         ".5s",          "5s.",       "-5s",
                                             "5s -5s", "infinity 5s", "1e3s",         "5 infinity" };
        usec_t n;

        for (size_t i = 0; i < ELEMENTSOF(right); i++) {
                assert_int_equal(parse_timespan(right[i].text, &n), 0);
                assert_true(n == right[i].value);
        }
        n = UNTOUCHED;
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                assert_int_equal(parse_timespan(wrong[i], &n), -EINVAL);
        assert_int_equal(parse_timespan("18446744073709551616", &n), -ERANGE);
        assert_int_equal(parse_timespan("18446744073709551615us", &n), -ERANGE);
        assert_int_equal(parse_timespan("18446744073709551614us 1us", &n), -ERANGE);
        assert_int_equal(parse_timespan("18446744073709551614us 2us", &n), -ERANGE);
        assert_int_equal(parse_timespan("30500569w", &n), -ERANGE);
        for (size_t i = 0; i < ELEMENTSOF(rubbish); i++)
                assert_true(parse_timespan(rubbish[i], &n) < 0);
        assert_true(n == UNTOUCHED);
}

/* No input may make a parser crash, run on or write on failure. */
static void test_random(_unused_ void **state) {
        static const char alphabet[] = "0123456789.%-KMGTPEBsmhduwin infty\t\xff\x01";
        unsigned seed = 1;

        for (unsigned i = 0; i < 200000; i++) {
                char text[24];
                size_t length = (size_t) rand_r(&seed) % sizeof text;
                uint64_t n = UNTOUCHED;
                uid_t a = 7, b = 7;

                for (size_t k = 0; k < length; k++)
                        text[k] = alphabet[(size_t) rand_r(&seed) % (sizeof alphabet - 1)];
                text[length] = '\0';
                assert_true(parse_u64(text, &n) >= 0 || n == UNTOUCHED);
                n = UNTOUCHED;
                assert_true(parse_permyriad(text, &n) >= 0 || n == UNTOUCHED);
                n = UNTOUCHED;
                assert_true(parse_size(text, &n) >= 0 || n == UNTOUCHED);
                n = UNTOUCHED;
                assert_true(parse_timespan(text, &n) >= 0 || n == UNTOUCHED);
                assert_true(parse_uid_range(text, &a, &b) < 0 ? a == 7 && b == 7 : a <= b);
        }
}

/* 100,000 digits behind a point are slow to nobody and wrong to nobody. */
static void test_long(_unused_ void **state) {
        size_t size = 100000;
        char *text = malloc(size + 3);
        uint64_t n;

        assert_non_null(text);
        memset(text, '9', size);
        text[1] = '.';
        strcpy(text + size, "K");
        assert_int_equal(parse_size(text, &n), 0);
        assert_int_equal(n, 10 * 1024 - 1);
        text[1] = '9';
        assert_int_equal(parse_size(text, &n), -ERANGE);
        assert_int_equal(parse_u64(text, &n), -ERANGE);
        assert_true(parse_timespan(text, &n) < 0);
        free(text);
}

static void test_digits(_unused_ void **state) {
        uint64_t n = 4711;

        assert_int_equal(parse_digits("", 0, &n), -EBADMSG);
        assert_int_equal(parse_digits("12 ", 3, &n), -EBADMSG);
        assert_int_equal(parse_digits("18446744073709551616", 20, &n), -EBADMSG);
        assert_int_equal(n, 4711);
        assert_int_equal(parse_digits("12 ", 2, &n), 0);
        assert_int_equal(n, 12);
}

static void test_hex(_unused_ void **state) {
        uint64_t n = 4711;

        assert_false(parse_hex("", 1, &n));
        assert_false(parse_hex("0g", 2, &n));
        assert_false(parse_hex("0F", 2, &n));
        assert_int_equal(n, 4711);
        assert_true(parse_hex("0fF", 2, &n));
        assert_int_equal(n, 15);
        assert_true(parse_hex("fedcba9876543210", 16, &n));
        assert_true(n == UINT64_C(0xfedcba9876543210));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_u64),       cmocka_unit_test(test_bool),
                cmocka_unit_test(test_uid),       cmocka_unit_test(test_uid_range),
                cmocka_unit_test(test_permyriad), cmocka_unit_test(test_size),
                cmocka_unit_test(test_timespan),  cmocka_unit_test(test_random),
                cmocka_unit_test(test_long),      cmocka_unit_test(test_digits),
                cmocka_unit_test(test_hex),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
