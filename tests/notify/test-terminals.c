/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>

#include "notify/terminals.h"
#include "support/scratch.h"
#include "support/test.h"

/* Nobody's, so that no terminal but those of the test is theirs. */
#define UID 61399U

static const Notice notice = { .summary = "Your memory on lab ran out", .body = "It is over. \x1b[31m" };

#define EXPECTED "\r\n\aYour memory on lab ran out\r\nIt is over. ?[31m\r\n"

typedef struct Terminal {
        int master;
        char path[64];
} Terminal;

static Terminal open_terminal(uid_t uid, mode_t mode) {
        struct termios settings;
        Terminal t = { .master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC) };

        assert_true(t.master >= 0);
        assert_int_equal(unlockpt(t.master), 0);
        assert_int_equal(tcgetattr(t.master, &settings), 0);
        cfmakeraw(&settings); /* what is written comes as it is */
        assert_int_equal(tcsetattr(t.master, TCSANOW, &settings), 0);
        assert_int_equal(ptsname_r(t.master, t.path, sizeof t.path), 0);
        assert_int_equal(chown(t.path, uid, (gid_t) -1), 0);
        assert_int_equal(chmod(t.path, mode), 0);
        return t;
}

/* As it comes from the other side. */
static void expect(const Terminal *t, const char *expected) {
        struct pollfd p = { .fd = t->master, .events = POLLIN };
        char text[1024] = "";
        size_t length = 0;
        ssize_t n;

        while (length < strlen(expected) && poll(&p, 1, 5000) > 0 &&
               (n = read(t->master, text + length, sizeof text - 1 - length)) > 0)
                length += (size_t) n;
        text[length] = '\0';
        assert_string_equal(text, expected);
        assert_int_equal(poll(&p, 1, 0), 0);
}

static int tell(void) {
        _cleanup_close_ int dev = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return terminals_tell(dev, UID, &notice);
}

static void keep_open(const Terminal *t, int *ret) {
        *ret = open(t->path, O_RDWR | O_NOCTTY | O_CLOEXEC);
        assert_true(*ret >= 0);
}

/* mesg y, mesg n, and somebody else's. */
static void test_who_takes_messages(_unused_ void **state) {
        Terminal yes = open_terminal(UID, 0620), no = open_terminal(UID, 0600),
                 other = open_terminal(0, 0620);
        int fds[3];

        keep_open(&yes, &fds[0]);
        keep_open(&no, &fds[1]);
        keep_open(&other, &fds[2]);
        assert_int_equal(tell(), 1);
        expect(&yes, EXPECTED);
        expect(&no, "");
        expect(&other, "");
        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                close(fds[i]);
        close(yes.master);
        close(no.master);
        close(other.master);
}

static void test_none(_unused_ void **state) {
        assert_int_equal(tell(), 0);
}

/* The kernel moves on what was written a moment later, and then there is room again. */
static void fill(int fd) {
        char text[4096];

        memset(text, 'x', sizeof text);
        assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
        for (unsigned quiet = 0; quiet < 10; quiet++) {
                while (write(fd, text, sizeof text) > 0 || write(fd, text, 1) > 0)
                        quiet = 0;
                usleep(20000);
        }
}

/* Nobody reads from one, and the other is stopped by Control-S: who waited would wait for ever. */
static void test_hanging(_unused_ void **state) {
        Terminal full = open_terminal(UID, 0620), stopped = open_terminal(UID, 0620),
                 free_one = open_terminal(UID, 0620);
        int fds[3];

        keep_open(&full, &fds[0]);
        keep_open(&stopped, &fds[1]);
        keep_open(&free_one, &fds[2]);
        fill(fds[0]);
        assert_int_equal(tcflow(fds[1], TCOOFF), 0);
        assert_int_equal(tell(), 1);
        expect(&free_one, EXPECTED);
        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                close(fds[i]);
        close(full.master);
        close(stopped.master);
        close(free_one.master);
}

/* Nobody has it open, as after a hangup. */
static void test_closed(_unused_ void **state) {
        Terminal t = open_terminal(UID, 0620);

        close(t.master);
        assert_int_equal(tell(), 0);
}

/* Where names do not say what they are: nothing is opened but terminals. */
static void test_other_things(void **state) {
        const Scratch *scratch = *state;
        Terminal t = open_terminal(UID, 0620);
        char text[16];
        int fd, slave;

        keep_open(&t, &slave);
        assert_int_equal(mkdirat(scratch->fd, "pts", 0755), 0);
        assert_int_equal(symlinkat(t.path, scratch->fd, "pts/0"), 0);
        assert_int_equal(symlinkat(t.path, scratch->fd, "tty0"), 0);
        assert_int_equal(mkfifoat(scratch->fd, "tty1", 0666), 0);
        assert_int_equal(mknodat(scratch->fd, "tty2", S_IFCHR | 0666, 1 << 8 | 3), 0); /* /dev/null */
        assert_int_equal(mkdirat(scratch->fd, "tty4", 0777), 0);
        fd = openat(scratch->fd, "tty3", O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        assert_true(fd >= 0);
        for (const char *const *name = (const char *const[]){ "tty1", "tty2", "tty3", "tty4", NULL }; *name;
             name++) {
                assert_int_equal(fchownat(scratch->fd, *name, UID, (gid_t) -1, 0), 0);
                assert_int_equal(fchmodat(scratch->fd, *name, 0777, 0), 0);
        }
        assert_int_equal(terminals_tell(scratch->fd, UID, &notice), 0);
        expect(&t, "");
        assert_int_equal(pread(fd, text, sizeof text, 0), 0);
        close(fd);
        close(slave);
        close(t.master);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_who_takes_messages),
                cmocka_unit_test(test_none),
                cmocka_unit_test(test_hanging),
                cmocka_unit_test(test_closed),
                cmocka_unit_test_setup_teardown(test_other_things, scratch_setup, scratch_teardown),
        };

        if (geteuid() != 0) {
                fprintf(stderr, "SKIPPED: needs root, to give terminals to a user.\n");
                return 77;
        }
        return cmocka_run_group_tests(tests, NULL, NULL);
}
