/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the watch holds until somebody has counted it; the list itself is in test-oom-kept.c. */

#include "unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "oom-host.h"

#define A "user-1000.slice"
#define B "user-1001.slice"

#define OTHER_BOOT "fedcba9876543210fedcba9876543210"
#define HELD                                                      \
        "since 5\nroot 1 0\nid 9\n"                               \
        "event " A " 7 1763800000000000 2 3 slice 1 1024 512 -\n" \
        "victim 4711 1000 a\\x20b\n"                              \
        "event " B " 9 1763800000000001 1 0 unknown 0 - - -\n"    \
        "end\n"

static char text[65536];

static const char *read_state(const OomHost *h) {
        assert_true(read_file_at(h->state_fd, OOM_STATE_FILE, text, sizeof text) > 0);
        return text;
}

static ino_t state_inode(const OomHost *h) {
        struct stat st;

        assert_int_equal(fstatat(h->state_fd, OOM_STATE_FILE, &st, 0), 0);
        return st.st_ino;
}

static bool is_held(const OomHost *h, const char *slice) {
        return strstr(read_state(h), fixture_name("\nevent %s ", slice)) != NULL;
}

/* Until the file is written, or for a while. */
static void wait_for_write(OomHost *h) {
        ino_t inode = state_inode(h);

        for (int i = 0; i < 100 && state_inode(h) == inode; i++)
                host_run_quiet(h, 50 * USEC_PER_MSEC);
        assert_true(state_inode(h) != inode);
}

static void kill_one(OomHost *h, const char *slice, uint64_t kills) {
        host_set(h, slice, kills, kills, kills);
        host_count_root(h, 1);
        host_run(h, h->n_told + 1, 10 * USEC_PER_SEC);
}

static void begin(OomHost *h) {
        h->keep = true;
        host_make_slice(h, A);
        host_make_slice(h, B);
        assert_int_equal(host_watch(h), 0);
}

static void assert_told_again(const OomEvent *again, const OomEvent *first) {
        assert_true(again->again);
        assert_int_equal(again->id, first->id);
        assert_int_equal(again->time, first->time);
        assert_string_equal(again->slice, first->slice);
        assert_int_equal(again->uid, first->uid);
        assert_int_equal(again->kills, first->kills);
        assert_int_equal(again->hits, first->hits);
        assert_int_equal(again->cause, first->cause);
        assert_int_equal(again->late, first->late);
        assert_int_equal(again->memory_max_known, first->memory_max_known);
        assert_int_equal(again->memory_max, first->memory_max);
        assert_int_equal(again->memory_current, first->memory_current);
        assert_int_equal(again->memory_peak, first->memory_peak);
        assert_int_equal(again->n_victims, first->n_victims);
        for (size_t i = 0; i < first->n_victims; i++) {
                assert_int_equal(again->victims[i].pid, first->victims[i].pid);
                assert_int_equal(again->victims[i].uid, first->victims[i].uid);
                assert_string_equal(again->victims[i].comm, first->victims[i].comm);
        }
}

/* No room in /run, for a moment: it does not wait for the next kill. */
static void test_not_to_be_written(void **state) {
        OomHost *h = *state;

        begin(h);
        kill_one(h, A, 1);
        assert_int_equal(unlinkat(h->state_fd, OOM_STATE_FILE, 0), 0);
        assert_int_equal(mkdirat(h->state_fd, OOM_STATE_FILE, 0755), 0);
        kill_one(h, B, 1);
        assert_int_equal(unlinkat(h->state_fd, OOM_STATE_FILE, AT_REMOVEDIR), 0);
        for (int i = 0; i < 100 && faccessat(h->state_fd, OOM_STATE_FILE, F_OK, 0) < 0; i++)
                host_run_quiet(h, 50 * USEC_PER_MSEC);
        assert_true(is_held(h, A) && is_held(h, B));
        assert_int_equal(host_watch_again(h), 0);
        assert_int_equal(h->n_told, 4);
        assert_true(h->told[2].again && h->told[3].again);
}

static void test_told_until_acknowledged(void **state) {
        OomHost *h = *state;
        usec_t before = now_realtime();

        begin(h);
        host_line(h, A, 4711, "\\ \x01,\xff");
        kill_one(h, A, 1);
        kill_one(h, B, 1);
        kill_one(h, A, 2);
        assert_int_equal(h->n_told, 3);
        for (size_t i = 0; i < 3; i++) {
                assert_int_equal(h->told[i].id, i + 1);
                assert_false(h->told[i].again);
                assert_true(h->told[i].time >= before && h->told[i].time <= now_realtime());
        }
        assert_int_equal(h->told[0].n_victims, 1);
        assert_true(is_held(h, A) && is_held(h, B));

        /* All of them, at once, and nothing else. */
        assert_int_equal(host_watch_again(h), 0);
        assert_int_equal(h->n_told, 6);
        for (size_t i = 0; i < 3; i++)
                assert_told_again(&h->told[3 + i], &h->told[i]);
        host_run_quiet(h, 300 * USEC_PER_MSEC);

        oom_watch_acknowledge(h->watch, 2);
        wait_for_write(h);
        assert_false(is_held(h, B));
        assert_int_equal(host_watch_again(h), 0);
        assert_int_equal(h->n_told, 7);
        assert_told_again(&h->told[6], &h->told[2]);
        kill_one(h, B, 2);
        assert_int_equal(h->told[7].id, 4);
        assert_false(h->told[7].again);
}

