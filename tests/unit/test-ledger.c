/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "daemon/ledger.h"
#include "support/test.h"

static char directory[32];
static int dirfd_ = -1;
static Ledger *ledger;

static int setup(_unused_ void **state) {
        strcpy(directory, "/tmp/fairslice-ledger-XXXXXX");
        if (!mkdtemp(directory))
                return -1;
        dirfd_ = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return dirfd_ < 0 ? -1 : 0;
}

static int teardown(_unused_ void **state) {
        ledger = ledger_free(ledger);
        (void) unlinkat(dirfd_, "limits", 0);
        (void) unlinkat(dirfd_, "limits", AT_REMOVEDIR);
        dirfd_ = safe_close(dirfd_);
        return rmdir(directory);
}

static unsigned reopen(void) {
        unsigned skipped = 12345;

        ledger = ledger_free(ledger);
        assert_int_equal(ledger_open(dirfd_, &ledger, &skipped), 0);
        return skipped;
}

static unsigned reopen_with(const char *text, size_t size) {
        assert_int_equal(write_file_atomic(dirfd_, "limits", text, size, 0600), 0);
        return reopen();
}

static void expect_text(const char *text) {
        char buffer[1024];

        assert_true(read_file_at(dirfd_, "limits", buffer, sizeof buffer) >= 0);
        assert_string_equal(buffer, text);
}

static void test_no_file(_unused_ void **state) {
        assert_int_equal(reopen(), 0);
        assert_true(ledger_is_clean(ledger));
        /* Nothing changed, nothing written. */
        assert_int_equal(ledger_save(ledger), 0);
        (void) ledger_get(ledger, 1000);
        assert_int_equal(ledger_save(ledger), 0);
        assert_int_equal(faccessat(dirfd_, "limits", F_OK, 0), -1);
}

static void test_written_and_read(_unused_ void **state) {
        LedgerEntry *entry;

        (void) reopen();
        entry = ledger_get(ledger, 1000);
        assert_int_equal(entry->ours, 0);
        assert_true(entry->standing_quota == LIMIT_UNSET);
        assert_ptr_equal(ledger_get(ledger, 1000), entry);
        entry->ours = 1U << LIMIT_CPU_QUOTA | 1U << LIMIT_MEMORY_MAX;
        entry->fair = true;
        entry->found = 1U << LIMIT_CPU_QUOTA;
        entry->standing_quota = 1500000;
        ledger_changed(ledger);
        (void) ledger_get(ledger, 1001); /* has nothing of ours */
        assert_int_equal(ledger_save(ledger), 0);
        expect_text("user-1000.slice fair found CPUQuotaPerSecUSec=1500000 MemoryMax=infinity\n");

        assert_int_equal(reopen(), 0);
        assert_false(ledger_is_clean(ledger));
        entry = ledger_get(ledger, 1000);
        assert_int_equal(entry->ours, 1U << LIMIT_CPU_QUOTA | 1U << LIMIT_MEMORY_MAX);
        assert_true(entry->fair);
        assert_int_equal(entry->found, 1U << LIMIT_CPU_QUOTA);
        assert_int_equal(entry->standing_quota, 1500000);
}

static void test_weight_to_go_back_to(_unused_ void **state) {
        static const char text[] =
                "user-1.slice fair found-weight CPUQuotaPerSecUSec=infinity CPUWeight=300\n";
        LedgerEntry *entry;
        Limits limits;

        assert_int_equal(reopen_with(text, sizeof text - 1), 0);
        entry = ledger_get(ledger, 1);
        assert_int_equal(entry->found, 1U << LIMIT_CPU_WEIGHT);
        assert_int_equal(entry->standing_weight, 300);
        assert_int_equal(ledger_entry_standing(entry, &limits), LIMIT_MASK_CPU);
        assert_true(limits.value[LIMIT_CPU_QUOTA] == LIMIT_UNSET);
        assert_int_equal(limits.value[LIMIT_CPU_WEIGHT], 300);
        ledger_changed(ledger);
        assert_int_equal(ledger_save(ledger), 0);
        expect_text(text);
}

/* A weight that is ours was never lowered if nobody wrote down from what. */
static void test_weight_not_known(_unused_ void **state) {
        static const char text[] = "user-1.slice fair CPUQuotaPerSecUSec=infinity CPUWeight=infinity\n"
                                   "user-2.slice fair\n";
        Limits limits;

        assert_int_equal(reopen_with(text, sizeof text - 1), 0);
        assert_int_equal(ledger_entry_standing(ledger_get(ledger, 1), &limits), 1U << LIMIT_CPU_QUOTA);
        assert_int_equal(ledger_entry_standing(ledger_get(ledger, 2), &limits), 1U << LIMIT_CPU_QUOTA);
}

