/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "backend/systemd.h"
#include "basic/log.h"
#include "daemon/manager-private.h"

static void on_connected(sd_bus *bus, void *userdata) {
        Manager *m = userdata;
        int r;

        r = backend_systemd_attach(m->backend, bus);
        if (r >= 0 && m->logind)
                r = logind_watch_attach(m->logind, bus);
        if (r < 0)
                log_error_errno(r, "Cannot use the system bus: %m");
}

static void on_lost(void *userdata) {
        Manager *m = userdata;

        log_debug("The connection to the system bus was lost.");
        backend_systemd_detach(m->backend);
        if (m->logind)
                logind_watch_detach(m->logind);
}

static void on_unreachable(int error, void *userdata _unused_) {
        log_warning_errno(error, "Cannot reach the system bus, trying again until it is there: %m");
}

static int new_backend(Manager *m, const BackendHandlers *handlers) {
        return backend_systemd_new(handlers, &m->backend);
}

int manager_open_backend(Manager *m) {
        BackendHandlers handlers = {
                .done = manager_backend_done,
                .online = manager_backend_online,
                .reloaded = manager_backend_reloaded,
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
                r = bus_connection_new(m->event, &bus, &m->connection);
        return r < 0 ? log_error_errno(r, "Cannot set up the connection to systemd: %m") : 0;
}
