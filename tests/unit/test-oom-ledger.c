/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unit.h"

#include <string.h>

#include "watch/oom-state.h"

#define BOOT  "0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210"

static void see(OomLedger *l, OomAccount *a, uint64_t kills) {
        oom_ledger_see(l, a, &(OomCounters){ .kills = kills, .hits = kills, .local_hits = kills });
}

static void test_pending_and_settled(_unused_ void **state) {
        _cleanup_(oom_ledger_freep) OomLedger *l = oom_ledger_new();
        OomAccount *a = oom_ledger_open(l, "user-1000.slice", 1);

        assert_ptr_equal(oom_ledger_find(l, "user-1000.slice"), a);
        oom_ledger_see_root(l, 99, 2);
        see(l, a, 2);
        assert_int_equal(oom_ledger_pending(a).kills, 2);
        assert_int_equal(oom_ledger_remainder(l), 0);
        oom_ledger_settle(l, a);
        assert_int_equal(oom_ledger_pending(a).kills, 0);
        assert_int_equal(oom_ledger_remainder(l), 0);
}

static void test_vanished(_unused_ void **state) {
        _cleanup_(oom_ledger_freep) OomLedger *l = oom_ledger_new();
        OomAccount *a = oom_ledger_open(l, "user-1000.slice", 1);

        see(l, a, 1);
        oom_ledger_settle(l, a);
        see(l, a, 2);
        oom_ledger_close(l, a); /* with one pending and one never seen */
        oom_ledger_see_root(l, 99, 3);
        assert_int_equal(oom_ledger_remainder(l), 2);
        oom_ledger_settle_remainder(l, 2);
        assert_int_equal(oom_ledger_remainder(l), 0);
}

static void test_made_again(_unused_ void **state) {
        _cleanup_(oom_ledger_freep) OomLedger *l = oom_ledger_new();
        OomAccount *old = oom_ledger_open(l, "user-1000.slice", 1), *new;

        see(l, old, 3);
        oom_ledger_detach(l, old);
        assert_null(oom_ledger_find(l, "user-1000.slice"));
        new = oom_ledger_open(l, "user-1000.slice", 2);
        see(l, new, 1);
        oom_ledger_see_root(l, 99, 4);
        assert_int_equal(oom_ledger_remainder(l), 0);
        oom_ledger_settle(l, old);
        oom_ledger_close(l, old);
        assert_int_equal(oom_ledger_pending(new).kills, 1);
        assert_int_equal(oom_ledger_remainder(l), 0);
        /* Without anybody having noticed: the third of the name. */
        new = oom_ledger_open(l, "user-1000.slice", 3);
        assert_int_equal(oom_ledger_pending(new).kills, 0);
        assert_int_equal(oom_ledger_remainder(l), 1);
}

static void test_backwards(_unused_ void **state) {
        _cleanup_(oom_ledger_freep) OomLedger *l = oom_ledger_new();
        OomAccount *a = oom_ledger_open(l, "user-1000.slice", 1);

        see(l, a, 5);
        oom_ledger_settle(l, a);
        see(l, a, 2);
        assert_int_equal(oom_ledger_pending(a).kills, 2);
        oom_ledger_see_root(l, 99, 7);
        oom_ledger_settle(l, a);
        assert_int_equal(oom_ledger_remainder(l), 0);
        /* The sum begins anew as well: nothing is hidden by what was recorded before. */
        oom_ledger_see_root(l, 99, 0);
        oom_ledger_see_root(l, 99, 1);
        assert_int_equal(oom_ledger_remainder(l), 1);
        oom_ledger_see_root(l, 100, 1);
        assert_int_equal(oom_ledger_remainder(l), 1);
}

static void format_ledger(const OomLedger *l, usec_t since, char **ret, size_t *ret_length) {
        OomKept none = {};

        assert_int_equal(
                oom_state_format(&(OomState){ .ledger = (OomLedger *) l, .kept = &none, .since = since },
                                 BOOT, ret, ret_length),
                0);
}

