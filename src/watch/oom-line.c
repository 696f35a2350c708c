/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "watch/oom-line.h"

#include <string.h>

#include "model/oom-event.h"

/* The text between two points, searched from either end. */
typedef struct Cursor {
        const char *begin;
        const char *end;
} Cursor;

static bool skip_word(Cursor *c, const char *word) {
        size_t n = strlen(word);

        if ((size_t) (c->end - c->begin) < n || memcmp(c->begin, word, n) != 0)
                return false;
        c->begin += n;
        return true;
}

/* Cuts the word off the end. */
static bool chop_word(Cursor *c, const char *word) {
        size_t n = strlen(word);

        if ((size_t) (c->end - c->begin) < n || memcmp(c->end - n, word, n) != 0)
                return false;
        c->end -= n;
        return true;
}

static const char *find(const char *begin, const char *end, const char *word) {
        return memmem(begin, (size_t) (end - begin), word, strlen(word));
}

static bool digits_to_number(const char *begin, const char *end, uint64_t limit, uint64_t *ret) {
        uint64_t n = 0;

        if (begin == end)
                return false;
        for (; begin < end; begin++) {
                n = n * 10 + (uint64_t) (*begin - '0');
                if (n > limit)
                        return false;
        }
        *ret = n;
        return true;
}

/* The number at the beginning, not larger than `limit` (which is far below where the sum could overflow). */
static bool skip_number(Cursor *c, uint64_t limit, uint64_t *ret) {
        const char *p = c->begin;

        while (p < c->end && *p >= '0' && *p <= '9')
                p++;
        if (!digits_to_number(c->begin, p, limit, ret))
                return false;
        c->begin = p;
        return true;
}

/* The same at the end. */
static bool chop_number(Cursor *c, uint64_t limit, uint64_t *ret) {
        const char *p = c->end;

        while (p > c->begin && p[-1] >= '0' && p[-1] <= '9')
                p--;
        if (!digits_to_number(p, c->end, limit, ret))
                return false;
        c->end = p;
        return true;
}

static uint64_t kib_to_bytes(uint64_t kib) {
        /* "No limit" is written as the largest number of pages, a little below 8 EiB. */
        return kib >= UINT64_MAX >> 12 ? UINT64_MAX : kib << 10;
}

static OomLineKind parse_usage(Cursor c, OomLine *ret) {
        uint64_t usage, limit, max = UINT64_MAX >> 8;

        if (!skip_number(&c, max, &usage) || !skip_word(&c, "kB, limit ") || !skip_number(&c, max, &limit) ||
            !skip_word(&c, "kB"))
                return OOM_LINE_NONE;
        *ret = (OomLine){
                .usage = kib_to_bytes(usage),
                .limit = kib_to_bytes(limit),
        };
        return OOM_LINE_USAGE;
}

static bool is_below(Span path, Span parent) {
        if (parent.length == 1)
                return true; /* "/" */
        return path.length >= parent.length && memcmp(path.text, parent.text, parent.length) == 0 &&
               (path.length == parent.length || path.text[parent.length] == '/');
}

/* Splits "OOM_MEMCG,task_memcg=TASK_MEMCG". A user may have made a group with ",task_memcg=/user.slice/…" in
 * its path, to put the blame on somebody else. But the victim is always below the group that hit its limit,
 * so both paths begin alike; and since the first one begins with the user's own slice (unless an
 * administrator named it), every split that this allows has the right slice. */
static bool split_paths(Cursor c, Span *ret_oom, Span *ret_task) {
        static const char word[] = ",task_memcg=";

        for (const char *p = find(c.begin, c.end, word); p; p = find(p + 1, c.end, word)) {
                const char *task_begin = p + sizeof word - 1;
                Span oom = { c.begin, (size_t) (p - c.begin) };
                Span task = { task_begin, (size_t) (c.end - task_begin) };

                if (!is_below(task, oom))
                        continue;
                *ret_oom = oom;
                *ret_task = task;
                return true;
        }
        return false;
}

/* Before the paths stands the name of a cpuset, which too may be a user's. But that is one name without a
 * slash, so the first ",oom_memcg=/" is the kernel's. */
