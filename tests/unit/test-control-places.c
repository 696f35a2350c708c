/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "daemon/control-places.h"
#include "support/drive.h"

/* NOLINTBEGIN: names that the linker wants */
int __real_sd_event_add_inotify(sd_event *e, sd_event_source **s, const char *path, uint32_t mask,
                                sd_event_inotify_handler_t callback, void *userdata);
int __wrap_sd_event_add_inotify(sd_event *e, sd_event_source **s, const char *path, uint32_t mask,
                                sd_event_inotify_handler_t callback, void *userdata);

static bool no_inotify;

int __wrap_sd_event_add_inotify(sd_event *e, sd_event_source **s, const char *path, uint32_t mask,
                                sd_event_inotify_handler_t callback, void *userdata) {
        return no_inotify ? -EMFILE : __real_sd_event_add_inotify(e, s, path, mask, callback, userdata);
}
/* NOLINTEND */

static char runtime[64], state[64];
static sd_event *loop;
static ControlPlaces *places;
static unsigned changed;

static void on_changed(_unused_ const uid_t *removed, _unused_ size_t n, _unused_ void *userdata) {
        changed++;
}

static int setup(_unused_ void **s) {
        strcpy(runtime, "/tmp/fairslice-run-XXXXXX");
        strcpy(state, "/tmp/fairslice-state-XXXXXX");
        if (!mkdtemp(runtime) || !mkdtemp(state) || sd_event_new(&loop) < 0)
                return -1;
        drive_add(loop);
        changed = 0;
        return 0;
}

static void remove_place(const char *parent) {
        char path[128];

        snprintf(path, sizeof path, "%s/" CONTROL_DIRECTORY "/a.conf", parent);
        (void) unlink(path);
        *strrchr(path, '/') = '\0';
        (void) rmdir(path);
        (void) rmdir(parent);
}

static int teardown(_unused_ void **s) {
        places = control_places_free(places);
        drive_remove(loop);
        loop = sd_event_unref(loop);
        remove_place(runtime);
        remove_place(state);
        no_inotify = false;
        return 0;
}

static void start(void) {
        const ControlPlacesArgs args = {
                .runtime_path = runtime,
                .state_path = state,
                .make = true,
                .event = loop,
                .changed = on_changed,
        };

        assert_int_equal(control_places_new(&args, &places), 0);
}

static void write_by_hand(const char *parent) {
        char path[128];
        int fd;

        snprintf(path, sizeof path, "%s/" CONTROL_DIRECTORY "/a.conf", parent);
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        assert_true(fd >= 0);
        close(fd);
}

static void test_changes_are_told(_unused_ void **s) {
        start();
        assert_int_equal(control_places_watch_error(places), 0);
        write_by_hand(state);
        DRIVE_UNTIL(changed == 1);
        write_by_hand(runtime);
        DRIVE_UNTIL(changed == 2);
}

/* Limits can be set all the same, and it is watched as soon as that can be had. */
static void test_no_inotify(_unused_ void **s) {
        const ControlDirs *dirs;

        no_inotify = true;
        start();
        assert_int_equal(control_places_watch_error(places), -EMFILE);
        assert_int_equal(control_places_persistent_error(places), 0);
        dirs = control_places_dirs(places);
        assert_true(dirs->runtime_fd >= 0 && dirs->persistent_fd >= 0);
        assert_int_equal(control_places_watch_error(places), -EMFILE);
        no_inotify = false;
        (void) control_places_dirs(places);
        assert_int_equal(control_places_watch_error(places), 0);
        write_by_hand(state);
        DRIVE_UNTIL(changed == 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_changes_are_told, setup, teardown),
                cmocka_unit_test_setup_teardown(test_no_inotify, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
