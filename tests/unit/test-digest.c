/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "report/digest.h"

#include <limits.h>
#include <string.h>

#include "unit.h"

#define BOOT   "5f0c4e7b5c1d4b3a8d0f6d6f3f0c9a11"
#define REBOOT "00000000000000000000000000000001"
#define START  (UINT64_C(1767268620) * USEC_PER_SEC)
#define MINUTE (60 * USEC_PER_SEC)
#define DAY    (24 * 3600 * USEC_PER_SEC)

static Digests *digests;
static uint64_t last_id;

/* ---- memory runs out, so many allocations from now on ---- */

static unsigned allocations_left = UINT_MAX;

static bool fails(void) {
        return allocations_left != UINT_MAX && allocations_left-- == 0;
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size) {
        return fails() ? NULL : __real_calloc(count, size);
}

void *__real_reallocarray(void *p, size_t count, size_t size);
void *__wrap_reallocarray(void *p, size_t count, size_t size);
void *__wrap_reallocarray(void *p, size_t count, size_t size) {
        return fails() ? NULL : __real_reallocarray(p, count, size);
}

char *__real_strdup(const char *s);
char *__wrap_strdup(const char *s);
char *__wrap_strdup(const char *s) {
        return fails() ? NULL : __real_strdup(s);
}

char *__real_strndup(const char *s, size_t n);
char *__wrap_strndup(const char *s, size_t n);
char *__wrap_strndup(const char *s, size_t n) {
        return fails() ? NULL : __real_strndup(s, n);
}

static void set_rules(unsigned per_day, bool users, bool admin) {
        digests_set_rules(digests, &(DigestRules){ MINUTE, per_day, users, admin });
}

static int setup(_unused_ void **state) {
        last_id = 0;
        if (digests_new(0x5f0c, &digests) < 0)
                return -1;
        set_rules(10, true, false);
        return 0;
}

static int teardown(_unused_ void **state) {
        digests = digests_free(digests);
        return 0;
}

/* ---- events ---- */

static Event a_kill(uid_t uid, uint64_t kills, usec_t time) {
        SliceName slice;
        OomEvent oom;
        Event event;

        oom_event_init(&oom, slice_name_for_uid(slice, uid));
        oom.kills = kills;
        oom.id = ++last_id;
        event = event_from_oom(&oom);
        event.time = time;
        return event;
}

static Event a_warning(uid_t uid, unsigned percent, usec_t time) {
        SliceName slice;
        Event event = event_from_memory_warning(&(MemoryWarning){ percent, 7, 8, 9 },
                                                slice_name_for_uid(slice, uid), uid);

        event.time = time;
        return event;
}

static int add(const Event *event) {
        return digests_add(digests, event, "alice", BOOT, event->time);
}

static int kill_at(usec_t time, uint64_t kills) {
        Event event = a_kill(1000, kills, time);

        return add(&event);
}

static int warn_at(usec_t time, unsigned percent) {
        Event event = a_warning(1000, percent, time);

        return add(&event);
}

/* The one that is sealed at this time and not before. */
static void expect_sealed(usec_t time, EventKind kind, uint64_t kills, unsigned last_of) {
        const DigestMessage *message;

        assert_int_equal(digests_due(digests), time);
        assert_int_equal(digests_seal(digests, time - 1), 0);
        assert_null(digests_sealed(digests, 0));
        assert_int_equal(digests_seal(digests, time), 1);
        message = digests_sealed(digests, 0);
        assert_non_null(message);
        assert_null(digests_sealed(digests, 1));
        assert_int_equal(message->kind, kind);
        assert_int_equal(message->kills, kills);
        assert_int_equal(message->last_of, last_of);
        digests_forget(digests, message->id);
        assert_null(digests_sealed(digests, 0));
}

static void expect_nothing(void) {
        assert_int_equal(digests_due(digests), USEC_INFINITY);
        assert_int_equal(digests_seal(digests, START + 30 * DAY), 0);
        assert_null(digests_sealed(digests, 0));
}

/* ---- the rules ---- */

static void test_coalesce(_unused_ void **state) {
        assert_int_equal(kill_at(START, 1), 1);
        assert_int_equal(kill_at(START + MINUTE - 1, 2), 1);
        expect_sealed(START + MINUTE, EVENT_OUT_OF_MEMORY, 3, 0);
        assert_int_equal(kill_at(START + MINUTE, 4), 1);
        expect_sealed(START + 2 * MINUTE, EVENT_OUT_OF_MEMORY, 4, 0);
        expect_nothing();
}