static bool parse_memcgs(Cursor c, OomLine *line) {
        static const char limited[] = ",oom_memcg=/", global[] = ",global_oom,task_memcg=/";
        const char *p = find(c.begin, c.end, limited), *q = find(c.begin, c.end, global);

        if (p && (!q || p < q)) {
                c.begin = p + sizeof limited - 2;
                return split_paths(c, &line->oom_memcg, &line->task_memcg);
        }
        if (!q)
                return false;
        q += sizeof global - 2;
        line->task_memcg = (Span){ q, (size_t) (c.end - q) };
        return true;
}

/* "…,task=COMM". Both COMM and the group before it may hold ",task=" themselves; the longest COMM that is
 * possible is taken, so that none is ever cut. If that takes something off the end of the group's name
 * instead, no harm is done, since only the name's beginning is used. */
static bool parse_paths_and_comm(Cursor c, OomLine *line) {
        static const char word[] = ",task=";
        size_t reach = sizeof word - 1 + OOM_VICTIM_COMM_MAX, length = (size_t) (c.end - c.begin);

        for (const char *p = find(length > reach ? c.end - reach : c.begin, c.end, word); p;
             p = find(p + 1, c.end, word)) {
                const char *comm = p + sizeof word - 1;

                if (!parse_memcgs((Cursor){ c.begin, p }, line))
                        continue;
                line->comm = (Span){ comm, (size_t) (c.end - comm) };
                return true;
        }
        return false;
}

static OomLineKind parse_summary(Cursor c, OomLine *ret) {
        OomLine line = {};
        uint64_t pid, uid;

        if (!chop_number(&c, UINT32_MAX, &uid) || !chop_word(&c, ",uid=") ||
            !chop_number(&c, INT32_MAX, &pid) || !chop_word(&c, ",pid=") || !parse_paths_and_comm(c, &line))
                return OOM_LINE_NONE;
        line.pid = (pid_t) pid;
        line.uid = (uid_t) uid;
        *ret = line;
        return OOM_LINE_SUMMARY;
}

static const char *find_last(const char *begin, const char *end, const char *word) {
        const char *last = NULL;

        for (const char *p = find(begin, end, word); p; p = find(p + 1, end, word))
                last = p;
        return last;
}

/* "N (COMM) total-vm:…kB, …, UID:N …": behind the last ") total-vm:" all is the kernel's own. */
static OomLineKind parse_killed(Cursor c, OomLine *ret) {
        uint64_t pid, uid = UID_INVALID;
        const char *tail, *p;
        Span comm;

        if (!skip_number(&c, INT32_MAX, &pid) || !skip_word(&c, " ("))
                return OOM_LINE_NONE;
        tail = find_last(c.begin, c.end, ") total-vm:");
        if (!tail || tail - c.begin > OOM_VICTIM_COMM_MAX)
                return OOM_LINE_NONE;
        comm = (Span){ c.begin, (size_t) (tail - c.begin) };
        p = find(tail, c.end, " UID:");
        if (p) {
                c.begin = p + strlen(" UID:");
                if (!skip_number(&c, UINT32_MAX, &uid))
                        return OOM_LINE_NONE;
        }
        *ret = (OomLine){
                .pid = (pid_t) pid,
                .uid = (uid_t) uid,
                .comm = comm,
        };
        return OOM_LINE_KILLED;
}

/* Each beginning is longer than a COMM can be: of a process that crashes the kernel writes COMM first, and
 * then the name of its program, so "Out of memory" alone could be the name that a user gave to a process. */
OomLineKind oom_line_parse(const char *line, size_t length, OomLine *ret) {
        static const char *const killed[] = {
                "Memory cgroup out of memory: Killed process ",
                "Out of memory: Killed process ",
                "Out of memory (oom_kill_allocating_task): Killed process ",
        };
        Cursor c = { line, line + length };

        if (skip_word(&c, "memory: usage "))
                return parse_usage(c, ret);
        if (skip_word(&c, "oom-kill:constraint="))
                return parse_summary(c, ret);
        for (size_t i = 0; i < ELEMENTSOF(killed); i++)
                if (skip_word(&c, killed[i]))
                        return parse_killed(c, ret);
        return OOM_LINE_NONE;
}
