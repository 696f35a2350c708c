/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "notify/desktop.h"

#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-bus.h>

#include "basic/bus-peer.h"

#define NAME "org.freedesktop.Notifications"
#define PATH "/org/freedesktop/Notifications"

/* The protocol's numbers for urgency; 1 is normal. */
enum { URGENCY_NORMAL = 1, URGENCY_CRITICAL = 2 };

typedef struct Answer {
        bool there;
        int error; /* negative; 0: it was taken */
} Answer;

static int check_socket(const char *path, uid_t uid) {
        struct stat st;

        if (lstat(path, &st) < 0)
                return -errno;
        if (!S_ISSOCK(st.st_mode))
                return -ENOTSOCK;
        return st.st_uid == uid ? 0 : -EPERM;
}

/* Neither libsystemd's variables nor those of the session say where: only the socket does. */
static int open_bus(const char *path, sd_bus **ret) {
        char address[160];
        int r;

        if ((size_t) snprintf(address, sizeof address, "unix:path=%s", path) >= sizeof address)
                return -ENAMETOOLONG;
        r = sd_bus_new(ret);
        if (r >= 0)
                r = sd_bus_set_address(*ret, address);
        if (r >= 0)
                r = sd_bus_set_bus_client(*ret, true);
        if (r >= 0)
                r = sd_bus_negotiate_fds(*ret, false);
        return r < 0 ? r : sd_bus_start(*ret);
}

static int append_hints(sd_bus_message *m, const Notice *notice) {
        return sd_bus_message_append(m, "a{sv}", 1, "urgency", "y",
                                     notice->critical ? URGENCY_CRITICAL : URGENCY_NORMAL);
}

/* -1: how long it is shown is the desktop's own affair. */
static int new_call(sd_bus *bus, const Notice *notice, sd_bus_message **ret) {
        _cleanup_free_ char *body = notice_escape(notice->body);
        int r = body ? 0 : -ENOMEM;

        if (r >= 0)
                r = sd_bus_message_new_method_call(bus, ret, NAME, PATH, NAME, "Notify");
        if (r >= 0)
                r = sd_bus_message_set_auto_start(*ret, false);
        if (r >= 0)
                r = sd_bus_message_append(*ret, "susssas", "fairslice", 0, "dialog-warning", notice->summary,
                                          body, 0);
        if (r >= 0)
                r = append_hints(*ret, notice);
        return r < 0 ? r : sd_bus_message_append(*ret, "i", -1);
}

static int on_answer(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        Answer *answer = userdata;

        answer->there = true;
        answer->error = -sd_bus_message_get_errno(m);
        return 0;
}

/* All that sd-bus does by itself waits for up to 90 s. */
static int wait_for(sd_bus *bus, const Answer *answer, usec_t end) {
        while (!answer->there) {
                usec_t now = now_monotonic();
                int r;

                if (now >= end)
                        return -ETIMEDOUT;
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, end - now);
                if (r < 0 && r != -EINTR)
                        return r;
        }
        return answer->error;
}

int desktop_tell(const char *socket_path, uid_t uid, const Notice *notice, usec_t timeout) {
        usec_t end = now_monotonic() + timeout;
        _cleanup_(sd_bus_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(bus_message_unrefp) sd_bus_message *call = NULL;
        _cleanup_(sd_bus_slot_unrefp) sd_bus_slot *slot = NULL;
        Answer answer = {};
        int r;

        r = check_socket(socket_path, uid);
        if (r >= 0)
                r = open_bus(socket_path, &bus);
        if (r >= 0)
                r = new_call(bus, notice, &call);
        if (r >= 0)
                r = sd_bus_call_async(bus, &slot, call, on_answer, &answer, timeout);
        return r < 0 ? r : wait_for(bus, &answer, end);
}