static OomLedger *parse_ledger(const char *text, size_t length) {
        _cleanup_(oom_state_done) OomState state = {};

        assert_int_equal(oom_state_parse(text, length, BOOT, &state), 1);
        return TAKE_PTR(state.ledger);
}

static OomLedger *reload(const OomLedger *l, const char *boot, int expected) {
        _cleanup_(oom_state_done) OomState again = {};
        _cleanup_free_ char *text = NULL;
        size_t length;

        format_ledger(l, 4711, &text, &length);
        assert_int_equal(oom_state_parse(text, length, boot, &again), expected);
        assert_int_equal(again.since, expected ? 4711 : 0);
        return TAKE_PTR(again.ledger);
}

static void test_state(_unused_ void **state) {
        _cleanup_(oom_ledger_freep) OomLedger *l = oom_ledger_new(), *same = NULL, *other = NULL;
        OomAccount *a = oom_ledger_open(l, "user-1000.slice", 1);

        see(l, a, 3);
        oom_ledger_settle(l, a);
        see(l, a, 4);
        oom_ledger_open(l, "user-1001.slice", 2);
        oom_ledger_see_root(l, 99, 4);

        same = reload(l, BOOT, 1);
        assert_null(oom_ledger_find(same, "user-1001.slice")); /* nothing to say of it */
        a = oom_ledger_find(same, "user-1000.slice");
        assert_false(a->opened);
        assert_int_equal(a->recorded.kills, 3);
        assert_int_equal(a->recorded.local_hits, 3);
        assert_int_equal(oom_ledger_pending(a).kills, 0);
        assert_int_equal(same->root_recorded, 3);
        oom_ledger_close_unopened(same);
        assert_null(oom_ledger_find(same, "user-1000.slice"));

        other = reload(l, OTHER, 0);
        assert_null(oom_ledger_find(other, "user-1000.slice"));
        assert_int_equal(other->root_recorded, 0);
}

static void see_groups(OomLedger *l, OomAccount *a, const OomGroup *groups, size_t n, bool told) {
        OomGroup copy[8];

        memcpy(copy, groups, n * sizeof *groups);
        assert_int_equal(oom_ledger_see_groups(l, a, copy, n, told), 0);
}

/* The groups of a legacy slice: each has a counter of its own, and takes it along. */
static void test_groups(_unused_ void **state) {
        _cleanup_(oom_ledger_freep) OomLedger *l = oom_ledger_new(), *same = NULL;
        OomAccount *a = oom_ledger_open(l, "user-1000.slice", 1);

        see_groups(l, a, (OomGroup[]){ { 9, 1 }, { 3, 2 } }, 2, false);
        assert_int_equal(oom_ledger_pending(a).kills, 3);
        assert_int_equal(l->pending, 3);
        oom_ledger_settle(l, a);
        assert_int_equal(l->root_recorded, 3);
        see_groups(l, a, (OomGroup[]){ { 9, 1 } }, 1, false); /* one is gone */
        assert_int_equal(oom_ledger_pending(a).kills, 0);
        see_groups(l, a, (OomGroup[]){ { 12, 1 }, { 9, 1 } }, 2, false); /* the sum is smaller than once */
        assert_int_equal(oom_ledger_pending(a).kills, 1);
        see_groups(l, a, (OomGroup[]){ { 9, 4 }, { 12, 1 } }, 2, true);
        assert_int_equal(oom_ledger_pending(a).kills, 1);

        /* What is pending is found again, what was told is not. */
        same = reload(l, BOOT, 1);
        a = oom_ledger_open(same, "user-1000.slice", 1);
        assert_int_equal(a->n_groups, 1);
        see_groups(same, a, (OomGroup[]){ { 12, 1 }, { 9, 4 } }, 2, false);
        assert_int_equal(oom_ledger_pending(a).kills, 1);
        see_groups(same, a, (OomGroup[]){ {} }, 0, false);
        assert_int_equal(oom_ledger_pending(a).kills, 1);
}

