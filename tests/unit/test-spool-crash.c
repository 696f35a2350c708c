/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Each step of both programs can be the last one before a kill -9, and each can fail. */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "basic/fs.h"
#include "fate.h"
#include "spool/internal.h"
#include "support/scratch.h"
#include "support/test.h"

#define TEXT "Subject: hello\r\n\r\nworld\r\n"
#define WHO  "alice@example.org"
#define T0   (UINT64_C(1795332922) * USEC_PER_SEC)

/* ---- what else goes wrong ---- */

/* NOLINTBEGIN: names that the linker wants */
int __real_renameat2(int olddirfd, const char *oldname, int newdirfd, const char *newname, unsigned flags);
int __wrap_renameat2(int olddirfd, const char *oldname, int newdirfd, const char *newname, unsigned flags);
int __real_ftruncate(int fd, off_t size);
int __wrap_ftruncate(int fd, off_t size);

int __wrap_renameat2(int olddirfd, const char *oldname, int newdirfd, const char *newname, unsigned flags) {
        return meet_fate() < 0 ? -1 : __real_renameat2(olddirfd, oldname, newdirfd, newname, flags);
}

int __wrap_ftruncate(int fd, off_t size) {
        return meet_fate() < 0 ? -1 : __real_ftruncate(fd, size);
}
/* NOLINTEND */

/* ---- scenes ---- */

static const SpoolLimits limits = { .messages = 3, .bytes = UINT64_C(1) << 20 };

static SpoolName name_of(SpoolKind kind, unsigned i) {
        SpoolName name = { .kind = kind, .time = T0 + i };

        snprintf(name.id, sizeof name.id, "n%u", i);
        return name;
}

/* What it is all about, and two others that must never be touched but by being dropped. */
static const SpoolName *subject(void) {
        static SpoolName name;

        name = name_of(SPOOL_KILL, 5);
        return &name;
}

static Spool *open_as(const Scratch *scratch, SpoolRole role) {
        Spool *spool = NULL;

        assert_int_equal(spool_open(scratch->fd, role, &limits, &spool), 0);
        return spool;
}

static int put(Spool *spool, const SpoolName *name) {
        return spool_put(spool, name, WHO, TEXT, strlen(TEXT));
}

typedef enum Operation { PUT, PUT_FULL, SENT, FAIL, RETRY, TRIES, _OPERATIONS } Operation;

static void prepare(const Scratch *scratch, Operation operation) {
        _cleanup_(spool_freep) Spool *put_end = NULL, *send_end = NULL;
        SpoolName others[] = { name_of(SPOOL_WARNING, 1), name_of(SPOOL_WARNING, 2),
                               name_of(SPOOL_WARNING, 3) };

        fate = GOOD;
        scratch_clear(scratch);
        put_end = open_as(scratch, SPOOL_PUT);
        send_end = open_as(scratch, SPOOL_SEND);
        for (unsigned i = 0; i < (operation == PUT_FULL ? 3U : 1U); i++)
                assert_int_equal(put(put_end, &others[i]), 1);
        if (operation != PUT && operation != PUT_FULL)
                assert_int_equal(put(put_end, subject()), 1);
        if (operation == RETRY)
                assert_int_equal(spool_fail(send_end, subject(), "550 no"), 0);
}

static int operate(const Scratch *scratch, Operation operation) {
        static const SpoolTries tries = { .count = 4, .next = T0, .answer = "451 later" };
        bool puts = operation == PUT || operation == PUT_FULL || operation == RETRY;
        _cleanup_(spool_freep) Spool *spool = NULL;
        int r = spool_open(scratch->fd, puts ? SPOOL_PUT : SPOOL_SEND, &limits, &spool);

        if (r < 0)
                return r;
        calls = 0;
        switch (operation) {
        case SENT:
                return spool_sent(spool, subject());
        case FAIL:
                return spool_fail(spool, subject(), "550 no");
        case RETRY:
                return spool_retry(spool, subject());
        case TRIES:
                return spool_set_tries(spool, subject(), &tries);
        default:
                return put(spool, subject());
        }
}

/* ---- what must be true afterwards ---- */

/* In how many places the message is; whole wherever it is to be whole. */
static unsigned places_of(Spool *spool, const SpoolName *name) {
        unsigned n = 0;

        for (unsigned place = 0; place < _SPOOL_PLACE_COUNT; place++) {
                char text[1024];
                SpoolFileBuffer file;
                ssize_t size =
                        spool_read_text(spool->place_fd[place], spool_file_name(file, name, MESSAGE_SUFFIX),
                                        text, sizeof text);

                assert_true(size >= 0 || size == -ENOENT);
                n += size >= 0;
                if (size > 0)
                        assert_string_equal(text, RECIPIENT_HEADER WHO "\r\n" TEXT);
                assert_true(size != 0 || place == SPOOL_SENT);
        }
        return n;
}

