/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/script.h"

#include <string.h>

#include "support/test.h"

void script_done(Script *script) {
        free(script->call);
        *script = (Script){};
}

void script_record(Script *script, const char *slice, const Limits *limits, LimitMask mask) {
        RecordedCall *call;

        script->call = reallocarray(script->call, script->n_calls + 1, sizeof *script->call);
        assert_non_null(script->call);
        call = &script->call[script->n_calls++];
        *call = (RecordedCall){ .limits = LIMITS_UNSET, .mask = mask };
        snprintf(call->slice, sizeof call->slice, "%s", slice);
        for (unsigned i = 0; i < _LIMIT_COUNT; i++)
                if (mask & 1U << i)
                        call->limits.value[i] = limits->value[i];
        script->under_way++;
        script->most_under_way = MAX(script->most_under_way, script->under_way);
}

int script_answer(Script *script, const RecordedCall *call) {
        script->under_way--;
        if (script->refuse && (strcmp(script->refuse, "*") == 0 || strcmp(script->refuse, call->slice) == 0))
                return script->error;
        if (script->account && (call->cpu_accounting || call->memory_accounting))
                script->account(call->slice, call->cpu_accounting, call->memory_accounting);
        if (script->fixture)
                fixture_apply(script->fixture, call->slice, &call->limits, call->mask);
        return 0;
}

void script_forget(Script *script) {
        script->n_calls = 0;
}

size_t script_count(const Script *script, const char *slice) {
        size_t n = 0;

        for (size_t i = 0; i < script->n_calls; i++)
                n += strcmp(script->call[i].slice, slice) == 0;
        return n;
}

const RecordedCall *script_last(const Script *script, const char *slice) {
        for (size_t i = script->n_calls; i > 0; i--)
                if (strcmp(script->call[i - 1].slice, slice) == 0)
                        return &script->call[i - 1];
        return NULL;
}

size_t script_count_limit(const Script *script, const char *slice, Limit limit) {
        size_t n = 0;

        for (size_t i = 0; i < script->n_calls; i++)
                n += (!slice || strcmp(script->call[i].slice, slice) == 0) &&
                     script->call[i].mask & 1U << limit;
        return n;
}
