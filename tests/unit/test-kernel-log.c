/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Real journal files, which systemd-journal-remote writes from text. */

#include "unit.h"

#include <endian.h>
#include <inttypes.h>

#include "cgroup-fixture.h"
#include "watch/kernel-log.h"

#define A     "user-1000.slice"
#define BOOT  "0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210"
#define NOW   (1000 * USEC_PER_SEC)

typedef struct Journal {
        Fixture directory;
        FILE *text;
        KernelLog *log;
        OomLineSource source;
        OomVictims *victims;
        unsigned n_entries;
} Journal;

static const char *find_tool(void) {
        static const char *const paths[] = { "/usr/lib/systemd/systemd-journal-remote",
                                             "/lib/systemd/systemd-journal-remote" };

        for (size_t i = 0; i < ELEMENTSOF(paths); i++)
                if (access(paths[i], X_OK) >= 0)
                        return paths[i];
        return NULL;
}

static int setup(void **state) {
        Journal *j = calloc(1, sizeof *j);
        sd_id128_t boot;

        if (!j || fixture_open(&j->directory) < 0 || sd_id128_from_string(BOOT, &boot) < 0 ||
            kernel_log_new(j->directory.path, boot, &j->log) < 0)
                return -1;
        j->source = kernel_log_source(j->log);
        j->victims = oom_victims_new();
        *state = j;
        return 0;
}

static int teardown(void **state) {
        Journal *j = *state;

        oom_victims_free(j->victims);
        kernel_log_free(j->log);
        fixture_close(&j->directory);
        free(j);
        return 0;
}

static void begin(Journal *j) {
        j->text = fopen(fixture_name("%s/text", j->directory.path), "we");
        assert_non_null(j->text);
}

static void add(Journal *j, const char *boot, const char *transport, usec_t at, const char *message) {
        size_t length = strlen(message);
        uint64_t size = htole64(length);

        fprintf(j->text,
                "__CURSOR=\n__REALTIME_TIMESTAMP=%" PRIu64 "\n__MONOTONIC_TIMESTAMP=%" PRIu64
                "\n_BOOT_ID=%s\n_TRANSPORT=%s\nENTRY=%u\nMESSAGE\n",
                UINT64_C(1700000000000000) + at, at, boot, transport, j->n_entries++);
        fwrite(&size, sizeof size, 1, j->text);
        fwrite(message, length, 1, j->text);
        fputs("\n\n", j->text);
}

static void add_kill(Journal *j, usec_t at, int pid, const char *comm) {
        char line[512];

        snprintf(line, sizeof line,
                 "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
                 "oom_memcg=/user.slice/" A ",task_memcg=/user.slice/" A ",task=%s,pid=%d,uid=1000",
                 comm, pid);
        add(j, BOOT, "kernel", at, line);
}

/* Appends what was added to the journal file of that name. */
static void end(Journal *j, const char *name) {
        char command[512];

        fclose(j->text);
        snprintf(command, sizeof command, "%s -o %s/%s.journal %s/text >%s/log 2>&1", find_tool(),
                 j->directory.path, name, j->directory.path, j->directory.path);
        assert_int_equal(system(command), 0);
}

static int poll(Journal *j, usec_t not_before) {
        return j->source.poll(j->source.userdata, not_before, NOW, j->victims);
}

static void release(Journal *j) {
        j->source.release(j->source.userdata);
}

static void test_only_the_kernel_and_this_boot(void **state) {
        Journal *j = *state;
        OomEvent event;

        begin(j);
        add(j, OTHER, "kernel", 5 * USEC_PER_SEC,
            "Memory cgroup out of memory: Killed process 1 (old) total-vm:1kB, UID:1000");
        add(j, BOOT, "syslog", 5 * USEC_PER_SEC,
            "Memory cgroup out of memory: Killed process 2 (forged) total-vm:1kB, UID:1000");
        add(j, BOOT, "kernel", 5 * USEC_PER_SEC, "memory: usage 1024kB, limit 1024kB, failcnt 1");
        add_kill(j, 5 * USEC_PER_SEC, 3, "a\nb\xff");
        add(j, BOOT, "kernel", 5 * USEC_PER_SEC, "");
        end(j, "one");

        assert_int_equal(poll(j, 0), 0);
        oom_event_init(&event, A);
        assert_int_equal(oom_victims_claim(j->victims, A, 10, &event), 1);
        assert_int_equal(event.victims[0].pid, 3);
        assert_string_equal(event.victims[0].comm, "a\nb\xff");
        assert_int_equal(event.memory_max, 1024 << 10);
}

