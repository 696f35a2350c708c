/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "daemon/mail.h"

/* From a kill to a message in the spool, whatever comes in between. */

#define TO(address) "X-Fairslice-Recipient: " address "\r\n"
#define FAR         (25 * 3600 * USEC_PER_SEC)

static void wait_for_mail(usec_t usec) {
        host_leap(usec);
        mail_settle();
}

static const char *state_file(const char *name) {
        _cleanup_close_ int fd = open(fixture_state_path(host.fixture), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        static char text[65536];

        *text = '\0';
        if (fd < 0 || read_file_at(fd, name, text, sizeof text) < 0)
                return NULL;
        return text;
}

static void put_state_file(const char *name, const char *text) {
        char path[64];

        (void) mkdir(fixture_state_path(host.fixture), 0755);
        snprintf(path, sizeof path, "state/%s", name);
        fixture_put_host(host.fixture, path, text);
}

static void test_one_kill(_unused_ void **state) {
        mail_start(MAIL_ALL);
        mail_kill(1000, 1);
        assert_int_equal(mail_count(), 0);
        wait_for_mail(30 * USEC_PER_SEC);
        assert_int_equal(mail_count(), 0);
        wait_for_mail(MAIL_COALESCE);
        assert_int_equal(mail_count(), 2);
        assert_int_equal(mail_count_with(TO("alice@example.org")), 1);
        assert_int_equal(mail_count_with(TO("root@example.org")), 1);
        assert_int_equal(mail_count_with("From: fairslice@example.org\r\n"), 2);
        assert_int_equal(mail_count_with("kills:1 user:alice percent:?"), 2);
        wait_for_mail(FAR);
        assert_int_equal(mail_count(), 2);
}

static void test_several_are_one(_unused_ void **state) {
        mail_start(MAIL_ALL);
        mail_kill(1000, 1);
        wait_for_mail(30 * USEC_PER_SEC);
        mail_kill(1000, 3);
        mail_kill(1001, 1);
        wait_for_mail(MAIL_COALESCE);
        assert_int_equal(mail_count(), 3);
        assert_int_equal(mail_count_with("kills:3 user:alice"), 1);
        assert_int_equal(mail_count_with("kills:1 user:bob"), 1);
        assert_int_equal(mail_count_with(TO("root@example.org")), 1);
}

/* While nobody is to be told, and while nothing is to be done, nothing is there afterwards either. */
static void expect_nothing(const char *configuration) {
        mail_start(configuration);
        mail_kill(1000, 1);
        wait_for_mail(FAR);
        assert_int_equal(mail_count(), 0);
        assert_null(state_file("mail"));
}

static void test_off(_unused_ void **state) {
        expect_nothing("[Mail]\nServer=smtp://mail.example.org\n");
}

static void test_observing(_unused_ void **state) {
        expect_nothing(MAIL_ALL "[Manager]\nObserve=yes\n");
}

static void test_dry_run(_unused_ void **state) {
        host.options.dry_run = true;
        expect_nothing(MAIL_ALL);
}

/* Mail that was off for a while, and is on again. */
static void test_switched(_unused_ void **state) {
        mail_start(MAIL_ALL);
        mail_kill(1000, 1);
        host_reload("[Mail]\n");
        wait_for_mail(FAR);
        assert_int_equal(mail_count(), 0);
        mail_kill(1000, 3);
        host_reload(MAIL_ALL);
        wait_for_mail(MAIL_COALESCE);
        assert_int_equal(mail_count(), 2);
        assert_int_equal(mail_count_with("kills:1 user:alice"), 2);
        mail_kill(1000, 4);
        host_reload("[Mail]\n");
        mail_settle();
        host_crash();
        host_start();
        mail_settle();
        wait_for_mail(FAR);
        assert_int_equal(mail_count(), 2);
        host_reload(MAIL_ALL);
        wait_for_mail(MAIL_COALESCE);
        assert_int_equal(mail_count(), 4);
}

static void release(void) {
        const BusOperations *ops = &host.manager->bus_operations;

        assert_int_equal(ops->release(0, ops->userdata), 0);
}

static void test_released(_unused_ void **state) {
        mail_start(MAIL_ALL);
        mail_kill(1000, 1);
        release();
        wait_for_mail(FAR);
        assert_int_equal(mail_count(), 0);
        host_reload(MAIL_ALL);
        wait_for_mail(MAIL_COALESCE);
        assert_int_equal(mail_count(), 2);
}

static void switch_off(void) {
        host_reload("[Mail]\n");
}

static void observe(void) {
        host_reload(MAIL_ALL "[Manager]\nObserve=yes\n");
}

/* What was collected, could not be saved, and is not to be sent for now. */
static void expect_kept(void **state, void (*stop_mail)(void)) {
        host_teardown(state);
        mail_setup(state);
        mail_start(MAIL_ALL);
        mail_jobs_left = 0;
        mail_kill(1000, 1);
        stop_mail();
        mail_settle();
        host_stop(); /* writes down what was acknowledged */
        mail_jobs_left = -1;
        fixture_configure(host.fixture, MAIL_ALL);
        host_start();
        mail_settle();
        wait_for_mail(MAIL_COALESCE);
        assert_int_equal(mail_count_with("kills:1 user:alice"), 2);
        assert_int_equal(mail_count(), 2);
}

static void test_not_saved_and_off(void **state) {
        expect_kept(state, release);
        expect_kept(state, switch_off);
        expect_kept(state, observe);
}

/* Users who get none any more. */
static void test_other_rules(_unused_ void **state) {
        mail_start(MAIL_ALL);
        mail_kill(1000, 1);
        host_reload(MAIL_SERVER "AdminAddress=admin@example.net\nCoalesceSec=1h\n");
        wait_for_mail(MAIL_COALESCE);
        assert_int_equal(mail_count(), 0);
        wait_for_mail(3600 * USEC_PER_SEC);
        assert_int_equal(mail_count(), 1);
        assert_int_equal(mail_count_with(TO("admin@example.net")), 1);
}

static void test_warning(_unused_ void **state) {
        mail_start(MAIL_ALL "[Memory]\nMemoryMax=100M\n");
        fixture_set_limit(host.fixture, 1000, LIMIT_MEMORY_MAX, 100 * MIB);
        fixture_put(host.fixture, 1000, "memory.current", "83886080\n");
        fixture_put(host.fixture, 1000, "memory.stat", "anon 0\nfile 0\n");
        host_want(1001, USEC_PER_SEC / 2);
        host_run(11 * USEC_PER_SEC);
        mail_settle();
        wait_for_mail(MAIL_COALESCE);
        assert_int_equal(mail_count_with("user:alice percent:75"), 2);
        assert_int_equal(mail_count(), 2);
}

/* ---- the end at each point ---- */

/* The worker does `jobs` jobs, and then the service is gone. */
static void crash_after(void **state, int jobs) {
        host_teardown(state);
        mail_setup(state);
        mail_jobs_left = jobs;
        mail_start(MAIL_ALL);
        mail_kill(1000, 2);
        wait_for_mail(MAIL_COALESCE);
        wait_for_mail(MAIL_COALESCE);
        mail_jobs_left = 0;
        host_crash();
        mail_jobs_left = -1;
        host_start();
        mail_settle();
        wait_for_mail(MAIL_COALESCE);
        assert_int_equal(mail_count_with("kills:2 user:alice"), 2);
        assert_int_equal(mail_count(), 2);
        mail_kill(1000, 5);
        wait_for_mail(MAIL_COALESCE);
        assert_int_equal(mail_count_with("kills:3 user:alice"), 2);
        assert_int_equal(mail_count(), 4);
        host_crash();
        host_start();
        wait_for_mail(FAR);
        assert_int_equal(mail_count(), 4);
}

static void test_crashes(void **state) {
        for (int jobs = 0; jobs < 8; jobs++)
                crash_after(state, jobs);
}

/* Whoever is not here any more is not asked for again with each of their events. */
static void test_gone_at_start(_unused_ void **state) {
        mail_start(MAIL_ALL);
        mail_jobs_left = 0;
        for (unsigned i = 1; i <= 5; i++)
                mail_kill(1000, i);
        host_crash();
        fixture_remove_user(host.fixture, 1000);
        mail_jobs_left = -1;
        mail_lookups = 0;
        host_start();
        mail_settle();
        assert_in_range(mail_lookups, 1, 3); /* who is here, too */
        wait_for_mail(MAIL_COALESCE);
        assert_int_equal(mail_count_with("kills:5 user:alice"), 2);
}

/* At the end what was collected is saved, and nothing is sent early. */
static void test_stop(_unused_ void **state) {
        mail_start(MAIL_ALL);
        mail_kill(1000, 1);
        host_stop();
        assert_int_equal(mail_count(), 0);
        host_start();
        wait_for_mail(MAIL_COALESCE);
        assert_int_equal(mail_count(), 2);
}

/* ---- the file ---- */

static void test_broken_file(_unused_ void **state) {
        put_state_file("mail", "rubbish\n");
        mail_start(MAIL_ALL);
        assert_string_equal(state_file("mail.broken"), "rubbish\n");
        assert_int_equal(log_capture_count("/mail cannot be used"), 1);
        mail_kill(1000, 1);
        wait_for_mail(MAIL_COALESCE);
        assert_int_equal(mail_count(), 2);
}

/* A directory is in its place: it can be neither read nor replaced. */
static void test_file_not_to_be_written(_unused_ void **state) {
        char path[128], broken[128];

        mail_start(MAIL_ALL);
        snprintf(path, sizeof path, "%s/mail", fixture_state_path(host.fixture));
        snprintf(broken, sizeof broken, "%s/mail/x", fixture_state_path(host.fixture));
        assert_int_equal(mkdir(path, 0755), 0);
        assert_int_equal(mkdir(broken, 0755), 0);
        mail_kill(1000, 1);
        for (unsigned i = 0; i < 10; i++)
                wait_for_mail(MAIL_COALESCE);
        assert_int_equal(log_capture_count("Cannot write "), 1);
        assert_int_equal(mail_count(), 0);
        assert_int_equal(rmdir(broken), 0);
        assert_int_equal(rmdir(path), 0);
        wait_for_mail(MAIL_COALESCE);
        assert_int_equal(log_capture_count("/mail can be written again"), 1);
        assert_int_equal(mail_count(), 2);
}

/* ---- the spool ---- */

static void test_full_of_kills(_unused_ void **state) {
        mail_start(MAIL_ALL "QueueMax=1\n");
        mail_kill(1000, 1);
        for (unsigned i = 0; i < 5; i++)
                wait_for_mail(MAIL_COALESCE);
        assert_int_equal(mail_count(), 1);
        assert_int_equal(log_capture_count("is full, mail about kills waits"), 1);
        mail_clear();
        wait_for_mail(MAIL_COALESCE);
        assert_int_equal(mail_count(), 1);
        mail_clear();
        wait_for_mail(FAR);
        assert_int_equal(mail_count(), 0);
}

/* A warning that is not taken is no sign of room. */
static void test_full_is_said_once(_unused_ void **state) {
        Event warning = {
                .kind = EVENT_MEMORY_WARNING,
                .uid = 1000,
                .by = UID_INVALID,
                .slice = "user-1000.slice",
                .warning = { .percent = 75, .used = 75, .current = 75, .max = 100 },
        };

        mail_start(MAIL_SERVER MAIL_USERS "QueueMax=1\n");
        mail_kill(1000, 1);
        mail_kill(1001, 1);
        wait_for_mail(MAIL_COALESCE);
        assert_int_equal(mail_count(), 1);
        for (unsigned i = 0; i < 3; i++) {
                manager_mail_event(host.manager, &warning, "alice");
                wait_for_mail(MAIL_COALESCE);
                wait_for_mail(MAIL_COALESCE);
        }
        assert_int_equal(log_capture_count("was full, 1 warnings are not sent."), 3);
        assert_int_equal(log_capture_count("is full, mail about kills waits"), 1);
}

static void test_no_spool(_unused_ void **state) {
        char moved[128];

        mail_start(MAIL_ALL);
        snprintf(moved, sizeof moved, "%s.away", fixture_spool_path(host.fixture));
        assert_int_equal(rename(fixture_spool_path(host.fixture), moved), 0);
        mail_kill(1000, 1);
        for (unsigned i = 0; i < 5; i++)
                wait_for_mail(MAIL_COALESCE);
        assert_int_equal(log_capture_count("Cannot put mail into "), 1);
        assert_int_equal(rename(moved, fixture_spool_path(host.fixture)), 0);
        wait_for_mail(MAIL_COALESCE);
        assert_int_equal(mail_count(), 2);
}

/* Somebody else puts at the same time. */
static void test_busy_spool(_unused_ void **state) {
        _cleanup_close_ int fd = open(fixture_spool_path(host.fixture), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        SpoolLimits limits = { .messages = 100, .bytes = 1 << 20 };
        Spool *other;

        assert_int_equal(spool_open(fd, SPOOL_PUT, &limits, &other), 0);
        mail_start(MAIL_ALL);
        mail_kill(1000, 1);
        wait_for_mail(MAIL_COALESCE);
        wait_for_mail(2 * USEC_PER_SEC);
        assert_int_equal(mail_count(), 0);
        spool_free(other);
        wait_for_mail(2 * USEC_PER_SEC);
        assert_int_equal(mail_count(), 2);
        assert_int_equal(log_capture_count("Cannot"), 0);
}

/* Who has stopped meanwhile, say. */
static void test_held_spool(_unused_ void **state) {
        _cleanup_close_ int fd = open(fixture_spool_path(host.fixture), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        Spool *other;

        assert_int_equal(spool_open(fd, SPOOL_PUT, &(SpoolLimits){ .messages = 100 }, &other), 0);
        mail_start(MAIL_ALL);
        mail_kill(1000, 1);
        wait_for_mail(MAIL_COALESCE);
        for (unsigned i = 0; i < 2 * MAIL_BUSY_MAX; i++)
                wait_for_mail(2 * USEC_PER_SEC);
        assert_int_equal(log_capture_count("Cannot put mail into "), 1);
        spool_free(other);
        wait_for_mail(MAIL_COALESCE);
        assert_int_equal(mail_count(), 2);
}

/* Warnings that went are told of once. */
static void test_lost_warnings(_unused_ void **state) {
        _cleanup_close_ int fd = open(fixture_spool_path(host.fixture), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        SpoolLimits limits = { .messages = 100, .bytes = 1 << 20 };
        SpoolName name = { .kind = SPOOL_WARNING, .time = USEC_PER_SEC, .id = "x" };
        Spool *other;

        assert_int_equal(spool_open(fd, SPOOL_PUT, &limits, &other), 0);
        assert_int_equal(spool_put(other, &name, "a@b", "x", 1), 1);
        spool_free(other);
        mail_start(MAIL_SERVER MAIL_ADMIN "QueueMax=1\n");
        mail_kill(1000, 1);
        wait_for_mail(MAIL_COALESCE);
        assert_int_equal(mail_count(), 1);
        assert_int_equal(log_capture_count("was full, 1 warnings are not sent."), 1);
        mail_clear();
        mail_kill(1000, 2);
        wait_for_mail(MAIL_COALESCE);
        assert_int_equal(mail_count(), 1);
        assert_int_equal(log_capture_count("warnings are not sent."), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, mail_setup, host_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_one_kill),
                TEST(test_several_are_one),
                TEST(test_off),
                TEST(test_observing),
                TEST(test_dry_run),
                TEST(test_switched),
                TEST(test_released),
                TEST(test_other_rules),
                TEST(test_warning),
                TEST(test_crashes),
                TEST(test_stop),
                TEST(test_broken_file),
                TEST(test_full_of_kills),
                TEST(test_file_not_to_be_written),
                TEST(test_no_spool),
                TEST(test_busy_spool),
                TEST(test_lost_warnings),
                TEST(test_held_spool),
                TEST(test_gone_at_start),
                TEST(test_full_is_said_once),
                TEST(test_not_saved_and_off),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
