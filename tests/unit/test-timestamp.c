/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <time.h>

#include "basic/timestamp.h"
#include "unit.h"

/* 2026-11-22 06:24:15.5 UTC */
#define NOW       (UINT64_C(1795328655) * USEC_PER_SEC + 500 * USEC_PER_MSEC)
#define MIDNIGHT  (UINT64_C(1795305600) * USEC_PER_SEC)
#define DAY       (86400 * USEC_PER_SEC)
#define UNTOUCHED UINT64_C(0xdeadbeefdeadbeef)

static void zone(const char *name) {
        setenv("TZ", name, 1);
        tzset();
}

static void test_right(_unused_ void **state) {
        static const struct {
                const char *text;
                usec_t value;
        } right[] = {
                { "now", NOW },
                { " Now\n", NOW },
                { "-1h", NOW - 3600 * USEC_PER_SEC },
                { "-1h 30min", NOW - 5400 * USEC_PER_SEC },
                { "10min", NOW - 600 * USEC_PER_SEC },
                { "10min ago", NOW - 600 * USEC_PER_SEC },
                { "1.5s ago", NOW - 1500 * USEC_PER_MSEC },
                { "2 days", NOW - 2 * DAY },
                { "today", MIDNIGHT },
                { "yesterday", MIDNIGHT - DAY },
                { "06:00", MIDNIGHT + 6 * 3600 * USEC_PER_SEC },
                { "06:00:07", MIDNIGHT + (6 * 3600 + 7) * USEC_PER_SEC },
                { "00:00", MIDNIGHT },
                { "2026-11-22", MIDNIGHT },
                { "2026-11-21 23:59:59", MIDNIGHT - USEC_PER_SEC },
                { "2026-11-21T23:59", MIDNIGHT - 60 * USEC_PER_SEC },
                { "2026-11-22 01:00:00 UTC", MIDNIGHT + 3600 * USEC_PER_SEC },
                { "2024-02-29", UINT64_C(1709164800) * USEC_PER_SEC },
                { "@0", 0 },
                { "@1795328655", NOW - 500 * USEC_PER_MSEC },
        };

        zone("UTC");
        for (size_t i = 0; i < ELEMENTSOF(right); i++) {
                usec_t t = UNTOUCHED;

                assert_int_equal(parse_timestamp(right[i].text, NOW, &t), 0);
                if (t != right[i].value)
                        fail_msg("%s", right[i].text);
        }
}

static void test_zone(_unused_ void **state) {
        usec_t t;

        zone("CET-1CEST,M3.5.0,M10.5.0/3");
        assert_int_equal(parse_timestamp("2026-11-22 07:24:15", NOW, &t), 0);
        assert_true(t == NOW - 500 * USEC_PER_MSEC);
        assert_int_equal(parse_timestamp("today", NOW, &t), 0);
        assert_true(t == MIDNIGHT - 3600 * USEC_PER_SEC);
        assert_int_equal(parse_timestamp("00:30 UTC", NOW, &t), 0);
        assert_true(t == MIDNIGHT + 1800 * USEC_PER_SEC);
        /* The day on which the clock goes back has 25 hours. */
        assert_int_equal(parse_timestamp("2026-10-25", NOW, &t), 0);
        assert_true(t == UINT64_C(1792879200) * USEC_PER_SEC);
        assert_int_equal(parse_timestamp("2026-10-26", NOW, &t), 0);
        assert_true(t == (UINT64_C(1792879200) + 25 * 3600) * USEC_PER_SEC);
        zone("UTC");
}

static void test_wrong(_unused_ void **state) {
        static const char *const wrong[] = {
                "",
                " ",
                "10",
                "-10",
                "-",
                "- 1h",
                "--1h",
                "+1h",
                "-1h ago",
                "ago",
                " ago",
                "1h  ago x",
                "tomorrow",
                "noon",
                "6:00",
                "24:00",
                "23:60",
                "23:59:60",
                "06:00:",
                "06:00:07.5",
                "06",
                "2026-02-31",
                "2026-13-01",
                "2026-00-10",
                "2026-11-00",
                "2026-1-1",
                "26-11-22",
                "2026-11-22x",
                "2026-11-22 06",
                "2026-11-22T",
                "2026-11-22 06:00 CET",
                "2026-11-22  06:00",
                "22.11.2026",
                "@",
                "@-1",
                "@1.5",
                "@ 1",
                "1h\x01",
                "\xff",
                "infinity",
                "-infinity",
                "9999999999999999999999h",
                "-100000w",
                "1969-12-31",
                "@253402300800",
                "@99999999999999999999",
        };
        char space[400];
        usec_t t = UNTOUCHED;

        zone("UTC");
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                if (parse_timestamp(wrong[i], NOW, &t) >= 0)
                        fail_msg("%s", wrong[i]);
        }
        memset(space, '1', sizeof space - 1);
        strcpy(space + sizeof space - 2, "s");
        assert_true(parse_timestamp(space, NOW, &t) < 0);
        assert_int_equal(parse_timestamp("today", UINT64_MAX, &t), -ERANGE);
        assert_int_equal(parse_timestamp("06:00", UINT64_MAX, &t), -ERANGE);
        assert_true(t == UNTOUCHED);
}

static void test_format(_unused_ void **state) {
        TimestampBuffer b;

        zone("UTC");
        assert_string_equal(format_timestamp_short(b, NOW), "Nov 22 06:24:15");
        assert_string_equal(format_timestamp_clock(b, NOW), "06:24:15");
        assert_string_equal(format_timestamp_short(b, 0), "-");
        assert_string_equal(format_timestamp_short(b, USEC_INFINITY), "-");
        assert_string_equal(format_timestamp_clock(b, USEC_INFINITY / 2), "-");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_right),
                cmocka_unit_test(test_zone),
                cmocka_unit_test(test_wrong),
                cmocka_unit_test(test_format),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
