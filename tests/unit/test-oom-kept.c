/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The events that wait to be acknowledged: their bound, and their lines in the state file. */

#include "unit.h"

#include <string.h>

#include "model/limits.h"
#include "watch/oom-state.h"

#define BOOT  "0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210"

static OomEvent event_of(const char *slice, uint64_t kills) {
        OomEvent event;

        oom_event_init(&event, slice);
        event.kills = kills;
        return event;
}

static uint64_t add(OomKept *kept, const char *slice, uint64_t kills) {
        OomEvent event = event_of(slice, kills);

        oom_kept_add(kept, &event);
        return event.id;
}

static void add_victim(OomEvent *event, pid_t pid, uid_t uid, const char *comm) {
        OomVictim *victim = &event->victims[event->n_victims++];

        *victim = (OomVictim){ .pid = pid, .uid = uid };
        strcpy(victim->comm, comm);
}

static const OomEvent *last_of(const OomKept *kept) {
        return &kept->events[kept->n_events - 1];
}

static uint64_t sum_of(const OomKept *kept) {
        uint64_t kills = 0;

        for (size_t i = 0; i < kept->n_events; i++)
                kills += kept->events[i].kills;
        return kills;
}

static const char *numbered(unsigned i) {
        static SliceName name;

        return slice_name_for_uid(name, i);
}

static void assert_same(const OomEvent *a, const OomEvent *b) {
        assert_int_equal(a->id, b->id);
        assert_int_equal(a->time, b->time);
        assert_string_equal(a->slice, b->slice);
        assert_int_equal(a->uid, b->uid);
        assert_int_equal(a->kills, b->kills);
        assert_int_equal(a->hits, b->hits);
        assert_int_equal(a->cause, b->cause);
        assert_int_equal(a->late, b->late);
        assert_int_equal(a->memory_max_known, b->memory_max_known);
        assert_int_equal(a->memory_max, b->memory_max);
        assert_int_equal(a->memory_current, b->memory_current);
        assert_int_equal(a->memory_peak, b->memory_peak);
        assert_int_equal(a->n_victims, b->n_victims);
        for (size_t i = 0; i < a->n_victims; i++) {
                assert_int_equal(a->victims[i].pid, b->victims[i].pid);
                assert_int_equal(a->victims[i].uid, b->victims[i].uid);
                assert_string_equal(a->victims[i].comm, b->victims[i].comm);
        }
}

/* ---- the list ---- */

static void test_acknowledge(_unused_ void **state) {
        _cleanup_(oom_kept_freep) OomKept *kept = oom_kept_new();

        assert_int_equal(add(kept, "user-1.slice", 1), 1);
        assert_int_equal(add(kept, "user-1.slice", 1), 2);
        assert_int_equal(add(kept, "user-2.slice", 1), 3);
        assert_false(oom_kept_acknowledge(kept, 0));
        assert_true(oom_kept_acknowledge(kept, 2));
        assert_false(oom_kept_acknowledge(kept, 2));
        assert_int_equal(kept->n_events, 1);
        assert_int_equal(kept->events[0].id, 3);
        /* More than there was: counted under ids that nobody here knows of any more. */
        assert_true(oom_kept_acknowledge(kept, 10));
        assert_int_equal(kept->n_events, 0);
        assert_int_equal(add(kept, "user-1.slice", 1), 11);
        assert_true(oom_kept_acknowledge(kept, UINT64_MAX));
        assert_int_equal(add(kept, "user-1.slice", 1), OOM_ID_MAX + 1);
}

static void test_renumber(_unused_ void **state) {
        _cleanup_(oom_kept_freep) OomKept *kept = oom_kept_new();

        for (unsigned i = 0; i < 4; i++)
                add(kept, "user-1.slice", i + 1);
        oom_kept_acknowledge(kept, 2);
        oom_kept_renumber(kept, 0);
        assert_int_equal(kept->events[0].id, 1);
        assert_int_equal(kept->events[0].kills, 3);
        assert_int_equal(kept->events[1].id, 2);
        assert_int_equal(add(kept, "user-1.slice", 1), 3);
}

