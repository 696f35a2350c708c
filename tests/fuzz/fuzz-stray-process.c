/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What /proc tells of a process, parts of which the process has written. */

#include <assert.h>
#include <string.h>

#include "fuzz.h"
#include "watch/stray-process.h"

int fuzz_stray_process(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = malloc(size + 1);
        StrayProcess process = {};

        assert(text);
        memcpy(text, data, size);
        text[size] = '\0';
        if (stray_process_parse_status(text, &process) >= 0)
                assert(memchr(process.comm, '\0', sizeof process.comm) && !strchr(process.comm, '\n'));
        (void) stray_process_parse_stat(text, &process);
        /* Whatever else it says, it is not in a group that it does not name. */
        if (stray_groups_are(text, "/system.slice/cron.service"))
                assert(strstr(text, ":/system.slice/cron.service"));
        return 0;
}
