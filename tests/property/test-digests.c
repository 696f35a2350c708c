/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whatever happens, and whenever the service dies: each kill is in exactly one message of each reader, and
 * nobody gets more messages than allowed. The service is played as it saves: a text after each change, what
 * is sealed handed out only when it was saved, an event acknowledged only then. */

#include "report/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "prng.h"
#include "seed.h"

#define SEEDS    300
#define STEPS    400
#define USERS    40U /* more than DIGEST_SLICES_MAX */
#define KEPT     64U
#define MESSAGES 65536U
#define DAY      (24 * 3600 * USEC_PER_SEC)

#define BOOT "5f0c4e7b5c1d4b3a8d0f6d6f3f0c9a11"

/* One who gets mail. */
typedef struct Receiver {
        uint64_t kills;   /* that were in messages */
        usec_t day;       /* when the first message of 24 hours was sealed; 0: none was */
        unsigned in_day;  /* messages in them */
        uint64_t last_id; /* of the newest message */
} Receiver;

typedef struct World {
        Prng prng;
        usec_t now;
        DigestRules rules;
        Digests *digests;
        char *saved; /* what a restart begins with */
        size_t length;

        Event kept[KEPT]; /* not acknowledged, in the order of their ids */
        size_t n_kept;
        uint64_t last_id;

        uint64_t kills[USERS + 1]; /* that happened; the last is of no user */
        Receiver user[USERS], admin;
        usec_t sealed[MESSAGES]; /* when, by the id */
} World;

/* ---- the service ---- */

static void acknowledge(World *w) {
        uint64_t taken = digests_taken(w->digests, BOOT);
        size_t n = 0;

        while (n < w->n_kept && w->kept[n].oom.id <= taken)
                n++;
        w->n_kept -= n;
        memmove(w->kept, w->kept + n, w->n_kept * sizeof *w->kept);
}

static void hand_out(World *w, const DigestMessage *message) {
        Receiver *to = message->reader == READER_ADMIN ? &w->admin : &w->user[message->uid - 1000];
        usec_t sealed = w->sealed[message->id % MESSAGES];

        CHECK(message->n_events >= 1 && message->n_events <= DIGEST_SLICES_MAX, "%zu slices",
              message->n_events);
        CHECK(message->first <= message->last, "it ends before it begins");
        /* Put again after a crash: the spool knows the name. */
        if (message->id <= to->last_id)
                return;
        to->last_id = message->id;
        to->kills += message->kills;
        if (sealed >= to->day + DAY) {
                to->day = message->last_of > 1 ? 0 : sealed;
                to->in_day = 1;
                return;
        }
        CHECK(++to->in_day <= MAX(w->rules.per_day - 1, 1U), "message %u in one day", to->in_day);
        CHECK(message->last_of == 0, "the last one does not wait");
}

static void save(World *w) {
        free(w->saved);
        CHECK(digests_format(w->digests, &w->saved, &w->length) == 0, "no text");
        acknowledge(w);
        for (size_t i = 0; digests_sealed(w->digests, i); i++)
                hand_out(w, digests_sealed(w->digests, i));
}

static void start(World *w) {
        char *again;
        size_t length;

        digests_free(w->digests);
        w->digests = NULL;
        CHECK(digests_parse(w->saved, w->length, &w->digests) == 0, "what was saved cannot be read");
        CHECK(digests_format(w->digests, &again, &length) == 0, "no text");
        CHECK(length == w->length && memcmp(again, w->saved, length) == 0, "another text");
        free(again);
        digests_set_rules(w->digests, &w->rules);
        for (size_t i = 0; i < w->n_kept; i++)
                CHECK(digests_add(w->digests, &w->kept[i], NULL, BOOT, w->now) >= 0, "not taken");
        save(w);
}

/* ---- what happens ---- */

static void fill_name(World *w, char *name, size_t size) {
        size_t n = prng_between(&w->prng, 0, size - 1);

        for (size_t i = 0; i < n; i++)
                name[i] = (char) prng_between(&w->prng, 1, 255);
        name[n] = '\0';
}