static void test_name_that_no_unit_has(_unused_ void **state) {
        _cleanup_(oom_kept_freep) OomKept *kept = oom_kept_new();
        OomEvent event = event_of("user 1\nend\n.slice", 2);

        oom_kept_add(kept, &event);
        assert_string_equal(event.slice, "user 1\nend\n.slice");
        assert_string_equal(kept->events[0].slice, "user.slice");
        assert_int_equal(kept->events[0].kills, 2);
}

static void fill(OomKept *kept, const char *slice, unsigned n) {
        while (n-- > 0)
                add(kept, slice, 1);
}

/* The slice's own last event takes the kills, and the last place. */
static void test_full_of_several(_unused_ void **state) {
        _cleanup_(oom_kept_freep) OomKept *kept = oom_kept_new();

        fill(kept, "user-1.slice", OOM_KEPT_MAX - 2);
        fill(kept, "user-2.slice", 1);
        fill(kept, "user-1.slice", 1);
        assert_int_equal(kept->n_events, OOM_KEPT_MAX);
        assert_int_equal(add(kept, "user-2.slice", 5), OOM_KEPT_MAX + 1);
        assert_int_equal(kept->n_events, OOM_KEPT_MAX);
        assert_string_equal(last_of(kept)->slice, "user-2.slice");
        assert_int_equal(last_of(kept)->id, OOM_KEPT_MAX + 1);
        assert_int_equal(last_of(kept)->kills, 6);
        /* Another one gets a place of its own: the two last of somebody else become one. */
        add(kept, "user-3.slice", 7);
        assert_int_equal(kept->n_events, OOM_KEPT_MAX);
        assert_int_equal(last_of(kept)->kills, 7);
        assert_int_equal(last_of(kept)->uid, 3);
        assert_int_equal(kept->events[OOM_KEPT_MAX - 3].id, OOM_KEPT_MAX);
        assert_int_equal(kept->events[OOM_KEPT_MAX - 3].kills, 2);
        assert_int_equal(sum_of(kept), OOM_KEPT_MAX + 5 + 7);
        for (size_t i = 1; i < kept->n_events; i++)
                assert_true(kept->events[i].id > kept->events[i - 1].id);
}

/* All of different users: nobody is told of another's processes. */
static void test_full_of_different(_unused_ void **state) {
        _cleanup_(oom_kept_freep) OomKept *kept = oom_kept_new();
        OomEvent event = event_of("user-9999.slice", 3);

        for (unsigned i = 0; i < OOM_KEPT_MAX; i++)
                add(kept, numbered(i + 1), 1);
        event.memory_max_known = true;
        event.memory_max = event.memory_current = event.memory_peak = 1;
        oom_kept_add(kept, &event);
        assert_int_equal(kept->n_events, OOM_KEPT_MAX);
        assert_string_equal(last_of(kept)->slice, "user.slice");
        assert_true(last_of(kept)->uid == UID_INVALID);
        assert_false(last_of(kept)->memory_max_known);
        assert_true(last_of(kept)->memory_current == OOM_VALUE_UNKNOWN);
        assert_true(last_of(kept)->memory_peak == OOM_VALUE_UNKNOWN);
        assert_int_equal(last_of(kept)->kills, 4);
        assert_string_equal(kept->events[OOM_KEPT_MAX - 2].slice, "user-511.slice");
        /* The next ones too, and take nobody else's name. */
        add(kept, numbered(10000), 5);
        assert_int_equal(last_of(kept)->kills, 9);
        assert_string_equal(kept->events[OOM_KEPT_MAX - 2].slice, "user-511.slice");
        add(kept, "user-1.slice", 1);
        assert_string_equal(last_of(kept)->slice, "user-1.slice");
        assert_int_equal(last_of(kept)->kills, 2);
        assert_int_equal(sum_of(kept), OOM_KEPT_MAX + 3 + 5 + 1);
}

