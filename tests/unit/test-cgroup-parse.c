/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup/cpu-list.h"
#include "cgroup/cpu-stat.h"
#include "cgroup/flat-keyed.h"
#include "cgroup/memory-events.h"

/* The parsers take a length: the copy has nothing behind it, so that the sanitizer sees them read too far.
 */
#define PARSE(function, text, ...)                           \
        ({                                                   \
                size_t _n = strlen(text);                    \
                char *_copy = malloc(_n ? _n : 1);           \
                memcpy(_copy, text, _n);                     \
                int _r = function(_copy, _n, ##__VA_ARGS__); \
                free(_copy);                                 \
                _r;                                          \
        })

static void test_cpu_stat(_unused_ void **state) {
        CpuStat s;

        assert_int_equal(PARSE(cpu_stat_parse,
                               "usage_usec 123456789\nuser_usec 100\nsystem_usec 23\nnice_usec 5\n"
                               "nr_periods 50\nnr_throttled 7\nthrottled_usec 999\nnr_bursts 0\n",
                               &s),
                         0);
        assert_int_equal(s.usage_usec, 123456789);
        assert_int_equal(s.nr_periods, 50);
        assert_int_equal(s.nr_throttled, 7);
        assert_int_equal(s.throttled_usec, 999);
}

static void test_cpu_stat_without_controller(_unused_ void **state) {
        CpuStat s;

        assert_int_equal(PARSE(cpu_stat_parse, "user_usec 1\nusage_usec 18446744073709551615\n", &s), 0);
        assert_true(s.usage_usec == UINT64_MAX);
        assert_int_equal(s.nr_throttled, 0);
}

static void test_cpu_stat_hostile(_unused_ void **state) {
        static const char *const texts[] = {
                "",
                "\n",
                "usage_usec",
                "usage_usec\n",
                "usage_usec \n",
                "usage_usec 12",
                "usage_usec  12\n",
                "usage_usec -1\n",
                "usage_usec 1 \n",
                "usage_usec 0x10\n",
                "usage_usec 18446744073709551616\n",
                "usage_usec 99999999999999999999999999\n",
                "usage_usec 1\nusage_usec 2\n",
                "usage_usec 1\nnr_throttled x\n",
                "usage_usec_ 1\n",
                "user_usec 1\n",
                " usage_usec 1\n",
        };
        CpuStat s = { .usage_usec = 4711 };

        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
                assert_int_equal(PARSE(cpu_stat_parse, texts[i], &s), -EBADMSG);
        assert_int_equal(cpu_stat_parse("usage_usec 1\0\n", 14, &s), -EBADMSG);
        assert_int_equal(s.usage_usec, 4711);
        /* What it does not look for may be anything. */
        assert_int_equal(PARSE(cpu_stat_parse, "some thing else\n\n x\nusage_usec 1\n", &s), 0);
}

static void test_cpu_max(_unused_ void **state) {
        uint64_t v = 4711;

        assert_int_equal(PARSE(cpu_max_parse, "max 100000\n", &v), 0);
        assert_true(v == UINT64_MAX);
        assert_int_equal(PARSE(cpu_max_parse, "150000 100000\n", &v), 0);
        assert_int_equal(v, 1500000);
        assert_int_equal(PARSE(cpu_max_parse, "1000 1000000\n", &v), 0);
        assert_int_equal(v, 1000);
        assert_int_equal(PARSE(cpu_max_parse, "20000 30000\n", &v), 0);
        assert_int_equal(v, 666667);
        assert_int_equal(PARSE(cpu_max_parse, "18446744073709551615 1000000\n", &v), -EBADMSG);
}

static void test_cpu_max_hostile(_unused_ void **state) {
        static const char *const texts[] = {
                "",        "\n",        "max",       "max\n",        "max 100000",  "max x\n",
                "max 0\n", "1000 0\n",  "1000 1 \n", " 1000\n",      "maxi 1000\n", "-1 1000\n",
                "1000 \n", "1000  1\n", "ma 1000\n", "1000\n1000\n",
        };
        uint64_t v = 4711;

        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
                assert_int_equal(PARSE(cpu_max_parse, texts[i], &v), -EBADMSG);
        assert_int_equal(v, 4711);
}

static void test_single_value(_unused_ void **state) {
        static const char *const texts[] = { "",     "\n",     "max",    "12",  "mAx\n",
                                             "1 \n", "maxx\n", "1\n2\n", "-1\n" };
        uint64_t v;

        assert_int_equal(PARSE(parse_single_value, "max\n", &v), 0);
        assert_true(v == UINT64_MAX);
        assert_int_equal(PARSE(parse_single_value, "0\n", &v), 0);
        assert_int_equal(v, 0);
        assert_int_equal(PARSE(parse_single_value, "536870912\n", &v), 0);
        assert_int_equal(v, 536870912);
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
                assert_int_equal(PARSE(parse_single_value, texts[i], &v), -EBADMSG);
        assert_int_equal(v, 536870912);
}

static void test_memory_events(_unused_ void **state) {
        MemoryEvents e;

        assert_int_equal(PARSE(memory_events_parse,
                               "low 0\nhigh 11\nmax 22\noom 3\noom_kill 2\noom_group_kill 1\n"
                               "sock_throttled 9\n",
                               &e),
                         0);
        assert_int_equal(e.high, 11);
        assert_int_equal(e.max, 22);
        assert_int_equal(e.oom, 3);
        assert_int_equal(e.oom_kill, 2);
        assert_int_equal(e.oom_group_kill, 1);
        assert_int_equal(PARSE(memory_events_parse, "oom_kill 2\noom 1\n", &e), 0);
        assert_int_equal(e.oom_kill, 2);
        assert_int_equal(e.oom_group_kill, 0);
}

static void test_memory_events_hostile(_unused_ void **state) {
        static const char *const texts[] = { "",
                                             "oom 1\n",
                                             "oom_kill 1\n",
                                             "oom 1\noom_kill 1",
                                             "oom 1\noom_kill -1\n",
                                             "oom 1\noom 1\noom_kill 1\n" };
        MemoryEvents e = { .oom = 4711 };

        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
                assert_int_equal(PARSE(memory_events_parse, texts[i], &e), -EBADMSG);
        assert_int_equal(e.oom, 4711);
}

static unsigned count_of(const char *text) {
        CpuList list;

        return PARSE(cpu_list_parse, text, &list) < 0 ? 10000 : cpu_list_count_common(&list, &list);
}

static void test_cpu_list(_unused_ void **state) {
        CpuList a, b;

        assert_int_equal(count_of("0\n"), 1);
        assert_int_equal(count_of("0-3,5\n"), 5);
        assert_int_equal(count_of("\n"), 0);
        assert_int_equal(count_of("0-3,2-5\n"), 6);
        assert_int_equal(count_of("0-8191\n"), 8192);
        assert_int_equal(cpu_list_parse("0-3\n", 4, &a), 0);
        assert_int_equal(cpu_list_parse("2-63,64\n", 8, &b), 0);
        assert_int_equal(cpu_list_count_common(&a, &b), 2);
}

static void test_cpu_list_hostile(_unused_ void **state) {
        static const char *const texts[] = {
                "",     "0",   ",\n",   "0,\n",     ",0\n",   "0,,1\n",  "3-1\n",  "0-\n",
                "-3\n", "a\n", "0 1\n", "0-8192\n", "8192\n", "0-1-2\n", "0\n1\n", "99999999999999999999\n",
        };

        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
                assert_int_equal(count_of(texts[i]), 10000);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_cpu_stat),         cmocka_unit_test(test_cpu_stat_without_controller),
                cmocka_unit_test(test_cpu_stat_hostile), cmocka_unit_test(test_cpu_max),
                cmocka_unit_test(test_cpu_max_hostile),  cmocka_unit_test(test_single_value),
                cmocka_unit_test(test_memory_events),    cmocka_unit_test(test_memory_events_hostile),
                cmocka_unit_test(test_cpu_list),         cmocka_unit_test(test_cpu_list_hostile),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
