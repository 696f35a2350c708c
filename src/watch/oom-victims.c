/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "watch/oom-victims.h"

#include <string.h>

#include "model/limits.h"
#include "watch/oom-line.h"

/* The kernel writes the two lines of a kill one after the other. */
#define SAME_KILL_USEC (10 * USEC_PER_SEC)
#define NO_SLICE       "" /* nobody's: killed somewhere else on the host */

typedef struct Entry {
        OomVictim victim;
        SliceName slice;
        bool claimed; /* kept for a while, since the second line of its kill may come later */
        bool exact;   /* the kernel named the slice; otherwise it is a guess from the UID */
        OomCause cause;
        uint64_t usage; /* of the slice when it happened, if the cause is the slice's own limit */
        uint64_t limit;
        usec_t read;
} Entry;

struct OomVictims {
        Entry entry[OOM_VICTIMS_MAX]; /* oldest first */
        size_t count;
        OomTold told;
        usec_t told_at;
        uint64_t usage; /* of the last usage line, which belongs to the next summary */
        uint64_t limit;
        bool have_usage;
};

OomVictims *oom_victims_new(void) {
        return calloc(1, sizeof(OomVictims));
}

OomVictims *oom_victims_free(OomVictims *victims) {
        free(victims);
        return NULL;
}

static void remove_range(OomVictims *v, size_t first, size_t n) {
        memmove(v->entry + first, v->entry + first + n, (v->count - first - n) * sizeof(Entry));
        v->count -= n;
}

/* Whether the PID was given with oom_victims_set_told(), and no line has told of it since. */
static bool take_told(OomVictims *v, pid_t pid) {
        OomTold *told = &v->told;

        for (size_t i = 0; i < told->count; i++)
                if (told->pid[i] == pid) {
                        told->count--;
                        memmove(told->pid + i, told->pid + i + 1, (told->count - i) * sizeof *told->pid);
                        return true;
                }
        return false;
}

static Entry *append(OomVictims *v, const OomLine *line, usec_t now) {
        Entry *e;

        if (v->count == OOM_VICTIMS_MAX)
                remove_range(v, 0, 1);
        e = &v->entry[v->count++];
        *e = (Entry){
                .victim = { .pid = line->pid, .uid = line->uid },
                .usage = OOM_VALUE_UNKNOWN,
                .limit = OOM_VALUE_UNKNOWN,
                .claimed = take_told(v, line->pid),
                .read = now,
        };
        memcpy(e->victim.comm, line->comm.text, line->comm.length);
        return e;
}

/* The child of user.slice that the path leads through. A path that is not below user.slice is nobody's. */
static void slice_of_path(Span path, SliceName ret) {
        static const char prefix[] = "/user.slice", suffix[] = ".slice";
        size_t n = sizeof prefix - 1, length;
        const char *begin, *slash;

        strcpy(ret, NO_SLICE);
        if (path.length < n || memcmp(path.text, prefix, n) != 0 || (path.length > n && path.text[n] != '/'))
                return;
        strcpy(ret, prefix + 1);
        if (path.length <= n + 1)
                return;
        begin = path.text + n + 1;
        slash = memchr(begin, '/', path.length - n - 1);
        length = slash ? (size_t) (slash - begin) : path.length - n - 1;
        if (length < sizeof suffix || length > SLICE_NAME_MAX || memchr(begin, '\0', length) ||
            memcmp(begin + length - (sizeof suffix - 1), suffix, sizeof suffix - 1) != 0)
                return;
        memcpy(ret, begin, length);
        ret[length] = '\0';
}

static size_t path_depth(Span path) {
        size_t depth = 0;

        for (size_t i = 0; i < path.length; i++)
                depth += path.text[i] == '/' && i + 1 < path.length;
        return depth;
}

/* Where the limit was, seen from "/user.slice/SLICE", which is two deep and on the way to the victim. */
static OomCause cause_of_path(Span oom_memcg) {
        size_t depth = path_depth(oom_memcg);

        if (oom_memcg.length == 0)
                return OOM_CAUSE_HOST;
        return depth < 2 ? OOM_CAUSE_OUTER : depth == 2 ? OOM_CAUSE_SLICE : OOM_CAUSE_INNER;
}

static void feed_summary(OomVictims *v, const OomLine *line, usec_t now) {
        Entry *e = append(v, line, now);

        slice_of_path(line->task_memcg, e->slice);
        e->exact = true;
        e->cause = cause_of_path(line->oom_memcg);
        if (e->cause == OOM_CAUSE_SLICE && v->have_usage) {
                e->usage = v->usage;
                e->limit = v->limit;
        }
        v->have_usage = false;
}