/* A group that is renamed while the groups are listed may be listed under both names. */
static void test_group_that_is_listed_twice(_unused_ void **state) {
        _cleanup_(oom_ledger_freep) OomLedger *l = oom_ledger_new(), *same = NULL;
        OomAccount *a = oom_ledger_open(l, "user-1000.slice", 1);

        see_groups(l, a, (OomGroup[]){ { 9, 2 }, { 3, 1 }, { 9, 2 } }, 3, false);
        assert_int_equal(oom_ledger_pending(a).kills, 3);
        oom_ledger_settle(l, a);
        see_groups(l, a, (OomGroup[]){ { 9, 3 }, { 9, 4 }, { 3, 1 } }, 3, false);
        assert_int_equal(oom_ledger_pending(a).kills, 2);
        same = reload(l, BOOT, 1);
        assert_int_equal(oom_ledger_find(same, "user-1000.slice")->n_groups, 2);
}

#define HEADER   "fairslice-oom 1\nboot " BOOT "\nsince 5\nroot 1 2\n"
#define HEADER_2 "fairslice-oom 2\nboot " BOOT "\nsince 5\nroot 1 2\n"
#define EVENT    "event a.slice 1 2 3 4 slice 0 5 6 7"

static void test_hostile_state(_unused_ void **state) {
        static const char *const texts[] = {
                "",
                "\n",
                "end\n",
                "fairslice-oom 2\nboot " BOOT "\nsince 5\nroot 1 2\nend\n",
                "fairslice-oom 3\nboot " BOOT "\nsince 5\nroot 1 2\nid 0\nend\n",
                HEADER_2 "id\nend\n",
                HEADER_2 "id \nend\n",
                HEADER_2 "id 1 2\nend\n",
                HEADER_2 "id -\nend\n",
                HEADER_2 "id 9223372036854775808\nend\n",
                HEADER_2 "id 1\nid 1\nend\n",
                HEADER_2 "id 1\n" EVENT,
                HEADER_2 "id 1\n" EVENT "\n",
                HEADER_2 "id 1\nslice 1 2 3 4 a.slice\n" EVENT "\nend\n",
                HEADER "id 1\nend\n",
                HEADER EVENT "\nend\n",
                "fairslice-oom 1\nboot 0123\nsince 5\nroot 1 2\nend\n",
                "fairslice-oom 1\nboot \nsince 5\nroot 1 2\nend\n",
                "fairslice-oom 1\nboot " BOOT "\nsince -5\nroot 1 2\nend\n",
                "fairslice-oom 1\nboot " BOOT "\nsince 5 6\nroot 1 2\nend\n",
                "fairslice-oom 1\nboot " BOOT "\nsince 5\nroot 1\nend\n",
                "fairslice-oom 1\nboot " BOOT "\nsince 5\nroot 1 2 3\nend\n",
                "fairslice-oom 1\nboot " BOOT "\nsince 5\nend\n",
                HEADER,
                HEADER "end",
                HEADER "end\n\n",
                HEADER "end\nend\n",
                HEADER "slice 1 2 3 4\nend\n",
                HEADER "slice 1 2 3 user-1.slice\nend\n",
                HEADER "slice 1 2 3 99999999999999999999999 user-1.slice\nend\n",
                HEADER "slice 1 2 3 4 ../user-1.slice\nend\n",
                HEADER "slice 1 2 3 4 user-1.scope\nend\n",
                HEADER "slice 1 2 3 4 user 1.slice\nend\n",
                HEADER "slice 1 2 3 4 .slice\nend\n",
                HEADER "slice 1 2 3 4 a.slice\nslice 5 6 7 8 a.slice\nend\n",
                HEADER "slices 1 2 3 4 a.slice\nend\n",
                HEADER "slice 1 2 3 4 a.slice\n",
                HEADER "group 1 2\nend\n",
                HEADER "slice 1 2 3 4 a.slice\ngroup 1\nend\n",
                HEADER "slice 1 2 3 4 a.slice\ngroup 1 2 3\nend\n",
                HEADER "slice 1 2 3 4 a.slice\ngroup 2 1\ngroup 1 1\nend\n",
                HEADER "slice 1 2 3 4 a.slice\ngroup 2 1\ngroup 2 1\nend\n",
        };
        OomState parsed = { .ledger = (OomLedger *) 1, .since = 4711 };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                assert_int_equal(oom_state_parse(texts[i], strlen(texts[i]), BOOT, &parsed), -EBADMSG);
        assert_int_equal(oom_state_parse("\0", 1, BOOT, &parsed), -EBADMSG);
        assert_ptr_equal(parsed.ledger, (OomLedger *) 1);
        assert_null(parsed.kept);
        assert_int_equal(parsed.since, 4711);
}