static void test_each_line_once(void **state) {
        Journal *j = *state;

        begin(j);
        add_kill(j, 5 * USEC_PER_SEC, 1, "a");
        add_kill(j, 6 * USEC_PER_SEC, 2, "a");
        end(j, "one");
        for (int i = 0; i < 3; i++) {
                assert_int_equal(poll(j, 0), 0);
                assert_int_equal(oom_victims_count(j->victims, A), 2);
        }
        release(j);
        assert_int_equal(poll(j, 0), 0);
        assert_int_equal(oom_victims_count(j->victims, A), 2);

        /* More comes while it is open, and while it is not. */
        begin(j);
        add_kill(j, 7 * USEC_PER_SEC, 3, "a");
        end(j, "one");
        assert_int_equal(poll(j, 0), 0);
        assert_int_equal(oom_victims_count(j->victims, A), 3);
        release(j);
        begin(j);
        add_kill(j, 8 * USEC_PER_SEC, 4, "a");
        end(j, "one");
        assert_int_equal(poll(j, 0), 0);
        assert_int_equal(oom_victims_count(j->victims, A), 4);
        release(j);

        /* In a file of its own, and the one that was read deleted. */
        begin(j);
        add_kill(j, 9 * USEC_PER_SEC, 5, "a");
        end(j, "two");
        fixture_remove(&j->directory, "one.journal");
        assert_int_equal(poll(j, 0), 0);
        assert_int_equal(oom_victims_count(j->victims, A), 5);
}

static void test_not_before(void **state) {
        Journal *j = *state;

        begin(j);
        for (unsigned i = 1; i <= 20; i++) {
                add(j, i % 2 ? BOOT : OTHER, "kernel", i * USEC_PER_SEC, "something else");
                add_kill(j, i * USEC_PER_SEC, (int) i, "a");
                add(j, BOOT, "stdout", i * USEC_PER_SEC, "of a service");
        }
        end(j, "one");
        assert_int_equal(poll(j, 15 * USEC_PER_SEC), 0);
        assert_int_equal(oom_victims_count(j->victims, A), 6);
        release(j);
        assert_int_equal(poll(j, 30 * USEC_PER_SEC), 0);
        assert_int_equal(oom_victims_count(j->victims, A), 6);
        begin(j);
        add_kill(j, 29 * USEC_PER_SEC, 29, "a");
        add_kill(j, 31 * USEC_PER_SEC, 31, "a");
        end(j, "one");
        assert_int_equal(poll(j, 30 * USEC_PER_SEC), 0);
        assert_int_equal(oom_victims_count(j->victims, A), 7);
}

static void test_a_bounded_number(void **state) {
        Journal *j = *state;
        unsigned polls = 1;

        begin(j);
        for (unsigned i = 0; i < 3000; i++)
                add(j, BOOT, "kernel", i,
                    "[  1234]  1000  1234   1000    500    40000        0             0 bash");
        add_kill(j, 4000, 1, "a");
        end(j, "one");
        while (poll(j, 0) == 1)
                polls++;
        assert_true(polls >= 2 && polls <= 10);
        assert_int_equal(oom_victims_count(j->victims, A), 1);
}

static void test_no_journal(void **state) {
        Journal *j = *state;

        /* None yet, and then one. */
        assert_int_equal(poll(j, 0), 0);
        release(j);
        fixture_write(&j->directory, "rubbish.journal", "this is no journal file at all");
        assert_int_equal(poll(j, 0), 0);
        release(j);
        begin(j);
        add_kill(j, 5 * USEC_PER_SEC, 1, "a");
        end(j, "one");
        assert_int_equal(poll(j, 0), 0);
        assert_int_equal(oom_victims_count(j->victims, A), 1);
}

static void test_no_directory(void **state) {
        _cleanup_(kernel_log_freep) KernelLog *log = NULL;
        OomLineSource source;
        Journal *j = *state;

        assert_int_equal(kernel_log_new("/nonexistent", SD_ID128_NULL, &log), 0);
        source = kernel_log_source(log);
        for (int i = 0; i < 2; i++)
                assert_int_equal(source.poll(source.userdata, 0, NOW, j->victims), -ENOENT);
        source.release(source.userdata);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_only_the_kernel_and_this_boot),
                TEST(test_each_line_once),
                TEST(test_not_before),
                TEST(test_a_bounded_number),
                TEST(test_no_journal),
                TEST(test_no_directory),
        };

        if (!find_tool()) {
                fputs("SKIPPED: no systemd-journal-remote here to write journal files with.\n", stderr);
                return 77;
        }
        return cmocka_run_group_tests(tests, NULL, NULL);
}
