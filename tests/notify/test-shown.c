/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "notify/shown.h"
#include "support/scratch.h"
#include "support/test.h"

#define NOW    (UINT64_C(1700000000) * USEC_PER_SEC)
#define MINUTE (60 * USEC_PER_SEC)
#define HOUR   (60 * MINUTE)

static int dirfd_of(void **state) {
        return ((const Scratch *) *state)->fd;
}

static void put(void **state, const char *text) {
        assert_int_equal(write_file_atomic(dirfd_of(state), "shown", text, strlen(text), 0600), 0);
}

static void test_kept(void **state) {
        int fd = dirfd_of(state);

        assert_int_equal(shown_since(-1, NOW), NOW - MINUTE);
        assert_int_equal(shown_since(fd, NOW), NOW - MINUTE);
        assert_int_equal(shown_save(fd, NOW - 2 * MINUTE, NOW), 0);
        assert_int_equal(shown_since(fd, NOW), NOW - 2 * MINUTE + 1);
        assert_int_equal(shown_since(fd, NOW + 2 * HOUR), NOW + HOUR);
        assert_int_equal(shown_save(fd, NOW + HOUR, NOW), 0);
        assert_int_equal(shown_since(fd, NOW), NOW + 1);
        assert_true(shown_save(-1, NOW, NOW) < 0);
}

/* The clock was set back, or somebody plays with the file. */
static void test_anything_in_it(void **state) {
        static const char *const texts[] = { "",
                                             "x",
                                             "-1",
                                             "1 2",
                                             "18446744073709551615",
                                             "1700000001000000",
                                             "99999999999999999999999999999999999999999" };
        int fd = dirfd_of(state);

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                put(state, texts[i]);
                assert_int_equal(shown_since(fd, NOW), NOW - MINUTE);
        }
        put(state, "0\n");
        assert_int_equal(shown_since(fd, NOW), NOW - HOUR);
        assert_int_equal(shown_since(fd, 5), 1);
        assert_int_equal(unlinkat(fd, "shown", 0), 0);
        assert_int_equal(mkfifoat(fd, "shown", 0600), 0);
        assert_int_equal(shown_since(fd, NOW), NOW - MINUTE);
        assert_int_equal(unlinkat(fd, "shown", 0), 0);
        assert_int_equal(symlinkat("/proc/uptime", fd, "shown"), 0);
        assert_int_equal(shown_since(fd, NOW), NOW - MINUTE);
        assert_int_equal(shown_save(fd, NOW, NOW), 0);
        assert_int_equal(shown_since(fd, NOW), NOW + 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_kept, scratch_setup, scratch_teardown),
                cmocka_unit_test_setup_teardown(test_anything_in_it, scratch_setup, scratch_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