static void test_per_day(_unused_ void **state) {
        usec_t now = START;

        set_rules(3, true, false);
        for (unsigned i = 0; i < 2; i++, now += MINUTE) {
                assert_int_equal(kill_at(now, 1), 1);
                expect_sealed(now + MINUTE, EVENT_OUT_OF_MEMORY, 1, 0);
        }
        /* It began when the first one was sealed. */
        assert_int_equal(kill_at(START + 10 * MINUTE, 5), 1);
        assert_int_equal(kill_at(START + DAY, 6), 1);
        expect_sealed(START + MINUTE + DAY, EVENT_OUT_OF_MEMORY, 11, 3);
        /* And this begins another one. */
        for (unsigned i = 2; i < 4; i++) {
                assert_int_equal(kill_at(START + DAY + i * MINUTE, 1), 1);
                expect_sealed(START + DAY + (i + 1) * MINUTE, EVENT_OUT_OF_MEMORY, 1, 0);
        }
        assert_int_equal(kill_at(START + DAY + 5 * MINUTE, 1), 1);
        expect_sealed(START + 2 * DAY + 3 * MINUTE, EVENT_OUT_OF_MEMORY, 1, 3);
}

static void test_last_waits_for_more(_unused_ void **state) {
        set_rules(2, true, false);
        assert_int_equal(kill_at(START, 1), 1);
        expect_sealed(START + MINUTE, EVENT_OUT_OF_MEMORY, 1, 0);
        /* Just before the end of the day, it is waited for more as ever. */
        assert_int_equal(kill_at(START + DAY, 1), 1);
        expect_sealed(START + DAY + MINUTE, EVENT_OUT_OF_MEMORY, 1, 2);
        /* After the end it is the first of another day. */
        assert_int_equal(kill_at(START + 3 * DAY, 1), 1);
        expect_sealed(START + 3 * DAY + MINUTE, EVENT_OUT_OF_MEMORY, 1, 0);
        assert_int_equal(kill_at(START + 4 * DAY + MINUTE, 1), 1);
        expect_sealed(START + 4 * DAY + 2 * MINUTE, EVENT_OUT_OF_MEMORY, 1, 0);
}

static void test_one_per_day(_unused_ void **state) {
        set_rules(1, true, false);
        assert_int_equal(warn_at(START, 75), 0);
        assert_int_equal(kill_at(START, 1), 1);
        expect_sealed(START + MINUTE, EVENT_OUT_OF_MEMORY, 1, 0);
        assert_int_equal(kill_at(START + 2 * MINUTE, 2), 1);
        expect_sealed(START + MINUTE + DAY, EVENT_OUT_OF_MEMORY, 2, 1);
        assert_int_equal(kill_at(START + DAY + 2 * MINUTE, 3), 1);
        expect_sealed(START + MINUTE + 2 * DAY, EVENT_OUT_OF_MEMORY, 3, 1);
        assert_int_equal(kill_at(START + 4 * DAY, 3), 1);
        expect_sealed(START + 4 * DAY + MINUTE, EVENT_OUT_OF_MEMORY, 3, 0);
}

static void test_warnings(_unused_ void **state) {
        set_rules(3, true, false);
        assert_int_equal(warn_at(START, 75), 1);
        assert_int_equal(warn_at(START + 1, 85), 1);
        expect_sealed(START + MINUTE, EVENT_MEMORY_WARNING, 0, 0);
        /* Dropped, as what it warns of has happened. */
        assert_int_equal(warn_at(START + 2 * MINUTE, 75), 1);
        assert_int_equal(kill_at(START + 2 * MINUTE, 1), 1);
        assert_int_equal(warn_at(START + 2 * MINUTE + 1, 75), 1);
        expect_sealed(START + 3 * MINUTE, EVENT_OUT_OF_MEMORY, 1, 0);
        /* What came after the kill would have been the last one. */
        expect_nothing();
}