static void happen(World *w) {
        uid_t i = (uid_t) prng_between(&w->prng, 0, USERS);
        SliceName slice = "user.slice";
        char user_name[20];
        OomEvent oom;
        Event event;

        if (i < USERS)
                slice_name_for_uid(slice, 1000 + i);
        oom_event_init(&oom, slice);
        if (w->n_kept < KEPT && prng_chance(&w->prng, 70)) {
                oom.kills = prng_log_between(&w->prng, 1, 1000);
                oom.id = ++w->last_id;
                oom.cause = (OomCause) prng_between(&w->prng, 0, _OOM_CAUSE_COUNT - 1);
                oom.n_victims = prng_between(&w->prng, 0, OOM_EVENT_VICTIMS_MAX);
                for (size_t k = 0; k < oom.n_victims; k++)
                        fill_name(w, oom.victims[k].comm, sizeof oom.victims[k].comm);
                w->kills[i] += oom.kills;
                event = event_from_oom(&oom);
        } else
                event = event_from_memory_warning(&(MemoryWarning){ 75, 1, 2, 3 }, slice, oom.uid);
        event.time = w->now - prng_between(&w->prng, 0, DAY);
        event.processes.count = prng_between(&w->prng, 0, LARGE_PROCESSES_MAX);
        for (size_t k = 0; k < event.processes.count; k++)
                fill_name(w, event.processes.process[k].comm, sizeof event.processes.process[k].comm);
        if (event.kind == EVENT_OUT_OF_MEMORY)
                w->kept[w->n_kept++] = event;
        fill_name(w, user_name, sizeof user_name);
        CHECK(digests_add(w->digests, &event, user_name, BOOT, w->now) >= 0, "not taken");
}

static uint64_t newest(const World *w) {
        uint64_t id = 0;

        for (size_t i = 0; digests_sealed(w->digests, i); i++)
                id = digests_sealed(w->digests, i)->id;
        return id;
}

static void seal(World *w) {
        uint64_t before = newest(w);
        usec_t due = digests_due(w->digests);
        int n = digests_seal(w->digests, w->now);

        CHECK(n == 0 || due <= w->now, "%d sealed before it was due", n);
        CHECK(digests_due(w->digests) > w->now, "what is due was not sealed");
        for (size_t i = 0; digests_sealed(w->digests, i); i++)
                if (digests_sealed(w->digests, i)->id > before)
                        w->sealed[digests_sealed(w->digests, i)->id % MESSAGES] = w->now;
}

static void forget(World *w) {
        const DigestMessage *message;

        /* Only what was handed out. */
        save(w);
        while ((message = digests_sealed(w->digests, 0)) && prng_chance(&w->prng, 90))
                digests_forget(w->digests, message->id);
}

static void step(World *w) {
        uint64_t generation = digests_generation(w->digests);
        unsigned what = (unsigned) prng_between(&w->prng, 0, 9);

        if (what < 4)
                happen(w);
        else if (what < 6)
                seal(w);
        else if (what < 7)
                forget(w);
        else if (what < 8)
                w->now += prng_log_between(&w->prng, 1, DAY);
        else if (what < 9 && prng_chance(&w->prng, 20))
                start(w);
        if (digests_generation(w->digests) != generation && prng_chance(&w->prng, 70))
                save(w);
}

/* ---- the judgement ---- */

static void drain(World *w) {
        for (unsigned i = 0; i < 10; i++) {
                w->now += 2 * DAY;
                seal(w);
                save(w);
                while (digests_sealed(w->digests, 0))
                        digests_forget(w->digests, digests_sealed(w->digests, 0)->id);
        }
        CHECK(digests_due(w->digests) == USEC_INFINITY, "something waits");
        CHECK(w->n_kept == 0, "%zu are not acknowledged", w->n_kept);
}

static void judge(const World *w) {
        uint64_t sum = 0;

        for (uid_t i = 0; i < USERS; i++) {
                CHECK(w->user[i].kills == (w->rules.users ? w->kills[i] : 0), "user %u: %llu of %llu", i,
                      (unsigned long long) w->user[i].kills, (unsigned long long) w->kills[i]);
                sum += w->kills[i];
        }
        sum += w->kills[USERS];
        CHECK(w->admin.kills == (w->rules.admin ? sum : 0), "administrators: %llu of %llu",
              (unsigned long long) w->admin.kills, (unsigned long long) sum);
}

static void run(uint64_t seed) {
        World *w = calloc(1, sizeof *w);

        assert_non_null(w);
        seed_enter(seed);
        w->prng.state = seed;
        w->now = UINT64_C(1767268620) * USEC_PER_SEC;
        w->rules = (DigestRules){
                .coalesce_usec = prng_between(&w->prng, 0, 3600 * USEC_PER_SEC),
                .per_day = (unsigned) prng_log_between(&w->prng, 1, 20),
                .users = prng_chance(&w->prng, 80),
                .admin = prng_chance(&w->prng, 80),
        };
        assert_int_equal(digests_new(seed, &w->digests), 0);
        digests_set_rules(w->digests, &w->rules);
        save(w);
        for (unsigned i = 0; i < STEPS; i++)
                step(w);
        start(w);
        drain(w);
        judge(w);
        digests_free(w->digests);
        free(w->saved);
        free(w);
}

static void test_each_kill_once(void **state) {
        Seeds seeds = seeds_from_environment(SEEDS);

        (void) state;
        for (size_t i = 0; i < seeds.count; i++)
                run(seeds.first + i);
}

int main(void) {
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_each_kill_once) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
