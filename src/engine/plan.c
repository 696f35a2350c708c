/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "engine/plan.h"

#include <string.h>

#include "basic/format.h"

void plan_done(Plan *plan) {
        free(plan->change);
        *plan = (Plan){};
}

int plan_add(Plan *plan, const Change *change) {
        if (plan->count == plan->allocated) {
                size_t allocated = MAX(16U, plan->allocated * 2);
                Change *more = reallocarray(plan->change, allocated, sizeof *more);

                if (!more)
                        return -ENOMEM;
                plan->change = more;
                plan->allocated = allocated;
        }
        plan->change[plan->count++] = *change;
        return 0;
}

const char *reason_describe(Reason reason, const Plan *plan, char buffer[REASON_TEXT_MAX]) {
        static const char *const text[_REASON_COUNT] = {
                [REASON_NONE] = "nothing changed",
                [REASON_BELOW_LEVEL] = "it asks for less than its share",
                [REASON_INACTIVE] = "it uses too little to count",
                [REASON_ROOM] = "the host has room",
                [REASON_CROWDED] = "there is less than 1% of a CPU for each, weights alone share",
                [REASON_WEIGHTS] = "weights alone share",
        };
        FormatBuffer level, budget;

        if (reason == REASON_ABOVE_LEVEL)
                snprintf(buffer, REASON_TEXT_MAX, "the host is contended, a weight of 100 is worth %s of %s",
                         format_cpu(level, plan->level), format_cpu(budget, plan->budget));
        else if (reason == REASON_EQUAL_SHARE)
                snprintf(buffer, REASON_TEXT_MAX, "%zu active users share %s equally", plan->active,
                         format_cpu(budget, plan->budget));
        else
                return text[reason];
        return buffer;
}
