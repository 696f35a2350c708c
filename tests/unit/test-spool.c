/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "spool/spool.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "basic/fs.h"
#include "spool/internal.h"
#include "support/scratch.h"
#include "support/test.h"

#define TEXT "Subject: hello\r\n\r\nworld\r\n"
#define WHO  "alice@example.org"
#define T0   (UINT64_C(1795332922) * USEC_PER_SEC)

static const SpoolLimits wide = { .messages = 1000, .bytes = UINT64_C(64) << 20 };

static Spool *open_as(void **state, SpoolRole role) {
        Spool *spool = NULL;

        assert_int_equal(spool_open(((Scratch *) *state)->fd, role, &wide, &spool), 0);
        return spool;
}

static SpoolName name_of(SpoolKind kind, unsigned i) {
        SpoolName name = { .kind = kind, .time = T0 + i };

        snprintf(name.id, sizeof name.id, "boot-%u", i);
        return name;
}

static int put(Spool *spool, SpoolName name) {
        return spool_put(spool, &name, WHO, TEXT, strlen(TEXT));
}

static size_t count(Spool *spool, SpoolPlace place) {
        _cleanup_free_ SpoolEntry *entries = NULL;
        size_t n;

        assert_int_equal(spool_list(spool, place, &entries, &n), 0);
        return n;
}

static void make_file(Spool *spool, SpoolPlace place, const char *file, const char *text, size_t size) {
        assert_int_equal(write_file_synced(spool->place_fd[place], file, text, size, 0600), 0);
}

/* ---- names ---- */

static void test_names(_unused_ void **state) {
        static const char *const good[] = {
                "20261122T073522.123456Z-kill-a",
                "19700101T000000.000000Z-warning-A_b-9",
                "99991231T235959.999999Z-kill-0",
                "20240229T120000.000000Z-warning-kill-warning",
        };
        static const char *const bad[] = {
                "",
                "20261122T073522.123456Z-kill-",
                "20261122T073522.123456Z-kill",
                "20261122T073522.123456Z-kill--a",
                "20261122T073522.123456Z-kill-a/b",
                "20261122T073522.123456Z-kill-a.b",
                "20261122T073522.123456Z-kill-a\n",
                "20261122T073522.123456Z-Kill-a",
                "20261122T073522.123456Z-mail-a",
                "20261122T073522.123456-kill-a",
                "20261322T073522.123456Z-kill-a",
                "20230229T120000.000000Z-warning-a",
                "20261122T073560.123456Z-kill-a",
                "19691231T235959.000000Z-kill-a",
                "2026-1-2T073522.123456Z-kill-a",
                "20261122T073522.123456Z-kill-0123456789012345678901234567890123456789012345678901234567890"
                "123456789",
        };

        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                SpoolNameBuffer buffer;
                SpoolName name;

                assert_int_equal(spool_name_parse(good[i], &name), 0);
                assert_string_equal(spool_name_format(buffer, &name), good[i]);
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                SpoolName name;

                if (spool_name_parse(bad[i], &name) != -EINVAL)
                        fail_msg("taken: %s", bad[i]);
        }
}

static void test_name_order(_unused_ void **state) {
        SpoolName a = name_of(SPOOL_KILL, 1), b = name_of(SPOOL_KILL, 2);
        SpoolNameBuffer x, y;

        assert_true(spool_name_compare(&a, &b) < 0);
        assert_true(strcmp(spool_name_format(x, &a), spool_name_format(y, &b)) < 0);
        a.time = (usec_t) 253402300800 * USEC_PER_SEC;
        assert_false(spool_name_is_valid(&a));
        b.kind = (SpoolKind) 7;
        assert_false(spool_name_is_valid(&b));
        b = name_of(SPOOL_KILL, 1);
        memset(b.id, 'a', sizeof b.id);
        assert_false(spool_name_is_valid(&b));
}

/* ---- putting and taking ---- */

