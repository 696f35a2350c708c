/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "config/keys.h"
#include "config/selector.h"
#include "unit.h"

/* What no key takes. */
static const char *const rubbish[] = { "abc", "-",  "-1",  "%",  "1%%", "\xff", "\x1b[0m", "1 2x", "[x]",
                                       "=1",  "\"", "'1'", "..", "0x1", "#",    "%s%n",    "∞" };

static void expect(unsigned key, const char *text, int outcome, uint64_t number) {
        KeyValue value = { .number = 77 };
        const char *why = NULL;

        assert_int_equal(key_parse(key, text, &value, &why), outcome);
        assert_true(value.number == (outcome >= 0 ? number : 77));
        assert_int_equal(why != NULL, outcome != 0);
}

static void test_table(_unused_ void **state) {
        for (unsigned i = 0; i < _KEY_COUNT; i++) {
                const Key *key = &keys[i];

                assert_non_null(key->name);
                assert_true(key->sections != 0 && key->sections < 1U << _SECTION_COUNT);
                assert_true(strlen(key->allowed) > 0);
                assert_int_equal(key_from_string(key->name), i);
                assert_false(key->parse && key->check);
                if (key->parse) {
                        KeyValue value;
                        const char *why;

                        assert_non_null(key->not_a);
                        assert_int_equal(key_parse(i, key->default_text, &value, &why), 0);
                } else
                        assert_string_equal(key->default_text, "");
        }
        assert_int_equal(key_from_string("cpuquota"), -EINVAL);
        assert_int_equal(key_from_string(""), -EINVAL);
}

static void test_rubbish(_unused_ void **state) {
        for (unsigned i = 0; i < _KEY_COUNT; i++)
                for (size_t k = 0; keys[i].parse && k < ELEMENTSOF(rubbish); k++)
                        expect(i, rubbish[k], -EINVAL, 0);
}

static void test_defaults(_unused_ void **state) {
        assert_true(key_default(LIMIT_CPU_QUOTA).number == LIMIT_UNSET);
        assert_true(key_default(LIMIT_MEMORY_MAX).number == LIMIT_UNSET);
        assert_true(key_default(LIMIT_MEMORY_HIGH).number == LIMIT_UNSET);
        assert_true(key_default(LIMIT_MEMORY_SWAP_MAX).number == LIMIT_UNSET);
        assert_int_equal(key_default(LIMIT_CPU_WEIGHT).number, CPU_WEIGHT_DEFAULT);
        assert_int_equal(key_default(HOST_KEY_INTERVAL).number, USEC_PER_SEC);
        assert_int_equal(key_default(HOST_KEY_MIN_UID).number, 1000);
        assert_int_equal(key_default(HOST_KEY_HISTORY).number, 3600 * USEC_PER_SEC);
        assert_int_equal(key_default(HOST_KEY_HISTORY_INTERVAL).number, 10 * USEC_PER_SEC);
        assert_int_equal(key_default(HOST_KEY_CPU_THRESHOLD).number, 9000);
        assert_int_equal(key_default(HOST_KEY_ACTIVITY_THRESHOLD).number, 100);
        assert_int_equal(key_default(HOST_KEY_RESERVED_CPUS).number, 0);
        assert_int_equal(key_default(HOST_KEY_MAIL_TLS).number, 1);
        assert_int_equal(key_default(HOST_KEY_MAIL_TIMEOUT).number, 600 * USEC_PER_SEC);
        assert_int_equal(key_default(HOST_KEY_MAIL_QUEUE_MAX).number, 1000);
        assert_int_equal(key_default(HOST_KEY_MAIL_QUEUE_MAX_USE).number, 64 << 20);
}

static void expect_text(unsigned key, const char *text, bool good) {
        const char *why = NULL;
        int r = keys[key].check(text, &why);

        if (r != (good ? 0 : -EINVAL))
                fail_msg("%s=%s: %d", keys[key].name, text, r);
        assert_int_equal(why != NULL, !good);
}

