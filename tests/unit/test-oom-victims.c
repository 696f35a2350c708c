/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unit.h"

#include <string.h>

#include "watch/oom-victims.h"

#define A "user-1000.slice"
#define B "user-1001.slice"

static void feed(OomVictims *v, const char *line) {
        oom_victims_feed(v, line, strlen(line), 1000000);
}

static void feed_summary(OomVictims *v, const char *oom_memcg, const char *task_memcg, int pid,
                         const char *comm) {
        char line[1024];

        snprintf(line, sizeof line,
                 "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=%s,"
                 "task_memcg=%s,task=%s,pid=%d,uid=1000",
                 oom_memcg, task_memcg, comm, pid);
        feed(v, line);
}

static void feed_killed(OomVictims *v, int pid, const char *comm, unsigned uid) {
        char line[1024];

        snprintf(line, sizeof line,
                 "Memory cgroup out of memory: Killed process %d (%s) total-vm:1kB, UID:%u pgtables:1kB",
                 pid, comm, uid);
        feed(v, line);
}

static void test_both_lines_are_one_victim(_unused_ void **state) {
        _cleanup_(oom_victims_freep) OomVictims *v = oom_victims_new();
        OomEvent e;

        oom_event_init(&e, A);
        feed(v, "memory: usage 1024kB, limit 2048kB, failcnt 1");
        feed_summary(v, "/user.slice/" A, "/user.slice/" A "/session-1.scope", 10, "sh");
        feed_killed(v, 10, "sh", 1000);
        assert_int_equal(oom_victims_count(v, A), 1);
        assert_int_equal(oom_victims_count(v, B), 0);
        assert_int_equal(oom_victims_claim(v, A, 5, &e), 1);
        assert_int_equal(e.n_victims, 1);
        assert_int_equal(e.victims[0].pid, 10);
        assert_string_equal(e.victims[0].comm, "sh");
        assert_int_equal(e.cause, OOM_CAUSE_SLICE);
        assert_int_equal(e.memory_current, 1024 << 10);
        assert_int_equal(e.memory_max, 2048 << 10);
        /* The second line may come after the claim. */
        feed_killed(v, 10, "sh", 1000);
        assert_int_equal(oom_victims_count(v, A), 0);
}

static void test_named_and_newest(_unused_ void **state) {
        _cleanup_(oom_victims_freep) OomVictims *v = oom_victims_new();
        size_t position = 0;

        feed_summary(v, "/user.slice/" A, "/user.slice/" A, 10, "sh");
        feed_summary(v, "/system.slice/x.service", "/system.slice/x.service", 11, "x");
        feed_killed(v, 12, "sh", 1000);
        feed_summary(v, "/user.slice/" B, "/user.slice/" B, 13, "sh");
        assert_int_equal(oom_victims_count(v, A), 2);
        assert_int_equal(oom_victims_count_named(v, A), 1);
        assert_int_equal(oom_victims_count_named(v, ""), 1);
        oom_victims_keep_newest(v, 4);
        assert_int_equal(oom_victims_count(v, A), 2);
        oom_victims_keep_newest(v, 2);
        assert_int_equal(oom_victims_count(v, A), 1);
        assert_int_equal(oom_victims_count_named(v, A), 0);
        assert_int_equal(oom_victims_count_named(v, ""), 0);
        assert_int_equal(oom_victims_count(v, B), 1);
        oom_victims_keep_newest(v, 0);
        assert_null(oom_victims_next_slice(v, &position));
}

static void test_only_killed_line(_unused_ void **state) {
        _cleanup_(oom_victims_freep) OomVictims *v = oom_victims_new();
        OomEvent e;

        oom_event_init(&e, B);
        feed_killed(v, 10, "sh", 1001);
        feed_killed(v, 11, "sh", 0);
        assert_int_equal(oom_victims_claim(v, B, 5, &e), 1);
        assert_int_equal(e.cause, OOM_CAUSE_UNKNOWN);
        assert_int_equal(e.victims[0].uid, 1001);
}

static OomCause cause_of(const char *oom_memcg) {
        _cleanup_(oom_victims_freep) OomVictims *v = oom_victims_new();
        OomEvent e;

        oom_event_init(&e, A);
        feed_summary(v, oom_memcg, "/user.slice/" A "/session-1.scope", 10, "sh");
        assert_int_equal(oom_victims_claim(v, A, 1, &e), 1);
        return e.cause;
}

static void test_causes(_unused_ void **state) {
        assert_int_equal(cause_of("/"), OOM_CAUSE_OUTER);
        assert_int_equal(cause_of("/user.slice"), OOM_CAUSE_OUTER);
        assert_int_equal(cause_of("/user.slice/" A), OOM_CAUSE_SLICE);
        assert_int_equal(cause_of("/user.slice/" A "/session-1.scope"), OOM_CAUSE_INNER);
}