/* The line that is always there. It adds nothing if the summary was, and else leaves only the user to guess
 * the slice from. */
static void feed_killed(OomVictims *v, const OomLine *line, usec_t now) {
        Entry *e;

        for (size_t i = v->count; i > 0; i--) {
                e = &v->entry[i - 1];
                if (now - e->read > SAME_KILL_USEC)
                        break;
                if (e->exact && e->victim.pid == line->pid)
                        return;
        }
        e = append(v, line, now);
        if (line->uid != UID_INVALID)
                slice_name_for_uid(e->slice, line->uid);
}

void oom_victims_feed(OomVictims *victims, const char *line, size_t length, usec_t now) {
        OomLine parsed;

        switch (oom_line_parse(line, length, &parsed)) {
        case OOM_LINE_USAGE:
                victims->usage = parsed.usage;
                victims->limit = parsed.limit;
                victims->have_usage = true;
                break;
        case OOM_LINE_SUMMARY:
                feed_summary(victims, &parsed, now);
                break;
        case OOM_LINE_KILLED:
                feed_killed(victims, &parsed, now);
                break;
        case OOM_LINE_NONE:
                break;
        }
}

static bool waits_for(const Entry *e, const char *slice) {
        return !e->claimed && strcmp(e->slice, slice) == 0;
}

size_t oom_victims_count(const OomVictims *victims, const char *slice) {
        size_t n = 0;

        for (size_t i = 0; i < victims->count; i++)
                n += waits_for(&victims->entry[i], slice);
        return n;
}

size_t oom_victims_count_named(const OomVictims *victims, const char *slice) {
        size_t n = 0;

        for (size_t i = 0; i < victims->count; i++)
                n += victims->entry[i].exact && waits_for(&victims->entry[i], slice);
        return n;
}

void oom_victims_keep_newest(OomVictims *victims, size_t max) {
        size_t kept = 0;

        for (size_t i = victims->count; i > 0; i--) {
                Entry *e = &victims->entry[i - 1];

                if (e->claimed)
                        continue;
                if (kept < max)
                        kept++;
                else
                        e->claimed = true;
        }
}

static void move_to_event(const Entry *e, OomEvent *event) {
        if (event->n_victims < OOM_EVENT_VICTIMS_MAX)
                event->victims[event->n_victims++] = e->victim;
        if (e->cause != OOM_CAUSE_UNKNOWN)
                event->cause = e->cause;
        if (e->usage != OOM_VALUE_UNKNOWN) {
                event->memory_current = e->usage;
                event->memory_max = e->limit;
                event->memory_max_known = true;
        }
}

/* Claims the newest `max` entries of those that are exact, or of those that are not. */
static size_t claim(OomVictims *v, const char *slice, bool exact, size_t max, OomEvent *event) {
        size_t first = v->count, claimed = 0;

        while (first > 0 && claimed < max) {
                const Entry *e = &v->entry[--first];

                claimed += e->exact == exact && waits_for(e, slice);
        }
        for (size_t i = first; i < v->count; i++) {
                Entry *e = &v->entry[i];

                if (e->exact == exact && waits_for(e, slice)) {
                        move_to_event(e, event);
                        e->claimed = true;
                }
        }
        return claimed;
}

size_t oom_victims_claim(OomVictims *victims, const char *slice, size_t max, OomEvent *event) {
        size_t n = claim(victims, slice, true, max, event);

        return n + claim(victims, slice, false, max - n, event);
}

void oom_victims_get_told(const OomVictims *victims, usec_t since, OomTold *ret) {
        *ret = victims->told_at >= since ? victims->told : (OomTold){};
        for (size_t i = 0; i < victims->count; i++) {
                const Entry *e = &victims->entry[i];

                if (!e->claimed || e->read < since)
                        continue;
                if (ret->count == OOM_VICTIMS_MAX)
                        memmove(ret->pid, ret->pid + 1, --ret->count * sizeof *ret->pid);
                ret->pid[ret->count++] = e->victim.pid;
        }
}

void oom_victims_set_told(OomVictims *victims, const OomTold *told, usec_t now) {
        victims->told = *told;
        victims->told_at = now;
}

const char *oom_victims_next_slice(const OomVictims *victims, size_t *position) {
        while (*position < victims->count) {
                const Entry *e = &victims->entry[(*position)++];

                if (!e->claimed && strcmp(e->slice, NO_SLICE) != 0)
                        return e->slice;
        }
        return NULL;
}

void oom_victims_expire(OomVictims *victims, usec_t before) {
        size_t n = 0;

        while (n < victims->count && victims->entry[n].read < before)
                n++;
        remove_range(victims, 0, n);
        if (victims->told_at < before)
                victims->told.count = 0;
}
