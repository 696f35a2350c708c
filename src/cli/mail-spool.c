/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/mail-spool.h"

#include <fcntl.h>
#include <time.h>

#include "basic/log.h"

/* The service has the spool for as long as it takes to write a few messages. */
#define BUSY_TRIES      50U
#define BUSY_PAUSE_USEC (100 * USEC_PER_MSEC)

void mail_pause(usec_t usec) {
        const struct timespec time = {
                .tv_sec = (time_t) (usec / USEC_PER_SEC),
                .tv_nsec = (long) (usec % USEC_PER_SEC * NSEC_PER_USEC),
        };

        (void) nanosleep(&time, NULL);
}

const char *mail_state(SpoolPlace place) {
        static const char *const states[] = {
                [SPOOL_QUEUED] = "waiting",
                [SPOOL_FAILED] = "failed",
                [SPOOL_SENT] = "sent",
        };

        return states[place];
}

Status mail_spool_failed(const char *what, int error) {
        if (error == -ENOMEM)
                return verb_end(error);
        if (error == -EACCES || error == -EPERM || error == -EROFS) {
                log_error(
                        "Cannot %s: only root and the group fairslice may. Run it as root, for example with "
                        "sudo.",
                        what);
                return STATUS_DENIED;
        }
        (void) log_error_errno(error, "Cannot %s: " SPOOL_PATH ": %m", what);
        return STATUS_FAILURE;
}

static int open_role(int fd, SpoolRole role, const SpoolLimits *limits, Spool **ret) {
        int r = spool_open(fd, role, limits, ret);

        for (unsigned i = 0; i < BUSY_TRIES && r == -EBUSY; i++) {
                mail_pause(BUSY_PAUSE_USEC);
                r = spool_open(fd, role, limits, ret);
        }
        return r;
}

Status mail_spool_open(SpoolRole role, const SpoolLimits *limits, Spool **ret) {
        const char *what = role == SPOOL_LOOK ? "look into the mail spool" : "change the mail spool";
        _cleanup_close_ int fd = open(SPOOL_PATH, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r;

        if (fd < 0 && errno == ENOENT) {
                log_error("There is no mail spool, " SPOOL_PATH
                          ". It is made with: systemd-tmpfiles --create "
                          "fairslice.conf");
                return STATUS_FAILURE;
        }
        r = fd < 0 ? -errno : open_role(fd, role, limits, ret);
        if (r == -ENOENT && role == SPOOL_LOOK)
                *ret = NULL;
        else if (r == -EBUSY) {
                log_error("Cannot %s: another program has it for too long. Try it again.", what);
                return STATUS_FAILURE;
        } else if (r < 0)
                return mail_spool_failed(what, r);
        return STATUS_OK;
}

Status mail_config_load(Config **ret) {
        _cleanup_close_ int root_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_(problems_done) Problems problems = {};
        int r = root_fd < 0 ? -errno : config_load(root_fd, NULL, &problems, ret);

        if (r >= 0)
                return STATUS_OK;
        (void) log_error_errno(r, "Cannot read the configuration: %m");
        return STATUS_FAILURE;
}

SpoolLimits mail_spool_limits(const Config *config) {
        const MailConfig *mail = config_mail(config);

        return (SpoolLimits){ .messages = mail->queue_max, .bytes = mail->queue_max_use };
}