static void test_last_line_wins(_unused_ void **state) {
        static const char text[] = "user-1.slice fair CPUQuotaPerSecUSec=10000\n"
                                   "user-1.slice CPUQuotaPerSecUSec=infinity\n";

        assert_int_equal(reopen_with(text, sizeof text - 1), 0);
        assert_true(ledger_is_clean(ledger));
        assert_true(ledger_get(ledger, 1)->standing_quota == LIMIT_UNSET);
}

static void test_rubbish(_unused_ void **state) {
        static const char text[] = "user-1.slice\tfair\n"
                                   "user-1.slice fair \n"
                                   "user-1.slice FAIR\n"
                                   "user-01.slice fair\n"
                                   "system.slice fair\n"
                                   " user-1.slice fair\n"
                                   "user-1.slice =\n"
                                   "user-1.slice CPUQuotaPerSecUSec=0\n"
                                   "user-1.slice CPUWeight=0\n"
                                   "user-1.slice CPUWeight=10001\n"
                                   "user-1.slice MemoryMax=1 MemoryMax\n"
                                   "user-1.slice MemoryMax=18446744073709551616\n"
                                   "\0user-1.slice fair\n"
                                   "\n";

        assert_int_equal(reopen_with(text, sizeof text - 1), 14);
        assert_true(ledger_is_clean(ledger));
        assert_int_equal(ledger_get(ledger, 1)->ours, 0);
        assert_int_equal(reopen_with("user-2.slice fair", 17), 0); /* cut, but whole */
        assert_false(ledger_is_clean(ledger));
}

static void test_long_line(_unused_ void **state) {
        size_t size = 1 << 20;
        _cleanup_free_ char *text = malloc(size);

        assert_non_null(text);
        memset(text, 'x', size);
        assert_int_equal(reopen_with(text, size), 1);
}

static void test_what_is_no_file(_unused_ void **state) {
        unsigned skipped;

        assert_int_equal(symlinkat("/etc/passwd", dirfd_, "limits"), 0);
        assert_int_equal(ledger_open(dirfd_, &ledger, &skipped), -ELOOP);
        assert_int_equal(unlinkat(dirfd_, "limits", 0), 0);
        assert_int_equal(mkfifoat(dirfd_, "limits", 0600), 0);
        assert_int_equal(reopen(), 0);
        ledger_get(ledger, 1)->fair = true;
        ledger_changed(ledger);
        assert_int_equal(ledger_save(ledger), 0);
        expect_text("user-1.slice fair\n");
}

static void test_too_much_to_read(_unused_ void **state) {
        _cleanup_close_ int fd = -1;
        unsigned skipped;

        fd = openat(dirfd_, "limits", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_int_equal(ftruncate(fd, (off_t) 1 << 40), 0); /* one line, and more than there is memory */
        assert_int_equal(ledger_open(dirfd_, &ledger, &skipped), -EFBIG);
}

static void test_cannot_be_written(_unused_ void **state) {
        (void) reopen();
        assert_int_equal(mkdirat(dirfd_, "limits", 0700), 0);
        ledger_get(ledger, 1)->fair = true;
        ledger_changed(ledger);
        assert_true(ledger_save(ledger) < 0);
        assert_int_equal(unlinkat(dirfd_, "limits", AT_REMOVEDIR), 0);
        assert_int_equal(ledger_save(ledger), 0); /* tried again */
        expect_text("user-1.slice fair\n");
}

static void test_in_memory(_unused_ void **state) {
        unsigned skipped = 1;

        assert_int_equal(ledger_open(-1, &ledger, &skipped), 0);
        assert_int_equal(skipped, 0);
        ledger_get(ledger, 1)->fair = true;
        ledger_changed(ledger);
        assert_int_equal(ledger_save(ledger), 0);
        assert_false(ledger_is_clean(ledger));
        assert_null(ledger_free(NULL));
}

static void count(LedgerEntry *entry, void *userdata) {
        assert_true(entry->fair);
        ++*(unsigned *) userdata;
}

static void test_foreach(_unused_ void **state) {
        unsigned n = 0;

        (void) reopen();
        for (uid_t uid = 0; uid < 100; uid++)
                ledger_get(ledger, uid)->fair = uid % 4 == 0;
        ledger_foreach_fair(ledger, count, &n);
        assert_int_equal(n, 25);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_no_file),          TEST(test_written_and_read),  TEST(test_weight_to_go_back_to),
                TEST(test_weight_not_known), TEST(test_last_line_wins),    TEST(test_rubbish),
                TEST(test_long_line),        TEST(test_what_is_no_file),   TEST(test_too_much_to_read),
                TEST(test_in_memory),        TEST(test_cannot_be_written), TEST(test_foreach),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
