/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "report/address-map.h"

#include <string.h>

#include "unit.h"

#define PATTERN "@USER@@example.org"

static char told[2048];

static void tell(unsigned line, const char *why, _unused_ void *userdata) {
        size_t length = strlen(told);

        snprintf(told + length, sizeof told - length, "%u: %s\n", line, why);
}

static AddressMap *parse(const char *text) {
        AddressMap *map;

        *told = '\0';
        assert_int_equal(address_map_parse(text, strlen(text), tell, NULL, &map), 0);
        return map;
}

static void expect(const AddressMap *map, const char *pattern, const char *user, const char *expected) {
        char address[MAIL_ADDRESS_MAX + 1] = "as before";

        assert_int_equal(address_of_user(map, pattern, user, address), 0);
        assert_string_equal(address, expected);
}

static void expect_none(const AddressMap *map, const char *pattern, const char *user, int error) {
        char address[MAIL_ADDRESS_MAX + 1] = "as before";

        assert_int_equal(address_of_user(map, pattern, user, address), error);
        assert_string_equal(address, "as before");
}

static void test_map(_unused_ void **state) {
        _cleanup_(address_map_freep) AddressMap *map =
                parse("# own addresses\n\n carol :carol@x\r\nalice:\talice.smith@example.net \nbob:\n"
                      "EX\\dave: dave@y");

        assert_string_equal(told, "");
        expect(map, PATTERN, "alice", "alice.smith@example.net");
        expect(map, PATTERN, "carol", "carol@x");
        expect(map, PATTERN, "EX\\dave", "dave@y");
        expect(map, PATTERN, "erin", "erin@example.org");
        expect_none(map, PATTERN, "bob", -ENOENT);
        expect_none(map, NULL, "erin", -ENOKEY);
}

static void test_wrong_lines(_unused_ void **state) {
        _cleanup_(address_map_freep) AddressMap *map = parse(
                "alice alice@x\n: x@x\nbob: bob\ncarol: c@x, d@x\nalice: a@x\nalice: b@x\nbob: <b@x>\n");

        assert_string_equal(told, "1: There is no colon; allowed is USER: ADDRESS.\n"
                                  "2: There is no user before the colon.\n"
                                  "3: Not an address; allowed is an address such as alice@example.org, or "
                                  "nothing for no mail.\n"
                                  "4: Not an address; allowed is an address such as alice@example.org, or "
                                  "nothing for no mail.\n"
                                  "7: Not an address; allowed is an address such as alice@example.org, or "
                                  "nothing for no mail.\n"
                                  "6: This user is there already, further up.\n");
        expect(map, NULL, "alice", "a@x");
        expect_none(map, NULL, "bob", -ENOKEY);
}

static void test_whole_files(_unused_ void **state) {
        _cleanup_free_ char *large = calloc(1, ADDRESS_MAP_SIZE_MAX + 1);
        AddressMap *map = NULL;

        assert_int_equal(address_map_parse("a: b@c\0", 7, tell, NULL, &map), -EINVAL);
        assert_int_equal(address_map_parse(large, ADDRESS_MAP_SIZE_MAX + 1, tell, NULL, &map), -EFBIG);
        assert_null(map);
        assert_int_equal(address_map_parse("", 0, tell, NULL, &map), 0);
        expect_none(map, NULL, "alice", -ENOKEY);
        address_map_free(map);
}

static void test_pattern(_unused_ void **state) {
        char name[400];

        assert_true(mail_pattern_is_valid(PATTERN));
        assert_true(mail_pattern_is_valid("@USER@@@USER@.example.org") == false);
        assert_true(mail_pattern_is_valid("mail+@USER@@example.org"));
        assert_true(mail_pattern_is_valid("root@@USER@.example.org"));
        assert_false(mail_pattern_is_valid("root@example.org"));
        assert_false(mail_pattern_is_valid("@USER@"));
        assert_false(mail_pattern_is_valid("@USER@@example.org\n"));
        assert_false(mail_pattern_is_valid(""));
        expect(NULL, "mail+@USER@@example.org", "alice", "mail+alice@example.org");
        expect_none(NULL, PATTERN, "a@b", -EINVAL);
        expect_none(NULL, PATTERN, "EX\\alice", -EINVAL);
        expect_none(NULL, PATTERN, "a b", -EINVAL);
        expect_none(NULL, PATTERN, "a\r\nBcc: x@y", -EINVAL);
        expect_none(NULL, PATTERN, "", -EINVAL);
        expect_none(NULL, PATTERN, "-oQ", -EINVAL);
        expect_none(NULL, PATTERN, "@USER@", -EINVAL);
        memset(name, 'a', sizeof name);
        name[sizeof name - 1] = '\0';
        expect_none(NULL, PATTERN, name, -EINVAL);
        memset(name, 'a', 200);
        expect_none(NULL, "x@@USER@.example.org", name, -EINVAL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_map),
                cmocka_unit_test(test_wrong_lines),
                cmocka_unit_test(test_whole_files),
                cmocka_unit_test(test_pattern),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
