/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <sys/socket.h>

#include "basic/bus-peer.h"
#include "notify/news.h"
#include "support/test.h"

/* Answers to ListEvents(), as they should be and as they should not. */

#define ALICE 1000U
#define EVENT "(ttssua{sv})"

static sd_bus *bus;
static int peer;

static int setup(_unused_ void **state) {
        int fds[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
        peer = fds[1];
        assert_true(sd_bus_new(&bus) >= 0);
        assert_true(sd_bus_set_fd(bus, fds[0], fds[0]) >= 0);
        assert_true(sd_bus_start(bus) >= 0);
        return 0;
}

static int teardown(_unused_ void **state) {
        bus = sd_bus_close_unref(bus);
        close(peer);
        return 0;
}

static sd_bus_message *begin(void) {
        sd_bus_message *m = NULL;

        assert_true(sd_bus_message_new_signal(bus, &m, "/", "a.b", "c") >= 0);
        return m;
}

static int read_it(sd_bus_message *m, usec_t since, News *ret) {
        int r;

        assert_true(sd_bus_message_seal(m, 1, 0) >= 0);
        assert_true(sd_bus_message_rewind(m, true) >= 0);
        r = news_read(m, ALICE, since, ret);
        sd_bus_message_unref(m);
        return r;
}

#define ADD(m, when, kind, uid, ...)                                                             \
        assert_true(sd_bus_message_append(m, EVENT, UINT64_C(1), UINT64_C(when), kind, "s", uid, \
                                          __VA_ARGS__) >= 0)
#define OPEN(m)  assert_true(sd_bus_message_open_container(m, 'a', EVENT) >= 0)
#define CLOSE(m) assert_true(sd_bus_message_close_container(m) >= 0)

#define KILLS(n) "Kills", "t", UINT64_C(n)

static void test_summed_up(_unused_ void **state) {
        sd_bus_message *m = begin();
        News news;

        OPEN(m);
        ADD(m, 99, "out-of-memory", ALICE, 1, KILLS(7));
        ADD(m, 100, "out-of-memory", ALICE, 4, KILLS(1), "Cause", "s", "host", "Victims", "a(us)", 2, 11,
            "first", 12, "second", "MemoryMax", "t", UINT64_C(5));
        ADD(m, 101, "out-of-memory", 1001, 1, KILLS(7));
        ADD(m, 102, "contended", UINT32_MAX, 0);
        ADD(m, 103, "out-of-memory", ALICE, 1, KILLS(0));
        ADD(m, 104, "what-ever", ALICE, 1, KILLS(1));
        ADD(m, 105, "out-of-memory", ALICE, 5, KILLS(2), "Cause", "s", "slice", "Victims", "a(us)", 1, 13,
            "third", "MemoryMax", "t", UINT64_C(6), "New", "ay", 2, 1, 2);
        ADD(m, 106, "memory-warning", ALICE, 4, "Percent", "u", 75, "MemoryUsed", "t", UINT64_C(3),
            "MemoryMax", "t", UINT64_C(4), "Processes", "a(uts)", 2, 21, UINT64_C(9), "large", 22,
            UINT64_C(8), "small");
        CLOSE(m);
        assert_int_equal(read_it(m, 100, &news), 0);
        assert_int_equal(news.newest, 106);
        assert_int_equal(news.kills, 3);
        assert_int_equal(news.cause, OOM_CAUSE_SLICE);
        assert_int_equal(news.oom_max, 6);
        assert_string_equal(news.victim.name, "first");
        assert_int_equal(news.victim.pid, 11);
        assert_true(news.warned);
        assert_int_equal(news.used, 3);
        assert_int_equal(news.warning_max, 4);
        assert_string_equal(news.largest.name, "large");
        assert_int_equal(news.largest.pid, 21);
        assert_int_equal(news.largest.rss, 9);
}

static void test_nothing(_unused_ void **state) {
        sd_bus_message *m = begin();
        News news;

        OPEN(m);
        CLOSE(m);
        assert_int_equal(read_it(m, 0, &news), 0);
        assert_int_equal(news.newest, 0);
}

/* What is of another type is not there. */
static void test_other_types(_unused_ void **state) {
        sd_bus_message *m = begin();
        News news;

        OPEN(m);
        ADD(m, 1, "out-of-memory", ALICE, 1, "Kills", "s", "many");
        ADD(m, 2, "out-of-memory", ALICE, 4, KILLS(1), "Cause", "u", 1, "Victims", "as", 1, "x", "MemoryMax",
            "i", 1);
        ADD(m, 3, "memory-warning", ALICE, 2, "MemoryUsed", "d", 1.0, "Processes", "a(us)", 1, 21, "x");
        CLOSE(m);
        assert_int_equal(read_it(m, 0, &news), 0);
        assert_int_equal(news.newest, 3);
        assert_int_equal(news.kills, 1);
        assert_int_equal(news.cause, OOM_CAUSE_UNKNOWN);
        assert_true(news.oom_max == LIMIT_UNSET);
        assert_string_equal(news.victim.name, "");
        assert_int_equal(news.used, 0);
        assert_int_equal(news.warning_max, 0);
        assert_string_equal(news.largest.name, "");
}

static void test_extremes(_unused_ void **state) {
        char name[4 * NEWS_NAME_MAX + 1] = "\x1b[31m<b>";
        sd_bus_message *m = begin();
        News news;

        /* An odd number of bytes, then characters of two. */
        for (size_t i = strlen(name); i + 2 < sizeof name; i += 2)
                memcpy(name + i, "\xc3\xa4", 3);
        OPEN(m);
        ADD(m, 18446744073709551615, "out-of-memory", ALICE, 2, KILLS(18446744073709551615), "Victims",
            "a(us)", 1, UINT32_MAX, name);
        ADD(m, 5, "out-of-memory", ALICE, 2, KILLS(18446744073709551615), "Cause", "s", "\xc3\xa4");
        CLOSE(m);
        assert_int_equal(read_it(m, 0, &news), 0);
        assert_true(news.newest == UINT64_MAX);
        assert_true(news.kills == UINT64_MAX);
        assert_memory_equal(news.victim.name, "?[31m<b>\xc3\xa4", 10);
        assert_in_range(strlen(news.victim.name), NEWS_NAME_MAX - 1, NEWS_NAME_MAX);
        assert_int_equal(news.cause, OOM_CAUSE_UNKNOWN);
}

static void test_no_answer_at_all(_unused_ void **state) {
        News news = { .newest = 42 };
        sd_bus_message *m;

        assert_true(read_it(begin(), 0, &news) < 0);
        m = begin();
        assert_true(sd_bus_message_append(m, "s", "hello") >= 0);
        assert_true(read_it(m, 0, &news) < 0);
        m = begin();
        assert_true(sd_bus_message_append(m, "a(ts)", 1, UINT64_C(1), "x") >= 0);
        assert_true(read_it(m, 0, &news) < 0);
        assert_int_equal(news.newest, 42);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_summed_up), TEST(test_nothing),          TEST(test_other_types),
                TEST(test_extremes),  TEST(test_no_answer_at_all),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