static void test_mail(_unused_ void **state) {
        static const char *const servers[] = {
                "smtp://mail",        "smtp://mail.example.org:587", "smtps://mail.example.org",
                "smtp://127.0.0.1:1", "smtp://[::1]:65535",          "smtps://[2001:db8::25]",
        };
        static const char *const no_servers[] = {
                "mail.example.org", "http://mail",     "SMTP://mail",   "smtp://",
                "smtp://:25",       "smtp://mail:",    "smtp://mail:0", "smtp://mail:65536",
                "smtp://mail:+25",  "smtp://mail:2 5", "smtp://mail/x", "smtp://u:p@mail",
                "smtp://mail\r\nX", "smtp://[::1",     "smtp://[]",     "smtp://-mail",
                "smtp://ma il",     "smtp://mail:25/", "smtp://mail?x", "smtp://m\xc3\xa9",
        };

        for (size_t i = 0; i < ELEMENTSOF(servers); i++)
                expect_text(HOST_KEY_MAIL_SERVER, servers[i], true);
        for (size_t i = 0; i < ELEMENTSOF(no_servers); i++)
                expect_text(HOST_KEY_MAIL_SERVER, no_servers[i], false);
        expect_text(HOST_KEY_MAIL_USER, "fairslice@example.org", true);
        expect_text(HOST_KEY_MAIL_USER, "fair slice \xc3\xa9", true);
        expect_text(HOST_KEY_MAIL_USER, "fair\nslice", false);
        expect_text(HOST_KEY_MAIL_USER, "\xff", false);
        expect_text(HOST_KEY_MAIL_PASSWORD_FILE, "/etc/fairslice/password", true);
        expect_text(HOST_KEY_MAIL_PASSWORD_FILE, "password", false);
        expect_text(HOST_KEY_MAIL_CA_FILE, "./ca.pem", false);
        expect_text(HOST_KEY_MAIL_CA_FILE, "/etc/", false);
        expect_text(HOST_KEY_MAIL_CA_FILE, "/etc//ca.pem", false);
        expect_text(HOST_KEY_MAIL_CA_FILE, "/etc/../ca.pem", false);
        expect_text(HOST_KEY_MAIL_CA_FILE, "/etc/./ca.pem", false);
        expect_text(HOST_KEY_MAIL_CA_FILE, "/etc/..ca.pem", true);
        expect_text(HOST_KEY_MAIL_USER_ADDRESS, "@USER@@example.org", true);
        expect_text(HOST_KEY_MAIL_USER_ADDRESS, "root@example.org", false);
        expect_text(HOST_KEY_MAIL_USER_ADDRESS_COMMAND, "/usr/bin/ask --for mail", true);
        expect_text(HOST_KEY_MAIL_USER_ADDRESS_COMMAND, "/usr/bin/ask /etc//x", true);
        expect_text(HOST_KEY_MAIL_USER_ADDRESS_COMMAND, "ask", false);
        expect_text(HOST_KEY_MAIL_USER_ADDRESS_COMMAND, "/usr/bin/../ask", false);
        expect_text(HOST_KEY_MAIL_USER_ADDRESS_COMMAND, "/usr/bin/ask \x1b[2J", false);
        expect_text(HOST_KEY_NOTIFY_COMMAND, "/opt/thinlinc/bin/tl-notify", true);
        expect_text(HOST_KEY_MAIL_LANGUAGE, "de_AT", true);
        expect_text(HOST_KEY_MAIL_LANGUAGE, "../de", false);
        expect(HOST_KEY_MAIL_COALESCE, "0", 0, 0);
        expect(HOST_KEY_MAIL_COALESCE, "2h", -ERANGE, 0);
        expect(HOST_KEY_MAIL_MESSAGES_PER_DAY, "0", -ERANGE, 0);
        expect_text(HOST_KEY_MAIL_FROM, "fairslice@host", true);
        expect_text(HOST_KEY_MAIL_FROM, "fairslice", false);
        expect_text(HOST_KEY_MAIL_FROM, "a@b\r\nBcc: x@y", false);
        expect(HOST_KEY_MAIL_QUEUE_MAX, "0", -ERANGE, 0);
        expect(HOST_KEY_MAIL_QUEUE_MAX, "50000", 0, 50000);
        expect(HOST_KEY_MAIL_QUEUE_MAX_USE, "1M", 0, 1 << 20);
        expect(HOST_KEY_MAIL_QUEUE_MAX_USE, "1000", -ERANGE, 0);
        expect(HOST_KEY_MAIL_TIMEOUT, "500ms", -ERANGE, 0);
        expect(HOST_KEY_MAIL_TIMEOUT, "1h", 0, 3600 * USEC_PER_SEC);
}

