/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "cli/limit-argument.h"
#include "cli/options.h"
#include "cli/verb.h"
#include "unit.h"

#define GIB (UINT64_C(1) << 30)

static void test_limits(_unused_ void **state) {
        static const struct {
                const char *s;
                LimitSetting setting;
        } cases[] = {
                { "CPUQuota=50%", { LIMIT_CPU_QUOTA, 500000, false } },
                { "CPUQuota=12.5%", { LIMIT_CPU_QUOTA, 125000, false } }, /* the service's to refuse */
                { "CPUQuota=infinity", { LIMIT_CPU_QUOTA, LIMIT_UNSET, false } },
                { "CPUQuota=", { LIMIT_CPU_QUOTA, LIMIT_UNSET, false } },
                { "CPUWeight=200", { LIMIT_CPU_WEIGHT, 200, false } },
                { "CPUWeight=", { LIMIT_CPU_WEIGHT, 100, false } },
                { "MemoryMax=8G", { LIMIT_MEMORY_MAX, 8 * GIB, false } },
                { "MemoryMax=25%", { LIMIT_MEMORY_MAX, 2500, true } },
                { "MemoryMax=100%", { LIMIT_MEMORY_MAX, 10000, true } },
                { "MemoryHigh=1.5G", { LIMIT_MEMORY_HIGH, 3 * GIB / 2, false } },
                { "MemoryHigh=", { LIMIT_MEMORY_HIGH, LIMIT_UNSET, false } },
                { "MemorySwapMax=0", { LIMIT_MEMORY_SWAP_MAX, 0, false } },
                { "MemorySwapMax=infinity", { LIMIT_MEMORY_SWAP_MAX, LIMIT_UNSET, false } },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const char *allowed = NULL;
                LimitSetting setting = {};

                assert_int_equal(limit_argument_parse(cases[i].s, &setting, &allowed), 0);
                assert_int_equal(setting.limit, cases[i].setting.limit);
                assert_int_equal(setting.value, cases[i].setting.value);
                assert_int_equal(setting.of_ram, cases[i].setting.of_ram);
        }
}

static void test_wrong_limits(_unused_ void **state) {
        static const struct {
                const char *s;
                int error;
        } cases[] = {
                { "", -ENOENT },
                { "=", -ENOENT },
                { "CPUQuota", -ENOENT },
                { "cpuquota=5%", -ENOENT },
                { "CPUQuota =5%", -ENOENT },
                { "CPUQuotaPerSecUSec=5", -ENOENT },
                { "Memory=5G", -ENOENT },
                { "TasksMax=5", -ENOENT },
                { "CPUQuota=5", -EINVAL },
                { "CPUQuota=-5%", -EINVAL },
                { "CPUQuota=184467440737095516%", -ERANGE },
                { "CPUWeight=infinity", -EINVAL },
                { "CPUWeight=5%", -EINVAL },
                { "CPUWeight=18446744073709551616", -ERANGE },
                { "MemoryMax=8X", -EINVAL },
                { "MemoryMax=8G 9G", -EINVAL },
                { "MemoryMax=100.01%", -ERANGE },
                { "MemoryMax=16E", -ERANGE },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const char *allowed = NULL;
                LimitSetting setting = { .value = 7 };

                assert_int_equal(limit_argument_parse(cases[i].s, &setting, &allowed), cases[i].error);
                assert_non_null(allowed);
                assert_int_equal(setting.value, 7);
        }
}

/* The arguments are moved behind the options, so they must be in an array of their own each time. */
static int parse(Options *ret, int *ret_first, char *argv[static 16], const char *line) {
        static char copy[256];
        int argc = 0;
        char *rest;

        snprintf(copy, sizeof copy, "%s", line);
        for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
                argv[argc++] = word;
        argv[argc] = NULL;
        return options_parse(argc, argv, ret, ret_first);
}

static void test_options(_unused_ void **state) {
        Options options;
        char *argv[16];
        int first;

        assert_int_equal(parse(&options, &first, argv, "fairslicectl"), 1);
        assert_int_equal(first, 1);
        assert_int_equal(options.json, JSON_OFF);
        assert_int_equal(options.given, 0);

        assert_int_equal(parse(&options, &first, argv,
                               "fairslicectl set --runtime bob -q MemoryMax=1G --json=pretty --no-pager "
                               "--no-legend --no-ask-password -l -H root@lab"),
                         1);
        assert_string_equal(argv[first], "set");
        assert_string_equal(argv[first + 1], "bob");
        assert_string_equal(argv[first + 2], "MemoryMax=1G");
        assert_null(argv[first + 3]);
        assert_true(options.quiet && options.no_pager && options.no_legend && options.no_ask_password &&
                    options.full);
        assert_int_equal(options.json, JSON_PRETTY);
        assert_string_equal(options.host, "root@lab");
        assert_int_equal(options.given, OPTION_RUNTIME);
        assert_string_equal(option_name(options.given), "--runtime");

        assert_int_equal(parse(&options, &first, argv, "fairslicectl show -p A,B, -p C --value -- -x"), 1);
        assert_int_equal(options.n_properties, 3);
        assert_string_equal(options.properties[2], "C");
        assert_int_equal(options.given, OPTION_PROPERTY | OPTION_VALUE);
        assert_string_equal(argv[first + 1], "-x");
}

static void test_wrong_options(_unused_ void **state) {
        static const char *const lines[] = {
                "fairslicectl --json=xml", "fairslicectl --json",  "fairslicectl --nothing",
                "fairslicectl -H -oX",     "fairslicectl --host=", "fairslicectl -x",
        };
        char many[2 * OPTION_PROPERTIES_MAX + 32] = "fairslicectl -p ";
        Options options;
        char *argv[16];
        int first;

        for (size_t i = 0; i < ELEMENTSOF(lines); i++)
                assert_int_equal(parse(&options, &first, argv, lines[i]), -EINVAL);
        for (unsigned i = 0; i <= OPTION_PROPERTIES_MAX; i++)
                strcat(many, "A,");
        assert_int_equal(parse(&options, &first, argv, many), -EINVAL);
}

/* Nobody can call what is not there, or what --help does not explain. */
static void test_verbs(_unused_ void **state) {
        for (const Verb *verb = verbs; verb->name; verb++) {
                assert_ptr_equal(verb_find(verb->name), verb);
                assert_non_null(verb->run);
                assert_true(verb->min >= 0 && verb->max >= verb->min);
                assert_true(verb->help && *verb->help);
                assert_true(verb->max == 0 || *verb->arguments);
        }
        for (unsigned bit = OPTION_RUNTIME; bit <= OPTION_LIVE; bit <<= 1)
                assert_memory_equal(option_name(bit), "--", 2);
        assert_null(verb_find(""));
        assert_null(verb_find("lis"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_limits),  cmocka_unit_test(test_wrong_limits),
                cmocka_unit_test(test_options), cmocka_unit_test(test_wrong_options),
                cmocka_unit_test(test_verbs),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
