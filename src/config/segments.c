/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/segments.h"

#include <string.h>

struct Segment {
        uint32_t first; /* up to the next one's */
        Picked picked;
};

/* While one key is painted. */
typedef struct Painter {
        unsigned key;
        const Section **ranges; /* those that set the key, the one that wins first */
        size_t count;
        size_t *next; /* for each segment the next one that is not painted, itself if it is not; one more
                       * entry for the end */
} Painter;

static void painter_done(Painter *p) {
        free(p->ranges);
        free(p->next);
}

static bool is_range(const Section *s) {
        return s->selector.kind == SELECT_USER_RANGE && s->selector.first != s->selector.last;
}

static int compare_segments(const void *a, const void *b) {
        const struct Segment *x = a, *y = b;

        return (x->first > y->first) - (x->first < y->first);
}

static int compare_precedence(const void *a, const void *b, void *userdata) {
        const Section *x = *(const Section *const *) a, *y = *(const Section *const *) b;
        uint32_t x_size = x->selector.last - x->selector.first,
                 y_size = y->selector.last - y->selector.first;
        unsigned key = *(unsigned *) userdata;

        if (x_size != y_size)
                return x_size < y_size ? -1 : 1;
        return x->settings.key[key].sequence > y->settings.key[key].sequence ? -1 : 1;
}

/* A cut before the first and behind the last UID of each range, sorted, each once. */
static void cut(Section *const *sections, size_t count, Segments *segments) {
        size_t n = 0;

        for (size_t i = 0; i < count; i++)
                if (is_range(sections[i])) {
                        segments->item[n++].first = sections[i]->selector.first;
                        segments->item[n++].first = sections[i]->selector.last + 1;
                }
        qsort(segments->item, n, sizeof *segments->item, compare_segments);
        segments->count = 0;
        for (size_t i = 0; i < n; i++)
                if (i == 0 || segments->item[i].first != segments->item[segments->count - 1].first)
                        segments->item[segments->count++].first = segments->item[i].first;
}

/* The segment that the UID is in; segments->count if it is before all of them. */
static size_t find(const Segments *segments, uint32_t uid) {
        size_t low = 0, high = segments->count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (segments->item[middle].first <= uid)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low == 0 ? segments->count : low - 1;
}

static size_t next_unpainted(Painter *p, size_t i) {
        size_t end = i;

        while (p->next[end] != end)
                end = p->next[end];
        while (p->next[i] != end) { /* the way is short for who comes after */
                size_t next = p->next[i];

                p->next[i] = end;
                i = next;
        }
        return end;
}

static void paint(Painter *p, Segments *segments, Section *const *sections, size_t count) {
        p->count = 0;
        for (size_t i = 0; i < count; i++)
                if (is_range(sections[i]) && sections[i]->settings.key[p->key].sequence > 0)
                        p->ranges[p->count++] = sections[i];
        qsort_r(p->ranges, p->count, sizeof *p->ranges, compare_precedence, &p->key);
        for (size_t i = 0; i <= segments->count; i++)
                p->next[i] = i;
        for (size_t i = 0; i < p->count; i++) {
                const Section *range = p->ranges[i];
                size_t s = find(segments, range->selector.first);

                while ((s = next_unpainted(p, s)) < segments->count &&
                       segments->item[s].first <= range->selector.last) {
                        segments->item[s].picked.key[p->key] = &range->settings.key[p->key];
                        p->next[s] = s + 1;
                }
        }
}

static void painter_donep(Painter *p) {
        painter_done(p);
}

static void segments_donep(Segments *segments) {
        segments_done(segments);
}

int segments_new(Section *const *sections, size_t count, Segments *ret) {
        _cleanup_(segments_donep) Segments segments = {};
        _cleanup_(painter_donep) Painter painter = {};
        size_t ranges = 0;

        for (size_t i = 0; i < count; i++)
                ranges += is_range(sections[i]);
        if (ranges == 0) {
                *ret = (Segments){};
                return 0;
        }
        segments.item = calloc(2 * ranges, sizeof *segments.item);
        painter.ranges = calloc(ranges, sizeof *painter.ranges);
        painter.next = calloc(2 * ranges + 1, sizeof *painter.next);
        if (!segments.item || !painter.ranges || !painter.next)
                return -ENOMEM;
        cut(sections, count, &segments);
        for (painter.key = 0; painter.key < _SLICE_KEY_COUNT; painter.key++)
                paint(&painter, &segments, sections, count);
        *ret = segments;
        segments = (Segments){};
        return 0;
}

void segments_done(Segments *segments) {
        free(segments->item);
        *segments = (Segments){};
}

const Picked *segments_get(const Segments *segments, uid_t uid) {
        size_t i = find(segments, uid);

        return i < segments->count ? &segments->item[i].picked : NULL;
}