static void test_interval(_unused_ void **state) {
        expect(HOST_KEY_INTERVAL, "100ms", 0, 100 * USEC_PER_MSEC);
        expect(HOST_KEY_INTERVAL, "0.1", 0, 100 * USEC_PER_MSEC);
        expect(HOST_KEY_INTERVAL, "1h", 0, 3600 * USEC_PER_SEC);
        expect(HOST_KEY_INTERVAL, "99ms", -ERANGE, 0);
        expect(HOST_KEY_INTERVAL, "3601s", -ERANGE, 0);
        expect(HOST_KEY_INTERVAL, "infinity", -ERANGE, 0);
        expect(HOST_KEY_INTERVAL, "99999999999999999999999", -ERANGE, 0);
        expect(HOST_KEY_INTERVAL, "5 bananas", -EINVAL, 0);
}

static void test_warnings(_unused_ void **state) {
        MemoryThresholds thresholds = key_thresholds(key_default(HOST_KEY_WARN_AT).number);

        assert_int_equal(thresholds.percent[0], 75);
        assert_int_equal(thresholds.percent[1], 85);
        assert_int_equal(thresholds.percent[2], 0);
        expect(HOST_KEY_WARN_AT, "0", 0, 0);
        expect(HOST_KEY_WARN_AT, "1%", 0, 1);
        expect(HOST_KEY_WARN_AT, "99%,2%\t50% , 2%", 0, 99 << 16 | 50 << 8 | 2);
        expect(HOST_KEY_WARN_AT, "4% 3% 2% 1%", 0, 4 << 24 | 3 << 16 | 2 << 8 | 1);
        expect(HOST_KEY_WARN_AT, "4% 3% 2% 1% 4%", 0, 4 << 24 | 3 << 16 | 2 << 8 | 1);
        expect(HOST_KEY_WARN_AT, "4% 3% 2% 1% 5%", -ERANGE, 0);
        expect(HOST_KEY_WARN_AT, "0%", -ERANGE, 0);
        expect(HOST_KEY_WARN_AT, "100%", -ERANGE, 0);
        expect(HOST_KEY_WARN_AT, "12.5%", -ERANGE, 0);
        expect(HOST_KEY_WARN_AT, "75", -EINVAL, 0);
        expect(HOST_KEY_WARN_AT, "0 75%", -EINVAL, 0);
        expect(HOST_KEY_WARN_AT, " , ", -EINVAL, 0);
        expect(HOST_KEY_WARN_INTERVAL, "1min", 0, 60 * USEC_PER_SEC);
        expect(HOST_KEY_WARN_INTERVAL, "59s", -ERANGE, 0);
}

static void test_history(_unused_ void **state) {
        expect(HOST_KEY_HISTORY, "0", 0, 0);
        expect(HOST_KEY_HISTORY, "1d", 0, 86400 * USEC_PER_SEC);
        expect(HOST_KEY_HISTORY, "86401s", -ERANGE, 0);
        expect(HOST_KEY_HISTORY, "infinity", -ERANGE, 0);
        expect(HOST_KEY_HISTORY, "an hour", -EINVAL, 0);
        expect(HOST_KEY_HISTORY_INTERVAL, "1s", 0, USEC_PER_SEC);
        expect(HOST_KEY_HISTORY_INTERVAL, "10min", 0, 600 * USEC_PER_SEC);
        expect(HOST_KEY_HISTORY_INTERVAL, "999ms", -ERANGE, 0);
        expect(HOST_KEY_HISTORY_INTERVAL, "0", -ERANGE, 0);
        expect(HOST_KEY_HISTORY_INTERVAL, "601s", -ERANGE, 0);
}

static void test_numbers(_unused_ void **state) {
        expect(HOST_KEY_MIN_UID, "1", 0, 1);
        expect(HOST_KEY_MIN_UID, "4294967294", 0, UINT32_MAX - 1);
        expect(HOST_KEY_MIN_UID, "0", -ERANGE, 0);
        expect(HOST_KEY_MIN_UID, "4294967295", -ERANGE, 0);
        expect(HOST_KEY_RESERVED_CPUS, "0", 0, 0);
        expect(HOST_KEY_RESERVED_CPUS, "8191", 0, 8191);
        expect(HOST_KEY_RESERVED_CPUS, "8192", -ERANGE, 0);
        expect(HOST_KEY_RESERVED_CPUS, "1.5", -EINVAL, 0);
        expect(LIMIT_CPU_WEIGHT, "1", 0, 1);
        expect(LIMIT_CPU_WEIGHT, "10000", 0, 10000);
        expect(LIMIT_CPU_WEIGHT, "0", -ERANGE, 0);
        expect(LIMIT_CPU_WEIGHT, "10001", -ERANGE, 0);
        expect(LIMIT_CPU_WEIGHT, "18446744073709551617", -ERANGE, 0);
        expect(LIMIT_CPU_WEIGHT, "idle", -EINVAL, 0);
}

