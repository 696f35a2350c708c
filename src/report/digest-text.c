/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The digests as text:
 *
 *     fairslice-digests 1
 *     instance 5f0c4e7b5c1d4b3a
 *     next 12
 *     taken 5f0c4e7b5c1d4b3a8d0f6d6f3f0c9a11 7
 *     reader 1000 1767268620000000 2
 *     waiting kill 1767268630000000 1767268630000000 1767268631000000 3 0
 *     kill 1000 1767268630000000 3 5 1 0 1 8589934592 8589934592 8589934592 user-1000.slice
 *     user alice
 *     victim 4711 1000 python3
 *     process 4712 1048576 sh
 *     sealed 11 4294967295 warning 1767268620000000 1767268620000000 0 0 0
 *     warning 1000 1767268620000000 75 805306368 838860800 1073741824 user-1000.slice
 *     incomplete
 *     end
 *
 * A reader with its 24 hours and what was sent in them, what waits for it, then what is sealed. Behind each
 * its events, and behind these whose they are and what is known of processes. 4294967295 are the
 * administrators, or no user; UINT64_MAX is what is not known. Names come last in their lines, with \xHH for
 * each byte that is none of the visible ones of ASCII. */

#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "basic/fields.h"
#include "basic/parse.h"
#include "basic/text.h"
#include "report/digest-internal.h"

#define FIRST_LINE "fairslice-digests 1"

/* ---- writing ---- */

static void write_last_name(FILE *f, const char *name) {
        write_name(f, name);
        fputc('\n', f);
}

static void write_numbers(FILE *f, const uint64_t *numbers, size_t count) {
        for (size_t i = 0; i < count; i++)
                fprintf(f, " %" PRIu64, numbers[i]);
}

#define WRITE_NUMBERS(f, ...) \
        write_numbers(f, (const uint64_t[]){ __VA_ARGS__ }, sizeof((const uint64_t[]){ __VA_ARGS__ }) / 8)

static void write_oom(FILE *f, const Event *event) {
        const OomEvent *oom = &event->oom;

        fputs("kill", f);
        WRITE_NUMBERS(f, event->uid, event->time, oom->kills, oom->hits, oom->cause, oom->late,
                      oom->memory_max_known, oom->memory_max, oom->memory_current, oom->memory_peak);
        fputc(' ', f);
        write_last_name(f, event->slice);
        for (size_t i = 0; i < oom->n_victims; i++) {
                fprintf(f, "victim %d %u ", (int) oom->victims[i].pid, (unsigned) oom->victims[i].uid);
                write_last_name(f, oom->victims[i].comm);
        }
}

static void write_warning(FILE *f, const Event *event) {
        const MemoryWarning *warning = &event->warning;

        fputs("warning", f);
        WRITE_NUMBERS(f, event->uid, event->time, warning->percent, warning->used, warning->current,
                      warning->max);
        fputc(' ', f);
        write_last_name(f, event->slice);
}

static void write_event(FILE *f, const Event *event, const char *user_name) {
        if (event->kind == EVENT_MEMORY_WARNING)
                write_warning(f, event);
        else
                write_oom(f, event);
        if (user_name) {
                fputs("user ", f);
                write_last_name(f, user_name);
        }
        for (size_t i = 0; i < event->processes.count; i++) {
                const LargeProcess *process = &event->processes.process[i];

                fprintf(f, "process %d %" PRIu64 " ", (int) process->pid, process->rss);
                write_last_name(f, process->comm);
        }
        if (event->processes.incomplete)
                fputs("incomplete\n", f);
}

static void write_events(FILE *f, const DigestMessage *message) {
        for (size_t i = 0; i < message->n_events; i++)
                write_event(f, &message->events[i], message->user_names[i]);
}

static const char *kind_word(EventKind kind) {
        return kind == EVENT_MEMORY_WARNING ? "warning" : "kill";
}

static void write_waiting(FILE *f, const DigestWaiting *waiting) {
        const DigestMessage *message = &waiting->message;

        if (message->n_events == 0)
                return;
        fprintf(f, "waiting %s", kind_word(message->kind));
        WRITE_NUMBERS(f, waiting->since, message->first, message->last, message->kills, message->more);
        fputc('\n', f);
        write_events(f, message);
}

static void write_reader(FILE *f, const DigestReader *reader) {
        if (!digest_reader_waits(reader) && reader->day == 0)
                return;
        fprintf(f, "reader %u %" PRIu64 " %u\n", (unsigned) reader->uid, reader->day, reader->sent);
        for (DigestKind kind = 0; kind < _DIGEST_KIND_COUNT; kind++)
                write_waiting(f, &reader->waiting[kind]);
}

