/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "model/oom-event.h"
#include "watch/oom-line.h"

#define HEAD  "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0"
#define SLICE "/user.slice/user-1000.slice"

/* Each line lies alone in its memory, so that the sanitizer sees a read behind its end. */
static char *copy;

static OomLineKind parse(const char *line, OomLine *ret) {
        size_t length = strlen(line);

        free(copy);
        copy = malloc(length ? length : 1);
        memcpy(copy, line, length);
        return oom_line_parse(copy, length, ret);
}

static int teardown(_unused_ void **state) {
        free(copy);
        copy = NULL;
        return 0;
}

static void assert_span(Span span, const char *expected) {
        assert_int_equal(span.length, strlen(expected));
        assert_memory_equal(span.text, expected, span.length);
}

static void test_summary(_unused_ void **state) {
        OomLine l;

        assert_int_equal(parse(HEAD ",oom_memcg=" SLICE ",task_memcg=" SLICE
                                    "/user@1000.service/app.slice/x.scope,task=python3,pid=4711,uid=1000",
                               &l),
                         OOM_LINE_SUMMARY);
        assert_int_equal(l.pid, 4711);
        assert_int_equal(l.uid, 1000);
        assert_span(l.comm, "python3");
        assert_span(l.oom_memcg, SLICE);
        assert_span(l.task_memcg, SLICE "/user@1000.service/app.slice/x.scope");
}

/* As Linux 6.18 writes them for version 1, where memory and swap have a limit of their own together. */
static void test_version_1(_unused_ void **state) {
        OomLine l;

        assert_int_equal(parse("memory: usage 20480kB, limit 20480kB, failcnt 4216", &l), OOM_LINE_USAGE);
        assert_int_equal(l.usage, 20480 << 10);
        assert_int_equal(l.limit, 20480 << 10);
        assert_int_equal(parse("memory+swap: usage 20480kB, limit 9007199254740988kB, failcnt 0", &l),
                         OOM_LINE_NONE);
        assert_int_equal(parse("kmem: usage 180kB, limit 9007199254740988kB, failcnt 0", &l), OOM_LINE_NONE);
        assert_int_equal(parse("Memory cgroup stats for " SLICE ":", &l), OOM_LINE_NONE);
        assert_int_equal(parse(HEAD ",oom_memcg=" SLICE ",task_memcg=" SLICE
                                    ",task=a,b) x=\\y,pid=31917,uid=61300",
                               &l),
                         OOM_LINE_SUMMARY);
        assert_span(l.oom_memcg, SLICE);
        assert_span(l.task_memcg, SLICE);
        assert_span(l.comm, "a,b) x=\\y");
        assert_int_equal(parse("Memory cgroup out of memory: Killed process 31917 (a,b) x=\\y) "
                               "total-vm:21474948524kB, "
                               "anon-rss:28404kB, file-rss:2172kB, shmem-rss:0kB, UID:61300 pgtables:856kB "
                               "oom_score_adj:0",
                               &l),
                         OOM_LINE_KILLED);
        assert_int_equal(l.pid, 31917);
        assert_int_equal(l.uid, 61300);
        assert_span(l.comm, "a,b) x=\\y");
}

static void test_summary_of_host(_unused_ void **state) {
        OomLine l;

        assert_int_equal(parse("oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=user.slice,"
                               "mems_allowed=0,global_oom,task_memcg=" SLICE "/session-1.scope,task=tail,"
                               "pid=1,uid=0",
                               &l),
                         OOM_LINE_SUMMARY);
        assert_int_equal(l.oom_memcg.length, 0);
        assert_span(l.task_memcg, SLICE "/session-1.scope");
        assert_int_equal(l.uid, 0);
}