static void test_no_warning_is_last(_unused_ void **state) {
        set_rules(2, true, false);
        assert_int_equal(kill_at(START, 1), 1);
        expect_sealed(START + MINUTE, EVENT_OUT_OF_MEMORY, 1, 0);
        assert_int_equal(warn_at(START + 2 * MINUTE, 75), 0);
        assert_int_equal(kill_at(START + 2 * MINUTE, 1), 1);
        assert_int_equal(warn_at(START + 2 * MINUTE, 75), 0);
        expect_sealed(START + MINUTE + DAY, EVENT_OUT_OF_MEMORY, 1, 2);
        assert_int_equal(warn_at(START + 2 * DAY, 75), 1);
        expect_sealed(START + 2 * DAY + MINUTE, EVENT_MEMORY_WARNING, 0, 0);
}

static void test_only_the_warning_of_that_slice_goes(_unused_ void **state) {
        Event other = a_warning(1001, 75, START);
        const DigestMessage *message;

        set_rules(10, false, true);
        assert_int_equal(warn_at(START, 75), 1);
        assert_int_equal(add(&other), 1);
        assert_int_equal(kill_at(START, 1), 1);
        assert_int_equal(digests_seal(digests, START + MINUTE), 2);
        message = digests_sealed(digests, 0);
        assert_int_equal(message->kind, EVENT_OUT_OF_MEMORY);
        message = digests_sealed(digests, 1);
        assert_int_equal(message->kind, EVENT_MEMORY_WARNING);
        assert_int_equal(message->n_events, 1);
        assert_string_equal(message->events[0].slice, "user-1001.slice");
}

static void test_clock_set_back(_unused_ void **state) {
        set_rules(2, true, false);
        assert_int_equal(kill_at(START, 1), 1);
        expect_sealed(START + MINUTE, EVENT_OUT_OF_MEMORY, 1, 0);
        assert_int_equal(kill_at(START + 2 * MINUTE, 2), 1);
        /* A year ago: 24 hours from now on, and not a year later. */
        assert_int_equal(digests_seal(digests, START - 365 * DAY), 0);
        expect_sealed(START - 364 * DAY, EVENT_OUT_OF_MEMORY, 2, 2);
        assert_int_equal(kill_at(START, 3), 1);
        assert_int_equal(digests_seal(digests, START - 365 * DAY), 0);
        expect_sealed(START - 365 * DAY + MINUTE, EVENT_OUT_OF_MEMORY, 3, 0);
}

static void test_rules_change(_unused_ void **state) {
        set_rules(10, true, true);
        assert_int_equal(kill_at(START, 1), 1);
        set_rules(10, true, false);
        expect_sealed(START + MINUTE, EVENT_OUT_OF_MEMORY, 1, 0);
        assert_int_equal(warn_at(START + 2 * MINUTE, 75), 1);
        /* It would be the last one now. */
        set_rules(2, true, false);
        assert_int_equal(digests_seal(digests, START + 3 * MINUTE), 0);
        expect_nothing();
        assert_int_equal(kill_at(START + 40 * DAY, 1), 1);
        set_rules(2, false, false);
        expect_nothing();
        assert_int_equal(kill_at(START + 41 * DAY, 1), 0);
        /* What is sealed stays all the same. */
        set_rules(2, true, false);
        assert_int_equal(kill_at(START + 42 * DAY, 1), 1);
        assert_int_equal(digests_seal(digests, START + 43 * DAY), 1);
        set_rules(2, false, false);
        assert_non_null(digests_sealed(digests, 0));
}

/* ---- for whom ---- */

static void test_readers(_unused_ void **state) {
        Event event = a_kill(1000, 0, START);
        OomEvent oom;

        set_rules(10, true, true);
        assert_int_equal(add(&event), 0); /* nobody was killed */
        event = (Event){ .kind = EVENT_CONTENDED, .uid = UID_INVALID, .time = START };
        assert_int_equal(add(&event), 0);
        oom_event_init(&oom, "user.slice");
        oom.kills = 1;
        event = event_from_oom(&oom);
        event.time = START;
        assert_int_equal(add(&event), 1);
        assert_int_equal(digests_seal(digests, START + MINUTE), 1);
        assert_int_equal(digests_sealed(digests, 0)->reader, READER_ADMIN);
        assert_int_equal(digests_sealed(digests, 0)->uid, UID_INVALID);
        event = a_kill(1000, 1, START);
        assert_int_equal(add(&event), 1);
        assert_int_equal(digests_seal(digests, START + 2 * MINUTE), 2);
        assert_int_equal(digests_sealed(digests, 1)->reader, READER_ADMIN);
        assert_int_equal(digests_sealed(digests, 2)->reader, READER_USER);
        assert_int_equal(digests_sealed(digests, 2)->uid, 1000);
        set_rules(10, true, false);
        event.uid = UID_INVALID;
        event.oom.id = ++last_id;
        assert_int_equal(add(&event), 0);
}

