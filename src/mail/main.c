/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <curl/curl.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>

#include "basic/log.h"
#include "mail/options.h"
#include "mail/sender.h"

#define LOCK_TRIES      5U
#define LOCK_PAUSE_USEC 20000U

/* For good: there is no way back. */
static int become(const char *name) {
        const struct passwd *user;

        errno = 0;
        user = getpwnam(name);
        if (!user)
                return log_error_errno(errno ?: ENOENT, "--user=%s: there is no such user.", name);
        if (initgroups(name, user->pw_gid) < 0 || setresgid(user->pw_gid, user->pw_gid, user->pw_gid) < 0 ||
            setresuid(user->pw_uid, user->pw_uid, user->pw_uid) < 0)
                return log_error_errno(errno, "--user=%s: cannot become this user: %m", name);
        return 0;
}

/* spool_is_sending() of others has the lock for a moment. */
static int open_to_send(int fd, Spool **ret) {
        int r = spool_open(fd, SPOOL_SEND, NULL, ret);

        for (unsigned i = 0; i < LOCK_TRIES && r == -EBUSY; i++) {
                (void) usleep(LOCK_PAUSE_USEC);
                r = spool_open(fd, SPOOL_SEND, NULL, ret);
        }
        return r;
}

static int open_spool(const char *path, Spool **ret) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r;

        if (fd < 0)
                return log_error_errno(errno, "%s: %m; no mail is sent.", path);
        r = open_to_send(fd, ret);
        if (r == -EBUSY)
                return log_error_errno(r, "%s: another fairslice-mail is sending already.", path);
        return r < 0 ? log_error_errno(r, "%s: %m; no mail is sent.", path) : 0;
}

static int run(const MailOptions *options) {
        _cleanup_(spool_freep) Spool *spool = NULL;
        _cleanup_(wake_close) Wake wake = WAKE_NULL;
        int r;

        r = options->user ? become(options->user) : 0;
        if (r >= 0)
                r = open_spool(options->spool, &spool);
        if (r < 0)
                return r;
        r = wake_open(spool, &wake);
        if (r < 0)
                return log_error_errno(r, "Cannot watch the mail spool: %m");
        return sender_run(spool, &wake, options->config_file);
}

int main(int argc, char *argv[]) {
        MailOptions options;
        int r = mail_options_parse(argc, argv, &options);

        if (r <= 0)
                return r < 0 ? 2 : EXIT_SUCCESS;
        if (options.verbose)
                log_set_max_level(LOG_DEBUG);
        umask(0007);
        (void) signal(SIGPIPE, SIG_IGN); /* a server that goes away is an error like any other */
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
                log_error("libcurl cannot be used; no mail is sent.");
                return EXIT_FAILURE;
        }
        r = run(&options);
        curl_global_cleanup();
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
