/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "engine/tracker.h"

/* The look before the `back`-th last one; 0 is the last. */
static const Sample *sample_back(const Tracker *tracker, unsigned back) {
        return &tracker->sample[(tracker->next + TRACKER_SAMPLES - 1 - back) % TRACKER_SAMPLES];
}

/* Timers are late by a little: a look that should be just inside the window still is. */
static bool within(const Sample *last, const Sample *sample, usec_t window) {
        return last->when - sample->when <= window + window / 8;
}

/* The look that a rate over `window` starts from, NULL if there is none. */
static const Sample *window_start(const Tracker *tracker, usec_t window) {
        const Sample *start = NULL;

        for (unsigned i = 1; i < tracker->count; i++) {
                const Sample *sample = sample_back(tracker, i);

                if (i > 1 && !within(sample_back(tracker, 0), sample, window))
                        break;
                start = sample;
        }
        return start;
}

uint64_t tracker_use(const Tracker *tracker, usec_t window) {
        const Sample *start = window_start(tracker, window), *last;
        unsigned __int128 use;

        if (!start)
                return 0;
        last = sample_back(tracker, 0);
        /* The kernel books CPU time in ticks, which make any rate over a few µs. */
        if (last->when - start->when < window / 8)
                return 0;
        use = (unsigned __int128) (last->usage_usec - start->usage_usec) * USEC_PER_SEC /
              (last->when - start->when);
        return (uint64_t) MIN(use, CPU_RATE_MAX);
}

static bool went_backwards(const Sample *last, uint64_t usage_usec, uint64_t nr_throttled) {
        return usage_usec < last->usage_usec || nr_throttled < last->nr_throttled;
}

static void forget_last(Tracker *tracker) {
        tracker->next = (tracker->next + TRACKER_SAMPLES - 1) % TRACKER_SAMPLES;
        tracker->count--;
}

uint64_t tracker_observe(Tracker *tracker, usec_t now, usec_t window, uint64_t usage_usec,
                         uint64_t nr_throttled) {
        uint64_t delta = 0;
        Sample *sample;

        if (tracker->count > 0) {
                const Sample *last = sample_back(tracker, 0);

                if (now <= last->when)
                        return 0;
                if (went_backwards(last, usage_usec, nr_throttled))
                        *tracker = (Tracker){};
                else {
                        delta = usage_usec - last->usage_usec;
                        if (tracker->count > 1 && now - sample_back(tracker, 1)->when < window / 8)
                                forget_last(tracker);
                }
        }
        sample = &tracker->sample[tracker->next];
        *sample = (Sample){ .when = now, .usage_usec = usage_usec, .nr_throttled = nr_throttled };
        tracker->next = (tracker->next + 1) % TRACKER_SAMPLES;
        tracker->count = MIN(tracker->count + 1, TRACKER_SAMPLES);
        sample->use = tracker_use(tracker, window);
        return delta;
}

uint64_t tracker_peak(const Tracker *tracker, usec_t window) {
        uint64_t peak = 0;

        for (unsigned i = 0; i < tracker->count; i++) {
                const Sample *sample = sample_back(tracker, i);

                if (!within(sample_back(tracker, 0), sample, window))
                        break;
                peak = MAX(peak, sample->use);
        }
        return peak;
}

bool tracker_throttled(const Tracker *tracker, usec_t window) {
        const Sample *start = window_start(tracker, window);

        return start && sample_back(tracker, 0)->nr_throttled > start->nr_throttled;
}
