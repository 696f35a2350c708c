/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whatever who puts and who sends do, and whenever either is killed: each message that was put is in one
 * place, was sent once, and is known to have been put. The other is at work in between, in the same moments
 * of the files. */

#include "spool/spool.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "prng.h"
#include "seed.h"
#include "support/scratch.h"

#define SEEDS    150
#define STEPS    120
#define MESSAGES 24U
#define T0       (UINT64_C(1795332922) * USEC_PER_SEC)

/* NOLINTNEXTLINE: the name that the linker wants. The host does not crash here, so nobody needs to wait for
 * a disk. */
int __wrap_fsync(int fd);
int __wrap_fsync(_unused_ int fd) {
        return 0;
}

/* What must be so. */
typedef struct Model {
        bool put; /* spool_put() has said 1 */
        unsigned sent;
} Model;

typedef struct World {
        Prng prng;
        const Scratch *scratch;
        Spool *put_end, *send_end;
        Model model[MESSAGES];
        uint64_t lost; /* all that was ever counted */
} World;

static SpoolName name_of(unsigned i) {
        SpoolName name = { .kind = i % 3 == 0 ? SPOOL_WARNING : SPOOL_KILL, .time = T0 + i * 7 };

        snprintf(name.id, sizeof name.id, "n%u", i);
        return name;
}

static Spool *open_end(World *w, SpoolRole role) {
        const SpoolLimits limits = { .messages = 8, .bytes = 1 << 20 };
        Spool *spool = NULL;
        int r = spool_open(w->scratch->fd, role, &limits, &spool);

        CHECK(r == 0, "open: %d", r);
        return spool;
}

static void do_put(World *w, unsigned i) {
        SpoolName name = name_of(i);
        int before = spool_find(w->put_end, &name), r;

        r = spool_put(w->put_end, &name, "alice@example.org", "Subject: x\r\n", 12);
        CHECK(r == 1 || r == 0 || r == -ENOSPC, "put: %d", r);
        CHECK((r == 0) == (before >= 0), "put: %d, was %d", r, before);
        if (r != 1)
                return;
        CHECK(!w->model[i].put || name.kind == SPOOL_WARNING, "%s was put twice", name.id);
        w->model[i].put = true;
}

static void do_send(World *w, unsigned i) {
        _cleanup_(spool_message_done) SpoolMessage message = SPOOL_MESSAGE_NULL;
        SpoolName name = name_of(i);
        int before = spool_find(w->send_end, &name), r = spool_take(w->send_end, &name, &message);

        CHECK(r == (before == SPOOL_QUEUED), "take: %d, was %d", r, before);
        if (r == 0)
                return;
        switch (prng_between(&w->prng, 0, 4)) {
        case 0:
                r = spool_fail(w->send_end, &name, "550 no");
                break;
        case 1: {
                SpoolTries tries = { .count = 1, .next = T0 };

                r = spool_set_tries(w->send_end, &name, &tries);
                break;
        }
        case 2: /* killed before the message was out */
                r = 0;
                break;
        case 3: /* others put meanwhile: it must not be dropped */
                for (unsigned k = 0; k < 4; k++)
                        do_put(w, (unsigned) prng_between(&w->prng, 0, MESSAGES - 1));
                __attribute__((fallthrough));
        default:
                w->model[i].sent++;
                r = spool_sent(w->send_end, &name);
        }
        CHECK(r == 0, "%d", r);
}

static void do_retry(World *w, unsigned i) {
        SpoolName name = name_of(i);
        int before = spool_find(w->put_end, &name), r = spool_retry(w->put_end, &name);

        CHECK((r == 0) == (before == SPOOL_QUEUED || before == SPOOL_FAILED), "retry: %d, was %d", r,
              before);
        CHECK(r < 0 || spool_find(w->put_end, &name) == SPOOL_QUEUED, "is elsewhere");
}

/* The process ends and starts again: only the locks go, and what it has in memory. */
static void restart(World *w) {
        if (prng_chance(&w->prng, 50)) {
                spool_free(w->put_end);
                w->put_end = open_end(w, SPOOL_PUT);
        } else {
                spool_free(w->send_end);
                w->send_end = open_end(w, SPOOL_SEND);
        }
}

static void step(World *w) {
        unsigned i = (unsigned) prng_between(&w->prng, 0, MESSAGES - 1);

        switch (prng_between(&w->prng, 0, 9)) {
        case 0 ... 3:
                do_put(w, i);
                break;
        case 4 ... 6:
                do_send(w, i);
                break;
        case 7:
                do_retry(w, i);
                break;
        case 8:
                CHECK(spool_tidy(w->send_end, T0) >= 0, "tidy");
                break;
        default:
                restart(w);
        }
}

static void check(World *w) {
        uint64_t lost, missing = 0;

        CHECK(spool_lost(w->put_end, &lost) == 0 && lost >= w->lost, "fewer are lost than before");
        w->lost = lost;
        for (unsigned i = 0; i < MESSAGES; i++) {
                SpoolName name = name_of(i);
                int place = spool_find(w->put_end, &name);

                CHECK(w->model[i].sent <= 1, "%s was sent %u times", name.id, w->model[i].sent);
                CHECK((w->model[i].sent == 1) == (place == SPOOL_SENT), "%s is in %d", name.id, place);
                CHECK(w->model[i].put || place < 0, "%s is there, and was never put", name.id);
                if (w->model[i].put && place < 0) {
                        CHECK(name.kind == SPOOL_WARNING, "a kill is lost");
                        missing++;
                }
        }
        CHECK(missing <= lost, "more are gone than were counted");
}

static void test_anything(void **state) {
        Seeds seeds = seeds_from_environment(SEEDS);

        for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; seed++) {
                World w = { .prng = { seed }, .scratch = *state };

                seed_enter(seed);
                scratch_clear(*state);
                w.put_end = open_end(&w, SPOOL_PUT);
                w.send_end = open_end(&w, SPOOL_SEND);
                for (unsigned i = 0; i < STEPS; i++) {
                        step(&w);
                        check(&w);
                }
                spool_free(w.put_end);
                spool_free(w.send_end);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_anything, scratch_setup, scratch_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
