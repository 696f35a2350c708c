/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unit.h"

#include <string.h>

#include "model/limits.h"
#include "report/journal.h"
#include "model/message-ids.h"

static Event an_event_of(const char *slice) {
        OomEvent oom;

        oom_event_init(&oom, slice);
        return event_from_oom(&oom);
}

static Event an_event(void) {
        Event event = an_event_of("user-1000.slice");
        OomEvent e = event.oom;

        e.kills = 1;
        e.hits = 2;
        e.cause = OOM_CAUSE_SLICE;
        e.memory_max_known = true;
        e.memory_max = UINT64_C(512) << 20;
        e.memory_current = 500000000;
        e.memory_peak = 536870912;
        e.victims[0] = (OomVictim){ .pid = 4711, .uid = 1000, .comm = "python3" };
        e.n_victims = 1;
        event.oom = e;
        return event;
}

/* The field's n-th value, or NULL; a copy ended by NUL, for the caller to free. */
static char *get(const JournalRecord *record, const char *name, unsigned n) {
        size_t length = strlen(name);

        for (size_t i = 0; i < record->n_fields; i++) {
                const char *field = record->field[i].iov_base;
                size_t size = record->field[i].iov_len;

                if (size > length && memcmp(field, name, length) == 0 && field[length] == '=' && n-- == 0)
                        return strndup(field + length + 1, size - length - 1);
        }
        return NULL;
}

static void assert_field(const JournalRecord *record, const char *name, const char *expected) {
        _cleanup_free_ char *value = get(record, name, 0);

        if (!expected)
                assert_null(value);
        else {
                assert_non_null(value);
                assert_string_equal(value, expected);
        }
}

static void assert_sentence(const Event *event, const char *user, const char *expected) {
        _cleanup_free_ char *sentence = journal_sentence(event, user);

        assert_string_equal(sentence, expected);
}

static void test_fields(_unused_ void **state) {
        _cleanup_(journal_record_done) JournalRecord r = {};
        Event e = an_event();

        assert_int_equal(journal_record(&e, "alice", &r), 0);
        assert_field(&r, "MESSAGE_ID", FAIRSLICE_MESSAGE_OOM_KILL);
        assert_field(&r, "PRIORITY", "4");
        assert_field(&r, "SLICE", "user-1000.slice");
        assert_field(&r, "USER_ID", "1000");
        assert_field(&r, "USER_NAME", "alice");
        assert_field(&r, "OOM_KILLS", "1");
        assert_field(&r, "OOM_HITS", "2");
        assert_field(&r, "OOM_CAUSE", "slice");
        assert_field(&r, "OOM_LATE", NULL);
        assert_field(&r, "MEMORY_MAX", "536870912");
        assert_field(&r, "MEMORY_CURRENT", "500000000");
        assert_field(&r, "MEMORY_PEAK", "536870912");
        assert_field(&r, "VICTIM_PID", "4711");
        assert_field(&r, "VICTIM_COMM", "python3");
        assert_field(&r, "MESSAGE",
                     "User alice (user-1000.slice) reached the memory limit of 512M; "
                     "the kernel killed python3 (PID 4711).");
}

static void test_what_is_not_known_is_left_out(_unused_ void **state) {
        _cleanup_(journal_record_done) JournalRecord r = {};
        Event e = an_event_of("user.slice");

        e.oom.kills = 3;
        e.oom.late = true;
        assert_int_equal(journal_record(&e, NULL, &r), 0);
        assert_field(&r, "SLICE", "user.slice");
        assert_field(&r, "USER_ID", NULL);
        assert_field(&r, "USER_NAME", NULL);
        assert_field(&r, "MEMORY_MAX", NULL);
        assert_field(&r, "MEMORY_CURRENT", NULL);
        assert_field(&r, "MEMORY_PEAK", NULL);
        assert_field(&r, "VICTIM_PID", NULL);
        assert_field(&r, "OOM_CAUSE", "unknown");
        assert_field(&r, "OOM_LATE", "1");
        assert_field(&r, "MESSAGE",
                     "user.slice ran out of memory; the kernel killed 3 processes. "
                     "That was found in the counters later.");
}

static void test_no_limit(_unused_ void **state) {
        _cleanup_(journal_record_done) JournalRecord r = {};
        Event e = an_event();

        e.oom.memory_max = LIMIT_UNSET;
        e.oom.cause = OOM_CAUSE_HOST;
        assert_int_equal(journal_record(&e, NULL, &r), 0);
        assert_field(&r, "MEMORY_MAX", "infinity");
        assert_field(&r, "USER_ID", "1000");
        assert_field(&r, "MESSAGE",
                     "User 1000 (user-1000.slice) was hit when the host ran out of memory; "
                     "the kernel killed python3 (PID 4711).");
}

static void test_nothing_killed(_unused_ void **state) {
        _cleanup_(journal_record_done) JournalRecord r = {};
        Event e = an_event();

        e.oom.kills = e.oom.n_victims = 0;
        assert_int_equal(journal_record(&e, "alice", &r), 0);
        assert_field(&r, "MESSAGE_ID", FAIRSLICE_MESSAGE_OOM_HIT);
        assert_field(&r, "PRIORITY", "5");
        assert_field(&r, "OOM_KILLS", "0");
        assert_field(&r, "MESSAGE",
                     "User alice (user-1000.slice) reached the memory limit of 512M 2 times; nothing was "
                     "killed.");
}

