/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cgroup/memory-events.h"

#include "cgroup/flat-keyed.h"

int memory_events_parse(const char *text, size_t length, MemoryEvents *ret) {
        MemoryEvents events = {};
        const FlatKey keys[] = {
                { "oom", &events.oom },
                { "oom_kill", &events.oom_kill },
                { "high", &events.high },
                { "max", &events.max },
                { "oom_group_kill", &events.oom_group_kill },
        };
        int found = flat_keyed_parse(text, length, keys, ELEMENTSOF(keys));

        if (found < 0)
                return found;
        if ((found & 3) != 3)
                return -EBADMSG;
        *ret = events;
        return 0;
}