static void test_taken(_unused_ void **state) {
        Event event = a_kill(1000, 1, START);

        assert_int_equal(digests_taken(digests, BOOT), 0);
        event.oom.id = 7;
        assert_int_equal(add(&event), 1);
        assert_int_equal(digests_taken(digests, BOOT), 7);
        assert_int_equal(digests_taken(digests, REBOOT), 0);
        assert_int_equal(add(&event), 0);
        event.oom.id = 6;
        assert_int_equal(add(&event), 0);
        event.oom.id = 0; /* nobody keeps it */
        assert_int_equal(add(&event), 1);
        event.oom.id = 8;
        event.oom.kills = 0; /* for nobody */
        assert_int_equal(add(&event), 0);
        assert_int_equal(digests_taken(digests, BOOT), 8);
        event.oom.kills = 1;
        event.oom.id = 1;
        assert_int_equal(digests_add(digests, &event, NULL, REBOOT, START), 1);
        assert_int_equal(digests_taken(digests, REBOOT), 1);
        assert_int_equal(digests_taken(digests, BOOT), 0);
        expect_sealed(START + MINUTE, EVENT_OUT_OF_MEMORY, 3, 0);
}

/* ---- merging ---- */

static void test_merge(_unused_ void **state) {
        Event event = a_kill(1000, 1, START), later = a_kill(1000, 40, START + 5);

        event.oom.cause = OOM_CAUSE_HOST;
        event.oom.memory_current = 5;
        event.oom.late = true;
        event.oom.n_victims = 1;
        event.processes = (LargeProcesses){ .process = { { 1, 2, "a" } }, .count = 1 };
        later.oom.cause = OOM_CAUSE_INNER;
        later.oom.hits = 3;
        later.oom.memory_max_known = true;
        later.oom.memory_max = 77;
        for (pid_t i = 0; i < (pid_t) OOM_EVENT_VICTIMS_MAX; i++)
                later.oom.victims[i].pid = 100 + i;
        later.oom.n_victims = OOM_EVENT_VICTIMS_MAX;
        digest_merge(&event, &later);
        assert_int_equal(event.time, START);
        assert_int_equal(event.oom.kills, 41);
        assert_int_equal(event.oom.hits, 3);
        assert_int_equal(event.oom.cause, OOM_CAUSE_INNER);
        assert_false(event.oom.late);
        assert_int_equal(event.oom.memory_max, 77);
        assert_int_equal(event.oom.memory_current, 5);
        assert_int_equal(event.oom.n_victims, OOM_EVENT_VICTIMS_MAX);
        assert_int_equal(event.oom.victims[1].pid, 100);
        assert_int_equal(event.oom.victims[OOM_EVENT_VICTIMS_MAX - 1].pid, 100 + OOM_EVENT_VICTIMS_MAX - 2);
        assert_int_equal(event.processes.count, 1);
        later.oom.cause = OOM_CAUSE_UNKNOWN;
        later.oom.kills = UINT64_MAX;
        later.processes = (LargeProcesses){ .process = { { 3, 4, "b" } }, .count = 1 };
        digest_merge(&event, &later);
        assert_int_equal(event.oom.cause, OOM_CAUSE_INNER);
        assert_int_equal(event.oom.kills, UINT64_MAX);
        assert_int_equal(event.processes.process[0].pid, 3);
}

static void test_merge_warnings(_unused_ void **state) {
        Event event = a_warning(1000, 85, START), lower = a_warning(1000, 75, START + 1);

        lower.warning.used = 1;
        digest_merge(&event, &lower);
        assert_int_equal(event.warning.percent, 85);
        assert_int_equal(event.warning.used, 7);
        lower.warning.percent = 85;
        digest_merge(&event, &lower);
        assert_int_equal(event.warning.used, 1);
}

