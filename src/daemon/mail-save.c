/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <string.h>

#include "basic/fs.h"
#include "basic/log.h"
#include "daemon/mail-private.h"

#define FILE_NAME   "mail"
#define BROKEN_NAME FILE_NAME ".broken"
#define FILE_MODE   0600 /* what users ran is nobody's business */

typedef struct SaveJob {
        MailJob *job;
        char *directory, *text;
        size_t length;
        uint64_t generation, sealed_id, handed;
} SaveJob;

static SaveJob *save_job_free(SaveJob *save) {
        if (!save)
                return NULL;
        free(save->directory);
        free(save->text);
        free(save);
        return NULL;
}
DEFINE_CLEANUP(SaveJob *, save_job_free)

static const char *directory_of(const MailJob *job) {
        return control_places_state_path(job->manager->control_places);
}

static int open_directory(const char *path) {
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

/* In the thread. */
static int write_digests(void *data) {
        const SaveJob *save = data;
        _cleanup_close_ int fd = open_directory(save->directory);

        return fd < 0 ? fd : write_file_atomic(fd, FILE_NAME, save->text, save->length, FILE_MODE);
}

/* The newest one that is sealed. */
static uint64_t newest_sealed(const Digests *digests) {
        const DigestMessage *message;
        uint64_t id = 0;

        for (size_t i = 0; (message = digests_sealed(digests, i)); i++)
                id = message->id;
        return id;
}

static void not_saved(MailJob *job, int error) {
        if (!job->save_failed)
                log_error_errno(error,
                                "Cannot write %s/" FILE_NAME
                                ", what mail is to tell is not kept over a crash, "
                                "and no mail is sent until it is: %m",
                                directory_of(job));
        job->save_failed = true;
        job->save_pause = CLAMP(2 * job->save_pause, MAIL_PAUSE_MIN_USEC, MAIL_PAUSE_MAX_USEC);
        job->save_after = job->manager->clock() + job->save_pause;
}

void mail_acknowledge(MailJob *job, uint64_t id) {
        if (id <= job->acknowledged || !job->manager->oom)
                return;
        oom_watch_acknowledge(job->manager->oom, id);
        job->acknowledged = id;
}

static void on_saved(int result, void *data) {
        _cleanup_(save_job_freep) SaveJob *save = data;
        MailJob *job = save->job;

        job->saving = false;
        if (result < 0)
                not_saved(job, result);
        else {
                if (job->save_failed)
                        log_info("%s/" FILE_NAME " can be written again.", directory_of(job));
                job->save_failed = false;
                job->save_pause = 0;
                job->saved = save->generation;
                job->saved_id = save->sealed_id;
                mail_acknowledge(job, save->handed);
        }
        mail_schedule(job);
}

static int submit(MailJob *job) {
        _cleanup_(save_job_freep) SaveJob *save = calloc(1, sizeof *save);
        int r;

        if (!save)
                return -ENOMEM;
        *save = (SaveJob){
                .job = job,
                .directory = strdup(directory_of(job)),
                .generation = digests_generation(job->digests),
                .sealed_id = newest_sealed(job->digests),
                .handed = job->handed,
        };
        if (!save->directory)
                return -ENOMEM;
        r = digests_format(job->digests, &save->text, &save->length);
        if (r >= 0)
                r = worker_submit(job->worker, write_digests, on_saved, save);
        if (r < 0)
                return r;
        TAKE_PTR(save);
        job->saving = true;
        return 0;
}

/* One that changed nothing needs no file. */
void mail_save(MailJob *job) {
        int r;

        if (job->saving || job->manager->clock() < job->save_after)
                return;
        if (digests_generation(job->digests) == job->saved) {
                mail_acknowledge(job, job->handed);
                return;
        }
        r = submit(job);
        if (r < 0)
                not_saved(job, r);
}

void mail_save_last(MailJob *job) {
        if (digests_generation(job->digests) != job->saved)
                (void) submit(job); /* behind what is under way */
}

/* Put aside for who wants to look; what it told is lost to mail. */
static void put_aside(const MailJob *job, int dirfd, int error) {
        log_error_errno(error,
                        "%s/" FILE_NAME
                        " cannot be used, the mail that waited in it is not sent; it is kept as " BROKEN_NAME
                        ": %m",
                        directory_of(job));
        if (renameat(dirfd, FILE_NAME, dirfd, BROKEN_NAME) < 0)
                log_warning_errno(errno, "Cannot rename %s/" FILE_NAME ": %m", directory_of(job));
}

static int new_digests(MailJob *job) {
        uint64_t instance;
        sd_id128_t id;
        int r = sd_id128_randomize(&id);

        if (r < 0)
                return r;
        memcpy(&instance, id.bytes, sizeof instance);
        return digests_new(instance, &job->digests);
}

static int load(MailJob *job) {
        _cleanup_close_ int dirfd = open_directory(directory_of(job));
        _cleanup_free_ char *text = NULL;
        ssize_t n;
        int r;

        n = dirfd < 0 ? dirfd : read_whole_file_at(dirfd, FILE_NAME, DIGESTS_SIZE_MAX, &text);
        r = n < 0 ? (int) n : digests_parse(text, (size_t) n, &job->digests);
        if (r >= 0 || r == -ENOMEM)
                return r;
        if (dirfd >= 0 && r != -ENOENT)
                put_aside(job, dirfd, r);
        return new_digests(job);
}

int mail_load(MailJob *job) {
        int r = load(job);

        if (r < 0)
                return r;
        job->saved = digests_generation(job->digests);
        job->saved_id = newest_sealed(job->digests);
        return 0;
}
