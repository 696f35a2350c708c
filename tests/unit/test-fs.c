/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "unit.h"

static char directory[] = "/tmp/fairslice-test-fs-XXXXXX";
static int dirfd_ = -1;

static int setup(_unused_ void **state) {
        if (!mkdtemp(directory))
                return -1;
        dirfd_ = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return dirfd_ < 0 ? -1 : 0;
}

static int remove_one(const char *path, _unused_ const struct stat *st, _unused_ int type,
                      _unused_ struct FTW *ftw) {
        return remove(path);
}

static int teardown(_unused_ void **state) {
        safe_close(dirfd_);
        return nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void put(const char *name, const void *data, size_t size) {
        _cleanup_close_ int fd = openat(dirfd_, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, data, size), size);
}

static void test_read(_unused_ void **state) {
        char buffer[8];

        put("file", "1234567", 7);
        assert_int_equal(read_file_at(dirfd_, "file", buffer, sizeof buffer), 7);
        assert_string_equal(buffer, "1234567");
        assert_int_equal(read_file_at(dirfd_, "file", buffer, 7), -EFBIG);
        assert_int_equal(read_file_at(dirfd_, "file", buffer, 1), -EFBIG);
        put("file", "a\0b", 3);
        assert_int_equal(read_file_at(dirfd_, "file", buffer, sizeof buffer), 3);
        assert_memory_equal(buffer, "a\0b", 4);
        put("file", "", 0);
        assert_int_equal(read_file_at(dirfd_, "file", buffer, 1), 0);
        assert_string_equal(buffer, "");
}

static void test_read_whole(_unused_ void **state) {
        _cleanup_free_ char *text = NULL, *untouched = NULL;

        put("file", "1234567", 7);
        assert_int_equal(read_whole_file_at(dirfd_, "file", 7, &text), 7);
        assert_string_equal(text, "1234567");
        assert_int_equal(read_whole_file_at(dirfd_, "file", 6, &untouched), -EFBIG);
        assert_int_equal(read_whole_file_at(dirfd_, "none", 7, &untouched), -ENOENT);
        assert_int_equal(read_whole_file_at(dirfd_, ".", 1 << 20, &untouched), -EBADMSG);
        assert_int_equal(mkfifoat(dirfd_, "whole-fifo", 0600), 0);
        assert_int_equal(read_whole_file_at(dirfd_, "whole-fifo", 7, &untouched), -EBADMSG);
        assert_int_equal(symlinkat("file", dirfd_, "whole-link"), 0);
        assert_int_equal(read_whole_file_at(dirfd_, "whole-link", 7, &untouched), -ELOOP);
        assert_null(untouched);
}

static void test_attribute(_unused_ void **state) {
        _cleanup_close_ int fd = -1;
        char buffer[8] = "x";

        put("file", "1234567", 7);
        fd = openat(dirfd_, "file", O_RDONLY | O_CLOEXEC);
        for (int i = 0; i < 2; i++) {
                assert_int_equal(read_attribute(fd, buffer, sizeof buffer), 7);
                assert_string_equal(buffer, "1234567");
        }
        assert_int_equal(read_attribute(fd, buffer, 7), -EFBIG);
        assert_int_equal(read_attribute(fd, buffer, 0), -EFBIG);
        assert_int_equal(read_attribute(-1, buffer, sizeof buffer), -EBADF);
        assert_int_equal(read_attribute_at(dirfd_, "file", buffer, sizeof buffer), 7);
        assert_int_equal(read_attribute_at(dirfd_, "none", buffer, sizeof buffer), -ENOENT);
        put("file", "", 0);
        assert_int_equal(read_attribute(fd, buffer, 1), 0);
        assert_string_equal(buffer, "");
}

/* A list that the kernel gives in parts, however much is asked for: a line for each of many mappings. */
static void test_read_in_parts(_unused_ void **state) {
        _cleanup_close_ int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
        static char text[1024 * 1024];
        long page = sysconf(_SC_PAGESIZE);
        size_t pages = 512, whole = 0;
        unsigned parts = 0;
        ssize_t n;
        char *area;

        area = mmap(NULL, pages * (size_t) page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_true(fd >= 0 && area != MAP_FAILED);
        for (size_t i = 0; i < pages; i += 2)
                assert_int_equal(mprotect(area + i * (size_t) page, (size_t) page, PROT_READ | PROT_WRITE),
                                 0);
        while ((n = pread(fd, text, sizeof text, (off_t) whole)) > 0) {
                whole += (size_t) n;
                parts++;
        }
        if (parts < 2)
                skip();
        assert_int_equal(read_fd(fd, text, sizeof text), whole);
        assert_int_equal(munmap(area, pages * (size_t) page), 0);
}

static void test_read_to_line(_unused_ void **state) {
        static const char *const text = "ab 1\nb 12\nb 2\nend";
        static const struct {
                const char *prefix;
                size_t length;
        } cases[] = { { "ab ", 5 }, { "b ", 10 }, { "b 2", 14 }, { "end", 17 }, { "no", 17 }, { "", 5 } };
        _cleanup_close_ int fd = -1;
        char buffer[18];

        put("file", text, strlen(text));
        fd = openat(dirfd_, "file", O_RDONLY | O_CLOEXEC);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                assert_int_equal(read_fd_to_line(fd, cases[i].prefix, buffer, sizeof buffer),
                                 cases[i].length);
                assert_int_equal(strlen(buffer), cases[i].length);
                assert_memory_equal(buffer, text, cases[i].length);
        }
        assert_int_equal(read_fd_to_line(fd, "b ", buffer, sizeof buffer - 1), -EFBIG);
        assert_int_equal(read_fd_to_line(-1, "b ", buffer, sizeof buffer), -EBADF);
}

