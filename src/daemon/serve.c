/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/log.h"
#include "daemon/manager-private.h"

/* Who connects and then says nothing is dropped after this. */
#define SILENCE_MAX_USEC (10 * USEC_PER_SEC)

static void host_figures(HostFigures *ret, void *userdata) {
        const Manager *m = userdata;
        const Plan *plan = &m->plan;

        *ret = (HostFigures){
                .policy = m->host_config.share_policy,
                .budget = manager_budget(m),
                .level = plan->budget > 0 ? plan->level : LIMIT_UNSET,
                .contended = plan->contended,
                .active = plan->active,
        };
}

static int each_slice(SliceVisitor visitor, void *visitor_userdata, void *userdata) {
        const Manager *m = userdata;
        const ManagedSlice *slice;
        int r = 0;

        SLICE_FOREACH(slice, &m->slices) {
                SliceFigures figures = {
                        .name = slice->name,
                        .uid = slice->user.uid,
                        .user_name = slice->user.name,
                };

                if (slice->files)
                        r = visitor(&figures, visitor_userdata);
                if (r < 0)
                        return r;
        }
        return r;
}

static int reload(void *userdata) {
        Manager *m = userdata;

        return m->stopping ? -ESHUTDOWN : manager_reload_config(m);
}

int manager_serve(Manager *m) {
        int r;

        if (m->options.dry_run)
                return 0;
        m->bus_operations = (BusOperations){
                .backend = m->backend->ops->name,
                .host = host_figures,
                .slices = each_slice,
                .reload = reload,
                .history = manager_serve_history,
                .history_interval = manager_serve_history_interval,
                .events = manager_serve_events,
                .userdata = m,
        };
        r = private_socket_new(m->event, m->runtime_fd, &m->bus_operations, SILENCE_MAX_USEC,
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
