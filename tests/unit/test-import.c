/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What --import-cgroup-py prints and says, and of which files it says that they cannot be read. */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "config/reader.h"
#include "daemon/import.h"
#include "support/log-capture.h"
#include "support/test.h"

static char directory[32], path[64];
static int dirfd_ = -1;
static char *printed;

/* The directory is also /proc. */
static void mount_memory(bool legacy) {
        static const char v1[] = "30 25 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
        static const char v2[] = "30 25 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        const char *line = legacy ? v1 : v2;
        _cleanup_close_ int fd =
                openat(dirfd_, "self/mountinfo", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, line, strlen(line)), strlen(line));
}

static int setup(_unused_ void **state) {
        strcpy(directory, "/tmp/fairslice-import-XXXXXX");
        if (!mkdtemp(directory))
                return -1;
        snprintf(path, sizeof path, "%s/cgroup_py.cfg", directory);
        dirfd_ = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dirfd_ < 0 || mkdirat(dirfd_, "self", 0700) < 0)
                return -1;
        log_capture_start();
        mount_memory(true);
        return 0;
}

static int teardown(_unused_ void **state) {
        log_capture_stop(false);
        free(printed);
        printed = NULL;
        (void) unlinkat(dirfd_, "cgroup_py.cfg", 0);
        (void) unlinkat(dirfd_, "self/mountinfo", 0);
        (void) unlinkat(dirfd_, "self", AT_REMOVEDIR);
        dirfd_ = safe_close(dirfd_);
        return rmdir(directory);
}

static void put(const char *text, size_t size) {
        assert_int_equal(write_file_atomic(dirfd_, "cgroup_py.cfg", text, size, 0600), 0);
}

static int import(const char *file) {
        size_t size = 0;
        FILE *f;
        int r;

        free(printed);
        printed = NULL;
        f = open_memstream(&printed, &size);
        assert_non_null(f);
        r = import_print_cgroup_py(dirfd_, file, f);
        fclose(f);
        return r;
}

/* One line, which names the file, and nothing is printed. */
static void assert_refused(const char *file, int error, const char *why) {
        log_capture_forget();
        assert_int_equal(import(file), error);
        assert_string_equal(printed, "");
        assert_int_equal(log_capture_count(file), 1);
        assert_int_equal(log_capture_count(why), 1);
}

static void test_printed(_unused_ void **state) {
        static const char text[] = "[main]\ncoreThreshold = 87.5\nadmin = x\ninterval = soon\n";
        char line[128];

        put(text, strlen(text));
        assert_int_equal(import(path), 0);
        assert_non_null(strstr(printed, "\nCPUThreshold=87.5%\n"));
        assert_int_equal(log_capture_count(path), 2);
        snprintf(line, sizeof line, "%s:3: admin=x: ", path);
        assert_int_equal(log_capture_count(line), 1);
        assert_non_null(strstr(printed, line));
        snprintf(line, sizeof line, "%s:4: interval=soon: ", path);
        assert_int_equal(log_capture_count(line), 1);
        assert_non_null(strstr(printed, line));
}

/* By what this host has. */
static void test_soft_limit(_unused_ void **state) {
        put("[main]\n", strlen("[main]\n"));
        assert_int_equal(import(path), 0);
        assert_non_null(strstr(printed, "\nMemoryHigh=15%\n"));
        mount_memory(false);
        assert_int_equal(import(path), 0);
        assert_non_null(strstr(printed, "\n#MemoryHigh=15%\n"));
        assert_int_equal(unlinkat(dirfd_, "self/mountinfo", 0), 0);
        assert_refused(path, -ENOENT, "how cgroups are mounted");
}

static void test_not_to_be_read(_unused_ void **state) {
        assert_refused(path, -ENOENT, "No such file or directory");
        assert_refused(directory, -EINVAL, "Not a regular file");
        assert_int_equal(mkfifoat(dirfd_, "cgroup_py.cfg", 0600), 0);
        assert_refused(path, -EINVAL, "Not a regular file");
        assert_refused("/dev/zero", -EINVAL, "Not a regular file");
}

static void test_too_large(_unused_ void **state) {
        _cleanup_free_ char *text = malloc(CONFIG_FILE_MAX + 1);

        assert_non_null(text);
        memset(text, '\n', CONFIG_FILE_MAX + 1);
        memcpy(text, "[main]", strlen("[main]"));
        put(text, CONFIG_FILE_MAX);
        assert_int_equal(import(path), 0);
        put(text, CONFIG_FILE_MAX + 1);
        assert_refused(path, -EFBIG, "Too large");
}

static void test_another_file(_unused_ void **state) {
        put("[CPU]\nCPUThreshold=90%\n", strlen("[CPU]\nCPUThreshold=90%\n"));
        assert_refused(path, -EBADMSG, "no section [main]");
}

static void test_no_room(_unused_ void **state) {
        _cleanup_fclose_ FILE *full = fopen("/dev/full", "we");

        assert_non_null(full);
        put("[main]\n", strlen("[main]\n"));
        assert_int_equal(import_print_cgroup_py(dirfd_, path, full), -ENOSPC);
        assert_int_equal(log_capture_count(path), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_printed),   TEST(test_soft_limit),   TEST(test_not_to_be_read),
                TEST(test_too_large), TEST(test_another_file), TEST(test_no_room),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
