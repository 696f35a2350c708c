/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What was not idle, by /proc: parsed, and added up from look to look. */

#include "cgroup/host-use.h"
#include "unit.h"

static void test_uptime(void **state _unused_) {
        uint64_t idle = 7;

        assert_int_equal(host_idle_parse_uptime("35.14 61.07\n", &idle), 0);
        assert_int_equal(idle, 61070000);
        assert_int_equal(host_idle_parse_uptime("1.00 0.00\n", &idle), 0);
        assert_int_equal(idle, 0);
}

static void test_stat(void **state _unused_) {
        uint64_t idle, tick = USEC_PER_SEC / (uint64_t) sysconf(_SC_CLK_TCK);

        assert_int_equal(
                host_idle_parse_stat("cpu  100 2 30 4000 50 6 7 8 0 0\ncpu0 1 2 3 4 5 6 7\n", &idle), 0);
        assert_int_equal(idle, 4050 * tick);
}

static void test_rubbish(void **state _unused_) {
        static const char *const rubbish[] = {
                "",
                " ",
                "x",
                "35.14",
                "35.14 ",
                "35.14 x",
                "35.14 -1.00",
                "1.0 99999999999999999999.00",
                "cpu",
                "cpu 1 2 3",
                "cpu0 1 2 3 4 5",
                "cpu 1 2 3 18446744073709551615 1",
                "cpu a b c d e",
        };
        uint64_t idle = 7;

        for (size_t i = 0; i < ELEMENTSOF(rubbish); i++) {
                assert_int_equal(host_idle_parse_uptime(rubbish[i], &idle), -EBADMSG);
                assert_int_equal(host_idle_parse_stat(rubbish[i], &idle), -EBADMSG);
        }
        assert_int_equal(idle, 7);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_uptime),
                cmocka_unit_test(test_stat),
                cmocka_unit_test(test_rubbish),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
