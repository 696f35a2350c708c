/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "backend/cgroup1.h"
#include "backend/cgroup2.h"
#include "backend/systemd.h"
#include "basic/log.h"
#include "daemon/manager-private.h"

/* Under systemd the raw backend of version 1 has the bus too: systemd owns the groups. */
static int attach(Manager *m, sd_bus *bus) {
        return m->backend_kind == BACKEND_CGROUP1 ? backend_cgroup1_attach(m->backend, bus)
                                                  : backend_systemd_attach(m->backend, bus);
}

static void detach(Manager *m) {
        if (m->backend_kind == BACKEND_CGROUP1)
                backend_cgroup1_detach(m->backend);
        else
                backend_systemd_detach(m->backend);
}

static void on_connected(sd_bus *bus, void *userdata) {
        Manager *m = userdata;
        int r;

        r = attach(m, bus);
        if (r >= 0 && m->logind)
                r = logind_watch_attach(m->logind, bus);
        manager_attach_strays(m, bus);
        manager_attach_notify(m, bus);
        if (r < 0)
                log_error_errno(r, "Cannot use the system bus: %m");
}

static void on_lost(void *userdata) {
        Manager *m = userdata;

        log_debug("The connection to the system bus was lost.");
        detach(m);
        manager_detach_strays(m);
        manager_detach_notify(m);
        if (m->logind)
                logind_watch_detach(m->logind);
}

static void on_unreachable(int error, void *userdata _unused_) {
        log_warning_errno(error, "Cannot reach the system bus, trying again until it is there: %m");
}

static int new_backend(Manager *m, const BackendHandlers *handlers) {
        switch (m->backend_kind) {
        case BACKEND_CGROUP1:
                return backend_cgroup1_new(handlers, m->event, m->tree, &m->backend);
        case BACKEND_CGROUP2:
                return backend_cgroup2_new(handlers, m->event, m->tree, &m->backend);
        default:
                return backend_systemd_new(handlers, &m->backend);
        }
}

int manager_open_backend(Manager *m) {
        BackendHandlers handlers = {
                .done = manager_backend_done,
                .online = manager_backend_online,
                .reloading = manager_backend_reloading,
                .userdata = m,
        };
        BusConnectionHandlers bus = {
                .connected = on_connected,
                .lost = on_lost,
                .unreachable = on_unreachable,
                .userdata = m,
        };
        int r;

        if (m->options.backend_new)
                return m->options.backend_new(&handlers, m->event, &m->backend);
        r = new_backend(m, &handlers);
        if (r < 0)
                return log_error_errno(r, "Cannot set up the backend %s: %m",
                                       backend_kind_to_string(m->backend_kind));
        if (m->host.systemd)
                r = bus_connection_new(m->event, SD_EVENT_PRIORITY_NORMAL, &bus, &m->connection);
        return r < 0 ? log_error_errno(r, "Cannot set up the connection to systemd: %m") : 0;
}