static void test_life(void **state) {
        _cleanup_(spool_freep) Spool *put_end = open_as(state, SPOOL_PUT),
                                     *send_end = open_as(state, SPOOL_SEND);
        _cleanup_(spool_message_done) SpoolMessage message = SPOOL_MESSAGE_NULL;
        SpoolName name = name_of(SPOOL_KILL, 1);
        struct stat st;

        assert_int_equal(spool_find(put_end, &name), -ENOENT);
        assert_int_equal(put(put_end, name), 1);
        assert_int_equal(put(put_end, name), 0);
        assert_int_equal(spool_find(put_end, &name), SPOOL_QUEUED);
        assert_false(spool_is_empty(send_end));
        assert_int_equal(spool_take(send_end, &name, &message), 1);
        assert_string_equal(message.recipient, WHO);
        assert_int_equal(message.size, strlen(TEXT));
        assert_memory_equal(message.data, TEXT, strlen(TEXT));
        assert_int_equal(spool_sent(send_end, &name), 0);
        assert_int_equal(spool_find(put_end, &name), SPOOL_SENT);
        assert_int_equal(put(put_end, name), 0);
        assert_true(spool_is_empty(send_end));
        assert_int_equal(
                fstatat(put_end->place_fd[SPOOL_SENT], "20261122T073522.000001Z-kill-boot-1.eml", &st, 0),
                0);
        assert_int_equal(st.st_size, 0);
        assert_int_equal(spool_retry(put_end, &name), -ENOENT);
}

static void test_put_refused(void **state) {
        _cleanup_(spool_freep) Spool *spool = open_as(state, SPOOL_PUT);
        _cleanup_free_ char *large = malloc(SPOOL_MESSAGE_MAX + 1);
        SpoolName name = name_of(SPOOL_KILL, 1), odd = name;

        memset(large, 'a', SPOOL_MESSAGE_MAX + 1);
        assert_int_equal(spool_put(spool, &name, WHO, large, SPOOL_MESSAGE_MAX + 1), -EMSGSIZE);
        assert_int_equal(spool_put(spool, &name, WHO, "", 0), -EINVAL);
        assert_int_equal(spool_put(spool, &name, WHO, "a\0b", 3), -EINVAL);
        assert_int_equal(spool_put(spool, &name, "a@b\r\nX: y", TEXT, 5), -EINVAL);
        assert_int_equal(spool_put(spool, &name, "", TEXT, 5), -EINVAL);
        strcpy(odd.id, "../x");
        assert_int_equal(spool_put(spool, &odd, WHO, TEXT, 5), -EINVAL);
        assert_int_equal(count(spool, SPOOL_QUEUED), 0);
        assert_int_equal(spool_put(spool, &name, WHO, large, SPOOL_MESSAGE_MAX), 1);
}

static void test_modes(void **state) {
        _cleanup_(spool_freep) Spool *spool = NULL;
        const Scratch *scratch = *state;
        SpoolName name = name_of(SPOOL_KILL, 1);
        mode_t mask = umask(077);
        struct stat st;

        assert_int_equal(fchmod(scratch->fd, 02770), 0);
        spool = open_as(state, SPOOL_PUT);
        assert_int_equal(put(spool, name), 1);
        umask(mask);
        assert_int_equal(fstatat(scratch->fd, "new", &st, 0), 0);
        assert_int_equal(st.st_mode & 07777, 02770);
        assert_int_equal(fstatat(scratch->fd, "new/20261122T073522.000001Z-kill-boot-1.eml", &st, 0), 0);
        assert_int_equal(st.st_mode & 07777, 0660);
        assert_int_equal(fstatat(scratch->fd, "lock-put", &st, 0), 0);
        assert_int_equal(st.st_mode & 07777, 0660);
}

static void test_order(void **state) {
        _cleanup_(spool_freep) Spool *spool = open_as(state, SPOOL_PUT);
        _cleanup_free_ SpoolEntry *entries = NULL;
        size_t n;

        for (unsigned i = 0; i < 50; i++)
                assert_int_equal(put(spool, name_of(i % 3 ? SPOOL_KILL : SPOOL_WARNING, i * 17 % 50)), 1);
        assert_int_equal(spool_list(spool, SPOOL_QUEUED, &entries, &n), 0);
        assert_int_equal(n, 50);
        for (size_t i = 0; i < n; i++)
                assert_true(entries[i].name.time == T0 + i);
}

static void test_roles(void **state) {
        _cleanup_(spool_freep) Spool *put_end = open_as(state, SPOOL_PUT),
                                     *send_end = open_as(state, SPOOL_SEND), *look = NULL, *second = NULL;
        int fd = ((Scratch *) *state)->fd;

        assert_int_equal(spool_open(fd, SPOOL_PUT, &wide, &second), -EBUSY);
        assert_int_equal(spool_open(fd, SPOOL_SEND, NULL, &second), -EBUSY);
        assert_null(second);
        look = open_as(state, SPOOL_LOOK);
        assert_int_equal(put(put_end, name_of(SPOOL_KILL, 1)), 1);
        assert_int_equal(count(look, SPOOL_QUEUED), 1);
        put_end = spool_free(put_end);
        assert_int_equal(spool_open(fd, SPOOL_PUT, &wide, &second), 0);
}

