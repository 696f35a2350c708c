/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "mail/settings.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "spool/message.h"

#define CREDENTIAL "fairslice.smtp-password"

void settings_done(Settings *settings) {
        config_free(settings->config);
        password_forget(&settings->password);
        *settings = (Settings){};
}

static void tell(char why[static SPOOL_ANSWER_MAX + 1], const char *subject, const char *what) {
        snprintf(why, SPOOL_ANSWER_MAX + 1, "%.*s: %s", SPOOL_ANSWER_MAX / 2, subject, what);
}

/* Where systemd has put it, or NULL. */
static const char *credential_path(char buffer[static PATH_MAX]) {
        const char *directory = secure_getenv("CREDENTIALS_DIRECTORY");

        if (!directory || directory[0] != '/' ||
            snprintf(buffer, PATH_MAX, "%s/" CREDENTIAL, directory) >= PATH_MAX)
                return NULL;
        return access(buffer, F_OK) >= 0 ? buffer : NULL;
}

static int load_password(Settings *settings, char why[static SPOOL_ANSWER_MAX + 1]) {
        const char *path = settings->mail->password_file, *wrong;
        bool trusted = !path;
        char buffer[PATH_MAX];
        int r;

        if (!settings->mail->user)
                return 0;
        if (!path)
                path = credential_path(buffer);
        if (!path) {
                tell(why, "[Mail] User=",
                     "there is no password: neither PasswordFile= nor the credential " CREDENTIAL);
                return -ENOKEY;
        }
        r = password_read(path, (unsigned) geteuid(), trusted, &settings->password, &wrong);
        if (r < 0) {
                tell(why, path, wrong ?: strerror(-r));
                return r;
        }
        settings->has_password = true;
        return 0;
}

static int load_from(Settings *settings, char why[static SPOOL_ANSWER_MAX + 1]) {
        char host[HOST_NAME_MAX + 1] = "";

        if (gethostname(host, sizeof host - 1) < 0)
                return -errno;
        if (message_sender(settings->mail->from, host, settings->from) >= 0)
                return 0;
        tell(why, "[Mail] From=", "is not set, and this host's name makes no address");
        return -EDESTADDRREQ;
}

int settings_load(const char *file, Settings *ret, char why[static SPOOL_ANSWER_MAX + 1]) {
        _cleanup_close_ int root_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_(settings_done) Settings settings = {};
        _cleanup_(problems_done) Problems problems = {};
        int r = root_fd < 0 ? -errno : config_load(root_fd, file, &problems, &settings.config);

        if (r < 0) {
                tell(why, "The configuration cannot be read", strerror(-r));
                return r;
        }
        settings.mail = config_mail(settings.config);
        if (!settings.mail->server) {
                tell(why, "[Mail] Server=", "is not set");
                return -EDESTADDRREQ;
        }
        r = load_from(&settings, why);
        if (r >= 0)
                r = load_password(&settings, why);
        if (r < 0)
                return r;
        *ret = settings;
        settings = (Settings){};
        return 0;
}
