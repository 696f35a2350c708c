/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What /proc tells of a process, which has its name in it, and what the kernel's connector sends. */

#include <assert.h>
#include <string.h>

#include "cgroup/group.h"
#include "cgroup/large-processes.h"
#include "cgroup/process.h"
#include "fuzz.h"
#include "watch/proc-events.h"
#include "watch/strays.h"

static void check_group(const char *text, size_t size, const char *name, const char *root) {
        _cleanup_free_ char *path = NULL;

        if (process_parse_group(text, size, name, root, &path) < 0) {
                assert(!path);
                return;
        }
        assert(path[0] == '/' && strlen(path) <= size);
        assert(!strstr(path, "/../"));
}

/* Whatever else it says, it is not in a group that it does not name. */
static void check_stray(const char *data, size_t size) {
        _cleanup_free_ char *text = malloc(size + 1);

        assert(text);
        memcpy(text, data, size);
        text[size] = '\0';
        if (stray_groups_are(text, "/system.slice/cron.service"))
                assert(strstr(text, ":/system.slice/cron.service"));
}

int fuzz_process(const uint8_t *data, size_t size) {
        _cleanup_free_ pid_t *pids = NULL;
        const char *text = (const char *) data;
        Process process = { .pid = -1, .uid = 7 };
        ProcUidEvent event = { .pid = -1 };
        uint64_t pages = 77;
        size_t count = 0;

        if (process_parse_stat(text, size, &process) < 0)
                assert(process.pid == -1);
        else {
                assert(process.pid >= 0 && process.parent >= 0 && process.uid == 7);
                assert(memchr(process.comm, '\0', sizeof process.comm));
        }
        if (process_parse_status(text, size, &process) < 0)
                assert(process.uid == 7 && !process.nested && !process.tells_nested && !process.one_uid);
        check_group(text, size, "memory", "/");
        check_group(text, size, "cpu", "/docker/a");
        check_group(text, size, "", "/");
        check_stray(text, size);
        if (group_procs_parse(text, size, &pids, &count) < 0)
                assert(!pids);
        for (size_t i = 0; i < count; i++)
                assert(pids[i] > 0);
        if (process_parse_statm(text, size, &pages) < 0)
                assert(pages == 77);
        assert(proc_event_parse(data, size, &event) <= 0 ? event.pid == -1 : event.pid > 0);
        return 0;
}