static void test_merged(_unused_ void **state) {
        _cleanup_(oom_kept_freep) OomKept *kept = oom_kept_new();
        OomEvent a = event_of("user-1000.slice", UINT64_MAX - 1), b = event_of("user-1000.slice", 5);
        const OomEvent *both;

        a.time = 100;
        a.hits = 3;
        a.cause = b.cause = OOM_CAUSE_SLICE;
        a.memory_max_known = true;
        a.memory_max = 7;
        a.memory_current = 8;
        a.memory_peak = 9;
        for (int i = 0; i < 10; i++)
                add_victim(&a, i + 1, 1000, "a");
        b.time = 50; /* the clock was set back */
        b.hits = 4;
        b.late = true;
        b.memory_current = 80;
        for (int i = 0; i < 10; i++)
                add_victim(&b, i + 11, 1000, "b");
        for (unsigned i = 1; i < OOM_KEPT_MAX; i++)
                add(kept, numbered(i), 1);
        oom_kept_add(kept, &a);
        oom_kept_add(kept, &b);

        both = last_of(kept);
        assert_int_equal(both->id, b.id);
        assert_int_equal(both->time, 100);
        assert_true(both->kills == UINT64_MAX);
        assert_int_equal(both->hits, 7);
        assert_int_equal(both->cause, OOM_CAUSE_SLICE);
        assert_true(both->late);
        assert_true(both->memory_max_known);
        assert_int_equal(both->memory_max, 7);
        assert_int_equal(both->memory_current, 80);
        assert_int_equal(both->memory_peak, 9);
        assert_int_equal(both->n_victims, OOM_EVENT_VICTIMS_MAX);
        for (int i = 0; i < OOM_EVENT_VICTIMS_MAX; i++) {
                assert_int_equal(both->victims[i].pid, i + 1);
                assert_string_equal(both->victims[i].comm, i < 10 ? "a" : "b");
        }
        b.cause = OOM_CAUSE_HOST;
        oom_kept_add(kept, &b);
        assert_int_equal(last_of(kept)->cause, OOM_CAUSE_UNKNOWN);
}

/* ---- the file ---- */

static void format_kept(OomKept *kept, char **ret, size_t *ret_length) {
        _cleanup_(oom_ledger_freep) OomLedger *ledger = oom_ledger_new();

        assert_int_equal(
                oom_state_format(&(OomState){ .ledger = ledger, .kept = kept }, BOOT, ret, ret_length), 0);
}

static OomKept *reload(OomKept *kept, const char *boot, int expected) {
        _cleanup_(oom_state_done) OomState state = {};
        _cleanup_free_ char *text = NULL;
        size_t length;

        format_kept(kept, &text, &length);
        assert_int_equal(oom_state_parse(text, length, boot, &state), expected);
        assert_int_equal(state.n_unreadable, 0);
        assert_int_equal(state.kept->last_id, kept->last_id);
        assert_int_equal(state.kept->n_events, kept->n_events);
        for (size_t i = 0; i < kept->n_events; i++)
                assert_same(&state.kept->events[i], &kept->events[i]);
        return TAKE_PTR(state.kept);
}

static void test_file(_unused_ void **state) {
        static const char *const comms[] = {
                "python3",
                "",
                " ",
                "a b",
                "\\",
                "\\x20",
                "\n",
                "x\nend\n",
                "\xff\xfe\x01",
                "end",
                "\x7f~!-",
                "123456789012345",
                "\xc3\xa4\xc3\xb6",
        };
        _cleanup_(oom_kept_freep) OomKept *kept = oom_kept_new(), *same = NULL, *other = NULL, *none = NULL;
        OomEvent event = event_of("user-1000.slice", 3);

        none = reload(kept, BOOT, 1);
        event.time = 1763800000000000;
        event.hits = UINT64_MAX;
        event.late = true;
        for (size_t i = 0; i < ELEMENTSOF(comms); i++)
                add_victim(&event, i % 2 ? INT32_MAX : 0, i % 2 ? 0 : UID_INVALID, comms[i]);
        for (OomCause cause = 0; cause < _OOM_CAUSE_COUNT; cause++) {
                event.cause = cause;
                event.late = !event.late;
                event.memory_max_known = cause % 2 == 0;
                event.memory_max = cause == 0 ? LIMIT_UNSET : cause % 2 ? OOM_VALUE_UNKNOWN : 1U << cause;
                event.memory_current = cause;
                event.memory_peak = cause == 1 ? OOM_VALUE_UNKNOWN : 5;
                oom_kept_add(kept, &event);
        }
        add(kept, "user.slice", UINT64_MAX);
        oom_kept_acknowledge(kept, 1);
        same = reload(kept, BOOT, 1);
        other = reload(kept, OTHER, 0);
        assert_int_equal(same->n_events, _OOM_CAUSE_COUNT);
        oom_kept_acknowledge(kept, 100);
        oom_kept_free(same);
        same = reload(kept, BOOT, 1);
}

