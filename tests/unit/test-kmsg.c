/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A socket that keeps records apart stands in for /dev/kmsg. */

#include "unit.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>

#include "watch/kmsg.h"

#define SLICE "user-1000.slice"
#define TEXT                                                                            \
        "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0," \
        "oom_memcg=/user.slice/" SLICE ",task_memcg=/user.slice/" SLICE ",task=python3,pid=4711,uid=1000"

typedef struct Log {
        int fd; /* the kernel's end */
        Kmsg *kmsg;
        OomLineSource source;
        OomVictims *victims;
} Log;

static int setup(void **state) {
        Log *log = calloc(1, sizeof *log);
        int fds[2];

        if (!log || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0 ||
            kmsg_new(fds[0], &log->kmsg) < 0)
                return -1;
        log->fd = fds[1];
        log->source = kmsg_source(log->kmsg);
        log->victims = oom_victims_new();
        *state = log;
        return 0;
}

static int teardown(void **state) {
        Log *log = *state;

        safe_close(log->fd);
        kmsg_free(log->kmsg);
        oom_victims_free(log->victims);
        free(log);
        return 0;
}

static void put(Log *log, unsigned priority, usec_t at, const char *text) {
        char record[KMSG_RECORD_MAX];
        int n = snprintf(record, sizeof record, "%u,339,%" PRIu64 ",-;%s\n SUBSYSTEM=none\n DEVICE=+a:b\n",
                         priority, at, text);

        assert_int_equal(send(log->fd, record, (size_t) n, 0), n);
}

static int poll_log(Log *log, usec_t not_before) {
        return log->source.poll(log->source.userdata, not_before, now_monotonic(), log->victims);
}

static void test_record(_unused_ void **state) {
        static KmsgRecord record;
        static const char text[] =
                "6,339,5140900,-,caller=T1;NET: a\\x09b\\x5cc \\xzz\\x4\n SUBSYSTEM=x;y\n";

        assert_int_equal(kmsg_parse(text, sizeof text - 1, &record), 0);
        assert_int_equal(record.facility, 0);
        assert_int_equal(record.at, 5140900);
        assert_int_equal(record.length, strlen("NET: a\tb\\c \\xzz\\x4"));
        assert_memory_equal(record.text, "NET: a\tb\\c \\xzz\\x4", record.length);
        assert_int_equal(kmsg_parse("30,1,2,c;\n", 10, &record), 0);
        assert_int_equal(record.facility, 3);
        assert_int_equal(record.length, 0);
}

static void test_not_a_record(_unused_ void **state) {
        static KmsgRecord record;
        const char *const texts[] = {
                "",
                "6",
                "6,339,5;x\n",
                "6,339,5,-;x",
                "6,339,5,-",
                ",,,-;\n",
                "x,1,2,-;",
                "6,1,-2,-;x\n",
                "6,1,99999999999999999999,-;x\n",
                "6,1,2\n,-;x",
                "4294967296,1,2,-;x\n",
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                assert_int_equal(kmsg_parse(texts[i], strlen(texts[i]), &record), -EBADMSG);
        assert_int_equal(kmsg_parse("6\0,1,2,-;x\n", 11, &record), -EBADMSG);
}

static void test_feeds_the_kernels_lines(void **state) {
        Log *log = *state;
        usec_t now = now_monotonic();

        assert_int_equal(poll_log(log, 0), 0);
        put(log, 6, now, "something else");
        put(log, 6, now, TEXT);
        assert_int_equal(poll_log(log, now - USEC_PER_SEC), 0);
        assert_int_equal(oom_victims_count(log->victims, SLICE), 1);
        assert_int_equal(poll_log(log, 0), 0);
        assert_int_equal(oom_victims_count(log->victims, SLICE), 1);
}

/* Programs that may write there have another facility, whatever they write. */
static void test_nobody_else_is_believed(void **state) {
        Log *log = *state;
        usec_t now = now_monotonic();

        put(log, 1 << 3 | 6, now, TEXT);
        put(log, 23 << 3 | 6, now, TEXT);
        put(log, 6, now, "x\\x0a" TEXT);
        assert_int_equal(poll_log(log, 0), 0);
        assert_int_equal(oom_victims_count(log->victims, SLICE), 0);
}

static void test_not_before(void **state) {
        Log *log = *state;
        usec_t now = now_monotonic(), not_before = now + 3600 * USEC_PER_SEC;

        put(log, 6, 0, TEXT);
        assert_int_equal(log->source.poll(log->source.userdata, not_before, not_before, log->victims), 0);
        assert_int_equal(oom_victims_count(log->victims, SLICE), 0);
        put(log, 6, not_before, TEXT);
        assert_int_equal(log->source.poll(log->source.userdata, not_before, not_before, log->victims), 0);
        assert_int_equal(oom_victims_count(log->victims, SLICE), 1);
}

/* What read(2) on /dev/kmsg says of records that were overwritten, or are too long. */
static int read_error;
static unsigned n_errors;

ssize_t __real_read(int fd, void *buffer, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t size) {
        if (n_errors > 0) {
                n_errors--;
                errno = read_error;
                return -1;
        }
        return __real_read(fd, buffer, size);
}

static void test_lost_records(void **state) {
        Log *log = *state;

        static const int harmless[] = { EPIPE, EINVAL, EINTR };

        for (size_t i = 0; i < ELEMENTSOF(harmless); i++) {
                put(log, 6, now_monotonic(), TEXT);
                read_error = harmless[i];
                n_errors = 1;
                assert_int_equal(poll_log(log, 0), 0);
                assert_int_equal(oom_victims_count(log->victims, SLICE), i + 1);
        }
        read_error = EIO;
        n_errors = 1;
        assert_int_equal(poll_log(log, 0), -EIO);
}

/* A poll is bounded, and says that there is more. */
static void test_many_records(void **state) {
        Log *log = *state;
        int polls = 0;

        for (int i = 0; i < 40; i++)
                put(log, 6, now_monotonic(), TEXT);
        read_error = EPIPE;
        n_errors = 1500;
        while (poll_log(log, 0) > 0)
                polls++;
        assert_int_equal(polls, 1);
        assert_int_equal(oom_victims_count(log->victims, SLICE), 40);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_record),
                TEST(test_not_a_record),
                TEST(test_feeds_the_kernels_lines),
                TEST(test_nobody_else_is_believed),
                TEST(test_not_before),
                TEST(test_lost_records),
                TEST(test_many_records),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