static void check_dropped(Spool *spool, unsigned was_there) {
        unsigned still_there = 0;
        uint64_t lost;

        for (unsigned i = 1; i <= was_there; i++)
                still_there += places_of(spool, &(SpoolName[]){ name_of(SPOOL_WARNING, i) }[0]);
        assert_int_equal(spool_lost(spool, &lost), 0);
        assert_true(lost >= was_there - still_there);
        assert_true(lost <= was_there - still_there + 1);
}

/* Both programs start again and go on. */
static void check_and_go_on(const Scratch *scratch, Operation operation) {
        _cleanup_(spool_freep) Spool *put_end = NULL, *send_end = NULL;
        SpoolTries tries;
        int place, r;

        fate = GOOD;
        put_end = open_as(scratch, SPOOL_PUT);
        send_end = open_as(scratch, SPOOL_SEND);
        place = spool_find(put_end, subject());
        assert_int_equal(places_of(put_end, subject()), place >= 0);
        check_dropped(put_end, operation == PUT_FULL ? 3 : 1);
        if (place == SPOOL_FAILED) {
                char reason[SPOOL_ANSWER_MAX + 1];

                assert_string_equal(spool_reason(send_end, subject(), reason), "550 no");
        }
        spool_tries(send_end, subject(), &tries);
        assert_true(tries.count == 0 || (tries.count == 4 && strcmp(tries.answer, "451 later") == 0));
        assert_true(spool_tidy(send_end, T0) >= 0);
        assert_int_equal(places_of(put_end, subject()), place >= 0);
        if (place >= 0)
                assert_int_equal(spool_find(put_end, subject()), place);

        r = operation == RETRY && place == SPOOL_FAILED ? spool_retry(put_end, subject())
                                                        : put(put_end, subject());
        assert_int_equal(r, place < 0);
        assert_int_equal(places_of(put_end, subject()), 1);
        if (spool_find(put_end, subject()) == SPOOL_QUEUED) {
                _cleanup_(spool_message_done) SpoolMessage message = SPOOL_MESSAGE_NULL;

                assert_int_equal(spool_take(send_end, subject(), &message), 1);
                assert_int_equal(spool_sent(send_end, subject()), 0);
                assert_int_equal(spool_find(put_end, subject()), SPOOL_SENT);
        }
        assert_int_equal(put(put_end, subject()), 0);
}

static bool crashes_at(const Scratch *scratch, Operation operation, long n) {
        int status;
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                fate = CRASH;
                at = n;
                calls = 0;
                _exit(operate(scratch, operation) >= 0 ? 0 : 1);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 7 || WEXITSTATUS(status) == 0));
        return WEXITSTATUS(status) == 7;
}

static void test_crashes(void **state) {
        for (int operation = 0; operation < _OPERATIONS; operation++) {
                long n = 0;
                bool crashed = true;

                for (; crashed; n++) {
                        prepare(*state, (Operation) operation);
                        crashed = crashes_at(*state, (Operation) operation, n);
                        check_and_go_on(*state, (Operation) operation);
                }
                assert_true(n > 4);
        }
}

static bool fails_at(const Scratch *scratch, Operation operation, Fate how, long n) {
        fate = how;
        at = n;
        calls = 0;
        (void) operate(scratch, operation);
        fate = GOOD;
        return calls > n;
}

static void test_failures(void **state) {
        for (int operation = 0; operation < _OPERATIONS; operation++)
                for (int how = FAIL_ONCE; how <= FAIL_ALWAYS; how++) {
                        bool failed = true;

                        for (long n = 0; failed; n++) {
                                prepare(*state, (Operation) operation);
                                failed = fails_at(*state, (Operation) operation, (Fate) how, n);
                                check_and_go_on(*state, (Operation) operation);
                        }
                }
}

/* What is said to have been put is there. */
static void test_success_is_true(void **state) {
        for (long n = 0; n < 20; n++) {
                _cleanup_(spool_freep) Spool *spool = NULL;
                int r;

                prepare(*state, PUT_FULL);
                fate = FAIL_ONCE;
                at = n;
                r = operate(*state, PUT_FULL);
                fate = GOOD;
                spool = open_as(*state, SPOOL_PUT);
                if (r >= 0)
                        assert_int_equal(spool_find(spool, subject()), SPOOL_QUEUED);
                else
                        assert_int_equal(r, -EIO);
        }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_crashes),
                TEST(test_failures),
                TEST(test_success_is_true),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
