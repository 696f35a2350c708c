/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "engine/tracker.h"

/* 10 s, in TRACKER_UNIT: several times the longest window, and the CPU time of 4000 CPUs in it can be kept.
 */
#define LONG (10 * USEC_PER_SEC / TRACKER_UNIT)

/* Of the look before the `back`-th last one; 0 is the last. */
static unsigned slot_back(const Tracker *tracker, unsigned back) {
        return (tracker->next + TRACKER_SAMPLES - 1 - back) % TRACKER_SAMPLES;
}

static const Sample *sample_back(const Tracker *tracker, unsigned back) {
        return &tracker->sample[slot_back(tracker, back)];
}

static uint32_t saturate(uint64_t value) {
        return (uint32_t) MIN(value, UINT32_MAX);
}

/* Rounded so that the sum of parts is the whole. */
static uint64_t units_between(uint64_t from, uint64_t to) {
        return to / TRACKER_UNIT - from / TRACKER_UNIT;
}

/* What lies further back than any window is only good for its rate. */
static void shorten(uint64_t *elapsed, uint64_t *used) {
        if (*elapsed <= LONG)
                return;
        *used = (uint64_t) ((double) *used * LONG / (double) *elapsed);
        *elapsed = LONG;
}

/* Timers are late by a little: a look that should be just inside the window still is. */
static bool within(uint64_t elapsed, usec_t window) {
        return elapsed * TRACKER_UNIT <= window + window / 8;
}

/* What happened from the look that a rate over `window` starts from until the last one. */
typedef struct Stretch {
        uint64_t elapsed, used; /* in TRACKER_UNIT */
        bool throttled;
} Stretch;

/* False if there is no such look. */
static bool stretch_of(const Tracker *tracker, usec_t window, Stretch *ret) {
        *ret = (Stretch){};
        for (unsigned i = 0; i + 1U < tracker->count; i++) {
                const Sample *sample = sample_back(tracker, i);

                if (i > 0 && !within(ret->elapsed + sample->elapsed, window))
                        break;
                ret->elapsed += sample->elapsed;
                ret->used += sample->used;
                ret->throttled = ret->throttled || (tracker->throttled & 1U << slot_back(tracker, i));
        }
        return tracker->count > 1;
}

uint64_t tracker_use(const Tracker *tracker, usec_t window) {
        Stretch stretch;

        /* The kernel books CPU time in ticks, which make any rate over a few µs. */
        if (!stretch_of(tracker, window, &stretch) || stretch.elapsed == 0 ||
            stretch.elapsed * TRACKER_UNIT < window / 8)
                return 0;
        return MIN(stretch.used * USEC_PER_SEC / stretch.elapsed, CPU_RATE_MAX);
}

/* The new look takes the place of the last one, and what came before that is its own. */
static void merge_last(Tracker *tracker, Sample *sample, bool *throttled) {
        unsigned slot = slot_back(tracker, 0);

        sample->elapsed += tracker->sample[slot].elapsed;
        sample->used = saturate((uint64_t) sample->used + tracker->sample[slot].used);
        *throttled = *throttled || (tracker->throttled & 1U << slot);
        tracker->next = (uint8_t) slot;
        tracker->count--;
}

static void put(Tracker *tracker, const Sample *sample, bool throttled) {
        unsigned bit = 1U << tracker->next;

        tracker->sample[tracker->next] = *sample;
        tracker->throttled = (uint8_t) (throttled ? tracker->throttled | bit : tracker->throttled & ~bit);
        tracker->next = (tracker->next + 1U) % TRACKER_SAMPLES;
        tracker->count = MIN(tracker->count + 1U, TRACKER_SAMPLES);
}

/* A look after another one. Returns the CPU time in between. */
static uint64_t observe_more(Tracker *tracker, usec_t now, usec_t window, uint64_t usage_usec,
                             uint64_t nr_throttled) {
        bool throttled = nr_throttled > tracker->nr_throttled;
        uint64_t elapsed = units_between(tracker->when, now);
        uint64_t used = units_between(tracker->usage_usec, usage_usec);
        Sample sample;

        shorten(&elapsed, &used);
        sample = (Sample){ .elapsed = (uint32_t) elapsed, .used = saturate(used) };
        if (tracker->count > 1 &&
            now - tracker->when + sample_back(tracker, 0)->elapsed * TRACKER_UNIT < window / 8)
                merge_last(tracker, &sample, &throttled);
        put(tracker, &sample, throttled);
        return usage_usec - tracker->usage_usec;
}

static uint64_t take_look(Tracker *tracker, usec_t now, usec_t window, uint64_t usage_usec,
                          uint64_t nr_throttled) {
        uint64_t delta = 0;

        if (usage_usec < tracker->usage_usec || nr_throttled < tracker->nr_throttled)
                *tracker = (Tracker){};
        if (tracker->count == 0)
                put(tracker, &(Sample){}, false);
        else
                delta = observe_more(tracker, now, window, usage_usec, nr_throttled);
        tracker->when = now;
        tracker->usage_usec = usage_usec;
        tracker->nr_throttled = nr_throttled;
        return delta;
}

uint64_t tracker_observe(Tracker *tracker, usec_t now, usec_t window, uint64_t usage_usec,
                         uint64_t nr_throttled, uint64_t *ret_use) {
        bool is_look = tracker->count == 0 || now > tracker->when;
        uint64_t delta = 0, use;

        if (is_look)
                delta = take_look(tracker, now, window, usage_usec, nr_throttled);
        use = tracker_use(tracker, window);
        if (is_look)
                tracker->sample[slot_back(tracker, 0)].use =
                        (uint32_t) ((use + TRACKER_RATE_UNIT - 1) / TRACKER_RATE_UNIT);
        if (ret_use)
                *ret_use = use;
        return delta;
}

uint64_t tracker_peak(const Tracker *tracker, usec_t window) {
        uint64_t peak = 0, elapsed = 0;

        for (unsigned i = 0; i < tracker->count && within(elapsed, window); i++) {
                const Sample *sample = sample_back(tracker, i);

                peak = MAX(peak, sample->use * TRACKER_RATE_UNIT);
                elapsed += sample->elapsed;
        }
        return peak;
}

bool tracker_throttled(const Tracker *tracker, usec_t window) {
        Stretch stretch;

        return stretch_of(tracker, window, &stretch) && stretch.throttled;
}