static void write_sealed(FILE *f, const DigestMessage *message) {
        fprintf(f, "sealed %" PRIu64 " %u %s", message->id, (unsigned) message->uid,
                kind_word(message->kind));
        WRITE_NUMBERS(f, message->first, message->last, message->kills, message->more, message->last_of);
        fputc('\n', f);
        write_events(f, message);
}

static void write_all(FILE *f, const Digests *digests) {
        fprintf(f, FIRST_LINE "\ninstance %016" PRIx64 "\nnext %" PRIu64 "\n", digests->instance,
                digests->next);
        if (*digests->boot)
                fprintf(f, "taken %s %" PRIu64 "\n", digests->boot, digests->taken);
        write_reader(f, &digests->admin);
        for (size_t i = 0; i < digests->n_users; i++)
                write_reader(f, &digests->users[i]);
        for (size_t i = 0; i < digests->n_sealed; i++)
                write_sealed(f, &digests->sealed[i]);
        fputs("end\n", f);
}

int digests_format(const Digests *digests, char **ret, size_t *ret_length) {
        _cleanup_free_ char *text = NULL;
        size_t length = 0;
        FILE *f = open_memstream(&text, &length);

        if (!f)
                return -ENOMEM;
        write_all(f, digests);
        if (memstream_close(f) < 0)
                return -ENOMEM;
        *ret = TAKE_PTR(text);
        *ret_length = length;
        return 0;
}

/* ---- reading ---- */

typedef struct Parser {
        Digests *digests;
        char *rest;             /* what was not read yet; ended by NUL */
        DigestReader *reader;   /* what comes belongs to it, */
        DigestMessage *message; /* to it, */
        Event *event;           /* and to it; NULL: there was none yet */
        char **user_name;
} Parser;

/* As many as there are places; each as large as it likes. */
static bool take_numbers(char **text, uint64_t *ret, size_t count) {
        for (size_t i = 0; i < count; i++)
                if (!take_number(text, UINT64_MAX, &ret[i]))
                        return false;
        return true;
}

static int take_kind(char **text, EventKind *ret) {
        const char *word;

        if (!take_word(text, &word))
                return -EBADMSG;
        *ret = strcmp(word, "kill") == 0 ? EVENT_OUT_OF_MEMORY : EVENT_MEMORY_WARNING;
        return strcmp(word, kind_word(*ret)) == 0 ? 0 : -EBADMSG;
}

/* ---- events ---- */

static bool take_uid_and_time(char **text, Event *event) {
        uint64_t uid;

        if (!take_number(text, UINT32_MAX, &uid) || !take_number(text, UINT64_MAX, &event->time))
                return false;
        event->uid = (uid_t) uid;
        return true;
}

static bool take_warning(char *text, Event *event) {
        uint64_t percent, n[3];

        if (!take_uid_and_time(&text, event) || !take_number(&text, 100, &percent) ||
            !take_numbers(&text, n, ELEMENTSOF(n)))
                return false;
        event->warning =
                (MemoryWarning){ .percent = (unsigned) percent, .used = n[0], .current = n[1], .max = n[2] };
        return take_name(text, event->slice, sizeof event->slice);
}

static bool take_oom(char *text, Event *event) {
        uint64_t kills, hits, cause, late, known, n[3];

        if (!take_uid_and_time(&text, event) || !take_number(&text, UINT64_MAX, &kills) || kills == 0 ||
            !take_number(&text, UINT64_MAX, &hits) || !take_number(&text, _OOM_CAUSE_COUNT - 1, &cause) ||
            !take_number(&text, 1, &late) || !take_number(&text, 1, &known) ||
            !take_numbers(&text, n, ELEMENTSOF(n)) || !take_name(text, event->slice, sizeof event->slice))
                return false;
        oom_event_init(&event->oom, event->slice);
        event->oom.uid = event->uid;
        event->oom.kills = kills;
        event->oom.hits = hits;
        event->oom.cause = (OomCause) cause;
        event->oom.late = late;
        event->oom.memory_max_known = known;
        event->oom.memory_max = n[0];
        event->oom.memory_current = n[1];
        event->oom.memory_peak = n[2];
        return true;
}

