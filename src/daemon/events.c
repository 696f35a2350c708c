/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/log.h"
#include "daemon/manager-private.h"

uint64_t manager_event(Manager *m, Event *event) {
        event->time = m->realtime();
        event->id = event_log_add(m->event_log, event);
        if (event->id == 0)
                log_error("Out of memory, an event is not kept: %s %s", event_kind_to_string(event->kind),
                          event->slice);
        manager_write_event(m, event);
        return event->id;
}

int manager_serve_events(usec_t since, EventVisitor visitor, void *visitor_userdata, void *userdata) {
        const Manager *m = userdata;

        return event_log_foreach(m->event_log, since, visitor, visitor_userdata);
}
