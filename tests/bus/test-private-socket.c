/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "bus/gate.h"
#include "bus/peer.h"
#include "bus/socket-host.h"

/* The socket itself, and what people may do to it. */

static void expect_others_served(void) {
        as_user(getuid(), client_is_served);
}

static void expect_ended(int fd) {
        DRIVE_UNTIL(raw_ended(fd));
        close(fd);
        expect_others_served();
}

static int connected_and_greeted(void) {
        int fd = raw_connect(socket_host.path);

        assert_true(raw_send(fd, RAW_HANDSHAKE, RAW_HANDSHAKE_SIZE));
        return fd;
}

static void test_open_to_everybody(_unused_ void **state) {
        struct stat st;

        assert_int_equal(lstat(socket_host.path, &st), 0);
        assert_true(S_ISSOCK(st.st_mode));
        assert_int_equal(st.st_mode & 07777, 0666);
        expect_others_served();
        socket_host.server = private_socket_free(socket_host.server);
        assert_int_equal(access(socket_host.path, F_OK), -1);
}

static void test_second_service(_unused_ void **state) {
        PrivateSocket *second = NULL;

        assert_int_equal(socket_host_second(&second), -EADDRINUSE);
        assert_null(second);
        expect_others_served();
}

/* A socket that nobody listens on any more, as after kill -9. */
static void leave_stale_socket(void) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        strcpy(address.sun_path, socket_host.path);
        assert_int_equal(bind(fd, (struct sockaddr *) &address, sizeof address), 0);
        assert_int_equal(listen(fd, 1), 0);
        close(fd);
}

static void test_stale_socket(_unused_ void **state) {
        socket_host.server = private_socket_free(socket_host.server);
        leave_stale_socket();
        socket_host_restart(PATIENCE_USEC);
        expect_others_served();
}

/* What takes our place is not ours to remove. */
static void test_replaced_socket(_unused_ void **state) {
        assert_int_equal(unlink(socket_host.path), 0);
        leave_stale_socket();
        socket_host.server = private_socket_free(socket_host.server);
        assert_int_equal(access(socket_host.path, F_OK), 0);
}