static void test_words(_unused_ void **state) {
        expect(HOST_KEY_OBSERVE, "yes", 0, 1);
        expect(HOST_KEY_OBSERVE, "OFF", 0, 0);
        expect(HOST_KEY_OBSERVE, "maybe", -EINVAL, 0);
        expect(HOST_KEY_BACKEND, "auto", 0, 0);
        expect(HOST_KEY_BACKEND, "systemd", 0, 1);
        expect(HOST_KEY_BACKEND, "cgroup1", 0, 2);
        expect(HOST_KEY_BACKEND, "cgroup2", 0, 3);
        expect(HOST_KEY_BACKEND, "cgroup3", -EINVAL, 0);
        expect(HOST_KEY_BACKEND, "cgroup", -EINVAL, 0);
        expect(SLICE_KEY_MEMORY_STRICT, "1", 0, 1);
        expect(HOST_KEY_SHARE_POLICY, "max-min", 0, 0);
        expect(HOST_KEY_SHARE_POLICY, "equal", 0, 1);
        expect(HOST_KEY_SHARE_POLICY, "weight", 0, 2);
        expect(HOST_KEY_SHARE_POLICY, "Equal", -EINVAL, 0);
}

static void test_thresholds(_unused_ void **state) {
        expect(HOST_KEY_CPU_THRESHOLD, "1%", 0, 100);
        expect(HOST_KEY_CPU_THRESHOLD, "12.5%", 0, 1250);
        expect(HOST_KEY_CPU_THRESHOLD, "98%", 0, 9800);
        expect(HOST_KEY_CPU_THRESHOLD, "98.01%", 1, 9800);
        expect(HOST_KEY_CPU_THRESHOLD, "0.99%", 1, 100);
        expect(HOST_KEY_CPU_THRESHOLD, "0%", 1, 100);
        expect(HOST_KEY_CPU_THRESHOLD, "99999999999999999999999%", 1, 9800);
        expect(HOST_KEY_CPU_THRESHOLD, "90", -EINVAL, 0);
        expect(HOST_KEY_ACTIVITY_THRESHOLD, "0%", 0, 0);
        expect(HOST_KEY_ACTIVITY_THRESHOLD, "100%", 0, 10000);
        expect(HOST_KEY_ACTIVITY_THRESHOLD, "100.01%", -ERANGE, 0);
        expect(HOST_KEY_ACTIVITY_THRESHOLD, "1", -EINVAL, 0);
}

static void test_quota(_unused_ void **state) {
        expect(LIMIT_CPU_QUOTA, "1%", 0, 10000);
        expect(LIMIT_CPU_QUOTA, "150%", 0, 1500000);
        expect(LIMIT_CPU_QUOTA, "150.00%", 0, 1500000);
        expect(LIMIT_CPU_QUOTA, "1000000%", 0, UINT64_C(10000000000));
        expect(LIMIT_CPU_QUOTA, "infinity", 0, LIMIT_UNSET);
        expect(LIMIT_CPU_QUOTA, "0%", -ERANGE, 0);
        expect(LIMIT_CPU_QUOTA, "0.5%", -EINVAL, 0);
        expect(LIMIT_CPU_QUOTA, "12.5%", -EINVAL, 0);
        expect(LIMIT_CPU_QUOTA, "1000001%", -ERANGE, 0);
        expect(LIMIT_CPU_QUOTA, "100000000000000000%", -ERANGE, 0);
        expect(LIMIT_CPU_QUOTA, "184467440737095516%", -ERANGE, 0);
        expect(LIMIT_CPU_QUOTA, "150", -EINVAL, 0);
        expect(LIMIT_CPU_QUOTA, "1.5", -EINVAL, 0);
}