static void test_is_sending(void **state) {
        _cleanup_(spool_freep) Spool *put_end = open_as(state, SPOOL_PUT), *send_end = NULL;

        assert_int_equal(spool_is_sending(put_end), 0);
        send_end = open_as(state, SPOOL_SEND);
        assert_int_equal(spool_is_sending(put_end), 1);
        send_end = spool_free(send_end);
        assert_int_equal(spool_is_sending(put_end), 0);
        /* Nothing of the question is left. */
        send_end = open_as(state, SPOOL_SEND);
}

/* Or whoever comes second could not even ask for it. */
/* One of the group has linked it to a file of ours, which stays as it is. */
static void test_lock_that_is_a_link(void **state) {
        int fd = ((Scratch *) *state)->fd;
        Spool *spool = NULL;
        struct stat st;

        assert_int_equal(write_file_synced(fd, "private", "x", 1, 0600), 0);
        assert_int_equal(linkat(fd, "private", fd, "lock-put", 0), 0);
        assert_int_equal(spool_open(fd, SPOOL_PUT, &wide, &spool), -EINVAL);
        assert_int_equal(fstatat(fd, "private", &st, 0), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
}

static void test_locks_are_the_groups(void **state) {
        static const char *const locks[] = { "lock-put", "lock-send" };
        mode_t mask = umask(0077);
        _cleanup_(spool_freep) Spool *put_end = open_as(state, SPOOL_PUT),
                                     *send_end = open_as(state, SPOOL_SEND);
        struct stat st;

        (void) umask(mask);
        for (size_t i = 0; i < ELEMENTSOF(locks); i++) {
                assert_int_equal(fstatat(((Scratch *) *state)->fd, locks[i], &st, 0), 0);
                assert_int_equal(st.st_mode & 07777, 0660);
        }
}

static void expect_recipient(Spool *spool, SpoolPlace place, unsigned i, const char *expected) {
        SpoolName name = name_of(SPOOL_KILL, i);
        char buffer[MAIL_ADDRESS_MAX + 1];

        assert_ptr_equal(spool_recipient(spool, place, &name, buffer), buffer);
        assert_string_equal(buffer, expected);
}

static void test_recipient(void **state) {
        _cleanup_(spool_freep) Spool *spool = open_as(state, SPOOL_PUT);
        SpoolName name = name_of(SPOOL_KILL, 2);
        char longest[MAIL_ADDRESS_MAX + 1];

        expect_recipient(spool, SPOOL_QUEUED, 1, "");
        assert_int_equal(put(spool, name_of(SPOOL_KILL, 1)), 1);
        expect_recipient(spool, SPOOL_QUEUED, 1, WHO);
        expect_recipient(spool, SPOOL_FAILED, 1, "");

        memset(longest, 'a', sizeof longest - 1);
        for (size_t i = 63; i < sizeof longest - 1; i += 60)
                longest[i] = i == 63 ? '@' : '.';
        longest[sizeof longest - 1] = '\0';
        assert_int_equal(spool_put(spool, &name, longest, TEXT, strlen(TEXT)), 1);
        expect_recipient(spool, SPOOL_QUEUED, 2, longest);
}

static void test_recipient_of_no_message(void **state) {
        static const struct {
                const char *text;
                size_t size;
        } files[] = {
#define FILE_OF(text) { text, sizeof(text) - 1 }
                FILE_OF(""),
                FILE_OF("Subject: x\r\n\r\nx\r\n"),
                FILE_OF("X-Fairslice-Recipient: alice@example.org"),
                FILE_OF("X-Fairslice-Recipient: alice@example.org\nx\n"),
                FILE_OF("X-Fairslice-Recipient: alice@example.org\0\r\nx\r\n"),
                FILE_OF("X-Fairslice-Recipient: alice\r\nx\r\n"),
                FILE_OF("X-Fairslice-Recipient: \033[31m@example.org\r\nx\r\n"),
        };
        _cleanup_(spool_freep) Spool *spool = open_as(state, SPOOL_PUT);

        for (unsigned i = 0; i < ELEMENTSOF(files); i++) {
                SpoolName name = name_of(SPOOL_KILL, i);
                SpoolFileBuffer file;

                make_file(spool, SPOOL_QUEUED, spool_file_name(file, &name, MESSAGE_SUFFIX), files[i].text,
                          files[i].size);
                expect_recipient(spool, SPOOL_QUEUED, i, "");
        }
}

static void test_look_makes_nothing(void **state) {
        Spool *spool = NULL;

        assert_int_equal(spool_open(((Scratch *) *state)->fd, SPOOL_LOOK, NULL, &spool), -ENOENT);
        assert_int_equal(faccessat(((Scratch *) *state)->fd, "new", F_OK, 0), -1);
}

/* Somebody put the same name again after it was sent, or a crash of the host brought it back. */
static void test_never_twice(void **state) {
        _cleanup_(spool_freep) Spool *spool = open_as(state, SPOOL_SEND);
        _cleanup_(spool_message_done) SpoolMessage message = SPOOL_MESSAGE_NULL;
        SpoolName name = name_of(SPOOL_KILL, 1);

        make_file(spool, SPOOL_SENT, "20261122T073522.000001Z-kill-boot-1.eml", "", 0);
        make_file(spool, SPOOL_QUEUED, "20261122T073522.000001Z-kill-boot-1.eml", "x", 1);
        assert_int_equal(spool_take(spool, &name, &message), 0);
        assert_true(spool_is_empty(spool));
        assert_int_equal(spool_take(spool, &name, &message), 0);
}

static void test_fail_and_retry(void **state) {
        _cleanup_(spool_freep) Spool *put_end = open_as(state, SPOOL_PUT),
                                     *send_end = open_as(state, SPOOL_SEND);
        SpoolTries tries = { .count = 3, .since = T0 + 1, .next = T0 + 7, .answer = "451 later" }, got;
        SpoolName name = name_of(SPOOL_WARNING, 1);
        char reason[SPOOL_ANSWER_MAX + 1], endless[3000];

        assert_int_equal(put(put_end, name), 1);
        assert_int_equal(spool_set_tries(send_end, &name, &tries), 0);
        spool_tries(put_end, &name, &got);
        assert_int_equal(got.count, 3);
        assert_true(got.since == T0 + 1 && got.next == T0 + 7);
        assert_string_equal(got.answer, "451 later");
        assert_int_equal(spool_fail(send_end, &name, "550 5.1.1 no\n\x1b[31msuch \xc3\xa9 user"), 0);
        assert_int_equal(spool_find(put_end, &name), SPOOL_FAILED);
        assert_string_equal(spool_reason(put_end, &name, reason), "550 5.1.1 no??[31msuch é user");
        spool_tries(put_end, &name, &got);
        assert_int_equal(got.count, 0);
        assert_int_equal(put(put_end, name), 0);
        assert_int_equal(spool_retry(put_end, &name), 0);
        assert_int_equal(spool_find(put_end, &name), SPOOL_QUEUED);
        assert_string_equal(spool_reason(put_end, &name, reason), "");
        assert_int_equal(spool_set_tries(send_end, &name, &tries), 0);
        assert_int_equal(spool_retry(put_end, &name), 0);
        spool_tries(put_end, &name, &got);
        assert_int_equal(got.count, 0);
        memset(endless, 'x', sizeof endless);
        endless[sizeof endless - 1] = '\0';
        assert_int_equal(spool_fail(send_end, &name, endless), 0);
        assert_int_equal(strlen(spool_reason(put_end, &name, reason)), SPOOL_ANSWER_MAX);
        name.id[0]++;
        assert_int_equal(spool_retry(put_end, &name), -ENOENT);
}

static void test_server_tries(void **state) {
        _cleanup_(spool_freep) Spool *spool = open_as(state, SPOOL_SEND);
        SpoolTries tries = { .count = 1, .next = T0, .answer = "" }, got;

        spool_tries(spool, NULL, &got);
        assert_int_equal(got.count, 0);
        assert_int_equal(spool_set_tries(spool, NULL, &tries), 0);
        spool_tries(spool, NULL, &got);
        assert_int_equal(got.count, 1);
        assert_int_equal(spool_clear_tries(spool), 0);
        assert_int_equal(spool_clear_tries(spool), 0);
        spool_tries(spool, NULL, &got);
        assert_int_equal(got.count, 0);
}

/* ---- no more room ---- */

static void test_full(void **state) {
        _cleanup_(spool_freep) Spool *spool = open_as(state, SPOOL_PUT);
        const SpoolLimits few = { .messages = 3, .bytes = wide.bytes };
        uint64_t lost;

        spool_set_limits(spool, &few);
        assert_int_equal(put(spool, name_of(SPOOL_KILL, 1)), 1);
        assert_int_equal(put(spool, name_of(SPOOL_WARNING, 3)), 1);
        assert_int_equal(put(spool, name_of(SPOOL_WARNING, 2)), 1);
        assert_int_equal(put(spool, name_of(SPOOL_WARNING, 4)), 1); /* 2 goes */
        assert_int_equal(spool_find(spool, &(SpoolName[]){ name_of(SPOOL_WARNING, 2) }[0]), -ENOENT);
        assert_int_equal(put(spool, name_of(SPOOL_KILL, 5)), 1); /* 3 */
        assert_int_equal(put(spool, name_of(SPOOL_KILL, 6)), 1); /* 4 */
        assert_int_equal(spool_lost(spool, &lost), 0);
        assert_true(lost == 3);
        assert_int_equal(put(spool, name_of(SPOOL_KILL, 7)), -ENOSPC);
        assert_int_equal(spool_lost(spool, &lost), 0);
        assert_true(lost == 3);
        assert_int_equal(put(spool, name_of(SPOOL_WARNING, 8)), -ENOSPC);
        assert_int_equal(spool_lost(spool, &lost), 0);
        assert_true(lost == 4);
        assert_int_equal(spool_lost_told(spool, 3), 0);
        assert_int_equal(spool_lost(spool, &lost), 0);
        assert_true(lost == 1);
        assert_int_equal(spool_lost_told(spool, 9), 0);
        assert_int_equal(spool_lost(spool, &lost), 0);
        assert_true(lost == 0);
        assert_int_equal(count(spool, SPOOL_QUEUED), 3);
}

static void test_full_of_bytes(void **state) {
        _cleanup_(spool_freep) Spool *spool = open_as(state, SPOOL_PUT);
        size_t one = strlen(RECIPIENT_HEADER WHO "\r\n" TEXT);
        SpoolLimits limits = { .messages = 100, .bytes = 3 * one };
        char large[200];

        spool_set_limits(spool, &limits);
        for (unsigned i = 0; i < 3; i++)
                assert_int_equal(put(spool, name_of(SPOOL_WARNING, i)), 1);
        assert_int_equal(put(spool, name_of(SPOOL_WARNING, 3)), 1);
        assert_int_equal(count(spool, SPOOL_QUEUED), 3);
        /* What can never fit makes nobody go. */
        memset(large, 'a', sizeof large);
        assert_true(sizeof large > limits.bytes - one);
        assert_int_equal(
                spool_put(spool, &(SpoolName[]){ name_of(SPOOL_KILL, 9) }[0], WHO, large, sizeof large),
                -ENOSPC);
        assert_int_equal(count(spool, SPOOL_QUEUED), 3);
}

/* What is being sent is not dropped, so that it is not counted as lost. */
static void test_full_while_sending(void **state) {
        _cleanup_(spool_freep) Spool *put_end = open_as(state, SPOOL_PUT),
                                     *send_end = open_as(state, SPOOL_SEND);
        _cleanup_(spool_message_done) SpoolMessage message = SPOOL_MESSAGE_NULL;
        const SpoolLimits few = { .messages = 2, .bytes = wide.bytes },
                          one = { .messages = 1, .bytes = wide.bytes };
        SpoolName old = name_of(SPOOL_WARNING, 1);

        spool_set_limits(put_end, &few);
        assert_int_equal(put(put_end, old), 1);
        assert_int_equal(put(put_end, name_of(SPOOL_WARNING, 2)), 1);
        assert_int_equal(spool_take(send_end, &old, &message), 1);
        assert_int_equal(put(put_end, name_of(SPOOL_WARNING, 3)), 1);
        assert_int_equal(spool_find(put_end, &old), SPOOL_QUEUED);
        spool_set_limits(put_end, &one);
        assert_int_equal(put(put_end, name_of(SPOOL_KILL, 4)), -ENOSPC);
        assert_int_equal(spool_find(put_end, &old), SPOOL_QUEUED);
        assert_int_equal(spool_sent(send_end, &old), 0);
        assert_int_equal(put(put_end, name_of(SPOOL_KILL, 4)), 1);
}

/* ---- what others have left there ---- */

static void test_hostile_files(void **state) {
        static const char prefix[] = "20261122T073522.";
        static const struct {
                const char *text;
                size_t size;
        } bad[] = {
                { "", 0 },
                { "Subject: x\r\n\r\n", 14 },
                { RECIPIENT_HEADER, sizeof RECIPIENT_HEADER - 1 },
                { RECIPIENT_HEADER "a@b", sizeof RECIPIENT_HEADER + 2 },
                { RECIPIENT_HEADER "a@b\r\n", sizeof RECIPIENT_HEADER + 4 },
                { RECIPIENT_HEADER "a@b\nx", sizeof RECIPIENT_HEADER + 4 },
                { RECIPIENT_HEADER "a b@c\r\nx", sizeof RECIPIENT_HEADER + 7 },
                { RECIPIENT_HEADER "a@b\r\nx\0y", sizeof RECIPIENT_HEADER + 7 },
        };
        _cleanup_(spool_freep) Spool *spool = open_as(state, SPOOL_SEND);
        SpoolMessage message = SPOOL_MESSAGE_NULL;

        for (unsigned i = 0; i < ELEMENTSOF(bad); i++) {
                SpoolName name = name_of(SPOOL_KILL, i);
                SpoolFileBuffer file;

                spool_file_name(file, &name, MESSAGE_SUFFIX);
                assert_memory_equal(file, prefix, strlen(prefix));
                make_file(spool, SPOOL_QUEUED, file, bad[i].text, bad[i].size);
                assert_int_equal(spool_take(spool, &name, &message), -EBADMSG);
                assert_int_equal(spool_fail(spool, &name, "not a message"), 0);
        }
        assert_int_equal(count(spool, SPOOL_FAILED), ELEMENTSOF(bad));
        assert_true(spool_is_empty(spool));
}

static void test_hostile_kinds(void **state) {
        _cleanup_(spool_freep) Spool *spool = open_as(state, SPOOL_SEND);
        int fd = spool->place_fd[SPOOL_QUEUED];
        SpoolName link = name_of(SPOOL_KILL, 1), fifo = name_of(SPOOL_KILL, 2),
                  large = name_of(SPOOL_KILL, 3);
        SpoolMessage message = SPOOL_MESSAGE_NULL;
        SpoolFileBuffer file;
        _cleanup_close_ int large_fd = -1;

        assert_int_equal(symlinkat("/etc/passwd", fd, spool_file_name(file, &link, MESSAGE_SUFFIX)), 0);
        assert_int_equal(mkfifoat(fd, spool_file_name(file, &fifo, MESSAGE_SUFFIX), 0600), 0);
        assert_int_equal(mkdirat(fd, "directory", 0700), 0);
        make_file(spool, SPOOL_QUEUED, "no name of ours\n", "", 0);
        make_file(spool, SPOOL_QUEUED, "20261122T073522.000001Z-kill-boot-1.reason", "", 0);
        make_file(spool, SPOOL_QUEUED, spool_file_name(file, &large, MESSAGE_SUFFIX), "", 0);
        large_fd = openat(fd, file, O_WRONLY);
        assert_int_equal(ftruncate(large_fd, (off_t) 1 << 40), 0);
        assert_int_equal(count(spool, SPOOL_QUEUED), 1);
        assert_int_equal(spool_take(spool, &link, &message), -ELOOP);
        assert_int_equal(spool_take(spool, &fifo, &message), -EINVAL);
        assert_int_equal(spool_take(spool, &large, &message), -EBADMSG);
        assert_int_equal(spool_fail(spool, &large, "too large"), 0);
        assert_false(spool_is_empty(spool));
        assert_int_equal(spool_tidy(spool, T0), 0);
        assert_true(spool_is_empty(spool));
}

static void test_hostile_tries(void **state) {
        static const char *const bad[] = {
                "",
                "tries=1\n",
                "tries=1\nsince=1\nnext=2\n",
                "tries=0\nsince=1\nnext=2\nanswer=\n",
                "tries=-1\nsince=1\nnext=2\nanswer=\n",
                "tries=1\nsince=1\nnext=\nanswer=\n",
                "since=1\ntries=2\nnext=2\nanswer=\n",
                "tries=1\nnext=2\nanswer=\n",
                "tries=1\nsince=x\nnext=2\nanswer=\n",
                "tries=1\nsince=1\nnext=2\nanswer=x",
                "tries=1\nsince=1\nnext=2\nanswer=\nmore=\n",
                "tries=100001\nsince=1\nnext=2\nanswer=\n",
                "tries=1\nsince=1\nnext=18446744073709551616\nanswer=\n",
        };
        _cleanup_(spool_freep) Spool *spool = open_as(state, SPOOL_SEND);
        char endless[4096];
        SpoolTries got;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                assert_int_equal(write_file_atomic(spool->dirfd, "server", bad[i], strlen(bad[i]), 0600), 0);
                spool_tries(spool, NULL, &got);
                assert_int_equal(got.count, 0);
        }
        memset(endless, 'x', sizeof endless);
        assert_int_equal(write_file_atomic(spool->dirfd, "server", endless, sizeof endless, 0600), 0);
        spool_tries(spool, NULL, &got);
        assert_int_equal(got.count, 0);
        assert_int_equal(unlinkat(spool->dirfd, "server", 0), 0);
        assert_int_equal(symlinkat("/etc/passwd", spool->dirfd, "server"), 0);
        spool_tries(spool, NULL, &got);
        assert_int_equal(got.count, 0);
        got = (SpoolTries){ .count = 2, .answer = "x" };
        assert_int_equal(spool_set_tries(spool, NULL, &got), 0);
        spool_tries(spool, NULL, &got);
        assert_int_equal(got.count, 2);
}