static void test_slices(_unused_ void **state) {
        const DigestMessage *message;

        set_rules(10, false, true);
        for (uid_t i = 0; i < 2 * (DIGEST_SLICES_MAX + 3); i++) {
                Event event = a_kill(1000 + i % (DIGEST_SLICES_MAX + 3), 2, START + i);

                assert_int_equal(digests_add(digests, &event, i < 40 ? NULL : "bob", BOOT, START), 1);
        }
        assert_int_equal(digests_seal(digests, START + MINUTE), 1);
        message = digests_sealed(digests, 0);
        assert_int_equal(message->n_events, DIGEST_SLICES_MAX);
        assert_int_equal(message->more, 6);
        assert_int_equal(message->kills, 4 * (DIGEST_SLICES_MAX + 3));
        assert_int_equal(message->first, START);
        assert_int_equal(message->last, START + 2 * DIGEST_SLICES_MAX + 5);
        assert_string_equal(message->events[1].slice, "user-1001.slice");
        assert_int_equal(message->events[1].oom.kills, 4);
        assert_null(message->user_names[1]);
        assert_string_equal(message->user_names[DIGEST_SLICES_MAX - 1], "bob");
}

/* ---- bounds ---- */

static void fill_with_users(void) {
        for (uid_t i = 0; i < DIGEST_READERS_MAX; i++) {
                Event event = a_kill(10000 + i, 1, START);

                assert_int_equal(add(&event), 1);
        }
}

static void test_too_many_users(_unused_ void **state) {
        Event event, warning = a_warning(1000, 75, START);

        set_rules(3, true, false);
        fill_with_users();
        event = a_kill(1000, 1, START);
        assert_int_equal(add(&event), -ENOSPC);
        assert_int_equal(digests_taken(digests, BOOT), last_id - 1);
        assert_int_equal(add(&warning), 0);
        set_rules(3, true, true);
        assert_int_equal(add(&event), 1); /* for the administrators alone */
        assert_int_equal(digests_taken(digests, BOOT), last_id);
        /* Once nothing waits for somebody, there is room. */
        assert_int_equal(digests_seal(digests, START + MINUTE), DIGEST_SEALED_MAX);
        assert_int_equal(digests_due(digests), USEC_INFINITY);
        assert_int_equal(digests_seal(digests, START + DAY), 0);
        assert_int_equal(digests_sealed(digests, 0)->reader, READER_ADMIN);
        assert_int_equal(digests_sealed(digests, 0)->kills, 1);
        set_rules(3, true, false);
        event = a_kill(1000, 1, START + DAY);
        assert_int_equal(add(&event), 1);
        /* Nothing that waited is lost by it. */
        for (unsigned n = 0; n < DIGEST_READERS_MAX + 2;) {
                digests_seal(digests, START + DAY + MINUTE);
                assert_non_null(digests_sealed(digests, 0));
                for (; digests_sealed(digests, 0); n++)
                        digests_forget(digests, digests_sealed(digests, 0)->id);
        }
        expect_nothing();
}

static void test_names(_unused_ void **state) {
        char name[DIGEST_NAME_MAX];
        DigestMessage message = { .id = UINT64_MAX, .uid = UID_INVALID - 1 };
        Digests *largest;

        assert_int_equal(digests_new(UINT64_MAX, &largest), 0);
        assert_string_equal(digest_name(largest, &message, name),
                            "u4294967294-ffffffffffffffff-18446744073709551615");
        message.uid = UID_INVALID;
        assert_string_equal(digest_name(digests, &message, name),
                            "admin-0000000000005f0c-18446744073709551615");
        digests_free(largest);
}

/* ---- the text ---- */

static char *formatted(const Digests *d) {
        char *text = NULL;
        size_t length = 0;

        assert_int_equal(digests_format(d, &text, &length), 0);
        assert_int_equal(strlen(text), length);
        return text;
}

/* As if the process had ended. */
static void restart(void) {
        _cleanup_free_ char *text = formatted(digests), *again = NULL;
        Digests *parsed = NULL;

        assert_int_equal(digests_parse(text, strlen(text), &parsed), 0);
        again = formatted(parsed);
        assert_string_equal(again, text);
        digests_free(digests);
        digests = parsed;
        set_rules(10, true, true);
}