/* What is counted of the message was read with it. */
static int parse_event(Parser *p, EventKind kind, char *text) {
        DigestMessage *message = p->message;
        Event event = { .kind = kind, .by = UID_INVALID };
        bool right = kind == EVENT_MEMORY_WARNING ? take_warning(text, &event) : take_oom(text, &event);
        int r;

        if (!right || !message || message->kind != kind || message->n_events == DIGEST_SLICES_MAX ||
            digest_message_find(message, event.slice) < message->n_events ||
            (message->reader == READER_USER && event.uid != message->uid))
                return -EBADMSG;
        r = digest_message_reserve(message, event.slice);
        if (r < 0)
                return r;
        p->event = &message->events[message->n_events];
        p->user_name = &message->user_names[message->n_events];
        message->n_events++;
        *p->event = event;
        *p->user_name = NULL;
        return 0;
}

static int parse_user(Parser *p, const char *text) {
        char name[DIGEST_USER_NAME_MAX + 1];

        if (!p->event || *p->user_name || !take_name(text, name, sizeof name))
                return -EBADMSG;
        *p->user_name = strdup(name);
        return *p->user_name ? 0 : -ENOMEM;
}

static int parse_victim(Parser *p, char *text) {
        OomVictim *victim;
        uint64_t pid, uid;

        if (!p->event || p->event->kind != EVENT_OUT_OF_MEMORY ||
            p->event->oom.n_victims == OOM_EVENT_VICTIMS_MAX || !take_number(&text, INT_MAX, &pid) ||
            !take_number(&text, UINT32_MAX, &uid))
                return -EBADMSG;
        victim = &p->event->oom.victims[p->event->oom.n_victims++];
        victim->pid = (pid_t) pid;
        victim->uid = (uid_t) uid;
        return take_name(text, victim->comm, sizeof victim->comm) ? 0 : -EBADMSG;
}

static int parse_process(Parser *p, char *text) {
        LargeProcess *process;
        uint64_t pid;

        if (!p->event || p->event->processes.count == LARGE_PROCESSES_MAX ||
            !take_number(&text, INT_MAX, &pid))
                return -EBADMSG;
        process = &p->event->processes.process[p->event->processes.count++];
        process->pid = (pid_t) pid;
        if (!take_number(&text, UINT64_MAX, &process->rss))
                return -EBADMSG;
        return take_name(text, process->comm, sizeof process->comm) ? 0 : -EBADMSG;
}

static int parse_incomplete(Parser *p, const char *text) {
        if (!p->event || text)
                return -EBADMSG;
        p->event->processes.incomplete = true;
        return 0;
}

/* ---- messages ---- */

/* What comes belongs to this message, if the one before is whole. */
static int begin_message(Parser *p, DigestMessage *message) {
        bool whole = !p->message || p->message->n_events > 0;

        p->message = message;
        p->event = NULL;
        p->user_name = NULL;
        return whole ? 0 : -EBADMSG;
}

/* first, last, kills, more */
static bool take_counts(char **text, DigestMessage *message) {
        uint64_t n[4];

        if (!take_numbers(text, n, ELEMENTSOF(n)))
                return false;
        message->first = n[0];
        message->last = n[1];
        message->kills = n[2];
        message->more = n[3];
        return n[0] <= n[1] && (n[2] > 0) == (message->kind == EVENT_OUT_OF_MEMORY);
}

static int parse_waiting(Parser *p, char *text) {
        DigestWaiting *waiting;
        EventKind kind;

        if (!p->reader || take_kind(&text, &kind) < 0)
                return -EBADMSG;
        waiting = &p->reader->waiting[kind == EVENT_MEMORY_WARNING ? DIGEST_WARNINGS : DIGEST_KILLS];
        if (waiting->message.n_events > 0 || !take_number(&text, UINT64_MAX, &waiting->since) ||
            !take_counts(&text, &waiting->message) || text)
                return -EBADMSG;
        return begin_message(p, &waiting->message);
}

static int parse_sealed(Parser *p, char *text) {
        Digests *digests = p->digests;
        DigestMessage *message = &digests->sealed[digests->n_sealed];
        uint64_t id, uid, last_of;
        EventKind kind;

        if (digests->n_sealed == DIGEST_SEALED_MAX || !take_number(&text, UINT64_MAX, &id) ||
            !take_number(&text, UINT32_MAX, &uid) || take_kind(&text, &kind) < 0 || id >= digests->next ||
            (digests->n_sealed > 0 && id <= message[-1].id))
                return -EBADMSG;
        digest_message_init(message, (uid_t) uid, kind);
        message->id = id;
        digests->n_sealed++;
        p->reader = NULL;
        if (!take_counts(&text, message) || !take_number(&text, UINT_MAX, &last_of) || text)
                return -EBADMSG;
        message->last_of = (unsigned) last_of;
        return begin_message(p, message);
}

