/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "daemon/host.h"

/* EventLog=: what has happened, as lines of a file. */

#define CONFIGURATION "[Manager]\nEventLog=/events\n"
#define TWO_CPUS      (2 * USEC_PER_SEC)

static const char *lines(const char *name) {
        static char text[65536];

        *text = '\0';
        (void) read_file_at(host.manager->root_fd, name, text, sizeof text);
        return text;
}

static unsigned count(const char *name, const char *text) {
        unsigned n = 0;

        for (const char *s = lines(name); (s = strstr(s, text)); s++)
                n++;
        return n;
}

#define BEGINS(uid) "\"event\":\"fair-share\",\"slice\":\"" SLICE(uid) "\",\"uid\":" #uid
#define ENDS(uid)   "\"event\":\"fair-share-ended\",\"slice\":\"" SLICE(uid) "\",\"uid\":" #uid

static void start(const char *configuration) {
        fixture_configure(host.fixture, configuration);
        fixture_add_user(host.fixture, 1000);
        fixture_add_user(host.fixture, 1001);
        host_start();
        host_settle();
}

static void contend(void) {
        host_want(1000, TWO_CPUS);
        host_want(1001, TWO_CPUS);
        host_run(5 * USEC_PER_SEC);
}

static void rest(void) {
        host_want(1000, 0);
        host_want(1001, 0);
        host_run(30 * USEC_PER_SEC);
}

static void test_fair_shares(_unused_ void **state) {
        start(CONFIGURATION);
        assert_string_equal(lines("events"), "");
        contend();
        assert_int_equal(count("events", BEGINS(1000)), 1);
        assert_int_equal(count("events", BEGINS(1001)), 1);
        assert_int_equal(count("events", "\"event\":\"contended\",\"id\":1}"), 1);
        assert_int_equal(count("events", "-ended"), 0);
        rest();
        assert_int_equal(count("events", ENDS(1000)), 1);
        assert_int_equal(count("events", ENDS(1001)), 1);
        assert_int_equal(count("events", BEGINS(1000)), 1);
        assert_int_equal(count("events", "\"event\":\"room\""), 1);
}

static void test_end_of_all(_unused_ void **state) {
        const BusOperations *ops;

        start(CONFIGURATION);
        ops = &host.manager->bus_operations;
        contend();
        fixture_remove_user(host.fixture, 1001);
        host_settle();
        assert_int_equal(count("events", ENDS(1001)), 1);
        fixture_add_user(host.fixture, 1001);
        host_settle();
        contend();
        assert_int_equal(ops->release(0, ops->userdata), 0);
        assert_int_equal(count("events", "\"event\":\"released\""), 1);
        assert_int_equal(count("events", ENDS(1000)), count("events", BEGINS(1000)));
        assert_int_equal(count("events", ENDS(1001)), 2);
        host_reload(CONFIGURATION);
        contend();
        assert_int_equal(count("events", BEGINS(1001)), 3);
        host_stop();
}

static void test_memory(_unused_ void **state) {
        start(CONFIGURATION "Observe=yes\n");
        fixture_put(host.fixture, 1000, "memory.events", "low 0\nhigh 0\nmax 9\noom 1\noom_kill 1\n");
        DRIVE_UNTIL(count("events", "\"event\":\"out-of-memory\",\"id\":1,\"slice\":\"user-1000.slice\"") ==
                    1);
        contend();
        assert_int_equal(count("events", "fair-share"), 0);
}

static bool is_held(int dirfd) {
        char text[4096];

        return read_file_at(dirfd, OOM_STATE_FILE, text, sizeof text) > 0 && strstr(text, "\nevent ");
}

/* A service before this one has told of a kill that no mail has counted yet: whoever reads events has it. */
static void test_told_before(_unused_ void **state) {
        static const char held[] =
                "\nid 1\nevent user-1000.slice 1 1763800000000000 7 0 slice 0 - - -\nend\n";
        int dirfd;
        char *id, text[4096];

        start(CONFIGURATION "Observe=yes\n");
        host_crash();
        dirfd = open(fixture_runtime_path(host.fixture), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(read_file_at(dirfd, OOM_STATE_FILE, text, sizeof text) > 0);
        id = strstr(text, "\nid 0\n");
        assert_non_null(id);
        snprintf(id, sizeof text - (size_t) (id - text), "%s", held);
        assert_int_equal(write_file_atomic(dirfd, OOM_STATE_FILE, text, strlen(text), 0640), 0);
        close(dirfd);

        host_start();
        host_settle();
        fixture_put(host.fixture, 1000, "memory.events", "low 0\nhigh 0\nmax 9\noom 1\noom_kill 1\n");
        DRIVE_UNTIL(count("events", "\"event\":\"out-of-memory\"") > 0);
        assert_int_equal(count("events", "\"event\":\"out-of-memory\""), 1);
        assert_int_equal(count("events", "\"event\":\"out-of-memory\",\"id\":1,"), 1);
        assert_int_equal(log_capture_count("the kernel killed 7 processes"), 0);
        /* Nobody is to get mail here, so nobody will ever count it. */
        DRIVE_UNTIL(!is_held(host.manager->runtime_fd));
}

static void test_rotation(_unused_ void **state) {
        start(CONFIGURATION);
        contend();
        assert_int_equal(renameat(host.manager->root_fd, "events", host.manager->root_fd, "events.1"), 0);
        rest();
        assert_int_equal(count("events.1", ENDS(1000)), 1);
        host_reload(CONFIGURATION);
        assert_int_equal(count("events.1", "\"event\":\"reloaded\""), 0);
        assert_int_equal(count("events", "\"event\":\"reloaded\""), 1);
        host_reload("");
        assert_int_equal(count("events", "\"event\":\"reloaded\""), 1);
}

static void test_no_such_directory(_unused_ void **state) {
        start("[Manager]\nEventLog=/missing/events\n");
        assert_int_equal(log_capture_count("Cannot open /missing/events, events are not written to it"), 1);
        contend();
        host_reload(CONFIGURATION);
        assert_int_equal(count("events", "\"event\":\"reloaded\""), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, host_setup, host_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_fair_shares), TEST(test_end_of_all), TEST(test_memory),
                TEST(test_told_before), TEST(test_rotation),   TEST(test_no_such_directory),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