static void test_full_file(_unused_ void **state) {
        _cleanup_(oom_kept_freep) OomKept *kept = oom_kept_new(), *same = NULL;
        OomEvent event = event_of("user-1000.slice", 1);

        while (event.n_victims < OOM_EVENT_VICTIMS_MAX)
                add_victim(&event, INT32_MAX, 1000,
                           "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff");
        for (unsigned i = 0; i < OOM_KEPT_MAX; i++)
                oom_kept_add(kept, &event);
        same = reload(kept, BOOT, 1);
}

#define HEADER "fairslice-oom 2\nboot " BOOT "\nsince 5\nroot 1 2\nid 9\n"
#define GOOD   "event user-1.slice 9 2 3 4 slice 0 5 6 7\nvictim 1 2 a\n"
#define END    "slice 1 2 3 4 a.slice\nend\n"

static void test_told(_unused_ void **state) {
        static const struct {
                const char *line;
                size_t count, unreadable;
        } cases[] = {
                { "", 0, 0 },
                { "told 1\n", 1, 0 },
                { "told 1 2147483647\n", 2, 0 },
                { "told 1 2147483648\n", 1, 1 },
                { "told 1  2\n", 1, 1 },
                { "told -1\n", 0, 1 },
                { "told 1 2x 3\n", 1, 1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(oom_state_done) OomState parsed = {};
                _cleanup_free_ char *again = NULL;
                char text[1024];
                size_t length;

                snprintf(text, sizeof text, HEADER "%s" GOOD END, cases[i].line);
                assert_int_equal(oom_state_parse(text, strlen(text), BOOT, &parsed), 1);
                assert_int_equal(parsed.told.count, cases[i].count);
                assert_int_equal(parsed.n_unreadable, cases[i].unreadable);
                assert_int_equal(parsed.kept->n_events, 1);
                assert_int_equal(oom_state_format(&parsed, BOOT, &again, &length), 0);
                if (cases[i].unreadable == 0)
                        assert_string_equal(again, text);
        }
}

static void test_too_many_told(_unused_ void **state) {
        _cleanup_(oom_state_done) OomState parsed = {};
        char text[8192];
        size_t n = (size_t) snprintf(text, sizeof text, HEADER "told");

        for (unsigned i = 0; i <= OOM_VICTIMS_MAX; i++)
                n += (size_t) snprintf(text + n, sizeof text - n, " %u", i);
        snprintf(text + n, sizeof text - n, "\n" END);
        assert_int_equal(oom_state_parse(text, strlen(text), BOOT, &parsed), 1);
        assert_int_equal(parsed.told.count, OOM_VICTIMS_MAX);
        assert_int_equal(parsed.n_unreadable, 1);
}

/* What is wrong is left out, and what is right is there, before it and behind it. */
static void test_hostile_events(_unused_ void **state) {
        static const char *const events[] = {
                "event ",
                "event user-1.slice",
                "event user-1.slice 8",
                "event user-1.slice 8 2 3 4 slice 0 5 6",
                "event user-1.slice 8 2 3 4 slice 0 5 6 7 8",
                "event user-1.slice 8 2 3 4 slice 0 5 6 - -",
                "event user-1.slice 8 2 3 4 slice 0 5 6 --",
                "event user-1.slice 8 2 3 4 slice 0 5 6 -1",
                "event user-1.slice 8 2 3 4 slice 2 5 6 7",
                "event user-1.slice 8 2 3 4 slice - 5 6 7",
                "event user-1.slice 8 2 3 4 Slice 0 5 6 7",
                "event user-1.slice 8 2 3 4  0 5 6 7",
                "event user-1.slice 8 2 3 4 slice  0 5 6 7",
                "event user-1.slice 8 2 3 - slice 0 5 6 7",
                "event user-1.slice 8 2 0 4 slice 0 5 6 7",
                "event user-1.slice 8 2 99999999999999999999 4 slice 0 5 6 7",
                "event user-1.slice 0 2 3 4 slice 0 5 6 7",
                "event user-1.slice 10 2 3 4 slice 0 5 6 7",
                "event user-1.slice 7 2 3 4 slice 0 5 6 7",
                "event user-1.scope 8 2 3 4 slice 0 5 6 7",
                "event ../user-1.slice 8 2 3 4 slice 0 5 6 7",
                "event  8 2 3 4 slice 0 5 6 7",
        };

        for (size_t i = 0; i < ELEMENTSOF(events); i++) {
                _cleanup_(oom_state_done) OomState parsed = {};
                char text[1024];

                snprintf(text, sizeof text,
                         HEADER "event b.slice 7 2 3 4 inner 1 - - -\n%s\nvictim 7 8 no\n" GOOD END,
                         events[i]);
                assert_int_equal(oom_state_parse(text, strlen(text), BOOT, &parsed), 1);
                assert_int_equal(parsed.n_unreadable, 1);
                assert_int_equal(parsed.kept->n_events, 2);
                assert_int_equal(parsed.kept->events[0].n_victims, 0);
                assert_int_equal(parsed.kept->events[1].id, 9);
                assert_int_equal(parsed.kept->events[1].n_victims, 1);
                assert_non_null(oom_ledger_find(parsed.ledger, "a.slice"));
        }
}

static void test_hostile_victims(_unused_ void **state) {
        static const char *const victims[] = {
                "victim ",
                "victim 1",
                "victim -1 2 a",
                "victim - 2 a",
                "victim 2147483648 2 a",
                "victim 1 4294967296 a",
                "victim 1 18446744073709551616 a",
                "victim 1 2 a b",
                "victim 1 2 \xff",
                "victim 1 2 \t",
                "victim 1 2 \\",
                "victim 1 2 \\x",
                "victim 1 2 \\x2",
                "victim 1 2 \\x2g",
                "victim 1 2 \\x2F",
                "victim 1 2 \\x00",
                "victim 1 2 \\n",
                "victim 1 2 1234567890123456",
                "victim 1 2 "
                "\\x20\\x20\\x20\\x20\\x20\\x20\\x20\\x20\\x20\\x20\\x20\\x20\\x20\\x20\\x20\\x20",
        };

        for (size_t i = 0; i < ELEMENTSOF(victims); i++) {
                _cleanup_(oom_state_done) OomState parsed = {};
                char text[1024];

                snprintf(text, sizeof text, HEADER GOOD "%s\nvictim 3 - c\n" END, victims[i]);
                assert_int_equal(oom_state_parse(text, strlen(text), BOOT, &parsed), 1);
                assert_int_equal(parsed.n_unreadable, 1);
                assert_int_equal(parsed.kept->n_events, 1);
                assert_int_equal(parsed.kept->events[0].kills, 3);
                assert_int_equal(parsed.kept->events[0].n_victims, 2);
                assert_int_equal(parsed.kept->events[0].victims[1].pid, 3);
                assert_true(parsed.kept->events[0].victims[1].uid == UID_INVALID);
        }
}

static void test_too_much(_unused_ void **state) {
        _cleanup_(oom_state_done) OomState parsed = {};
        _cleanup_free_ char *text = NULL;
        size_t length;
        FILE *f = open_memstream(&text, &length);

        fputs("fairslice-oom 2\nboot " BOOT "\nsince 5\nroot 1 2\nid 2000\n", f);
        for (unsigned i = 1; i <= 2000; i++) {
                fprintf(f, "event user-%u.slice %u 2 1 4 slice 0 5 6 7\n", i % 3, i);
                for (unsigned j = 0; j < 20; j++)
                        fputs("victim 1 2 a\n", f);
        }
        fputs("end\n", f);
        fclose(f);
        assert_int_equal(oom_state_parse(text, length, BOOT, &parsed), 1);
        assert_int_equal(parsed.kept->n_events, OOM_KEPT_MAX);
        assert_int_equal(last_of(parsed.kept)->id, OOM_KEPT_MAX);
        assert_int_equal(last_of(parsed.kept)->n_victims, OOM_EVENT_VICTIMS_MAX);
        assert_int_equal(parsed.n_unreadable,
                         2000 - OOM_KEPT_MAX + OOM_KEPT_MAX * (20 - OOM_EVENT_VICTIMS_MAX));
        assert_int_equal(add(parsed.kept, "user-1.slice", 1), 2001);
        assert_int_equal(sum_of(parsed.kept), OOM_KEPT_MAX + 1);
}

static void test_version_1(_unused_ void **state) {
        static const char text[] = "fairslice-oom 1\nboot " BOOT "\nsince 5\nroot 1 2\n" END;
        _cleanup_(oom_state_done) OomState parsed = {};

        assert_int_equal(oom_state_parse(text, sizeof text - 1, BOOT, &parsed), 1);
        assert_int_equal(parsed.kept->last_id, 0);
        assert_int_equal(parsed.kept->n_events, 0);
        assert_int_equal(parsed.since, 5);
        assert_int_equal(oom_ledger_find(parsed.ledger, "a.slice")->recorded.kills, 2);
}

/* ---- crashes ---- */

/* Whoever counts: what they know, what they have written down for good, and what they will have once the
 * disk is ready. */
typedef struct World {
        OomKept *kept;
        char *file;
        size_t file_length;
        uint64_t recorded; /* kills that the file says were told */
        uint64_t killed;
        uint64_t told; /* of `killed`, by this life */

        struct Count {
                uint64_t kills, taken;
        } now, writing, written;
        unsigned seed;
} World;

static unsigned roll(World *w, unsigned sides) {
        w->seed = w->seed * 1103515245 + 12345;
        return (w->seed >> 16) % sides;
}

static void count(World *w, const OomEvent *event) {
        if (event->id <= w->now.taken)
                return;
        w->now.kills += event->kills;
        w->now.taken = event->id;
}

static void save(World *w) {
        free(w->file);
        format_kept(w->kept, &w->file, &w->file_length);
        w->recorded = w->told;
}

static void restart(World *w) {
        _cleanup_(oom_state_done) OomState state = {};

        assert_int_equal(oom_state_parse(w->file, w->file_length, BOOT, &state), 1);
        oom_kept_free(w->kept);
        w->kept = TAKE_PTR(state.kept);
        w->told = w->recorded;
        w->now = w->writing = w->written;
        oom_kept_acknowledge(w->kept, w->written.taken);
        for (size_t i = 0; i < w->kept->n_events; i++)
                count(w, &w->kept->events[i]);
}

static void kernel_kills(World *w) {
        w->killed += 1 + roll(w, 3);
}

static void tell(World *w) {
        OomEvent event = event_of(numbered(roll(w, 5)), w->killed - w->told);

        if (event.kills == 0)
                return;
        oom_kept_add(w->kept, &event);
        w->told = w->killed;
        count(w, &event);
        if (roll(w, 8) == 0) { /* between the handler and the file */
                kernel_kills(w);
                restart(w);
        } else
                save(w);
}

static void move(World *w) {
        switch (roll(w, 7)) {
        case 0:
        case 1:
                kernel_kills(w);
                break;
        case 2:
                tell(w);
                break;
        case 3: /* the worker begins, and ends at some time */
                w->writing = w->now;
                break;
        case 4:
                w->written = w->writing;
                break;
        case 5:
                oom_kept_acknowledge(w->kept, w->written.taken);
                if (roll(w, 2) == 0)
                        save(w);
                break;
        default:
                if (roll(w, 10) == 0)
                        restart(w);
        }
}

static void test_random_crashes(_unused_ void **state) {
        for (unsigned seed = 1; seed <= 200; seed++) {
                World w = { .kept = oom_kept_new(), .seed = seed };

                save(&w);
                for (unsigned i = 0; i < 300; i++) {
                        move(&w);
                        assert_true(w.kept->n_events < OOM_KEPT_MAX);
                }
                tell(&w);
                restart(&w);
                tell(&w); /* if it was not saved */
                restart(&w);
                assert_int_equal(w.now.kills + (w.killed - w.told), w.killed);
                oom_kept_free(w.kept);
                free(w.file);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_acknowledge),
                cmocka_unit_test(test_renumber),
                cmocka_unit_test(test_name_that_no_unit_has),
                cmocka_unit_test(test_full_of_several),
                cmocka_unit_test(test_full_of_different),
                cmocka_unit_test(test_merged),
                cmocka_unit_test(test_file),
                cmocka_unit_test(test_full_file),
                cmocka_unit_test(test_told),
                cmocka_unit_test(test_too_many_told),
                cmocka_unit_test(test_hostile_events),
                cmocka_unit_test(test_hostile_victims),
                cmocka_unit_test(test_too_much),
                cmocka_unit_test(test_version_1),
                cmocka_unit_test(test_random_crashes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