static void test_hostile_lost(void **state) {
        static const char *const bad[] = { "", "x\n", "-1\n", "18446744073709551616\n",
                                           "1111111111111111111111111111111111\n" };
        _cleanup_(spool_freep) Spool *spool = open_as(state, SPOOL_PUT);
        uint64_t lost;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                assert_int_equal(write_file_atomic(spool->dirfd, "lost", bad[i], strlen(bad[i]), 0600), 0);
                assert_int_equal(spool_lost(spool, &lost), 0);
                assert_true(lost == 0);
                assert_int_equal(spool_count_lost(spool), 0);
                assert_int_equal(spool_lost(spool, &lost), 0);
                assert_true(lost == 1);
        }
        assert_int_equal(unlinkat(spool->dirfd, "lost", 0), 0);
        assert_int_equal(mkdirat(spool->dirfd, "lost", 0700), 0);
        assert_int_equal(spool_lost(spool, &lost), 0);
        assert_true(spool_count_lost(spool) < 0);
}

static void test_link_for_a_directory(void **state) {
        Spool *spool = NULL;

        assert_int_equal(symlinkat("/tmp", ((Scratch *) *state)->fd, "new"), 0);
        assert_true(spool_open(((Scratch *) *state)->fd, SPOOL_PUT, &wide, &spool) < 0);
}