static void test_hostile_comm(_unused_ void **state) {
        static const char *const comms[] = {
                ",pid=1,uid=0",   ",task=x",         "a,b (c) d",       "",
                "\x01\xff\n\t",   ") total-vm:",     "(((((((((((((((", ",pid=1,uid=0,pi",
                " UID:0 pgtable", ": Killed process"
        };

        for (size_t i = 0; i < ELEMENTSOF(comms); i++) {
                char line[512], comm[16];
                OomLine l;

                snprintf(comm, sizeof comm, "%s", comms[i]);
                snprintf(line, sizeof line,
                         HEAD ",oom_memcg=" SLICE ",task_memcg=" SLICE ",task=%s,pid=77,uid=1000", comm);
                assert_int_equal(parse(line, &l), OOM_LINE_SUMMARY);
                assert_int_equal(l.pid, 77);
                assert_int_equal(l.uid, 1000);
                assert_span(l.comm, comm);
                assert_span(l.task_memcg, SLICE);
                snprintf(line, sizeof line,
                         "Memory cgroup out of memory: Killed process 77 (%s) total-vm:1kB, anon-rss:1kB, "
                         "file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:1kB oom_score_adj:0",
                         comm);
                assert_int_equal(parse(line, &l), OOM_LINE_KILLED);
                assert_int_equal(l.pid, 77);
                assert_int_equal(l.uid, 1000);
                assert_span(l.comm, comm);
        }
}

/* Groups below the user's own have names of the user's choice. Whatever they are, the blame stays. */
static void test_hostile_groups(_unused_ void **state) {
        static const char *const groups[] = {
                "/a,task_memcg=/user.slice/user-1001.slice",
                "/a,oom_memcg=/user.slice/user-1001.slice,task_memcg=/user.slice/"
                "user-1001.slice,task=x,pid=1,uid=1",
                "/a,global_oom,task_memcg=/user.slice/user-1001.slice",
                "/,task=x,pid=1,uid=0",
                "/,task=",
                "/ ,task_memcg=",
        };

        for (size_t i = 0; i < ELEMENTSOF(groups); i++) {
                char line[1024];
                OomLine l;

                snprintf(line, sizeof line,
                         HEAD ",oom_memcg=" SLICE "%s,task_memcg=" SLICE "%s/b,task=sh,pid=77,uid=1000",
                         groups[i], groups[i]);
                assert_int_equal(parse(line, &l), OOM_LINE_SUMMARY);
                assert_int_equal(l.pid, 77);
                assert_int_equal(l.uid, 1000);
                assert_true(l.task_memcg.length > strlen(SLICE) &&
                            memcmp(l.task_memcg.text, SLICE "/", strlen(SLICE) + 1) == 0);
                assert_true(l.oom_memcg.length > strlen(SLICE) &&
                            memcmp(l.oom_memcg.text, SLICE "/", strlen(SLICE) + 1) == 0);
        }
}

static void test_hostile_cpuset(_unused_ void **state) {
        static const char *const names[] = { "a,oom_memcg=", "a,global_oom,task_memcg=",
                                             "a,task_memcg=,task=b" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                char line[1024];
                OomLine l;

                snprintf(line, sizeof line,
                         "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=%s,mems_allowed=0,oom_"
                         "memcg=" SLICE ",task_memcg=" SLICE "/b,task=sh,pid=77,uid=1000",
                         names[i]);
                assert_int_equal(parse(line, &l), OOM_LINE_SUMMARY);
                assert_span(l.oom_memcg, SLICE);
                assert_span(l.task_memcg, SLICE "/b");
        }
}

static void test_killed(_unused_ void **state) {
        OomLine l;

        assert_int_equal(
                parse("Out of memory: Killed process 123 (stress ng) total-vm:100kB, anon-rss:90kB, "
                      "file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:44kB oom_score_adj:0",
                      &l),
                OOM_LINE_KILLED);
        assert_int_equal(l.pid, 123);
        assert_span(l.comm, "stress ng");
        assert_int_equal(
                parse("Out of memory (oom_kill_allocating_task): Killed process 5 (a) total-vm:1kB", &l),
                OOM_LINE_KILLED);
        assert_true(l.uid == UID_INVALID);
}

/* What the kernel says of a process of that name that crashes, in a program of that name. */
static void test_crash_is_no_kill(_unused_ void **state) {
        static const char *const names[] = { "Out of memory", "Out of memory: ", "Out of memory (" };
        char line[512];
        OomLine l;

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                snprintf(line, sizeof line,
                         "%s[77]: segfault at 0 ip 000055d0 sp 00007ffd error 4 in x: Killed process 5 "
                         "(bash) "
                         "total-vm:1kB, UID:1000 pgtables:4kB[55d0+1000]",
                         names[i]);
                assert_int_equal(parse(line, &l), OOM_LINE_NONE);
        }
}