static void test_restart(_unused_ void **state) {
        Event event = a_kill(1000, 2, START), warning = a_warning(1000, 75, START + 1);
        const DigestMessage *message;

        set_rules(10, true, true);
        restart();
        event.oom.victims[0] = (OomVictim){ 1, 2, "a\n\\x\x80 b" };
        event.oom.victims[1] = (OomVictim){ 3, UID_INVALID, "" };
        event.oom.n_victims = 2;
        event.processes =
                (LargeProcesses){ .process = { { 5, 6, "end\n" } }, .count = 1, .incomplete = true };
        assert_int_equal(digests_add(digests, &event, "EX\\al ice", BOOT, START), 1);
        assert_int_equal(digests_add(digests, &warning, NULL, BOOT, START), 1);
        restart();
        assert_int_equal(digests_taken(digests, BOOT), last_id);
        assert_int_equal(digests_seal(digests, START + MINUTE), 4);
        assert_int_equal(kill_at(START + MINUTE, 1), 1);
        restart();
        message = digests_sealed(digests, 0);
        assert_int_equal(message->reader, READER_ADMIN);
        assert_int_equal(message->first, START);
        assert_string_equal(message->user_names[0], "EX\\al ice");
        assert_string_equal(message->events[0].oom.victims[0].comm, "a\n\\x\x80 b");
        assert_string_equal(message->events[0].oom.victims[1].comm, "");
        assert_string_equal(message->events[0].processes.process[0].comm, "end\n");
        assert_true(message->events[0].processes.incomplete);
        assert_int_equal(digests_due(digests), START + 2 * MINUTE);
}

/* Both readers have it in the end, or neither. */
static void test_no_memory(_unused_ void **state) {
        Event event = a_kill(1000, 2, START);
        unsigned n = 0;
        int r;

        set_rules(10, true, true);
        do {
                _cleanup_free_ char *before = formatted(digests), *after = NULL;

                allocations_left = n++;
                r = add(&event);
                allocations_left = UINT_MAX;
                after = formatted(digests);
                assert_int_equal(strcmp(before, after) == 0, r < 0);
                assert_true(r == 1 || r == -ENOMEM);
        } while (r < 0);
        assert_true(n > 6);
        assert_int_equal(digests_seal(digests, START + MINUTE), 2);
        assert_int_equal(digests_sealed(digests, 0)->kills, 2);
        assert_int_equal(digests_sealed(digests, 1)->kills, 2);
}

static void test_no_memory_to_read(_unused_ void **state) {
        _cleanup_free_ char *text = NULL;
        Digests *parsed = NULL;
        unsigned n = 0;
        int r;

        set_rules(10, true, true);
        assert_int_equal(kill_at(START, 1), 1);
        assert_int_equal(digests_seal(digests, START + MINUTE), 2);
        assert_int_equal(kill_at(START + MINUTE, 1), 1);
        text = formatted(digests);
        do {
                allocations_left = n++;
                r = digests_parse(text, strlen(text), &parsed);
                allocations_left = UINT_MAX;
                assert_true(r == 0 || r == -ENOMEM);
        } while (r < 0);
        assert_true(n > 10);
        digests_free(parsed);
}

static void test_ids_are_new(_unused_ void **state) {
        uint64_t before = 0;

        for (unsigned i = 0; i < 5; i++) {
                const DigestMessage *message;

                assert_int_equal(kill_at(START + i * DAY, 1), 1);
                assert_true(digests_seal(digests, START + i * DAY + MINUTE) > 0);
                while ((message = digests_sealed(digests, 0))) {
                        assert_true(message->id > before);
                        before = message->id;
                        digests_forget(digests, before);
                        digests_forget(digests, before);
                }
                restart();
        }
}

static void test_generation(_unused_ void **state) {
        uint64_t generation = digests_generation(digests);

        assert_int_equal(kill_at(START, 1), 1);
        assert_int_not_equal(digests_generation(digests), generation);
        generation = digests_generation(digests);
        assert_int_equal(digests_seal(digests, START), 0);
        digests_forget(digests, 1);
        assert_int_equal(digests_generation(digests), generation);
        assert_int_equal(digests_seal(digests, START + MINUTE), 1);
        assert_int_not_equal(digests_generation(digests), generation);
        generation = digests_generation(digests);
        digests_forget(digests, 1);
        assert_int_not_equal(digests_generation(digests), generation);
}

#define HEADER "fairslice-digests 1\ninstance 00000000000000ff\nnext 9\n"
#define KILL   "kill 1000 5 2 0 1 0 0 0 0 0 user-1000.slice\n"