static void test_slices_of_paths(_unused_ void **state) {
        static const struct {
                const char *path, *slice;
        } cases[] = {
                { "/user.slice/" A, A },
                { "/user.slice/" A "/x/y", A },
                { "/user.slice", "user.slice" },
                { "/user.slice/x.scope", "user.slice" },
                { "/user.slice/.slice", "user.slice" },
                { "/user.slicer/" A, NULL },
                { "/system.slice/ssh.service", NULL },
                { "/machine.slice/c/user.slice/" A, NULL },
                { "/", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(oom_victims_freep) OomVictims *v = oom_victims_new();
                const char *slice;
                size_t position = 0;

                feed_summary(v, "/", cases[i].path, 10, "sh");
                slice = oom_victims_next_slice(v, &position);
                if (cases[i].slice)
                        assert_string_equal(slice, cases[i].slice);
                else
                        assert_null(slice);
                /* Nobody's victim is not the user's either, whoever ran it. */
                feed_killed(v, 10, "sh", 1000);
                assert_int_equal(oom_victims_count(v, A), cases[i].slice && strcmp(cases[i].slice, A) == 0);
        }
}

static void test_newest_are_claimed(_unused_ void **state) {
        _cleanup_(oom_victims_freep) OomVictims *v = oom_victims_new();
        OomEvent e;

        for (int i = 1; i <= 5; i++)
                feed_summary(v, "/user.slice/" A, "/user.slice/" A, i, "sh");
        oom_event_init(&e, A);
        assert_int_equal(oom_victims_claim(v, A, 2, &e), 2);
        assert_int_equal(e.victims[0].pid, 4);
        assert_int_equal(e.victims[1].pid, 5);
        oom_event_init(&e, A);
        assert_int_equal(oom_victims_claim(v, A, 9, &e), 3);
        assert_int_equal(e.victims[0].pid, 1);
}

/* What the process before has told is read once more after a start. */
static void test_told(_unused_ void **state) {
        _cleanup_(oom_victims_freep) OomVictims *before = oom_victims_new(), *v = oom_victims_new();
        OomTold told;
        OomEvent e;

        oom_event_init(&e, A);
        for (int i = 1; i <= 3; i++)
                feed_summary(before, "/user.slice/" A, "/user.slice/" A, i, "sh");
        assert_int_equal(oom_victims_claim(before, A, 2, &e), 2);
        oom_victims_get_told(before, 1000001, &told);
        assert_int_equal(told.count, 0);
        oom_victims_get_told(before, 1000000, &told);
        assert_int_equal(told.count, 2);
        assert_int_equal(told.pid[0], 2);
        assert_int_equal(told.pid[1], 3);

        oom_victims_set_told(v, &told, 1000000);
        feed_summary(v, "/user.slice/" A, "/user.slice/" A, 1, "sh");
        feed_summary(v, "/user.slice/" A, "/user.slice/" A, 2, "sh");
        feed_killed(v, 2, "sh", 1000);
        assert_int_equal(oom_victims_count(v, A), 1);
        /* Killed before the third one's line was read. */
        oom_victims_get_told(v, 1000000, &told);
        assert_int_equal(told.count, 2);
        assert_int_equal(told.pid[0], 3);
        assert_int_equal(told.pid[1], 2);
        feed_killed(v, 3, "sh", 1000);
        assert_int_equal(oom_victims_count(v, A), 1);
        oom_event_init(&e, A);
        assert_int_equal(oom_victims_claim(v, A, 5, &e), 1);
        assert_int_equal(e.victims[0].pid, 1);
        /* The PID is another process's by now. */
        feed_summary(v, "/user.slice/" A, "/user.slice/" A, 3, "sh");
        assert_int_equal(oom_victims_count(v, A), 1);
}

static void test_told_expires(_unused_ void **state) {
        _cleanup_(oom_victims_freep) OomVictims *v = oom_victims_new();
        OomTold told = { .pid = { 1 }, .count = 1 };

        oom_victims_set_told(v, &told, 1000000);
        oom_victims_expire(v, 1000001);
        feed_summary(v, "/user.slice/" A, "/user.slice/" A, 1, "sh");
        assert_int_equal(oom_victims_count(v, A), 1);
}

static void test_told_is_bounded(_unused_ void **state) {
        _cleanup_(oom_victims_freep) OomVictims *v = oom_victims_new();
        OomTold told = { .count = OOM_VICTIMS_MAX };
        OomEvent e;

        for (int i = 0; i < OOM_VICTIMS_MAX; i++)
                told.pid[i] = i + 1;
        oom_victims_set_told(v, &told, 1000000);
        feed_summary(v, "/user.slice/" A, "/user.slice/" A, 4711, "sh");
        oom_event_init(&e, A);
        assert_int_equal(oom_victims_claim(v, A, 1, &e), 1);
        oom_victims_get_told(v, 0, &told);
        assert_int_equal(told.count, OOM_VICTIMS_MAX);
        assert_int_equal(told.pid[0], 2);
        assert_int_equal(told.pid[OOM_VICTIMS_MAX - 1], 4711);
}

static void test_bounds(_unused_ void **state) {
        _cleanup_(oom_victims_freep) OomVictims *v = oom_victims_new();
        OomEvent e;

        for (int i = 1; i <= 3 * OOM_VICTIMS_MAX; i++)
                feed_summary(v, "/user.slice/" A, "/user.slice/" A, i, "fifteen bytes..");
        assert_int_equal(oom_victims_count(v, A), OOM_VICTIMS_MAX);
        oom_event_init(&e, A);
        assert_int_equal(oom_victims_claim(v, A, 100000, &e), OOM_VICTIMS_MAX);
        assert_int_equal(e.n_victims, OOM_EVENT_VICTIMS_MAX);
        assert_string_equal(e.victims[0].comm, "fifteen bytes..");
        oom_victims_expire(v, 1000000);
        oom_victims_expire(v, 1000001);
        oom_victims_expire(v, UINT64_MAX);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_both_lines_are_one_victim),
                cmocka_unit_test(test_named_and_newest),
                cmocka_unit_test(test_only_killed_line),
                cmocka_unit_test(test_causes),
                cmocka_unit_test(test_slices_of_paths),
                cmocka_unit_test(test_newest_are_claimed),
                cmocka_unit_test(test_told),
                cmocka_unit_test(test_told_expires),
                cmocka_unit_test(test_told_is_bounded),
                cmocka_unit_test(test_bounds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
