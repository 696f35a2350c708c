/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The kernel's files. It does not write rubbish, but a tree may be somebody's fixture or another kernel's.
 */

#include <assert.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "cgroup/cpu-list.h"
#include "cgroup/cpu-stat.h"
#include "cgroup/flat-keyed.h"
#include "cgroup/host-use.h"
#include "cgroup/memory-events.h"
#include "cgroup/oom-control.h"
#include "fuzz.h"

static void check_strings(const char *text) {
        uint64_t usec;

        (void) host_idle_parse_uptime(text, &usec);
        (void) host_idle_parse_stat(text, &usec);
}

int fuzz_cgroup(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = malloc(size + 1);
        const char *bytes = (const char *) data;
        MemoryEvents events;
        CpuStat stat;
        CpuList cpus;
        uint64_t n;

        (void) cpu_stat_parse(bytes, size, &stat);
        (void) memory_events_parse(bytes, size, &events);
        (void) oom_kill_parse(bytes, size, &n);
        (void) cpu_max_parse(bytes, size, &n);
        (void) parse_single_value(bytes, size, &n);
        (void) parse_digits(bytes, size, &n);
        if (cpu_list_parse(bytes, size, &cpus) >= 0)
                assert(cpu_list_count_common(&cpus, &cpus) <= CPU_LIST_MAX);
        assert(text);
        memcpy(text, data, size);
        text[size] = '\0';
        check_strings(text);
        return 0;
}
