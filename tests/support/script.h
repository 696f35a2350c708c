/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/limits.h"
#include "model/slice-name.h"
#include "support/fixture.h"

/* What a fake that takes limits is to do with them, and what it was asked for. */

typedef struct RecordedCall {
        SliceName slice;
        Limits limits; /* LIMIT_UNSET where the mask has no bit, too */
        LimitMask mask;
        bool cpu_accounting, memory_accounting; /* instead of limits */
} RecordedCall;

typedef struct Script {
        /* To do */
        bool hold;          /* answer nothing until told to */
        const char *refuse; /* the slice to refuse; "*": all of them; NULL: none */
        int error;          /* with: EACCES, EINVAL, ENOENT */
        Fixture *fixture;   /* where the values go; NULL: success is only pretended */
        bool needs_group, reset_by_reload; /* the fake backend's, at its beginning */
        /* What accounting is good for */
        void (*account)(const char *slice, bool cpu, bool memory);

        /* Asked for, in this order */
        RecordedCall *call;
        size_t n_calls;
        unsigned under_way, most_under_way;
} Script;

void script_done(Script *script);

/* Writes a call down; it is under way from now on. */
void script_record(Script *script, const char *slice, const Limits *limits, LimitMask mask);

/* Ends a call: carries it out, and returns 0, or refuses it and returns a positive errno. */
int script_answer(Script *script, const RecordedCall *call);

/* Forgets what was asked for until now. */
void script_forget(Script *script);

/* How many of the calls were for the slice, and the last of them; NULL: none was. */
size_t script_count(const Script *script, const char *slice);
const RecordedCall *script_last(const Script *script, const char *slice);

/* How many of the calls for the slice (NULL: all calls) carried the limit. */
size_t script_count_limit(const Script *script, const char *slice, Limit limit);
