/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/log.h"
#include "daemon/manager-private.h"
#include "report/event-json.h"

int manager_open_event_file(Manager *m) {
        const char *path = m->host_config.event_log;
        int r;

        event_file_close(&m->event_file);
        m->event_file_failed = false;
        if (!path || m->options.dry_run)
                return 0;
        r = event_file_open(&m->event_file, m->root_fd, path);
        if (r < 0)
                log_error_errno(r, "Cannot open %s, events are not written to it: %m", path);
        return 0;
}

void manager_write_event(Manager *m, const Event *event) {
        const ManagedSlice *slice = slice_table_find(&m->slices, event->slice);
        _cleanup_free_ char *line = NULL;
        int r;

        if (m->event_file.fd < 0)
                return;
        line = event_to_json(event, slice ? slice->user.name : NULL);
        r = line ? event_file_write(&m->event_file, line) : -ENOMEM;
        if (r < 0 && !m->event_file_failed)
                log_error_errno(r, "Cannot write to %s, events are missing there: %m",
                                m->host_config.event_log);
        m->event_file_failed = r < 0;
}

void manager_write_hold(Manager *m, ManagedSlice *slice) {
        bool held = !m->observe && !m->stopping && slice->engine.quota != LIMIT_UNSET;
        Event event = {
                .time = m->realtime(),
                .kind = held ? EVENT_FAIR_SHARE : EVENT_FAIR_SHARE_ENDED,
                .uid = slice->user.uid,
                .by = UID_INVALID,
                .quota = slice->engine.quota,
        };

        if (held == slice->held)
                return;
        slice->held = held;
        snprintf(event.slice, sizeof event.slice, "%s", slice->name);
        manager_write_event(m, &event);
}

void manager_write_holds(Manager *m) {
        ManagedSlice *slice;

        if (m->event_file.fd >= 0)
                SLICE_FOREACH(slice, &m->slices)
                        manager_write_hold(m, slice);
}