static void expect_parsed(const char *text, int expected) {
        Digests *parsed = NULL;

        assert_int_equal(digests_parse(text, strlen(text), &parsed), expected);
        digests_free(parsed);
}

static void test_parse(_unused_ void **state) {
        static const char *const wrong[] = {
                "",
                "end\n",
                HEADER,
                HEADER "end",
                HEADER "end\nend\n",
                HEADER "end\n\n",
                HEADER "\nend\n",
                HEADER "what 1\nend\n",
                HEADER "taken " BOOT "\nend\n",
                HEADER "taken 5f0c 3\nend\n",
                HEADER "taken " BOOT " 3\ntaken " BOOT " 3\nend\n",
                HEADER KILL "end\n",
                HEADER "user alice\nend\n",
                HEADER "sealed 3 1000 kill 5 5 2 0 0\nend\n",
                HEADER "sealed 9 1000 kill 5 5 2 0 0\n" KILL "end\n",
                HEADER "sealed 3 1000 kill 6 5 2 0 0\n" KILL "end\n",
                HEADER "sealed 3 1000 kill 5 5 0 0 0\n" KILL "end\n",
                HEADER "sealed 3 1000 warning 5 5 0 0 0\n" KILL "end\n",
                HEADER "sealed 3 1001 kill 5 5 2 0 0\n" KILL "end\n",
                HEADER "sealed 3 1000 kill 5 5 2 0 0\n" KILL KILL "end\n",
                HEADER "sealed 3 1000 kill 5 5 2 0 0 \n" KILL "end\n",
                HEADER "sealed 3 1000 kill 5 5 2 0 0\n" KILL "sealed 3 1000 kill 5 5 2 0 0\n" KILL "end\n",
                HEADER "sealed 3 1000 kill 5 5 2 0 0\n" KILL "reader 1 5 1\nend\n",
                HEADER "sealed 3 1000 kill 5 5 2 0 0\n" KILL "victim 1 2 sixteen-bytes-xx\nend\n",
                HEADER "sealed 3 1000 kill 5 5 2 0 0\n" KILL "victim 1 2 a b\nend\n",
                HEADER "sealed 3 1000 kill 5 5 2 0 0\n" KILL "victim 1 2 \\x00\nend\n",
                HEADER "sealed 3 1000 kill 5 5 2 0 0\n" KILL "victim 1 2 \\x6\nend\n",
                HEADER "sealed 3 1000 kill 5 5 2 0 0\n" KILL "victim 2147483648 2 a\nend\n",
                HEADER "sealed 3 1000 kill 5 5 2 0 0\n" KILL "process 1 18446744073709551616 a\nend\n",
                HEADER "sealed 3 1000 kill 5 5 2 0 0\n" KILL "user a\nuser b\nend\n",
                HEADER "waiting kill 5 5 5 2 0\n" KILL "end\n",
                HEADER "reader 1000 5 1\nwaiting kill 5 5 5 2 0\nend\n",
                HEADER "reader 1000 5 1\nreader 1000 5 1\nend\n",
        };

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                expect_parsed(wrong[i], -EBADMSG);
        expect_parsed(HEADER "end\n", 0);
        expect_parsed(HEADER "taken " BOOT " 3\nreader 1000 5 1\nwaiting kill 5 5 5 2 0\n" KILL
                             "user a\nvictim 1 2 \nprocess 3 4 fifteen-bytes-x\nincomplete\nend\n",
                      0);
        expect_parsed(HEADER "sealed 3 1000 kill 5 5 2 0 0\n" KILL
                             "sealed 4 4294967295 kill 5 5 2 0 9\n" KILL "end\n",
                      0);
}

#define WITH(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                WITH(test_coalesce),
                WITH(test_per_day),
                WITH(test_last_waits_for_more),
                WITH(test_one_per_day),
                WITH(test_warnings),
                WITH(test_no_warning_is_last),
                WITH(test_only_the_warning_of_that_slice_goes),
                WITH(test_clock_set_back),
                WITH(test_rules_change),
                WITH(test_readers),
                WITH(test_taken),
                WITH(test_merge),
                WITH(test_merge_warnings),
                WITH(test_slices),
                WITH(test_too_many_users),
                WITH(test_names),
                WITH(test_restart),
                WITH(test_no_memory),
                WITH(test_no_memory_to_read),
                WITH(test_ids_are_new),
                WITH(test_generation),
                WITH(test_parse),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