static void test_memory(_unused_ void **state) {
        KeyValue value;
        const char *why;

        expect(LIMIT_MEMORY_MAX, "1M", 0, 1 << 20);
        expect(LIMIT_MEMORY_MAX, "8G", 0, UINT64_C(8) << 30);
        expect(LIMIT_MEMORY_MAX, "infinity", 0, LIMIT_UNSET);
        expect(LIMIT_MEMORY_MAX, "0", -ERANGE, 0);
        expect(LIMIT_MEMORY_MAX, "8", -ERANGE, 0);
        expect(LIMIT_MEMORY_MAX, "1023K", -ERANGE, 0);
        expect(LIMIT_MEMORY_MAX, "16E", -ERANGE, 0);
        expect(LIMIT_MEMORY_MAX, "8GB", -EINVAL, 0);
        expect(LIMIT_MEMORY_MAX, "8g", -EINVAL, 0);
        expect(LIMIT_MEMORY_MAX, "0%", -ERANGE, 0);
        expect(LIMIT_MEMORY_MAX, "100.01%", -ERANGE, 0);
        expect(LIMIT_MEMORY_MAX, "5%G", -EINVAL, 0);
        expect(LIMIT_MEMORY_HIGH, "100", -ERANGE, 0);
        expect(LIMIT_MEMORY_SWAP_MAX, "0", 0, 0);
        expect(LIMIT_MEMORY_SWAP_MAX, "0%", 0, 0);
        expect(LIMIT_MEMORY_SWAP_MAX, "8", 1, 8);
        expect(LIMIT_MEMORY_SWAP_MAX, "1M", 0, 1 << 20);

        assert_int_equal(key_parse(LIMIT_MEMORY_MAX, "12.5%", &value, &why), 0);
        assert_true(value.of_ram);
        assert_int_equal(value.number, 1250);
        assert_int_equal(key_parse(LIMIT_MEMORY_MAX, "8G", &value, &why), 0);
        assert_false(value.of_ram);
}

static void test_sections(_unused_ void **state) {
        for (int i = 0; i < _SECTION_COUNT; i++) {
                const char *name = section_to_string((SectionKind) i);

                assert_int_equal(section_from_string(name, strlen(name)), i);
                assert_int_equal(section_in_words((SectionKind) i)[0], '[');
        }
        assert_int_equal(section_from_string("CPU x", 3), SECTION_CPU);
        assert_int_equal(section_from_string("CPUx", 4), -EINVAL);
        assert_int_equal(section_from_string("CPU", 2), -EINVAL);
        assert_int_equal(section_from_string("", 0), -EINVAL);
}

static void test_nearest(_unused_ void **state) {
        char text[200];

        assert_string_equal(key_nearest("CPUQuotta", SECTION_CPU), "CPUQuota");
        assert_string_equal(key_nearest("cpuquota", SECTION_CPU), "CPUQuota");
        assert_string_equal(key_nearest("MemMax", SECTION_MEMORY), "MemoryMax");
        assert_null(key_nearest("CPUQuota", SECTION_MANAGER));
        assert_null(key_nearest("x", SECTION_CPU));
        assert_null(key_nearest("", SECTION_CPU));
        assert_int_equal(section_nearest("cpu", 3), SECTION_CPU);
        assert_int_equal(section_nearest("Users", 5), SECTION_USER);
        assert_int_equal(section_nearest("Mai", 3), SECTION_MAIL);
        assert_int_equal(section_nearest("", 0), -ENOENT);
        memset(text, 'x', sizeof text - 1);
        text[sizeof text - 1] = '\0';
        assert_null(key_nearest(text, SECTION_CPU));
        assert_int_equal(section_nearest(text, strlen(text)), -ENOENT);
}

/* ---- selectors ---- */

/* As selector_format() writes it, or what is wrong. */
static void expect_selector(int (*parse)(const char *, Selector *, const char **), const char *text,
                            const char *expected) {
        Selector selector = {};
        const char *why = NULL;
        int r = parse(text, &selector, &why);
        SelectorBuffer buffer;

        assert_true(r == 0 || r == -EINVAL);
        if (r == 0)
                assert_string_equal(selector_format(buffer, &selector), expected);
        else {
                assert_non_null(why);
                assert_null(expected);
        }
        selector_done(&selector);
}