/* After a start the kernel's lines of the last moments are read once more. Whom an event has named no other
 * one names, also over two starts, and whether the line of the next kill is there or not. */
static void test_victims_are_told_once(void **state) {
        OomHost *h = *state;

        begin(h);
        host_line(h, A, 4711, "first");
        kill_one(h, A, 1);
        assert_int_equal(h->told[0].n_victims, 1);
        for (uint64_t i = 1; i <= 2; i++) {
                oom_watch_acknowledge(h->watch, i);
                wait_for_write(h);
                assert_int_equal(host_watch_again(h), 0);
                h->n_read = 0;
                kill_one(h, A, 1 + i);
                assert_int_equal(h->told[i].kills, 1);
                assert_int_equal(h->told[i].n_victims, 0);
        }
        oom_watch_acknowledge(h->watch, 3);
        wait_for_write(h);
        assert_int_equal(host_watch_again(h), 0);
        h->n_read = 0;
        host_line(h, A, 4712, "second");
        kill_one(h, A, 4);
        assert_int_equal(h->told[3].n_victims, 1);
        assert_int_equal(h->told[3].victims[0].pid, 4712);
}

/* Not from within the call, and one write for all. */
static void test_one_write_for_all(void **state) {
        OomHost *h = *state;
        ino_t inode;

        begin(h);
        for (uint64_t i = 1; i <= 5; i++)
                kill_one(h, A, i);
        assert_int_equal(h->n_told, 5);
        inode = state_inode(h);
        for (uint64_t i = 1; i <= 5; i++) {
                oom_watch_acknowledge(h->watch, i);
                assert_int_equal(state_inode(h), inode);
        }
        wait_for_write(h);
        assert_false(is_held(h, A));
        inode = state_inode(h);
        oom_watch_acknowledge(h->watch, 5); /* nothing new */
        host_run_quiet(h, 1500 * USEC_PER_MSEC);
        assert_int_equal(state_inode(h), inode);
        assert_int_equal(host_watch_again(h), 0);
        host_run_quiet(h, 50 * USEC_PER_MSEC);
        kill_one(h, A, 6);
        assert_int_equal(h->told[5].id, 6); /* though nothing was held */
}

static void test_flush_writes_what_was_acknowledged(void **state) {
        OomHost *h = *state;

        begin(h);
        kill_one(h, A, 1);
        oom_watch_acknowledge(h->watch, 1);
        oom_watch_flush(h->watch);
        assert_false(is_held(h, A));
}

/* What the service does not live to write. */
static void test_crash_before_the_file(void **state) {
        OomHost *h = *state;
        _cleanup_free_ char *old = NULL;

        begin(h);
        kill_one(h, B, 1);
        old = strdup(read_state(h));
        kill_one(h, A, 1);
        assert_int_equal(h->told[1].id, 2);
        fixture_write(&h->tree, "state/oom", old);
        host_set(h, A, 2, 2, 2);
        host_count_root(h, 1);

        /* Told as a new one, under the id that no file has seen. */
        assert_int_equal(host_watch_again(h), 0);
        assert_int_equal(h->n_told, 3);
        assert_told_again(&h->told[2], &h->told[0]);
        host_run(h, 4, 10 * USEC_PER_SEC);
        assert_int_equal(h->told[3].id, 2);
        assert_false(h->told[3].again);
        assert_true(h->told[3].late);
        assert_int_equal(h->told[3].kills, 2);

        assert_int_equal(host_watch_again(h), 0);
        assert_int_equal(h->n_told, 6);
        assert_told_again(&h->told[4], &h->told[0]);
        assert_told_again(&h->told[5], &h->told[3]);
        oom_watch_acknowledge(h->watch, 2);
        oom_watch_flush(h->watch);
        assert_int_equal(host_watch_again(h), 0);
        host_run_quiet(h, 300 * USEC_PER_MSEC);
}

static void test_hits_are_not_held(void **state) {
        OomHost *h = *state;

        begin(h);
        host_set(h, A, 0, 1, 1);
        host_run(h, 1, 10 * USEC_PER_SEC);
        assert_int_equal(h->told[0].kills, 0);
        assert_int_equal(h->told[0].id, 0);
        assert_true(h->told[0].time > 0);
        assert_int_equal(host_watch_again(h), 0);
        host_run_quiet(h, 100 * USEC_PER_MSEC);
}

