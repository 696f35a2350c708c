/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "notify/notify.h"

#include <fcntl.h>
#include <limits.h>

#include "basic/bus-peer.h"
#include "basic/log.h"
#include "basic/service-connection.h"
#include "basic/text.h"
#include "config/config.h"
#include "model/names.h"
#include "notify/command.h"
#include "notify/desktop.h"
#include "notify/record.h"
#include "notify/terminals.h"

/* All together less than systemd, or the service, lets us live: 30 s. */
#define SERVICE_TIMEOUT_USEC (4 * USEC_PER_SEC) /* of each call, of which there are three at most */
#define DESKTOP_TIMEOUT_USEC (3 * USEC_PER_SEC)
#define COMMAND_TIMEOUT_USEC (15 * USEC_PER_SEC)

#define PRIVATE_SOCKET PRIVATE_SOCKET_DIRECTORY "/" PRIVATE_SOCKET_NAME

/* ---- what has happened ---- */

static int list_events(sd_bus *bus, bool direct, usec_t since, sd_bus_error *error, sd_bus_message **ret) {
        return sd_bus_call_method(bus, direct ? NULL : BUS_NAME, MANAGER_PATH, MANAGER_INTERFACE,
                                  "ListEvents", error, ret, "t", since);
}

static int read_news(usec_t since, News *ret) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL, why = SD_BUS_ERROR_NULL;
        _cleanup_(bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        int r, direct;

        direct = service_connect(BUS_NAME, PRIVATE_SOCKET, SERVICE_TIMEOUT_USEC, &why, &bus);
        if (direct < 0)
                return log_error_errno(direct, "Cannot reach fairsliced, nobody is told anything: %s",
                                       why.message ?: "it is not running");
        r = list_events(bus, direct, since, &error, &reply);
        if (r < 0)
                return log_error_errno(
                        r, "Cannot ask fairsliced what has happened, nobody is told anything: %s",
                        error.message ?: "no answer");
        r = news_read(reply, geteuid(), since, ret);
        return r < 0 ? log_error_errno(
                               r, "fairsliced says what cannot be understood, nobody is told anything: %m")
                     : 0;
}

/* ---- what is said, and where ---- */

static int compose(const News *news, Notice *ret) {
        _cleanup_free_ char *clean = NULL;
        char host[HOST_NAME_MAX + 1] = "";

        (void) gethostname(host, sizeof host - 1);
        clean = text_clean(host);
        if (!clean)
                return log_oom();
        notice_write(news, clean, ret);
        return 0;
}

static bool tell_command(const char *command, const Notice *notice) {
        int r = command_run(command, geteuid(), notice, COMMAND_TIMEOUT_USEC);

        if (r == -EPROTO)
                log_warning("NotifyCommand=%s has failed; trying the desktop and terminals.", command);
        else if (r < 0)
                log_warning_errno(r, "NotifyCommand=%s: %m; trying the desktop and terminals.", command);
        return r >= 0;
}

static bool tell_desktop(const Notice *notice) {
        char path[64];
        int r;

        snprintf(path, sizeof path, "/run/user/%u/bus", (unsigned) geteuid());
        r = desktop_tell(path, geteuid(), notice, DESKTOP_TIMEOUT_USEC);
        if (r < 0)
                log_debug_errno(r, "Not shown on a desktop: %m");
        return r >= 0;
}

static void tell_terminals(const Notice *notice) {
        _cleanup_close_ int dev = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int told = dev < 0 ? -errno : terminals_tell(dev, geteuid(), notice);

        if (told < 0)
                log_warning_errno(told, "Cannot look for terminals: %m");
        else
                log_debug("Told on %d terminals.", told);
}

static void show(const Config *config, const Notice *notice) {
        const char *command = config ? config_host(config)->notify_command : NULL;
        int r = record_write(notice);

        if (r < 0)
                log_warning_errno(r, "Cannot write to the journal: %m");
        if ((!command || !tell_command(command, notice)) && !tell_desktop(notice))
                tell_terminals(notice);
}

/* ---- */

/* The service has told all other problems. */
static void say_unreadable(const Problems *problems, int level) {
        for (size_t i = 0; i < problems->count; i++)
                if (problems->item[i].line == 0) {
                        (void) log_full(level, 0, "%s: %s A NotifyCommand= there is not used.",
                                        problems->item[i].file, problems->item[i].message);
                        return;
                }
}

/* It is read as the user, who need not be allowed to: then as if nothing were in it, which is said at this
 * level. *ret is NULL if there is nothing else. */
static int load_config(const char *file, int level, Config **ret) {
        _cleanup_(problems_done) Problems problems = {};
        _cleanup_close_ int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r = root < 0 ? -errno : config_load(root, file, &problems, ret);

        if (root < 0 || r == -ENOMEM)
                return log_error_errno(r, "Cannot read the configuration: %m");
        say_unreadable(&problems, level);
        return 0;
}

int notify_run(const char *config_file, const Shown *shown) {
        _cleanup_(config_freep) Config *config = NULL;
        usec_t now = now_realtime(), since;
        bool told_before = shown_since(shown, now, &since);
        Notice notice;
        News news;
        int r;

        /* Not at each notice again. */
        r = load_config(config_file, told_before ? LOG_DEBUG : LOG_WARNING, &config);
        if (r >= 0)
                r = read_news(since, &news);
        if (r < 0)
                return r;
        if (news.newest == 0) {
                log_debug("There is nothing new.");
                return 0;
        }
        r = compose(&news, &notice);
        if (r < 0)
                return r;
        show(config, &notice);
        r = shown_save(shown, news.newest, now_realtime());
        return r < 0 ? log_error_errno(r, "Cannot write down what was told, it may be told again: %m") : 0;
}