static void test_sentences(_unused_ void **state) {
        Event e = an_event();

        e.oom.kills = 5;
        e.oom.cause = OOM_CAUSE_INNER;
        assert_sentence(&e, "bob",
                        "User bob (user-1000.slice) reached a memory limit set further down in the slice; "
                        "the kernel killed 5 processes, the first known being python3 (PID 4711).");
        e.oom.n_victims = 0;
        e.oom.cause = OOM_CAUSE_OUTER;
        assert_sentence(&e, "bob",
                        "User bob (user-1000.slice) was hit by a memory limit set above the slice; "
                        "the kernel killed 5 processes.");
        e.oom.kills = 1;
        e.oom.cause = OOM_CAUSE_SLICE;
        e.oom.memory_max_known = false;
        assert_sentence(&e, "bob",
                        "User bob (user-1000.slice) reached the memory limit; the kernel killed a process.");
}

static void test_many_victims(_unused_ void **state) {
        _cleanup_(journal_record_done) JournalRecord r = {};
        Event e = an_event();

        for (int i = 0; i < OOM_EVENT_VICTIMS_MAX; i++)
                e.oom.victims[i] = (OomVictim){ .pid = 100 + i, .comm = "fifteen bytes.." };
        e.oom.n_victims = OOM_EVENT_VICTIMS_MAX;
        e.oom.kills = 1000000;
        e.oom.late = true;
        assert_int_equal(journal_record(&e, "alice", &r), 0);
        for (unsigned i = 0; i < OOM_EVENT_VICTIMS_MAX; i++) {
                _cleanup_free_ char *pid = get(&r, "VICTIM_PID", i), *comm = get(&r, "VICTIM_COMM", i);

                assert_int_equal(atoi(pid), 100 + i);
                assert_string_equal(comm, "fifteen bytes..");
        }
}

/* A command's name is its user's choice: it stays in its field as it is, and the sentence is clean. */
static void test_hostile_comm(_unused_ void **state) {
        _cleanup_(journal_record_done) JournalRecord r = {};
        Event e = an_event();

        strcpy(e.oom.victims[0].comm, "a\nUSER_ID=0\x1b\xff%");
        assert_int_equal(journal_record(&e, "alice", &r), 0);
        assert_field(&r, "VICTIM_COMM", "a\nUSER_ID=0\x1b\xff%");
        assert_field(&r, "USER_ID", "1000");
        assert_field(&r, "MESSAGE",
                     "User alice (user-1000.slice) reached the memory limit of 512M; "
                     "the kernel killed a?USER_ID=0??% (PID 4711).");
        strcpy(e.oom.victims[0].comm, "");
        assert_sentence(&e, NULL,
                        "User 1000 (user-1000.slice) reached the memory limit of 512M; "
                        "the kernel killed (no name) (PID 4711).");
}

/* Whoever sends it is told, and can say it elsewhere. */
static void test_without_journal(_unused_ void **state) {
        Event e = an_event();

        if (access("/run/systemd/journal/socket", F_OK) >= 0) {
                fputs("SKIPPED: there is a journal here.\n", stderr);
                skip();
        }
        assert_int_equal(journal_report(&e, "alice"), JOURNAL_ABSENT);
}

static void test_processes(_unused_ void **state) {
        _cleanup_(journal_record_done) JournalRecord r = {};
        Event e = an_event();
        _cleanup_free_ char *second = NULL;

        e.processes = (LargeProcesses){
                .process = { { 4712, UINT64_C(3) << 30, "a=b\nc\x1b" }, { 4713, 4096, "" } },
                .count = 2,
        };
        assert_int_equal(journal_record(&e, "alice", &r), 0);
        assert_field(&r, "LARGE_PROCESS", "4712 3221225472 a=b\nc\x1b");
        second = get(&r, "LARGE_PROCESS", 1);
        assert_string_equal(second, "4713 4096 ");
        assert_field(&r, "MESSAGE",
                     "User alice (user-1000.slice) reached the memory limit of 512M; the kernel killed "
                     "python3 (PID 4711). The largest process left is a=b?c? (PID 4712) with 3G.");
}

static void test_warning(_unused_ void **state) {
        _cleanup_(journal_record_done) JournalRecord r = {};
        const MemoryWarning warning = { .percent = 85,
                                        .used = UINT64_C(6979321856),
                                        .current = UINT64_C(8589934592),
                                        .max = UINT64_C(8) << 30 };
        Event e = event_from_memory_warning(&warning, "user-1000.slice", 1000);

        assert_int_equal(journal_record(&e, "alice", &r), 0);
        assert_field(&r, "MESSAGE_ID", FAIRSLICE_MESSAGE_MEMORY_WARNING);
        assert_field(&r, "PRIORITY", "5");
        assert_field(&r, "SLICE", "user-1000.slice");
        assert_field(&r, "USER_ID", "1000");
        assert_field(&r, "USER_NAME", "alice");
        assert_field(&r, "MEMORY_PERCENT", "85");
        assert_field(&r, "MEMORY_USED", "6979321856");
        assert_field(&r, "MEMORY_CURRENT", "8589934592");
        assert_field(&r, "MEMORY_MAX", "8589934592");
        assert_field(&r, "OOM_KILLS", NULL);
        assert_field(&r, "MESSAGE",
                     "User alice (user-1000.slice) uses 6.5G of memory, which is more than 85% of the limit "
                     "of 8G.");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_fields),       cmocka_unit_test(test_warning),
                cmocka_unit_test(test_processes),    cmocka_unit_test(test_what_is_not_known_is_left_out),
                cmocka_unit_test(test_no_limit),     cmocka_unit_test(test_nothing_killed),
                cmocka_unit_test(test_sentences),    cmocka_unit_test(test_many_victims),
                cmocka_unit_test(test_hostile_comm), cmocka_unit_test(test_without_journal),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
