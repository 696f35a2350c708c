/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The kernel's lines about a kill, parts of which the victim has written. */

#include <assert.h>

#include "fuzz.h"
#include "watch/oom-line.h"

static void check_span(const Span *span, const char *line, size_t length) {
        assert(span->length == 0 ||
               (span->text >= line && span->text + span->length <= line + length && span->length <= length));
}

int fuzz_oom_line(const uint8_t *data, size_t size) {
        const char *line = (const char *) data;
        OomLine parsed = {};

        if (oom_line_parse(line, size, &parsed) == OOM_LINE_NONE)
                return 0;
        check_span(&parsed.comm, line, size);
        check_span(&parsed.oom_memcg, line, size);
        check_span(&parsed.task_memcg, line, size);
        return 0;
}
