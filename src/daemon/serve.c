/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <systemd/sd-daemon.h>

#include "basic/log.h"
#include "daemon/control.h"
#include "daemon/figures.h"
#include "daemon/set-limits.h"

/* Who connects and then says nothing is dropped after this. */
#define SILENCE_MAX_USEC (10 * USEC_PER_SEC)

/* Who starts the service by a call waits for its name; but nobody else waits for a bus that is not there. */
#define READY_MAX_USEC (2 * USEC_PER_SEC)

static int reload(void *userdata) {
        Manager *m = userdata;

        return m->stopping ? -ESHUTDOWN : manager_reload_config(m);
}

static int release(uid_t by, void *userdata) {
        return manager_release_now(userdata, by);
}

static int check(ProblemVisitor visitor, void *visitor_userdata, void *userdata) {
        _cleanup_(problems_done) Problems problems = {};
        const Manager *m = userdata;
        int r;

        r = manager_check_files(m->root_fd, &m->options, &problems);
        /* That the file of --config cannot be read, or is refused, is a problem among them. */
        if (r < 0 && problems.count == 0)
                return r;
        r = 0;
        for (size_t i = 0; r >= 0 && i < problems.count; i++) {
                const Problem *p = &problems.item[i];

                r = visitor(
                        &(ProblemFigures){
                                .error = p->level == PROBLEM_ERROR,
                                .file = p->file,
                                .line = p->line,
                                .message = p->message,
                        },
                        visitor_userdata);
        }
        return r;
}

static int open_private_socket(Manager *m) {
        int r = private_socket_new(m->event, m->runtime_fd, &m->bus_operations, SILENCE_MAX_USEC,
                                   &m->private_socket);

        if (r == -EADDRINUSE)
                return log_error_errno(r,
                                       "Another fairsliced listens on %s/" PRIVATE_SOCKET_NAME
                                       "; two would undo what the other does, so stop it first.",
                                       m->options.runtime_path);
        if (r < 0)
                log_warning_errno(r, "Cannot listen on %s/" PRIVATE_SOCKET_NAME ", nobody can connect: %m",
                                  m->options.runtime_path);
        return 0;
}

static void ready(Manager *m) {
        m->ready_timer = sd_event_source_disable_unref(m->ready_timer);
        if (!m->stopping)
                (void) sd_notify(false, "READY=1");
}

static int on_ready_timeout(sd_event_source *s _unused_, uint64_t usec _unused_, void *userdata) {
        ready(userdata);
        return 0;
}

void manager_ready(Manager *m) {
        if (!m->bus_service || m->bus_decided ||
            sd_event_add_time_relative(m->event, &m->ready_timer, CLOCK_MONOTONIC, READY_MAX_USEC, 0,
                                       on_ready_timeout, m) < 0)
                ready(m);
}

static void decided(Manager *m) {
        m->bus_decided = true;
        if (m->ready_timer)
                ready(m);
}

static void on_owned(void *userdata) {
        log_debug("Serving " BUS_NAME " on the system bus.");
        decided(userdata);
}

/* Under systemd there is a bus, and who is connected to it says so; elsewhere there may be none. */
static void on_failed(int error, void *userdata) {
        Manager *m = userdata;

        if (error == -EEXIST)
                log_warning("Another fairsliced owns " BUS_NAME " on the system bus; this one is reached by "
                            "%s/" PRIVATE_SOCKET_NAME " alone until that has ended.",
                            m->options.runtime_path);
        else if (error == -EACCES || error == -EPERM)
                log_warning_errno(error,
                                  "The system bus does not let this service own " BUS_NAME
                                  ", it is reached by %s/" PRIVATE_SOCKET_NAME
                                  " alone; is org.fairslice1.conf installed for the bus? %m",
                                  m->options.runtime_path);
        else if (error == -ETIMEDOUT)
                log_warning("The system bus takes no answers any more, as it does when callers do not read "
                            "theirs; connecting to it again.");
        else
                log_debug_errno(error, "Cannot serve " BUS_NAME " on the system bus, trying again: %m");
        decided(m);
}

/* With a backend of a test's there is no bus. */
static int open_bus_service(Manager *m) {
        BusServiceHandlers handlers = { .owned = on_owned, .failed = on_failed, .userdata = m };
        int r;

        if (m->options.backend_new)
                return 0;
        r = bus_service_new(m->event, &m->bus_operations, &handlers, &m->bus_service);
        if (r < 0)
                log_warning_errno(r, "Cannot serve " BUS_NAME " on the system bus: %m");
        return 0;
}

int manager_serve(Manager *m) {
        int r;

        if (m->options.dry_run)
                return 0;
        m->bus_operations = (BusOperations){
                .backend = m->backend->ops->name,
                .host = figures_host,
                .slices = figures_slices,
                .slice = figures_slice,
                .usage = figures_usage,
                .slice_of_pid = figures_slice_of_pid,
                .check_limit = limits_check,
                .set_limits = limits_set,
                .reset_limits = limits_reset,
                .settings = limits_settings,
                .reload = reload,
                .check = check,
                .release = release,
                .history = manager_serve_history,
                .history_interval = manager_serve_history_interval,
                .events = manager_serve_events,
                .userdata = m,
        };
        r = open_private_socket(m);
        return r < 0 ? r : open_bus_service(m);
}