static void test_damaged_state(_unused_ void **state) {
        static const char good[] = HEADER_2
                "id 7\n" EVENT
                "\nvictim 1 - \\x20\nslice 1 2 3 4 a.slice\ngroup 5 6\nslice 5 6 7 8 b.slice\nend\n";

        for (size_t i = 0; i < sizeof good - 1; i++)
                for (int byte = 0; byte < 256; byte += 5) {
                        _cleanup_(oom_state_done) OomState parsed = {};
                        char text[sizeof good];

                        memcpy(text, good, sizeof good);
                        text[i] = (char) byte;
                        if (oom_state_parse(text, sizeof good - 1, BOOT, &parsed) < 0)
                                assert_null(parsed.ledger);
                        else
                                assert_true(parsed.kept->n_events + parsed.n_unreadable >= 1);
                }
}

/* A kernel and a daemon on random ways. Whatever happens between them, each kill is recorded once, and if
 * the daemon dies between a record and the saving of it, at most once more. */
#define N_SLICES 4

typedef struct World {
        uint64_t seed;

        /* the kernel */
        struct {
                bool alive;
                uint64_t inode, kills;
        } slice[N_SLICES];
        uint64_t next_inode, sum, killed;
        bool rests;

        /* the daemon */
        OomLedger *ledger;
        OomAccount *zombie; /* a slice that is gone while its window is open */
        char *saved;
        size_t saved_length;
        uint64_t recorded, twice;
} World;

static unsigned roll(World *w, unsigned n) {
        w->seed = w->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (unsigned) (w->seed >> 33) % n;
}

static const char *name_of(unsigned i) {
        static const char *const names[N_SLICES] = { "user-1.slice", "user-2.slice", "user-3.slice",
                                                     "x.slice" };

        return names[i];
}

static void kernel_moves(World *w) {
        unsigned i = roll(w, N_SLICES);

        if (!w->slice[i].alive) {
                w->slice[i].alive = true;
                w->slice[i].inode = ++w->next_inode;
                w->slice[i].kills = 0;
        } else if (roll(w, 4) == 0)
                w->slice[i].alive = false;
        else {
                w->slice[i].kills++;
                w->sum++;
                w->killed++;
        }
}

static void maybe_kernel_moves(World *w) {
        while (!w->rests && roll(w, 3) == 0)
                kernel_moves(w);
}

static void save(World *w) {
        free(w->saved);
        format_ledger(w->ledger, 0, &w->saved, &w->saved_length);
}

static void restart(World *w);

static void record(World *w, OomAccount *a) {
        uint64_t kills = oom_ledger_pending(a).kills;

        w->recorded += kills;
        oom_ledger_settle(w->ledger, a);
        if (roll(w, 20) == 0) {
                w->twice += kills;
                restart(w);
        } else
                save(w);
}

