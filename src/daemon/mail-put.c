/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "basic/log.h"
#include "daemon/mail-private.h"

/* The spool is opened for a moment only, so that fairslicectl can put something too. */

typedef struct PutItem {
        MailDelivery *delivery;
        uint64_t id;
        SpoolName name;
        char to[MAIL_ADDRESS_MAX + 1];
        char *text;
        int result; /* of spool_put() */
} PutItem;

typedef struct PutJob {
        MailJob *job;
        char *path;
        SpoolLimits limits;
        PutItem item[MAIL_UNDER_WAY_MAX];
        size_t n_items;
        uint64_t told; /* of the losses, before this */
        uint64_t lost; /* still, after it */
} PutJob;

static PutJob *put_job_free(PutJob *put) {
        if (!put)
                return NULL;
        for (size_t i = 0; i < put->n_items; i++)
                free(put->item[i].text);
        free(put->path);
        free(put);
        return NULL;
}
DEFINE_CLEANUP(PutJob *, put_job_free)

static const char *path_of(const MailJob *job) {
        return job->manager->options.spool_path ?: SPOOL_PATH;
}

static int open_spool(const PutJob *put, Spool **ret) {
        _cleanup_close_ int fd = open(put->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? -errno : spool_open(fd, SPOOL_PUT, &put->limits, ret);
}

/* In the thread. */
static int put_all(void *data) {
        _cleanup_(spool_freep) Spool *spool = NULL;
        PutJob *put = data;
        int r = open_spool(put, &spool);

        if (r < 0)
                return r;
        if (put->told > 0)
                (void) spool_lost_told(spool, put->told);
        for (size_t i = 0; i < put->n_items; i++) {
                PutItem *item = &put->item[i];

                item->result = spool_put(spool, &item->name, item->to, item->text, strlen(item->text));
        }
        (void) spool_lost(spool, &put->lost);
        return 0;
}

static PutJob *put_job_new(MailJob *job) {
        const MailConfig *config = mail_config(job);
        PutJob *put = calloc(1, sizeof *put);

        if (!put)
                return NULL;
        put->job = job;
        put->limits = (SpoolLimits){ .messages = config->queue_max, .bytes = config->queue_max_use };
        put->path = strdup(path_of(job));
        return put->path ? put : put_job_free(put);
}

static void wait_for_spool(MailJob *job, usec_t pause) {
        job->put_after = job->manager->clock() + pause;
}

static void say_failure(MailJob *job, int error) {
        if (!job->put_failed)
                log_error_errno(error, "Cannot put mail into %s, it waits: %m", path_of(job));
        job->put_failed = true;
        wait_for_spool(job, MAIL_PAUSE_MAX_USEC);
}

/* The kills are ours as long as the spool does not take them. */
static void say_full(MailJob *job) {
        if (!job->put_full)
                log_error("%s is full, mail about kills waits until there is room; see QueueMax= and "
                          "fairslice-mail(8).",
                          path_of(job));
        job->put_full = true;
        wait_for_spool(job, MAIL_PAUSE_MAX_USEC);
}

static void take_result(MailJob *job, const PutItem *item) {
        MailDelivery *delivery = item->delivery;
        int r = item->result;

        delivery->putting = false;
        if (r == -ENOSPC && item->name.kind == SPOOL_WARNING)
                r = 0; /* it is counted, and told as lost */
        if (r == -ENOSPC)
                say_full(job);
        else if (r == -EMSGSIZE || r == -EINVAL)
                log_error_errno(r, "A mail to %s cannot be put into %s and is given up: %m", item->to,
                                path_of(job));
        else if (r < 0)
                say_failure(job, r);
        if (r < 0 && r != -EMSGSIZE && r != -EINVAL)
                return;
        if (item->result >= 0)
                job->put_full = job->put_failed = false;
        mail_forget(job, item->id);
        mail_delivery_done(delivery);
}

static void submit(PutJob *put);

static void tell_lost(MailJob *job, uint64_t lost) {
        PutJob *put;

        log_warning("%s was full, %" PRIu64 " warnings are not sent.", path_of(job), lost);
        put = put_job_new(job);
        if (!put)
                return;
        put->told = lost;
        submit(put);
}

static void on_put(int result, void *data) {
        _cleanup_(put_job_freep) PutJob *put = data;
        MailJob *job = put->job;

        job->putting = false;
        for (size_t i = 0; i < put->n_items; i++) {
                if (result < 0)
                        put->item[i].delivery->putting = false;
                else
                        take_result(job, &put->item[i]);
        }
        job->put_busy = result == -EBUSY ? job->put_busy + 1 : 0;
        if (result == -EBUSY && job->put_busy <= MAIL_BUSY_MAX)
                wait_for_spool(job, MAIL_PAUSE_MIN_USEC);
        else if (result < 0)
                say_failure(job, result);
        else if (put->lost > 0 && put->told == 0 && !job->closing)
                tell_lost(job, put->lost);
        mail_schedule(job);
}

static void submit(PutJob *put) {
        MailJob *job = put->job;
        int r = worker_submit(job->worker, put_all, on_put, put);

        if (r < 0) {
                for (size_t i = 0; i < put->n_items; i++)
                        put->item[i].delivery->putting = false;
                put_job_free(put);
                say_failure(job, r);
                return;
        }
        job->putting = true;
}

static void add_item(PutJob *put, MailDelivery *delivery) {
        PutItem *item = &put->item[put->n_items];

        *item = (PutItem){ .delivery = delivery, .id = delivery->id, .name = delivery->name };
        item->text = strdup(delivery->text);
        if (!item->text)
                return; /* with the next */
        snprintf(item->to, sizeof item->to, "%s", delivery->to);
        delivery->putting = true;
        put->n_items++;
}

void mail_put(MailJob *job) {
        _cleanup_(put_job_freep) PutJob *put = NULL;

        if (job->putting || job->manager->clock() < job->put_after)
                return;
        for (size_t i = 0; i < MAIL_UNDER_WAY_MAX; i++) {
                MailDelivery *delivery = &job->delivery[i];

                if (!delivery->text)
                        continue;
                if (!put)
                        put = put_job_new(job);
                if (!put)
                        return;
                add_item(put, delivery);
        }
        if (put && put->n_items > 0)
                submit(TAKE_PTR(put));
}
