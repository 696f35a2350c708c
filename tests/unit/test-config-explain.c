/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "config-tree.h"
#include "unit.h"

/* "KEY=VALUE FILE:LINE\n" for each. */
static int print_value(const ConfigValue *value, void *userdata) {
        fprintf(userdata, "%s=%s %s:%u\n", value->key, value->value, value->file, value->line);
        return 7;
}

static char *explain(const Config *config, const char *name, const char *group) {
        char *groups[] = { (char *) group, NULL };
        User user = { .uid = 1000, .name = (char *) name, .groups = groups };
        char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);

        assert_non_null(f);
        assert_int_equal(config_explain(config, NULL, &user, print_value, f), 7);
        fclose(f);
        return text;
}

static void test_defaults(void **state) {
        _cleanup_(config_freep) Config *config = tree_load_good(*state, "");
        _cleanup_free_ char *text = explain(config, NULL, NULL);

        assert_string_equal(text, "CPUQuota=infinity :0\nCPUWeight=100 :0\nMemoryMax=infinity :0\n"
                                  "MemoryHigh=infinity :0\nMemorySwapMax=infinity :0\nMemoryStrict=no :0\n"
                                  "Plan= :0\n");
}

static void test_files_and_lines(void **state) {
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_free_ char *text = NULL;

        tree_put(*state, DROP_INS("/run") "20-a.conf", "[Plan gold]\nMemoryHigh=1536M\nCPUQuota=1%\n");
        tree_put(*state, DROP_INS("/etc") "10-b.conf", "\n[Group staff]\nPlan=gold\nMemorySwapMax=12.50%\n");
        config = tree_load_good(*state, "[CPU]\nCPUWeight=7\n[User alice]\nCPUQuota=150%\n[Memory]\n"
                                        "MemoryMax=25%\n[User 1000-1999]\nMemoryStrict=1\n");
        text = explain(config, "alice", "staff");
        assert_string_equal(text,
                            "CPUQuota=150% " MAIN_CONF ":4\n"
                            "CPUWeight=7 " MAIN_CONF ":2\n"
                            "MemoryMax=25% " MAIN_CONF ":6\n"
                            "MemoryHigh=1536M " DROP_INS(
                                    "/run") "20-a.conf:2\n"
                                            "MemorySwapMax=12.5% " DROP_INS(
                                                    "/etc") "10-b.conf:4\n"
                                                            "MemoryStrict=yes " MAIN_CONF ":8\n"
                                                            "Plan=gold " DROP_INS("/etc") "10-b.conf:3\n");
}

/* An empty value in [CPU] or [Memory] is the default again, and stands nowhere. */
static void test_taken_back(void **state) {
        _cleanup_(config_freep) Config *config =
                tree_load_good(*state, "[CPU]\nCPUWeight=7\nCPUWeight=\n[Memory]\nMemoryMax=1234567\n");
        _cleanup_free_ char *text = explain(config, NULL, NULL);

        assert_non_null(strstr(text, "CPUWeight=100 :0\n"));
        assert_non_null(strstr(text, "MemoryMax=1234567 " MAIN_CONF ":5\n"));
}

/* What goes onto a terminal and over the bus is UTF-8 without control characters. */
static void test_hostile_names(void **state) {
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_free_ char *text = NULL;

        tree_put(*state, DROP_INS("/etc") "\xff\x1b\xc3\xa4\xc2\x9b.conf",
                 "[User 1000]\nPlan=\xfe\xc3\xa4\n[Plan \xfe\xc3\xa4]\n");
        config = tree_load_good(*state, "");
        text = explain(config, NULL, NULL);
        assert_non_null(strstr(text, "Plan=?\xc3\xa4 " DROP_INS("/etc") "??\xc3\xa4??.conf:2\n"));
}

static int count_and_stop(_unused_ const ConfigValue *value, void *userdata) {
        return ++*(unsigned *) userdata == 3 ? -ECANCELED : 0;
}

static void test_stopped(void **state) {
        _cleanup_(config_freep) Config *config = tree_load_good(*state, "");
        User user = { .uid = 1000 };
        unsigned visits = 0;

        assert_int_equal(config_explain(config, NULL, &user, count_and_stop, &visits), -ECANCELED);
        assert_int_equal(visits, 3);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_defaults),      TEST(test_files_and_lines), TEST(test_taken_back),
                TEST(test_hostile_names), TEST(test_stopped),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