static void look(World *w, unsigned i) {
        OomAccount *a = oom_ledger_find(w->ledger, name_of(i));

        maybe_kernel_moves(w);
        if (a && (!w->slice[i].alive || w->slice[i].inode != a->inode)) {
                if (oom_ledger_pending(a).kills > 0 && !w->zombie && roll(w, 2) == 0) {
                        oom_ledger_detach(w->ledger, a);
                        w->zombie = a;
                } else
                        oom_ledger_close(w->ledger, a);
        }
        if (!w->slice[i].alive)
                return;
        a = oom_ledger_open(w->ledger, name_of(i), w->slice[i].inode);
        maybe_kernel_moves(w);
        if (w->slice[i].alive && w->slice[i].inode == a->inode)
                see(w->ledger, a, w->slice[i].kills);
}

static void scan(World *w) {
        oom_ledger_see_root(w->ledger, 1, w->sum);
        for (unsigned i = 0; i < N_SLICES; i++)
                look(w, i);
}

static void restart(World *w) {
        w->zombie = NULL;
        oom_ledger_free(w->ledger);
        for (unsigned n = roll(w, 4); n > 0; n--)
                kernel_moves(w);
        w->ledger = parse_ledger(w->saved, w->saved_length);
        scan(w);
        oom_ledger_close_unopened(w->ledger);
}

static void record_remainder(World *w) {
        uint64_t kills;

        scan(w);
        kills = oom_ledger_remainder(w->ledger);
        w->recorded += kills;
        oom_ledger_settle_remainder(w->ledger, kills);
        save(w);
}

static void daemon_moves(World *w) {
        OomAccount *a;

        switch (roll(w, 8)) {
        case 0:
                oom_ledger_see_root(w->ledger, 1, w->sum);
                break;
        case 1:
        case 2:
                look(w, roll(w, N_SLICES));
                break;
        case 3:
        case 4:
                a = oom_ledger_find(w->ledger, name_of(roll(w, N_SLICES)));
                if (a)
                        record(w, a);
                break;
        case 5:
                if (w->zombie) {
                        a = w->zombie;
                        w->zombie = NULL;
                        w->recorded += oom_ledger_pending(a).kills;
                        oom_ledger_settle(w->ledger, a);
                        oom_ledger_close(w->ledger, a);
                        save(w);
                }
                break;
        case 6:
                record_remainder(w);
                break;
        case 7:
                if (roll(w, 4) == 0)
                        restart(w);
                break;
        }
}

/* As at a first start: what is there is old, but for what happens while it is being read. */
static void begin(World *w) {
        for (unsigned n = 0; n < 20; n++)
                kernel_moves(w);
        oom_ledger_baseline_root(w->ledger, 1, w->sum);
        w->killed = 0;
        for (unsigned i = 0; i < N_SLICES; i++) {
                maybe_kernel_moves(w);
                if (w->slice[i].alive) {
                        OomAccount *a = oom_ledger_open(w->ledger, name_of(i), w->slice[i].inode);

                        oom_ledger_baseline(w->ledger, a, &(OomCounters){ .kills = w->slice[i].kills });
                }
        }
        save(w);
}

static void run_world(uint64_t seed) {
        World w = { .seed = seed, .ledger = oom_ledger_new() };
        const OomAccount *account;

        begin(&w);
        for (unsigned n = 0; n < 200; n++) {
                kernel_moves(&w);
                daemon_moves(&w);
                assert_true(w.recorded <= w.killed + w.twice);
        }
        /* Everything comes to rest. What is pending now would be recorded next. */
        w.rests = true;
        record_remainder(&w);
        LIST_FOREACH(account, &w.ledger->accounts, list)
                w.recorded += oom_ledger_pending(account).kills;
        if (w.recorded != w.killed + w.twice)
                fail_msg("seed %llu: %llu killed, %llu recorded, %llu of them twice",
                         (unsigned long long) seed, (unsigned long long) w.killed,
                         (unsigned long long) w.recorded, (unsigned long long) w.twice);
        oom_ledger_free(w.ledger);
        free(w.saved);
}

