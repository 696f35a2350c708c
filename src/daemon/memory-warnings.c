/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "basic/log.h"
#include "daemon/manager-private.h"

/* The limit that stands, not the one that is wanted: it may still be on its way down. */
static uint64_t limit_of(const ManagedSlice *slice) {
        return slice->known & 1U << LIMIT_MEMORY_MAX ? slice->set.value[LIMIT_MEMORY_MAX] : LIMIT_UNSET;
}

/* Files in the page cache do not bring anybody near to the limit. Where nobody tells how much that is, what
 * is known for certain is nothing. */
static uint64_t without_page_cache(SliceFiles *files, uint64_t current) {
        uint64_t cache;

        return slice_files_read_page_cache(files, &cache) < 0 ? 0 : current - MIN(current, cache);
}

void manager_check_memory(Manager *m, const ManagedSlice *slice, uint64_t current) {
        MemoryWarning warning = { .current = current, .max = limit_of(slice) };
        uid_t uid = slice->user.uid;
        Event event;

        if (!m->memory_warnings || uid == UID_INVALID)
                return;
        if (current >= memory_warnings_lowest(m->memory_warnings, warning.max))
                warning.used = without_page_cache(slice->files, current);
        warning.percent =
                memory_warnings_look(m->memory_warnings, uid, warning.used, warning.max, m->clock());
        if (warning.percent == 0)
                return;
        event = event_from_memory_warning(&warning, slice->name, uid);
        manager_memory_event(m, &event, slice->user.name);
}

void manager_forget_memory(Manager *m, const ManagedSlice *slice) {
        if (m->memory_warnings)
                memory_warnings_forget(m->memory_warnings, slice->user.uid, m->clock());
}

int manager_open_memory_warnings(Manager *m) {
        const HostConfig *config = &m->host_config;

        if (m->memory_warnings &&
            memory_warnings_are(m->memory_warnings, &config->warn_at, config->warn_interval_usec))
                return 0;
        m->memory_warnings = memory_warnings_free(m->memory_warnings);
        if (config->warn_at.percent[0] == 0)
                return 0;
        m->memory_warnings = memory_warnings_new(&config->warn_at, config->warn_interval_usec);
        if (!m->memory_warnings)
                log_error("Out of memory, nobody is warned that memory runs short.");
        return 0;
}
