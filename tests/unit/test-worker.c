/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <pthread.h>
#include <signal.h>

#include "basic/worker.h"
#include "unit.h"

/* Work beside the loop. */

typedef struct Fixture {
        sd_event *event;
        Worker *worker;
} Fixture;

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof *f);

        assert_non_null(f);
        assert_true(sd_event_new(&f->event) >= 0);
        assert_int_equal(worker_new(f->event, &f->worker), 0);
        *state = f;
        return 0;
}

static int teardown(void **state) {
        Fixture *f = *state;

        worker_free(f->worker);
        sd_event_unref(f->event);
        free(f);
        return 0;
}

#define JOBS 1000U

typedef struct Counted {
        unsigned *next; /* the loop's */
        unsigned number;
        pthread_t loop;
        bool elsewhere, blocked;
} Counted;

static int count(void *data) {
        Counted *job = data;
        sigset_t mask;

        job->elsewhere = !pthread_equal(pthread_self(), job->loop);
        job->blocked = pthread_sigmask(SIG_SETMASK, NULL, &mask) == 0 && sigismember(&mask, SIGTERM) &&
                       sigismember(&mask, SIGCHLD) && sigismember(&mask, SIGALRM);
        return -(int) job->number;
}

static void counted(int result, void *data) {
        Counted *job = data;

        assert_true(job->elsewhere);
        assert_true(job->blocked);
        assert_true(pthread_equal(pthread_self(), job->loop));
        assert_int_equal(result, -(int) job->number);
        assert_int_equal(job->number, *job->next);
        (*job->next)++;
        free(job);
}

static void submit(Worker *worker, unsigned *next, unsigned number) {
        Counted *job = calloc(1, sizeof *job);

        assert_non_null(job);
        *job = (Counted){ .next = next, .number = number, .loop = pthread_self() };
        assert_int_equal(worker_submit(worker, count, counted, job), 0);
}

static void test_in_order(void **state) {
        Fixture *f = *state;
        unsigned done = 0;
        sigset_t before, after;

        assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &before), 0);
        for (unsigned i = 0; i < JOBS; i++)
                submit(f->worker, &done, i);
        while (done < JOBS)
                assert_true(sd_event_run(f->event, 20 * 1000 * 1000) > 0);
        assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &after), 0);
        assert_int_equal(sigismember(&after, SIGTERM), sigismember(&before, SIGTERM));
}

/* What was given is done, and told. */
static void test_freed_with_work_left(void **state) {
        Fixture *f = *state;
        unsigned done = 0;

        for (unsigned i = 0; i < JOBS; i++)
                submit(f->worker, &done, i);
        f->worker = worker_free(f->worker);
        assert_int_equal(done, JOBS);
}

static void test_no_work(_unused_ void **state) {
        assert_null(worker_free(NULL));
}

typedef struct Chain {
        Worker *worker;
        unsigned left;
        int refused;
} Chain;

static int nothing(_unused_ void *data) {
        return 0;
}

static void submit_next(_unused_ int result, void *data) {
        Chain *chain = data;

        if (chain->left > 0 && --chain->left > 0)
                chain->refused = worker_submit(chain->worker, nothing, submit_next, chain);
}

/* What is done may lead to more. */
static void test_chain(void **state) {
        Fixture *f = *state;
        Chain chain = { .worker = f->worker, .left = 100 };

        assert_int_equal(worker_submit(f->worker, nothing, submit_next, &chain), 0);
        while (chain.left > 0)
                assert_true(sd_event_run(f->event, 20 * 1000 * 1000) > 0);
        assert_int_equal(chain.refused, 0);
}

static void test_chain_ends(void **state) {
        Fixture *f = *state;
        Chain chain = { .worker = f->worker, .left = 100 };

        assert_int_equal(worker_submit(f->worker, nothing, submit_next, &chain), 0);
        f->worker = worker_free(f->worker);
        assert_int_equal(chain.left, 99);
        assert_int_equal(chain.refused, -ESHUTDOWN);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_in_order), TEST(test_freed_with_work_left), TEST(test_no_work),
                TEST(test_chain),    TEST(test_chain_ends),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