/* Kills in a slice that is gone are held like any other. */
static void test_remainder(void **state) {
        OomHost *h = *state;

        begin(h);
        host_line(h, B, 1, "b");
        host_remove_slice(h, B);
        host_count_root(h, 1);
        oom_watch_rescan(h->watch);
        host_run(h, 1, 10 * USEC_PER_SEC);
        assert_string_equal(h->told[0].slice, B);
        assert_int_equal(h->told[0].id, 1);
        assert_int_equal(host_watch_again(h), 0);
        assert_int_equal(h->n_told, 2);
        assert_told_again(&h->told[1], &h->told[0]);
}

static void test_only_with_keep(void **state) {
        OomHost *h = *state;

        begin(h);
        kill_one(h, A, 1);
        oom_watch_set_keep(h->watch, false);
        kill_one(h, A, 2);
        assert_int_equal(h->told[1].id, 0);
        oom_watch_set_keep(h->watch, true);
        kill_one(h, A, 3);
        assert_int_equal(h->told[2].id, 2);
        /* What is held stays, whoever wants to hold more. */
        h->keep = false;
        assert_int_equal(host_watch_again(h), 0);
        assert_int_equal(h->n_told, 5);
        assert_told_again(&h->told[3], &h->told[0]);
        assert_told_again(&h->told[4], &h->told[2]);
}

static void test_acknowledged_before_the_start(void **state) {
        OomHost *h = *state;

        h->acknowledged = 7;
        fixture_write(&h->tree, "state/oom", "fairslice-oom 2\nboot " HOST_BOOT "\n" HELD);
        begin(h);
        assert_int_equal(h->n_told, 1);
        assert_int_equal(h->told[0].id, 9);
        assert_true(h->told[0].again);
        assert_string_equal(h->told[0].slice, B);
        kill_one(h, A, 1);
        assert_int_equal(h->told[1].id, 10);

        /* The file is lost: ids that were counted are not given again. */
        assert_int_equal(unlinkat(h->state_fd, OOM_STATE_FILE, 0), 0);
        h->acknowledged = 20;
        assert_int_equal(host_watch_again(h), 0);
        host_run_quiet(h, 50 * USEC_PER_MSEC);
        kill_one(h, A, 2);
        assert_int_equal(h->told[2].id, 21);
}

/* Under ids of this boot, which stay the same at the next start. */
static void held_in_another_boot(OomHost *h, uint64_t acknowledged) {
        h->acknowledged = acknowledged;
        fixture_write(&h->tree, "state/oom", "fairslice-oom 2\nboot " OTHER_BOOT "\n" HELD);
        begin(h);
        assert_int_equal(h->n_told, 2);
        assert_true(h->told[0].again && h->told[1].again);
        assert_int_equal(h->told[0].id, acknowledged + 1);
        assert_int_equal(h->told[0].time, 1763800000000000);
        assert_int_equal(h->told[0].kills, 2);
        assert_string_equal(h->told[0].victims[0].comm, "a b");
        assert_int_equal(h->told[1].id, acknowledged + 2);
        assert_int_equal(host_watch_again(h), 0);
        assert_int_equal(h->n_told, 4);
        assert_told_again(&h->told[2], &h->told[0]);
        assert_told_again(&h->told[3], &h->told[1]);
        kill_one(h, A, 1);
        assert_int_equal(h->told[4].id, acknowledged + 3);
}

static void test_another_boot(void **state) {
        held_in_another_boot(*state, 0);
}

static void test_another_boot_and_acknowledged(void **state) {
        held_in_another_boot(*state, 30);
}

/* What happened in this boot before the first start is late, with its lines, though the file is written anew
 * at once. */
static void test_another_boot_and_a_crash(void **state) {
        OomHost *h = *state;

        fixture_write(&h->tree, "state/oom", "fairslice-oom 2\nboot " OTHER_BOOT "\n" HELD);
        host_make_slice(h, A);
        host_set(h, A, 1, 1, 1);
        host_count_root(h, 1);
        h->keep = true;
        assert_int_equal(host_watch(h), 0);
        assert_int_equal(h->n_told, 2);
        assert_non_null(strstr(read_state(h), HOST_BOOT "\nsince 0\n"));
        assert_int_equal(host_watch_again(h), 0);
        assert_int_equal(h->n_told, 4);
        host_run(h, 5, 10 * USEC_PER_SEC);
        assert_int_equal(h->not_before, 0);
        assert_true(h->told[4].late);
        assert_int_equal(h->told[4].id, 3);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, host_setup, host_teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_told_until_acknowledged),
                TEST(test_not_to_be_written),
                TEST(test_victims_are_told_once),
                TEST(test_one_write_for_all),
                TEST(test_flush_writes_what_was_acknowledged),
                TEST(test_crash_before_the_file),
                TEST(test_hits_are_not_held),
                TEST(test_remainder),
                TEST(test_only_with_keep),
                TEST(test_acknowledged_before_the_start),
                TEST(test_another_boot),
                TEST(test_another_boot_and_acknowledged),
                TEST(test_another_boot_and_a_crash),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
