/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/mail-child.h"

#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "basic/log.h"
#include "daemon/child.h"
#include "spool/spool.h"

#define MAIL_USER "fairslice"

struct MailChild {
        MailChildArgs args;
        const char *spool_path;
        sd_event *event;
        sd_event_source *watch;
        Child *process; /* NULL: none runs */
        bool wanted;
        bool something; /* there may be something to be sent */
        bool failed;    /* said */
        bool unwatched; /* said */
        usec_t now;     /* as of the last look */
        usec_t started;
        usec_t pause, after;
};

static int on_message(sd_event_source *s _unused_, const struct inotify_event *event _unused_,
                      void *userdata) {
        MailChild *child = userdata;

        child->something = true;
        mail_child_look(child, child->now);
        return 0;
}

/* As tmpfiles.d does it where there is one. */
static int make_directory(const char *path) {
        const struct passwd *user;

        if (mkdir(path, 0700) < 0)
                return errno == EEXIST ? 0 : -errno;
        user = getpwnam(MAIL_USER);
        if (user && chown(path, user->pw_uid, user->pw_gid) < 0)
                return -errno;
        return chmod(path, 02770) < 0 ? -errno : 0;
}

static int make_spool(const char *path) {
        _cleanup_(spool_freep) Spool *spool = NULL;
        _cleanup_close_ int fd = -1;
        int r = make_directory(path);

        if (r < 0)
                return r;
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : spool_open(fd, SPOOL_PUT, &(SpoolLimits){ .messages = 1 }, &spool);
}

static int add_watch(MailChild *child) {
        char path[PATH_MAX];
        int r = make_spool(child->spool_path);

        if (r < 0)
                return r;
        if (snprintf(path, sizeof path, "%s/new", child->spool_path) >= (int) sizeof path)
                return -ENAMETOOLONG;
        r = sd_event_add_inotify(child->event, &child->watch, path, IN_MOVED_TO | IN_ONLYDIR, on_message,
                                 child);
        if (r >= 0)
                (void) sd_event_source_set_description(child->watch, "mail-spool");
        child->something = true; /* what was put before */
        return r;
}

/* Whoever else puts has the spool for a moment only. */
static void watch_spool(MailChild *child) {
        int r = child->watch ? 0 : add_watch(child);

        if (r < 0 && r != -EBUSY && !child->unwatched)
                log_error_errno(r, "Cannot watch %s, no mail is sent: %m", child->spool_path);
        if (r != -EBUSY)
                child->unwatched = r < 0;
}

static bool is_empty(const MailChild *child) {
        _cleanup_close_ int fd = open(child->spool_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_(spool_freep) Spool *spool = NULL;

        return fd < 0 || spool_open(fd, SPOOL_LOOK, NULL, &spool) < 0 || spool_is_empty(spool);
}

static void wait_longer(MailChild *child) {
        child->pause = CLAMP(2 * child->pause, MAIL_CHILD_PAUSE_MIN_USEC, MAIL_CHILD_PAUSE_MAX_USEC);
        child->after = child->now + child->pause;
}

static void say_failure(MailChild *child, const siginfo_t *si) {
        if (child->failed)
                return;
        child->failed = true;
        log_error("%s ended with %s %d; mail waits, and it is started again from time to time.",
                  child->args.program, si->si_code == CLD_EXITED ? "status" : "signal", si->si_status);
}

/* It ends by itself when there is nothing to be sent. */
static void on_ended(const siginfo_t *si, void *userdata) {
        MailChild *child = userdata;
        bool well = si->si_code == CLD_EXITED && si->si_status == 0;

        child->process = child_free(child->process);
        child->something = !is_empty(child);
        if (well || child->now >= child->started + MAIL_CHILD_PAUSE_MAX_USEC)
                child->pause = 0;
        if (well)
                child->failed = false;
        else if (child->wanted)
                say_failure(child, si);
        if (child->something || !well)
                wait_longer(child);
}

static int start(MailChild *child) {
        char spool[PATH_MAX], config[PATH_MAX];
        const char *words[5] = { child->args.program, "--user=" MAIL_USER };
        size_t n = 2;

        if (snprintf(spool, sizeof spool, "--spool=%s", child->spool_path) >= (int) sizeof spool ||
            snprintf(config, sizeof config, "--config=%s", child->args.config_file ?: "") >=
                    (int) sizeof config)
                return -ENAMETOOLONG;
        words[n++] = spool;
        if (child->args.config_file)
                words[n++] = config;
        return child_start(child->event, words, -1, on_ended, child, &child->process);
}

void mail_child_look(MailChild *child, usec_t now) {
        int r;

        child->now = now;
        if (!child->wanted)
                return;
        watch_spool(child);
        if (!child->watch || child->process || !child->something || now < child->after)
                return;
        child->something = false;
        if (is_empty(child))
                return;
        child->started = now;
        r = start(child);
        if (r >= 0)
                return;
        log_error_errno(r, "Cannot start %s, mail waits: %m", child->args.program);
        child->something = true;
        wait_longer(child);
}

void mail_child_set_wanted(MailChild *child, bool wanted) {
        if (child->wanted && !wanted && child->process)
                child_kill(child->process, SIGTERM);
        child->wanted = wanted;
        child->something = wanted;
        child->after = 0;
}

int mail_child_new(const MailChildArgs *args, MailChild **ret) {
        MailChild *child = calloc(1, sizeof *child);

        if (!child)
                return -ENOMEM;
        child->args = *args;
        child->spool_path = args->spool_path ?: SPOOL_PATH;
        child->event = sd_event_ref(args->event);
        *ret = child;
        return 0;
}

MailChild *mail_child_free(MailChild *child) {
        if (!child)
                return NULL;
        if (child->process)
                child_kill(child->process, SIGTERM);
        child->process = child_leave(child->process);
        sd_event_source_disable_unref(child->watch);
        sd_event_unref(child->event);
        free(child);
        return NULL;
}