static void test_link_is_not_followed(_unused_ void **state) {
        char target[96];
        struct stat st;
        int fd;

        snprintf(target, sizeof target, "%s/target", socket_host.directory);
        fd = open(target, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        socket_host.server = private_socket_free(socket_host.server);
        assert_int_equal(symlink(target, socket_host.path), 0);
        socket_host_restart(PATIENCE_USEC);
        assert_int_equal(fstat(fd, &st), 0);
        assert_true(S_ISREG(st.st_mode) && (st.st_mode & 0777) == 0600 && st.st_nlink == 1);
        close(fd);
        assert_int_equal(unlink(target), 0);
        expect_others_served();
}

static void test_place_is_taken(_unused_ void **state) {
        socket_host.server = private_socket_free(socket_host.server);
        assert_int_equal(mkdir(socket_host.path, 0700), 0);
        assert_true(socket_host_second(&socket_host.server) < 0);
        assert_int_equal(rmdir(socket_host.path), 0);
}

/* Calls without end, and never an answer fetched. */
static void test_never_reads(_unused_ void **state) {
        uint8_t call[RAW_CALL_MAX];
        size_t size = raw_call(call, "ListSlices");
        unsigned calls = 0;
        int fd;

        socket_host_restart(200 * USEC_PER_MSEC);
        fd = connected_and_greeted();
        while (raw_send(fd, call, size))
                calls++;
        assert_true(calls > 1);
        expect_ended(fd);
}

/* Looks without fetching anything. */
static bool hung_up(int fd) {
        struct pollfd p = { .fd = fd };

        return poll(&p, 1, 0) > 0 && p.revents & POLLHUP;
}

/* Large answers, asked for faster than they are fetched: the next call waits, the service does not. */
static void test_large_answers(_unused_ void **state) {
        uint8_t call[RAW_CALL_MAX];
        size_t size = raw_call(call, "ListSlices");
        int fd;

        socket_host_restart(500 * USEC_PER_MSEC);
        fd = connected_and_greeted();
        socket_host.fake.many = 2000;
        for (int i = 0; i < 20; i++)
                assert_int_equal(send(fd, call, size, MSG_DONTWAIT), size);
        DRIVE_UNTIL(socket_host.fake.rounds > 0);
        drive_quiet();
        assert_int_equal(socket_host.fake.rounds, 1);
        expect_others_served();
        DRIVE_UNTIL(hung_up(fd));
        close(fd);
}

/* The same, but it reads: all are answered. */
static void test_calls_ahead(_unused_ void **state) {
        uint8_t call[RAW_CALL_MAX];
        size_t size = raw_call(call, "ListSlices");
        int fd = connected_and_greeted();

        socket_host.fake.many = 2000;
        for (int i = 0; i < 20; i++)
                assert_int_equal(send(fd, call, size, MSG_DONTWAIT), size);
        DRIVE_UNTIL(raw_ended(fd) || socket_host.fake.rounds == 20);
        assert_false(raw_ended(fd));
        close(fd);
}

/* It does not even fetch the answers of the handshake. */
static void test_never_reads_while_greeting(_unused_ void **state) {
        int fd = raw_connect(socket_host.path);
        unsigned lines = 0;

        assert_true(raw_send(fd, "", 1));
        while (raw_send(fd, "AUTH\r\n", 6))
                lines++;
        assert_true(lines <= PEER_HANDSHAKE_MAX);
        expect_ended(fd);
}

static void expect_junk_ends(bool greet, const void *junk, size_t size) {
        int fd = greet ? connected_and_greeted() : raw_connect(socket_host.path);

        (void) raw_send(fd, junk, size);
        expect_ended(fd);
}

#define EXPECT_JUNK_ENDS(greet, text) expect_junk_ends((greet), (text), sizeof(text) - 1)

static void test_junk(_unused_ void **state) {
        char much[PEER_HANDSHAKE_MAX + 1] = "";

        EXPECT_JUNK_ENDS(false, "GET / HTTP/1.1\r\n\r\n");
        expect_junk_ends(false, much, sizeof much);
        EXPECT_JUNK_ENDS(true, "GET / HTTP/1.1\r\n\r\n");
        assert_int_equal(socket_host.fake.reloads, 0);
}

/* A wrong version of the protocol, and fields that are none: sd-bus throws such messages away, so the peer
 * has said nothing. */
static void test_junk_in_a_frame(_unused_ void **state) {
        socket_host_restart(200 * USEC_PER_MSEC);
        EXPECT_JUNK_ENDS(true, "l\1\0\x77\0\0\0\0\1\0\0\0\0\0\0\0");
        EXPECT_JUNK_ENDS(true, "l\1\0\1\0\0\0\0\1\0\0\0\x08\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff");
}

/* The header announces 127 MiB: nobody makes room for them. */
static void test_huge_message(_unused_ void **state) {
        EXPECT_JUNK_ENDS(true, "l\1\0\1\0\0\xf0\7\1\0\0\0\0\0\0\0");
        EXPECT_JUNK_ENDS(true, "B\1\0\1\7\xf0\0\0\0\0\0\1\0\0\0\0");
        EXPECT_JUNK_ENDS(true, "l\1\0\1\0\0\0\0\1\0\0\0\xff\xff\xff\xff");
}

/* The peer says "BEGIN" before anybody has agreed, to have the gate see messages where sd-bus does not, or
 * the other way round. What looks like a huge message is a line of the handshake here, and never ends. */
static void test_begins_too_early(_unused_ void **state) {
        socket_host_restart(200 * USEC_PER_MSEC);
        EXPECT_JUNK_ENDS(false, "\0BEGIN\r\nl\1\0\1\0\0\xf0\7\1\0\0\0\0\0\0\0");
        EXPECT_JUNK_ENDS(false, "\0AUTH EXTERNAL 3g\r\nBEGIN\r\nl\1\0\1\0\0\xf0\7\1\0\0\0\0\0\0\0");
}

static int sends_large_messages(void) {
        static char text[2 * GATE_MESSAGE_MAX];
        sd_bus *bus = client_connect();
        sd_bus_error error = SD_BUS_ERROR_NULL;

        memset(text, 'x', GATE_MESSAGE_MAX - 512);
        CHECK(sd_bus_call_method(bus, MANAGER, "Rubbish", &error, NULL, "s", text) < 0);
        CHECK(sd_bus_error_has_name(&error, SD_BUS_ERROR_UNKNOWN_METHOD));
        memset(text, 'x', GATE_MESSAGE_MAX);
        CHECK(sd_bus_call_method(bus, MANAGER, "Rubbish", NULL, NULL, "s", text) < 0);
        CHECK(sd_bus_is_open(bus) <= 0);
        return 0;
}

static void test_large_message(_unused_ void **state) {
        as_user(getuid(), sends_large_messages);
        expect_others_served();
}

/* One byte at a time is slow, and nothing else. */
static void test_in_pieces(_unused_ void **state) {
        uint8_t bytes[RAW_HANDSHAKE_SIZE + RAW_CALL_MAX];
        char answer[512];
        ssize_t n = -1;
        size_t size;
        int fd;

        memcpy(bytes, RAW_HANDSHAKE, RAW_HANDSHAKE_SIZE);
        size = RAW_HANDSHAKE_SIZE + raw_call(bytes + RAW_HANDSHAKE_SIZE, "ListSlices");
        fd = raw_connect(socket_host.path);
        for (size_t i = 0; i < size; i++)
                assert_true(raw_send(fd, bytes + i, 1));
        DRIVE_UNTIL((n = recv(fd, answer, sizeof answer, MSG_PEEK)) > 0 &&
                    memmem(answer, (size_t) n, "a(suso)", 7));
        close(fd);
}

static void test_dies(_unused_ void **state) {
        uint8_t call[RAW_CALL_MAX];
        size_t size = raw_call(call, "ListSlices");

        for (size_t n = 0; n <= size; n += 7) {
                int fd = connected_and_greeted();

                assert_true(raw_send(fd, call, n));
                close(fd);
        }
        for (size_t n = 0; n <= RAW_HANDSHAKE_SIZE; n++) {
                int fd = raw_connect(socket_host.path);

                /* Nothing runs in between: it is gone before anybody looks. */
                assert_int_equal(send(fd, RAW_HANDSHAKE, n, 0), n);
                close(fd);
        }
        expect_others_served();
}

/* Who says nothing, or nothing but hello, is dropped; who has said something may be silent then. */
static void test_silence(_unused_ void **state) {
        uint8_t call[RAW_CALL_MAX];
        size_t size = raw_call(call, "ListSlices");
        int silent, halting, greeting, talking;

        socket_host_restart(200 * USEC_PER_MSEC);
        silent = raw_connect(socket_host.path);
        halting = raw_connect(socket_host.path);
        greeting = connected_and_greeted();
        talking = connected_and_greeted();
        assert_true(raw_send(halting, RAW_HANDSHAKE, 10));
        assert_true(raw_send(talking, call, size));
        DRIVE_UNTIL(raw_ended(silent) && raw_ended(halting) && raw_ended(greeting));
        assert_false(raw_ended(talking));
        assert_true(raw_send(talking, call, size));
        assert_false(raw_ended(talking));
        close(silent);
        close(halting);
        close(greeting);
        close(talking);
}

static int gets_objects(void) {
        sd_bus *bus = client_connect();

        for (int i = 0; i < 2; i++) {
                CHECK(sd_bus_call_method(bus, BUS_NAME, MANAGER_PATH, "org.freedesktop.DBus.ObjectManager",
                                         "GetManagedObjects", NULL, NULL, NULL) >= 0);
                usleep(500 * USEC_PER_MSEC);
        }
        return 0;
}

/* What no object sees counts as well. */
static void test_silence_of_filters(_unused_ void **state) {
        socket_host_restart(200 * USEC_PER_MSEC);
        as_user(getuid(), gets_objects);
}

#define MANY 1000

static unsigned count_ended(const int *fds, size_t n) {
        unsigned ended = 0;

        for (size_t i = 0; i < n; i++)
                ended += raw_ended(fds[i]);
        return ended;
}

/* All are let in, and the oldest make room; so everybody else is, too. */
static void test_thousand_connections(_unused_ void **state) {
        static int fds[MANY];

        for (size_t i = 0; i < MANY; i++) {
                fds[i] = raw_connect(socket_host.path);
                drive_ready();
        }
        DRIVE_UNTIL(count_ended(fds, MANY) == MANY - PRIVATE_SOCKET_PER_UID_MAX);
        assert_int_equal(count_ended(fds, MANY - PRIVATE_SOCKET_PER_UID_MAX),
                         MANY - PRIVATE_SOCKET_PER_UID_MAX);
        expect_others_served();
        if (getuid() == 0) {
                unsigned ended = count_ended(fds, MANY);

                as_user(USER_UID, client_is_served);
                assert_int_equal(count_ended(fds, MANY), ended); /* nobody had to go for that */
        }
        for (size_t i = 0; i < MANY; i++)
                close(fds[i]);
}

/* Who has just been heard is not the one to go. */
static void test_busy_one_stays(_unused_ void **state) {
        uint8_t call[RAW_CALL_MAX];
        size_t size = raw_call(call, "ListSlices");
        int busy = connected_and_greeted(), fds[2 * PRIVATE_SOCKET_PER_UID_MAX];

        for (size_t i = 0; i < ELEMENTSOF(fds); i++) {
                fds[i] = raw_connect(socket_host.path);
                assert_true(raw_send(busy, call, size));
                assert_false(raw_ended(busy));
        }
        assert_int_equal(count_ended(fds, ELEMENTSOF(fds)),
                         ELEMENTSOF(fds) - PRIVATE_SOCKET_PER_UID_MAX + 1);
        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                close(fds[i]);
        close(busy);
}

static int opens_many(void) {
        for (unsigned i = 0; i < PRIVATE_SOCKET_PER_UID_MAX; i++)
                (void) raw_connect(socket_host.path); /* stays open until the process ends */
        return client_is_served();
}

/* Somebody with many UIDs, as with newuidmap(1), keeps out neither root nor others. */
static void test_many_uids(_unused_ void **state) {
        int root;

        need_root_to_be_others();
        root = connected_and_greeted();
        for (uid_t i = 0; i < 2 * PRIVATE_SOCKET_USERS_MAX / PRIVATE_SOCKET_PER_UID_MAX; i++)
                as_user(USER_UID + i, opens_many);
        as_user(USER_UID - 1, client_is_served);
        assert_false(raw_ended(root));
        close(root);
}

/* The loop ends while peers wait for answers that they do not fetch. */
static void test_end_does_not_wait(_unused_ void **state) {
        uint8_t call[RAW_CALL_MAX];
        size_t size = raw_call(call, "ListSlices");
        int fd = connected_and_greeted();

        for (int i = 0; i < 100; i++)
                (void) raw_send(fd, call, size);
        assert_true(sd_event_exit(socket_host.loop, 0) >= 0);
        assert_true(sd_event_loop(socket_host.loop) >= 0);
        close(fd);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, socket_host_setup, socket_host_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_open_to_everybody),
                TEST(test_second_service),
                TEST(test_stale_socket),
                TEST(test_replaced_socket),
                TEST(test_link_is_not_followed),
                TEST(test_place_is_taken),
                TEST(test_never_reads),
                TEST(test_large_answers),
                TEST(test_calls_ahead),
                TEST(test_never_reads_while_greeting),
                TEST(test_junk),
                TEST(test_junk_in_a_frame),
                TEST(test_huge_message),
                TEST(test_begins_too_early),
                TEST(test_large_message),
                TEST(test_in_pieces),
                TEST(test_dies),
                TEST(test_silence),
                TEST(test_silence_of_filters),
                TEST(test_thousand_connections),
                TEST(test_busy_one_stays),
                TEST(test_many_uids),
                TEST(test_end_does_not_wait),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