/* ---- what is too old ---- */

static void age(Spool *spool, SpoolPlace place, const SpoolName *name, usec_t at) {
        struct timespec times[2] = { { .tv_sec = (time_t) (at / USEC_PER_SEC) },
                                     { .tv_sec = (time_t) (at / USEC_PER_SEC) } };
        SpoolFileBuffer file;

        assert_int_equal(
                utimensat(spool->place_fd[place], spool_file_name(file, name, MESSAGE_SUFFIX), times, 0), 0);
}

static void test_tidy(void **state) {
        _cleanup_(spool_freep) Spool *put_end = open_as(state, SPOOL_PUT),
                                     *spool = open_as(state, SPOOL_SEND);
        SpoolName young = name_of(SPOOL_KILL, 1), old = name_of(SPOOL_KILL, 2),
                  failed = name_of(SPOOL_KILL, 3), waits = name_of(SPOOL_KILL, 4);
        SpoolTries tries = { .count = 1 };
        char reason[SPOOL_ANSWER_MAX + 1];

        put(put_end, young);
        put(put_end, old);
        put(put_end, failed);
        put(put_end, waits);
        assert_int_equal(spool_set_tries(spool, &waits, &tries), 0);
        assert_int_equal(spool_set_tries(spool, &old, &tries), 0);
        assert_int_equal(spool_sent(spool, &young), 0);
        assert_int_equal(spool_sent(spool, &old), 0);
        assert_int_equal(spool_fail(spool, &failed, "no"), 0);
        assert_int_equal(spool_set_tries(spool, &old, &tries), 0);
        age(spool, SPOOL_SENT, &young, T0 + 3600 * USEC_PER_SEC);
        age(spool, SPOOL_SENT, &old, T0);
        age(spool, SPOOL_FAILED, &failed, T0);
        assert_int_equal(spool_tidy(spool, T0 + SPOOL_SENT_KEEP_USEC), 0);
        assert_int_equal(spool_find(spool, &young), SPOOL_SENT);
        assert_int_equal(spool_find(spool, &old), -ENOENT);
        assert_int_equal(spool_find(spool, &failed), SPOOL_FAILED);
        spool_tries(spool, &old, &tries);
        assert_int_equal(tries.count, 0);
        spool_tries(spool, &waits, &tries);
        assert_int_equal(tries.count, 1);
        assert_int_equal(spool_tidy(spool, T0 + SPOOL_FAILED_KEEP_USEC), 0);
        assert_int_equal(spool_find(spool, &failed), -ENOENT);
        assert_string_equal(spool_reason(spool, &failed, reason), "");
        assert_int_equal(faccessat(spool->place_fd[SPOOL_FAILED],
                                   "20261122T073522.000003Z-kill-boot-3.reason", F_OK, 0),
                         -1);
        assert_int_equal(spool_find(spool, &waits), SPOOL_QUEUED);
}

