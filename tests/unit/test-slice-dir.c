/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "support/drive.h"
#include "support/few-descriptors.h"
#include "watch/slice-dir.h"

static struct {
        unsigned created, removed, lost, gone;
        char name[256]; /* of the last */
} told;

static char directory[64];
static int fd = -1;
static sd_event *loop;
static SliceDirWatch *watch;

static void on_created(const char *name, _unused_ void *userdata) {
        told.created++;
        strcpy(told.name, name);
}

static void on_removed(const char *name, _unused_ void *userdata) {
        told.removed++;
        strcpy(told.name, name);
}

static void on_lost(_unused_ void *userdata) {
        told.lost++;
}

static void on_gone(_unused_ void *userdata) {
        told.gone++;
        watch = slice_dir_watch_free(watch); /* allowed */
}

static int setup(_unused_ void **state) {
        memset(&told, 0, sizeof told);
        /* In memory where that can be had: thousands of directories wait for a disk that others write to. */
        strcpy(directory, access("/dev/shm", W_OK) == 0 ? "/dev/shm/fairslice-dir-XXXXXX"
                                                        : "/tmp/fairslice-dir-XXXXXX");
        if (!mkdtemp(directory) || sd_event_new(&loop) < 0)
                return -1;
        drive_add(loop);
        fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -1 : 0;
}

static int teardown(_unused_ void **state) {
        watch = slice_dir_watch_free(watch);
        drive_remove(loop);
        loop = sd_event_unref(loop);
        fd = safe_close(fd);
        return 0;
}

static void start(void) {
        const SliceDirHandlers handlers = {
                .created = on_created,
                .removed = on_removed,
                .lost = on_lost,
                .gone = on_gone,
        };

        assert_int_equal(slice_dir_watch_new(loop, fd, &handlers, &watch), 0);
}

static void make(const char *name) {
        assert_int_equal(mkdirat(fd, name, 0700), 0);
}

static void drop(const char *name) {
        assert_int_equal(unlinkat(fd, name, AT_REMOVEDIR), 0);
}

static void test_there_before(_unused_ void **state) {
        make("user-1000.slice");
        make("user-1001.slice");
        make("session.scope");
        start();
        assert_int_equal(told.created, 2);
        drive_ready();
        assert_int_equal(told.created, 2);
        drop("user-1000.slice");
        drop("user-1001.slice");
        drop("session.scope");
        assert_int_equal(rmdir(directory), 0);
}

static void test_come_and_go(_unused_ void **state) {
        start();
        make("a.slice");
        drive_ready();
        assert_int_equal(told.created, 1);
        assert_string_equal(told.name, "a.slice");
        drop("a.slice");
        drive_ready();
        assert_int_equal(told.removed, 1);
        make("x.scope");
        make(".slice"); /* a slice without a name */
        drop("x.scope");
        drop(".slice");
        assert_true(mknodat(fd, "file.slice", S_IFREG | 0600, 0) == 0);
        assert_int_equal(unlinkat(fd, "file.slice", 0), 0);
        drive_ready();
        assert_int_equal(told.created + told.removed, 2);
        assert_int_equal(rmdir(directory), 0);
}

static void start_and_lose_events(void) {
        char name[32];

        start();
        /* Two events each; 16384 are what a queue holds unless the host's administrator has changed it. */
        for (unsigned i = 0; i < 17000; i++) {
                snprintf(name, sizeof name, "%u.slice", i);
                make(name);
                drop(name);
        }
        make("last.slice");
}

static void test_more_than_inotify_holds(_unused_ void **state) {
        start_and_lose_events();
        drive_ready();
        assert_int_equal(told.lost, 1);
        assert_string_equal(told.name, "last.slice");
        drop("last.slice");
        drive_ready();
        assert_string_equal(told.name, "last.slice");
        assert_int_equal(rmdir(directory), 0);
}

/* What is there is found as soon as there are descriptors again, and once is enough. */
static void test_cannot_be_listed(_unused_ void **state) {
        unsigned created;

        start_and_lose_events();
        forbid_descriptors(true);
        drive_ready();
        created = told.created;
        assert_int_equal(slice_dir_watch_retry(watch), -EMFILE);
        forbid_descriptors(false);
        assert_int_equal(told.lost, 1);
        assert_int_equal(told.created, created);
        assert_int_equal(slice_dir_watch_retry(watch), 0);
        assert_int_equal(told.created, created + 1);
        assert_string_equal(told.name, "last.slice");
        assert_int_equal(slice_dir_watch_retry(watch), 0);
        assert_int_equal(told.created, created + 1);
        drop("last.slice");
        assert_int_equal(rmdir(directory), 0);
}

/* Freed with events that nobody has seen. */
static void test_freed(_unused_ void **state) {
        start();
        make("a.slice");
        watch = slice_dir_watch_free(watch);
        drive_ready();
        assert_int_equal(told.created, 0);
        assert_null(slice_dir_watch_free(NULL));
        drop("a.slice");
        assert_int_equal(rmdir(directory), 0);
}

static void test_no_directory(_unused_ void **state) {
        assert_int_equal(slice_dir_watch_new(loop, -1, &(SliceDirHandlers){}, &watch), -EBADF);
        assert_null(watch);
        assert_int_equal(rmdir(directory), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_there_before),     TEST(test_come_and_go), TEST(test_more_than_inotify_holds),
                TEST(test_cannot_be_listed), TEST(test_freed),       TEST(test_no_directory),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
