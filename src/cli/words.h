/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/figures.h"

/* What holds a user back, in sentences for people. Nothing is said that the figures do not show. */

/* The last time that memory ran out in the slice, of those that are recent. */
typedef struct MemoryTrouble {
        usec_t time;        /* CLOCK_REALTIME */
        unsigned times;     /* how often that was; 0: never, and the rest says nothing */
        uint64_t kills;     /* processes that were killed the last time; UINT64_MAX: not known */
        const char *cause;  /* a word of model/oom-event.h */
        const char *victim; /* command of the first, escaped; NULL: not known */
        uint32_t pid;
} MemoryTrouble;

typedef struct WhyFacts {
        const char *user; /* escaped; NULL: who asks, "you" */
        const char *name; /* the user's name for command lines, escaped */
        const SliceInfo *slice;
        const HostInfo *host;
        MemoryTrouble trouble;
        usec_t now; /* CLOCK_REALTIME */
} WhyFacts;

typedef struct Sentences {
        char **item; /* owned, a paragraph each */
        size_t count;
} Sentences;

void sentences_done(Sentences *sentences);

/* Returns 0 or -ENOMEM. */
int why_sentences(const WhyFacts *facts, Sentences *ret);

/* Writes them, each on lines of at most `columns` (0: on one line), with a blank line in between. */
void sentences_print(const Sentences *sentences, const Terminal *terminal, unsigned columns, FILE *out);
