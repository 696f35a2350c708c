/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "notify/shown.h"
#include "support/scratch.h"
#include "support/test.h"

#define NOW    (UINT64_C(1700000000) * USEC_PER_SEC)
#define MINUTE (60 * USEC_PER_SEC)
#define HOUR   (60 * MINUTE)

static Shown shown_of(void **state) {
        return (Shown){ .dirfd = ((const Scratch *) *state)->fd, .fd = -1 };
}

static void put(const Shown *shown, const char *text) {
        assert_int_equal(write_file_atomic(shown->dirfd, SHOWN_NAME, text, strlen(text), 0600), 0);
}

static void assert_since(const Shown *shown, usec_t now, usec_t expected) {
        usec_t since;

        assert_true(shown_since(shown, now, &since));
        assert_int_equal(since, expected);
}

static void assert_unknown(const Shown *shown) {
        usec_t since;

        assert_false(shown_since(shown, NOW, &since));
        assert_int_equal(since, NOW - MINUTE);
}

static void assert_kept(const Shown *shown) {
        assert_unknown(shown);
        assert_int_equal(shown_save(shown, NOW - 2 * MINUTE, NOW), 0);
        assert_since(shown, NOW, NOW - 2 * MINUTE + 1);
        assert_since(shown, NOW + 2 * HOUR, NOW + HOUR);
        assert_int_equal(shown_save(shown, NOW + HOUR, NOW), 0);
        assert_since(shown, NOW, NOW + 1);
        assert_int_equal(shown_save(shown, 5, NOW), 0);
        assert_since(shown, NOW, NOW - HOUR);
        assert_since(shown, 10, 6);
}

static void test_kept(void **state) {
        Shown shown = shown_of(state);

        assert_kept(&shown);
}

/* What is longer or shorter than before leaves nothing behind, and it is one line. */
static void test_kept_in_place(void **state) {
        Shown directory = shown_of(state), shown = { .dirfd = -1 };
        struct stat st;

        shown.fd = openat(directory.dirfd, SHOWN_NAME, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        assert_true(shown.fd >= 0);
        assert_kept(&shown);
        assert_int_equal(fstat(shown.fd, &st), 0);
        assert_int_equal(st.st_size, 21);
        assert_int_equal(pwrite(shown.fd, "x", 1, 0), 1);
        assert_unknown(&shown);
        close(shown.fd);
}

static void test_nowhere(_unused_ void **state) {
        Shown shown = { .dirfd = -1, .fd = -1 };

        assert_unknown(&shown);
        assert_int_equal(shown_save(&shown, NOW, NOW), 0);
        assert_unknown(&shown);
}

/* The clock was set back, or somebody plays with the file. */
static void test_any_text(void **state) {
        static const char *const texts[] = { "",
                                             "x",
                                             "-1",
                                             "1 2",
                                             "18446744073709551615",
                                             "1700000001000000",
                                             "99999999999999999999999999999999999999999" };
        Shown shown = shown_of(state);

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                put(&shown, texts[i]);
                assert_unknown(&shown);
        }
        put(&shown, "0\n");
        assert_since(&shown, NOW, NOW - HOUR);
        assert_since(&shown, 5, 1);
}

static void clear(const Shown *shown) {
        assert_unknown(shown);
        assert_int_equal(shown_save(shown, NOW, NOW), 0);
        assert_since(shown, NOW, NOW + 1);
        assert_int_equal(unlinkat(shown->dirfd, SHOWN_NAME, 0), 0);
}

static void test_no_file(void **state) {
        Shown shown = shown_of(state);
        int fd;

        assert_int_equal(mkfifoat(shown.dirfd, SHOWN_NAME, 0600), 0);
        clear(&shown);
        assert_int_equal(symlinkat("/proc/uptime", shown.dirfd, SHOWN_NAME), 0);
        clear(&shown);
        fd = openat(shown.dirfd, SHOWN_NAME, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(pwrite(fd, "1", 1, 0), 1);
        assert_int_equal(ftruncate(fd, (off_t) 1 << 40), 0);
        close(fd);
        clear(&shown);
        assert_int_equal(mkdirat(shown.dirfd, SHOWN_NAME, 0700), 0);
        assert_unknown(&shown);
        assert_true(shown_save(&shown, NOW, NOW) < 0);
        assert_int_equal(faccessat(shown.dirfd, ".#" SHOWN_NAME, F_OK, 0), -1);
}

/* Somebody else's is not believed. */
static void test_owner(void **state) {
        Shown shown = shown_of(state);

        if (geteuid() != 0)
                skip();
        put(&shown, "0\n");
        assert_int_equal(fchownat(shown.dirfd, SHOWN_NAME, 1, 1, 0), 0);
        clear(&shown);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_kept, scratch_setup, scratch_teardown),
                cmocka_unit_test_setup_teardown(test_kept_in_place, scratch_setup, scratch_teardown),
                cmocka_unit_test_setup_teardown(test_nowhere, scratch_setup, scratch_teardown),
                cmocka_unit_test_setup_teardown(test_any_text, scratch_setup, scratch_teardown),
                cmocka_unit_test_setup_teardown(test_no_file, scratch_setup, scratch_teardown),
                cmocka_unit_test_setup_teardown(test_owner, scratch_setup, scratch_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
