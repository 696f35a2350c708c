/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/worker.h"

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>

typedef struct Job {
        struct Job *next;
        WorkerFunction function;
        WorkerDone done;
        void *data;
        int result;
} Job;

typedef struct Queue {
        Job *first, **end;
} Queue;

struct Worker {
        sd_event *event;
        sd_event_source *finished_source;
        int finished_fd; /* an eventfd: something is in `finished` */
        bool started;    /* the loop's alone, as all above */
        pthread_t thread;

        pthread_mutex_t mutex; /* of all below */
        pthread_cond_t wake;
        Queue waiting, finished;
        bool ending;
};

static void queue_init(Queue *queue) {
        queue->first = NULL;
        queue->end = &queue->first;
}

static void queue_add(Queue *queue, Job *job) {
        job->next = NULL;
        *queue->end = job;
        queue->end = &job->next;
}

static Job *queue_take(Queue *queue) {
        Job *job = queue->first;

        if (job)
                queue->first = job->next;
        if (!queue->first)
                queue->end = &queue->first;
        return job;
}

/* The next job; NULL: there are none left, and no more will come. */
static Job *wait_for_job(Worker *worker) {
        Job *job;

        (void) pthread_mutex_lock(&worker->mutex);
        while (!(job = queue_take(&worker->waiting)) && !worker->ending)
                (void) pthread_cond_wait(&worker->wake, &worker->mutex);
        (void) pthread_mutex_unlock(&worker->mutex);
        return job;
}

static void *work(void *userdata) {
        Worker *worker = userdata;
        Job *job;

        while ((job = wait_for_job(worker))) {
                job->result = job->function(job->data);
                (void) pthread_mutex_lock(&worker->mutex);
                queue_add(&worker->finished, job);
                (void) pthread_mutex_unlock(&worker->mutex);
                (void) eventfd_write(worker->finished_fd, 1);
        }
        return NULL;
}

static void finish(Worker *worker) {
        Job *first;

        (void) pthread_mutex_lock(&worker->mutex);
        first = worker->finished.first;
        queue_init(&worker->finished);
        (void) pthread_mutex_unlock(&worker->mutex);
        for (Job *job = first, *next; job; job = next) {
                next = job->next;
                job->done(job->result, job->data);
                free(job);
        }
}

static int on_finished(sd_event_source *s _unused_, int fd, uint32_t revents _unused_, void *userdata) {
        eventfd_t count;

        (void) eventfd_read(fd, &count);
        finish(userdata);
        return 0;
}

int worker_new(sd_event *event, Worker **ret) {
        _cleanup_(worker_freep) Worker *worker = calloc(1, sizeof *worker);
        int r;

        if (!worker)
                return -ENOMEM;
        (void) pthread_mutex_init(&worker->mutex, NULL);
        (void) pthread_cond_init(&worker->wake, NULL);
        queue_init(&worker->waiting);
        queue_init(&worker->finished);
        worker->event = sd_event_ref(event);
        worker->finished_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (worker->finished_fd < 0)
                return -errno;
        r = sd_event_add_io(event, &worker->finished_source, worker->finished_fd, EPOLLIN, on_finished,
                            worker);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(worker->finished_source, "worker");
        *ret = TAKE_PTR(worker);
        return 0;
}

Worker *worker_free(Worker *worker) {
        if (!worker)
                return NULL;
        (void) pthread_mutex_lock(&worker->mutex);
        worker->ending = true;
        (void) pthread_cond_signal(&worker->wake);
        (void) pthread_mutex_unlock(&worker->mutex);
        if (worker->started)
                (void) pthread_join(worker->thread, NULL);
        finish(worker);
        sd_event_source_disable_unref(worker->finished_source);
        safe_close(worker->finished_fd);
        (void) pthread_cond_destroy(&worker->wake);
        (void) pthread_mutex_destroy(&worker->mutex);
        sd_event_unref(worker->event);
        free(worker);
        return NULL;
}

/* Signals are the loop's: a thread starts with the mask of who makes it. */
static int start(Worker *worker) {
        sigset_t all, before;
        int r;

        if (worker->started)
                return 0;
        (void) sigfillset(&all);
        (void) pthread_sigmask(SIG_SETMASK, &all, &before);
        r = pthread_create(&worker->thread, NULL, work, worker);
        (void) pthread_sigmask(SIG_SETMASK, &before, NULL);
        worker->started = r == 0;
        return r == 0 ? 0 : -EAGAIN;
}

int worker_submit(Worker *worker, WorkerFunction function, WorkerDone done, void *data) {
        Job *job;
        bool ending;
        int r = start(worker);

        if (r < 0)
                return r;
        job = malloc(sizeof *job);
        if (!job)
                return -ENOMEM;
        *job = (Job){ .function = function, .done = done, .data = data };
        (void) pthread_mutex_lock(&worker->mutex);
        ending = worker->ending;
        if (!ending) {
                queue_add(&worker->waiting, job);
                (void) pthread_cond_signal(&worker->wake);
        }
        (void) pthread_mutex_unlock(&worker->mutex);
        if (ending)
                free(job);
        return ending ? -ESHUTDOWN : 0;
}
