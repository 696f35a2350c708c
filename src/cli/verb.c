/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/verb.h"

#include <string.h>

#include "basic/log.h"
#include "cli/verbs.h"

const Verb verbs[] = {
        { "list", "", "List the users logged in, what they use and what they may", 0, 0, 0, true,
          verb_list },
        {},
};

const Verb *verb_find(const char *name) {
        for (const Verb *verb = verbs; verb->name; verb++)
                if (strcmp(verb->name, name) == 0)
                        return verb;
        return NULL;
}

Status verb_end(int r) {
        if (r >= 0)
                return STATUS_OK;
        (void) log_oom();
        return STATUS_FAILURE;
}