/* Not even the NUL fits: nothing may be written. */
static void test_read_no_space(_unused_ void **state) {
        char buffer[1] = { 'x' };

        put("file", "", 0);
        assert_int_equal(read_file_at(dirfd_, "file", buffer, 0), -EFBIG);
        assert_int_equal(buffer[0], 'x');
}

static void test_read_again(_unused_ void **state) {
        _cleanup_close_ int fd = -1;
        char buffer[8];

        put("file", "one", 3);
        fd = openat(dirfd_, "file", O_RDONLY | O_CLOEXEC);
        assert_int_equal(read_fd(fd, buffer, sizeof buffer), 3);
        put("file", "three", 5);
        assert_int_equal(read_fd(fd, buffer, sizeof buffer), 5);
        assert_string_equal(buffer, "three");
        assert_int_equal(read_fd(-1, buffer, sizeof buffer), -EBADF);
}

static void test_read_what_is_no_file(_unused_ void **state) {
        char buffer[8];

        assert_int_equal(read_file_at(dirfd_, "nothing", buffer, sizeof buffer), -ENOENT);
        assert_int_equal(read_file_at(dirfd_, ".", buffer, sizeof buffer), -EISDIR);
        put("file", "x", 1);
        assert_int_equal(read_file_at(dirfd_, "file/x", buffer, sizeof buffer), -ENOTDIR);
        assert_int_equal(symlinkat("file", dirfd_, "link"), 0);
        assert_int_equal(read_file_at(dirfd_, "link", buffer, sizeof buffer), -ELOOP);
        assert_int_equal(mkfifoat(dirfd_, "fifo", 0600), 0);
        assert_true(read_file_at(dirfd_, "fifo", buffer, sizeof buffer) < 0); /* and does not wait */
}

static void expect_content(const char *name, const char *content) {
        char buffer[64];

        assert_int_equal(read_file_at(dirfd_, name, buffer, sizeof buffer), strlen(content));
        assert_string_equal(buffer, content);
}

static void test_write(_unused_ void **state) {
        struct stat st;

        assert_int_equal(write_file_atomic(dirfd_, "new", "one", 3, 0640), 0);
        expect_content("new", "one");
        assert_int_equal(fstatat(dirfd_, "new", &st, 0), 0);
        assert_int_equal(st.st_mode & 0777 & ~0640, 0);
        assert_int_equal(write_file_atomic(dirfd_, "new", "longer", 6, 0640), 0);
        expect_content("new", "longer");
        assert_int_equal(write_file_atomic(dirfd_, "new", "", 0, 0640), 0);
        expect_content("new", "");
        assert_int_equal(fstatat(dirfd_, ".#new", &st, AT_SYMLINK_NOFOLLOW), -1);
}

static void test_write_refused(_unused_ void **state) {
        char name[300];
        struct stat st;

        assert_int_equal(write_file_atomic(dirfd_, "a/b", "x", 1, 0600), -EINVAL);
        assert_int_equal(write_file_atomic(dirfd_, "../b", "x", 1, 0600), -EINVAL);
        memset(name, 'n', sizeof name);
        name[sizeof name - 1] = '\0';
        assert_int_equal(write_file_atomic(dirfd_, name, "x", 1, 0600), -EINVAL);
        assert_true(write_file_atomic(dirfd_, "", "x", 1, 0600) < 0);
        assert_true(write_file_atomic(dirfd_, "..", "x", 1, 0600) < 0);
        assert_int_equal(write_file_atomic(-1, "x", "x", 1, 0600), -EBADF);
        /* A directory in the way stays, and nothing is left behind. */
        assert_int_equal(mkdirat(dirfd_, "dir", 0700), 0);
        assert_true(write_file_atomic(dirfd_, "dir", "x", 1, 0600) < 0);
        assert_int_equal(fstatat(dirfd_, ".#dir", &st, AT_SYMLINK_NOFOLLOW), -1);
}

/* What a crash or somebody else left under the temporary name is neither followed nor waited for. */
static void test_write_over_leftovers(_unused_ void **state) {
        struct stat st;

        put("victim", "precious", 8);
        assert_int_equal(symlinkat("victim", dirfd_, ".#a"), 0);
        assert_int_equal(write_file_atomic(dirfd_, "a", "new", 3, 0600), 0);
        expect_content("a", "new");
        expect_content("victim", "precious");

        assert_int_equal(mkfifoat(dirfd_, ".#b", 0600), 0);
        assert_int_equal(write_file_atomic(dirfd_, "b", "new", 3, 0600), 0);
        expect_content("b", "new");

        put(".#c", "much longer than what comes", 27);
        assert_int_equal(fchmodat(dirfd_, ".#c", 0666, 0), 0);
        assert_int_equal(write_file_atomic(dirfd_, "c", "new", 3, 0600), 0);
        expect_content("c", "new");
        assert_int_equal(fstatat(dirfd_, "c", &st, 0), 0);
        assert_int_equal(st.st_mode & 0777, 0600);

        /* The target's link is replaced, not written through. */
        assert_int_equal(symlinkat("victim", dirfd_, "d"), 0);
        assert_int_equal(write_file_atomic(dirfd_, "d", "new", 3, 0600), 0);
        expect_content("d", "new");
        expect_content("victim", "precious");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_read),
                cmocka_unit_test(test_read_whole),
                cmocka_unit_test(test_attribute),
                cmocka_unit_test(test_read_in_parts),
                cmocka_unit_test(test_read_to_line),
                cmocka_unit_test(test_read_no_space),
                cmocka_unit_test(test_read_again),
                cmocka_unit_test(test_read_what_is_no_file),
                cmocka_unit_test(test_write),
                cmocka_unit_test(test_write_refused),
                cmocka_unit_test(test_write_over_leftovers),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