static int parse_reader(Parser *p, char *text) {
        Digests *digests = p->digests;
        uint64_t uid, day, sent;
        DigestReader *reader;
        int r = begin_message(p, NULL);

        if (r < 0 || digests->n_sealed > 0 || !take_number(&text, UINT32_MAX, &uid) ||
            !take_number(&text, UINT64_MAX, &day) || !take_number(&text, UINT_MAX, &sent) || text)
                return -EBADMSG;
        reader = digests_find_reader(digests, (uid_t) uid);
        if (!reader && digests->n_users < DIGEST_READERS_MAX)
                reader = digests_new_user(digests, (uid_t) uid);
        else if (!reader || reader->day != 0 || digest_reader_waits(reader))
                return -EBADMSG;
        if (!reader)
                return -ENOMEM;
        reader->day = day;
        reader->sent = (unsigned) sent;
        p->reader = reader;
        return 0;
}

/* ---- the whole ---- */

static int parse_taken(Parser *p, char *text) {
        Digests *digests = p->digests;
        const char *boot;
        uint64_t half;

        if (*digests->boot || !take_word(&text, &boot) || strlen(boot) != DIGEST_BOOT_LENGTH ||
            !parse_hex(boot, 16, &half) || !parse_hex(boot + 16, 16, &half) ||
            !take_number(&text, UINT64_MAX, &digests->taken) || text)
                return -EBADMSG;
        snprintf(digests->boot, sizeof digests->boot, "%s", boot);
        return 0;
}

static int parse_header(Parser *p) {
        const char *line = take_line(&p->rest);
        char *number;

        if (!line || strcmp(line, FIRST_LINE) != 0 || !(line = take_line(&p->rest)) || strlen(line) != 25 ||
            strncmp(line, "instance ", 9) != 0 || !parse_hex(line + 9, 16, &p->digests->instance) ||
            !(line = number = take_line(&p->rest)) || strncmp(line, "next ", 5) != 0)
                return -EBADMSG;
        number += 5;
        /* So that it cannot come to its end. */
        return take_number(&number, UINT64_MAX / 2, &p->digests->next) && !number && p->digests->next > 0
                       ? 0
                       : -EBADMSG;
}

static int parse_line(Parser *p, char *rest) {
        const char *word = strsep(&rest, " ");

        if (strcmp(word, "kill") == 0)
                return parse_event(p, EVENT_OUT_OF_MEMORY, rest);
        if (strcmp(word, "warning") == 0)
                return parse_event(p, EVENT_MEMORY_WARNING, rest);
        if (strcmp(word, "user") == 0)
                return parse_user(p, rest);
        if (strcmp(word, "victim") == 0)
                return parse_victim(p, rest);
        if (strcmp(word, "process") == 0)
                return parse_process(p, rest);
        if (strcmp(word, "incomplete") == 0)
                return parse_incomplete(p, rest);
        if (strcmp(word, "reader") == 0)
                return parse_reader(p, rest);
        if (strcmp(word, "waiting") == 0)
                return parse_waiting(p, rest);
        if (strcmp(word, "sealed") == 0)
                return parse_sealed(p, rest);
        return strcmp(word, "taken") == 0 ? parse_taken(p, rest) : -EBADMSG;
}

static int parse_all(Parser *p) {
        int r = parse_header(p);

        while (r >= 0) {
                char *line = take_line(&p->rest);

                if (!line)
                        return -EBADMSG;
                if (strcmp(line, "end") == 0)
                        return *p->rest ? -EBADMSG : begin_message(p, NULL);
                r = parse_line(p, line);
        }
        return r;
}

int digests_parse(const char *text, size_t length, Digests **ret) {
        _cleanup_(digests_freep) Digests *digests = NULL;
        _cleanup_free_ char *copy = NULL;
        int r;

        if (length > DIGESTS_SIZE_MAX || memchr(text, '\0', length))
                return -EBADMSG;
        copy = strndup(text, length);
        r = copy ? digests_new(0, &digests) : -ENOMEM;
        if (r >= 0)
                r = parse_all(&(Parser){ .digests = digests, .rest = copy });
        if (r < 0)
                return r;
        *ret = TAKE_PTR(digests);
        return 0;
}
