/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "report/memory-warnings.h"

#include <string.h>

typedef struct Level {
        usec_t warned; /* when last */
        bool ever;     /* it was, */
        bool done;     /* and the use has not been below it since */
} Level;

typedef struct Entry {
        uid_t uid;
        Level level[MEMORY_THRESHOLDS_MAX];
} Entry;

struct MemoryWarnings {
        MemoryThresholds thresholds;
        usec_t interval;
        Entry *entry; /* by UID */
        size_t count, allocated;
};

MemoryWarnings *memory_warnings_new(const MemoryThresholds *thresholds, usec_t interval) {
        MemoryWarnings *warnings = malloc(sizeof *warnings);

        if (warnings)
                *warnings = (MemoryWarnings){ .thresholds = *thresholds, .interval = interval };
        return warnings;
}

MemoryWarnings *memory_warnings_free(MemoryWarnings *warnings) {
        if (!warnings)
                return NULL;
        free(warnings->entry);
        free(warnings);
        return NULL;
}

bool memory_warnings_are(const MemoryWarnings *warnings, const MemoryThresholds *thresholds,
                         usec_t interval) {
        return warnings->interval == interval &&
               memcmp(&warnings->thresholds, thresholds, sizeof *thresholds) == 0;
}

uint64_t memory_threshold_bytes(unsigned percent, uint64_t limit) {
        if (limit == UINT64_MAX)
                return UINT64_MAX;
        return limit / 100 * percent + limit % 100 * percent / 100;
}

uint64_t memory_warnings_lowest(const MemoryWarnings *warnings, uint64_t limit) {
        unsigned percent = warnings->thresholds.percent[0];

        return percent == 0 ? UINT64_MAX : memory_threshold_bytes(percent, limit);
}

/* How many thresholds are reached. Of a limit of nothing there are no parts. */
static unsigned count_reached(const MemoryWarnings *w, uint64_t used, uint64_t limit) {
        unsigned n = 0;

        if (limit == 0 || limit == UINT64_MAX)
                return 0;
        while (n < MEMORY_THRESHOLDS_MAX && w->thresholds.percent[n] > 0 &&
               used >= memory_threshold_bytes(w->thresholds.percent[n], limit))
                n++;
        return n;
}

/* Where the user's entry is or belongs. */
static size_t find(const MemoryWarnings *w, uid_t uid) {
        size_t low = 0, high = w->count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (w->entry[middle].uid < uid)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static int insert(MemoryWarnings *w, size_t at, uid_t uid) {
        if (w->count == w->allocated) {
                size_t allocated = MAX(2 * w->allocated, (size_t) 8);
                Entry *entry = reallocarray(w->entry, allocated, sizeof *entry);

                if (!entry)
                        return -ENOMEM;
                w->entry = entry;
                w->allocated = allocated;
        }
        memmove(&w->entry[at + 1], &w->entry[at], (w->count - at) * sizeof *w->entry);
        w->entry[at] = (Entry){ .uid = uid };
        w->count++;
        return 0;
}

static void take_out(MemoryWarnings *w, size_t at) {
        w->count--;
        memmove(&w->entry[at], &w->entry[at + 1], (w->count - at) * sizeof *w->entry);
}

static bool is_due(const MemoryWarnings *w, const Level *level, usec_t now) {
        return !level->done && (!level->ever || now - level->warned >= w->interval);
}

/* Nothing would be otherwise without it. */
static bool is_worthless(const MemoryWarnings *w, const Entry *entry, usec_t now) {
        for (unsigned i = 0; i < MEMORY_THRESHOLDS_MAX; i++)
                if (!is_due(w, &entry->level[i], now))
                        return false;
        return true;
}

/* Returns whether it is to be warned of the highest. */
static bool advance(const MemoryWarnings *w, Entry *entry, unsigned reached, usec_t now) {
        bool due = reached > 0 && is_due(w, &entry->level[reached - 1], now);

        for (unsigned i = reached; i < MEMORY_THRESHOLDS_MAX; i++)
                entry->level[i].done = false;
        for (unsigned i = 0; due && i < reached; i++)
                entry->level[i] = (Level){ .ever = true, .done = true, .warned = now };
        return due;
}

unsigned memory_warnings_look(MemoryWarnings *warnings, uid_t uid, uint64_t used, uint64_t limit,
                              usec_t now) {
        unsigned reached = count_reached(warnings, used, limit);
        size_t at = find(warnings, uid);
        bool due;

        if (at == warnings->count || warnings->entry[at].uid != uid)
                if (reached == 0 || insert(warnings, at, uid) < 0)
                        return 0;
        due = advance(warnings, &warnings->entry[at], reached, now);
        if (is_worthless(warnings, &warnings->entry[at], now))
                take_out(warnings, at);
        return due ? warnings->thresholds.percent[reached - 1] : 0;
}

void memory_warnings_forget(MemoryWarnings *warnings, uid_t uid, usec_t now) {
        (void) memory_warnings_look(warnings, uid, 0, UINT64_MAX, now);
}