/* The same with the groups of a slice. All kills are in it, so those that no group tells of are the
 * remainder. */
typedef struct GroupWorld {
        World w;
        OomGroup group[N_SLICES];
        size_t n_groups;
        OomAccount *account;
} GroupWorld;

static void kernel_moves_groups(GroupWorld *g) {
        OomGroup *group = &g->group[g->n_groups ? roll(&g->w, (unsigned) g->n_groups) : 0];

        switch (roll(&g->w, 4)) {
        case 0:
                if (g->n_groups < N_SLICES)
                        g->group[g->n_groups++] = (OomGroup){ ++g->w.next_inode, 0 };
                break;
        case 1:
                if (g->n_groups > 0)
                        *group = g->group[--g->n_groups];
                break;
        default:
                if (g->n_groups > 0) {
                        group->kills++;
                        g->w.killed++;
                }
        }
}

static void restart_groups(GroupWorld *g) {
        oom_ledger_free(g->w.ledger);
        g->w.ledger = parse_ledger(g->w.saved, g->w.saved_length);
        g->account = oom_ledger_open(g->w.ledger, "user-1.slice", 1);
}

/* The host's counter is read first, and the kernel moves in between. */
static void scan_groups(GroupWorld *g) {
        OomGroup copy[N_SLICES];

        oom_ledger_see_root(g->w.ledger, 0, g->w.killed);
        if (!g->w.rests && roll(&g->w, 3) == 0)
                kernel_moves_groups(g);
        memcpy(copy, g->group, sizeof copy);
        assert_int_equal(oom_ledger_see_groups(g->w.ledger, g->account, copy, g->n_groups, false), 0);
}

static void daemon_moves_groups(GroupWorld *g) {
        uint64_t kills = 0;

        scan_groups(g);
        switch (g->w.rests ? 0 : roll(&g->w, 4)) {
        case 0:
                kills = oom_ledger_remainder(g->w.ledger);
                oom_ledger_settle_remainder(g->w.ledger, kills);
                __attribute__((fallthrough));
        case 1:
                kills += oom_ledger_pending(g->account).kills;
                oom_ledger_settle(g->w.ledger, g->account);
                g->w.recorded += kills;
                save(&g->w);
                break;
        case 2:
                restart_groups(g);
                break;
        }
        assert_true(g->w.recorded <= g->w.killed);
}

static void random_groups(uint64_t seed) {
        GroupWorld g = { .w = { .seed = seed, .next_inode = 1, .ledger = oom_ledger_new() } };

        g.account = oom_ledger_open(g.w.ledger, "user-1.slice", 1);
        save(&g.w);
        for (int i = 0; i < 300; i++) {
                kernel_moves_groups(&g);
                daemon_moves_groups(&g);
        }
        g.w.rests = true;
        daemon_moves_groups(&g);
        assert_int_equal(g.w.recorded, g.w.killed);
        oom_ledger_free(g.w.ledger);
        free(g.w.saved);
}

static void test_random_groups(_unused_ void **state) {
        for (uint64_t seed = 1; seed <= 300; seed++)
                random_groups(seed);
}

static void test_random_worlds(_unused_ void **state) {
        for (uint64_t seed = 1; seed <= 3000; seed++)
                run_world(seed);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_pending_and_settled),
                cmocka_unit_test(test_vanished),
                cmocka_unit_test(test_made_again),
                cmocka_unit_test(test_backwards),
                cmocka_unit_test(test_state),
                cmocka_unit_test(test_groups),
                cmocka_unit_test(test_group_that_is_listed_twice),
                cmocka_unit_test(test_random_groups),
                cmocka_unit_test(test_hostile_state),
                cmocka_unit_test(test_damaged_state),
                cmocka_unit_test(test_random_worlds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