static void test_usage(_unused_ void **state) {
        OomLine l;

        assert_int_equal(parse("memory: usage 65536kB, limit 65536kB, failcnt 40", &l), OOM_LINE_USAGE);
        assert_int_equal(l.usage, 65536 << 10);
        assert_int_equal(l.limit, 65536 << 10);
        assert_int_equal(parse("memory: usage 1kB, limit 9007199254740988kB, failcnt 0", &l),
                         OOM_LINE_USAGE);
        assert_true(l.limit == UINT64_MAX);
}

static void test_other_lines(_unused_ void **state) {
        static const char *const lines[] = {
                "",
                "oom-kill:constraint=",
                HEAD,
                HEAD ",oom_memcg=" SLICE ",task_memcg=" SLICE ",task=a,pid=1,uid=",
                HEAD ",oom_memcg=" SLICE ",task_memcg=" SLICE ",task=a,pid=,uid=1",
                HEAD ",oom_memcg=" SLICE ",task_memcg=" SLICE ",task=a,pid=1,uid=4294967296",
                HEAD ",oom_memcg=" SLICE ",task_memcg=" SLICE ",task=a,pid=2147483648,uid=1",
                HEAD ",oom_memcg=" SLICE ",task_memcg=" SLICE ",task=a,pid=99999999999999999999999,uid=1",
                HEAD ",oom_memcg=" SLICE ",task_memcg=/system.slice,task=a,pid=1,uid=1",
                HEAD ",oom_memcg=" SLICE ",task=a,pid=1,uid=1",
                HEAD ",task_memcg=" SLICE ",task=a,pid=1,uid=1",
                HEAD ",oom_memcg=" SLICE ",task_memcg=" SLICE ",pid=1,uid=1",
                ",task=a,pid=1,uid=1",
                "Memory cgroup out of memory",
                "Memory cgroup out of memory: Killed process",
                "Memory cgroup out of memory: Killed process 1",
                "Memory cgroup out of memory: Killed process 1 (",
                "Memory cgroup out of memory: Killed process 1 (a)",
                "Memory cgroup out of memory: Killed process x (a) total-vm:1kB",
                "Memory cgroup out of memory: Killed process 1 (more than fifteen) total-vm:1kB",
                "Memory cgroup out of memory: Killed process 1 (a) total-vm:1kB, UID:x",
                "memory: usage",
                "memory: usage kB, limit kB",
                "memory: usage 1kB, limit ",
                "memory: usage 99999999999999999999999999kB, limit 1kB",
                "python3 invoked oom-killer: gfp_mask=0xcc0",
        };
        OomLine l = { .pid = 4711 };

        for (size_t i = 0; i < ELEMENTSOF(lines); i++)
                assert_int_equal(parse(lines[i], &l), OOM_LINE_NONE);
        assert_int_equal(l.pid, 4711);
}

/* Every beginning of a good line, and every line with one byte changed: nothing to assert but that the
 * sanitizer is content and the numbers are in range. */
static void test_damaged_lines(_unused_ void **state) {
        static const char good[] =
                HEAD ",oom_memcg=" SLICE ",task_memcg=" SLICE "/a,task=sh,pid=77,uid=1000";
        static const char bytes[] = "\0,=/(0 ";
        OomLine l;

        for (size_t i = 0; i < sizeof good; i++)
                (void) oom_line_parse(good, i, &l);
        for (size_t i = 0; i < sizeof good - 1; i++)
                for (size_t k = 0; k < sizeof bytes - 1; k++) {
                        char line[sizeof good];

                        memcpy(line, good, sizeof good);
                        line[i] = bytes[k];
                        if (oom_line_parse(line, sizeof good - 1, &l) == OOM_LINE_SUMMARY) {
                                assert_true(l.pid >= 0);
                                assert_true(l.comm.length <= OOM_VICTIM_COMM_MAX);
                        }
                }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_version_1),       cmocka_unit_test(test_summary),
                cmocka_unit_test(test_summary_of_host), cmocka_unit_test(test_hostile_comm),
                cmocka_unit_test(test_hostile_groups),  cmocka_unit_test(test_hostile_cpuset),
                cmocka_unit_test(test_killed),          cmocka_unit_test(test_crash_is_no_kill),
                cmocka_unit_test(test_usage),           cmocka_unit_test(test_other_lines),
                cmocka_unit_test(test_damaged_lines),
        };

        return cmocka_run_group_tests(tests, NULL, teardown);
}