static void test_user_selector(_unused_ void **state) {
        static const char *const wrong[] = { "",           " ",
                                             "1000-",      "1000-999",
                                             "1000-20O0",  "1000-2000-3000",
                                             "65535",      "-5",
                                             "-alice",     "a b",
                                             "a,b",        "a:b",
                                             "../etc",     "a*",
                                             "[a]",        "\"a\"",
                                             "a\tb",       "a\x7f",
                                             "1-2x",       "5 - x",
                                             "4294967295", "99999999999999999999" };
        char text[400];

        expect_selector(selector_parse_user, "alice", "User alice");
        expect_selector(selector_parse_user, "1000", "User 1000");
        expect_selector(selector_parse_user, "1000-1000", "User 1000");
        expect_selector(selector_parse_user, "1000-1999", "User 1000-1999");
        expect_selector(selector_parse_user, "1000 - 1999", "User 1000-1999");
        expect_selector(selector_parse_user, "0", "User 0");
        expect_selector(selector_parse_user, "EXAMPLE\\alice", "User EXAMPLE\\alice");
        expect_selector(selector_parse_user, "alice@example.org", "User alice@example.org");
        expect_selector(selector_parse_user, "a-b.c_d$", "User a-b.c_d$");
        expect_selector(selector_parse_user, "4lice", "User 4lice");
        expect_selector(selector_parse_user, "müller", "User müller");
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                expect_selector(selector_parse_user, wrong[i], NULL);
        memset(text, 'x', sizeof text);
        text[256] = '\0';
        expect_selector(selector_parse_user, text, NULL);
}

static void test_group_selector(_unused_ void **state) {
        expect_selector(selector_parse_group, "staff", "Group staff");
        expect_selector(selector_parse_group, "domain users", "Group domain users");
        expect_selector(selector_parse_group, "100", "Group 100");
        expect_selector(selector_parse_group, "0", "Group 0");
        expect_selector(selector_parse_group, "", NULL);
        expect_selector(selector_parse_group, "4294967295", NULL);
        expect_selector(selector_parse_group, "99999999999999999999999", NULL);
        expect_selector(selector_parse_group, "-x", NULL);
        expect_selector(selector_parse_group, "a*", NULL);
        expect_selector(selector_parse_plan, "gold", "Plan gold");
        expect_selector(selector_parse_plan, "1000", "Plan 1000");
        expect_selector(selector_parse_plan, "big memory", NULL);
        expect_selector(selector_parse_plan, "", NULL);
}

static void test_selector_map(_unused_ void **state) {
        Selector items[] = {
                SELECTOR_NAME(SELECT_USER_NAME, "a"),  SELECTOR_NAME(SELECT_USER_NAME, "b"),
                SELECTOR_NAME(SELECT_GROUP_NAME, "a"), SELECTOR_NAME(SELECT_PLAN, "a"),
                SELECTOR_ID(SELECT_USER_RANGE, 1, 1),  SELECTOR_ID(SELECT_USER_RANGE, 1, 2),
                SELECTOR_ID(SELECT_USER_RANGE, 2, 2),  SELECTOR_ID(SELECT_GROUP_ID, 1, 1),
        };
        SelectorMap map = {};

        for (size_t i = 0; i < ELEMENTSOF(items); i++) {
                assert_null(selector_map_get(&map, &items[i]));
                assert_int_equal(selector_map_add(&map, &items[i]), 0);
        }
        for (size_t i = 0; i < ELEMENTSOF(items); i++) {
                Selector copy = items[i];

                assert_ptr_equal(selector_map_get(&map, &copy), &items[i]);
                assert_int_equal(selector_map_add(&map, &copy), -EEXIST);
        }
        selector_map_clear(&map, NULL);
        assert_null(selector_map_get(&map, &items[0]));
        selector_map_clear(&map, NULL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_table),         cmocka_unit_test(test_rubbish),
                cmocka_unit_test(test_defaults),      cmocka_unit_test(test_interval),
                cmocka_unit_test(test_history),       cmocka_unit_test(test_numbers),
                cmocka_unit_test(test_words),         cmocka_unit_test(test_thresholds),
                cmocka_unit_test(test_quota),         cmocka_unit_test(test_memory),
                cmocka_unit_test(test_sections),      cmocka_unit_test(test_nearest),
                cmocka_unit_test(test_user_selector), cmocka_unit_test(test_group_selector),
                cmocka_unit_test(test_selector_map),  cmocka_unit_test(test_warnings),
                cmocka_unit_test(test_mail),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