static void test_tidy_too_many(void **state) {
        _cleanup_(spool_freep) Spool *spool = open_as(state, SPOOL_SEND);

        for (unsigned i = 0; i < SPOOL_FAILED_MAX + 5; i++) {
                SpoolName name = name_of(SPOOL_KILL, i);
                SpoolFileBuffer file;

                spool_file_name(file, &name, MESSAGE_SUFFIX);
                make_file(spool, SPOOL_FAILED, file, "", 0);
                age(spool, SPOOL_FAILED, &name, T0 + i * USEC_PER_SEC);
        }
        assert_int_equal(spool_tidy(spool, T0), 5);
        assert_int_equal(count(spool, SPOOL_FAILED), SPOOL_FAILED_MAX);
        assert_int_equal(spool_find(spool, &(SpoolName[]){ name_of(SPOOL_KILL, 4) }[0]), -ENOENT);
        assert_int_equal(spool_find(spool, &(SpoolName[]){ name_of(SPOOL_KILL, 5) }[0]), SPOOL_FAILED);
}

static bool readable(int fd) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        char events[4096];

        if (poll(&p, 1, 0) <= 0)
                return false;
        while (read(fd, events, sizeof events) > 0)
                ;
        return true;
}

static void test_watch(void **state) {
        _cleanup_(spool_freep) Spool *put_end = open_as(state, SPOOL_PUT),
                                     *spool = open_as(state, SPOOL_SEND);
        _cleanup_close_ int fd = spool_watch(spool);
        SpoolName name = name_of(SPOOL_KILL, 1);
        SpoolTries tries = { .count = 1 };

        assert_true(fd >= 0);
        assert_false(readable(fd));
        put(put_end, name);
        assert_true(readable(fd));
        assert_int_equal(spool_set_tries(spool, &name, &tries), 0);
        assert_int_equal(spool_set_tries(spool, NULL, &tries), 0);
        assert_int_equal(spool_retry(put_end, &name), 0);
        assert_true(readable(fd));
        assert_int_equal(spool_retry(put_end, NULL), 0);
        assert_true(readable(fd));
        assert_int_equal(spool_fail(spool, &name, "no"), 0);
        (void) readable(fd);
        assert_int_equal(spool_retry(put_end, &name), 0);
        assert_true(readable(fd));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_names),
                TEST(test_name_order),
                TEST(test_life),
                TEST(test_put_refused),
                TEST(test_modes),
                TEST(test_order),
                TEST(test_roles),
                TEST(test_is_sending),
                TEST(test_lock_that_is_a_link),
                TEST(test_locks_are_the_groups),
                TEST(test_recipient),
                TEST(test_recipient_of_no_message),
                TEST(test_look_makes_nothing),
                TEST(test_never_twice),
                TEST(test_fail_and_retry),
                TEST(test_server_tries),
                TEST(test_full),
                TEST(test_full_of_bytes),
                TEST(test_full_while_sending),
                TEST(test_hostile_files),
                TEST(test_hostile_kinds),
                TEST(test_hostile_tries),
                TEST(test_hostile_lost),
                TEST(test_link_for_a_directory),
                TEST(test_tidy),
                TEST(test_tidy_too_many),
                TEST(test_watch),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
