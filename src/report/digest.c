/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "report/digest.h"

#include <inttypes.h>
#include <string.h>

#include "report/digest-internal.h"

#define DAY_USEC (24 * 3600 * USEC_PER_SEC)

/* ---- readers ---- */

static void init_reader(DigestReader *reader, uid_t uid) {
        *reader = (DigestReader){ .uid = uid };
        digest_message_init(&reader->waiting[DIGEST_KILLS].message, uid, EVENT_OUT_OF_MEMORY);
        digest_message_init(&reader->waiting[DIGEST_WARNINGS].message, uid, EVENT_MEMORY_WARNING);
}

static void clear_reader(DigestReader *reader) {
        for (DigestKind kind = 0; kind < _DIGEST_KIND_COUNT; kind++)
                digest_message_clear(&reader->waiting[kind].message);
}

bool digest_reader_waits(const DigestReader *reader) {
        return reader->waiting[DIGEST_KILLS].message.n_events > 0 ||
               reader->waiting[DIGEST_WARNINGS].message.n_events > 0;
}

static bool day_is_over(const DigestReader *reader, usec_t now) {
        return reader->day == 0 || now >= reader->day + DAY_USEC;
}

static unsigned per_day(const Digests *digests) {
        return MAX(digests->rules.per_day, 1U);
}

static bool may_warn(const Digests *digests, const DigestReader *reader, usec_t now) {
        return (day_is_over(reader, now) ? 0 : reader->sent) < per_day(digests) - 1;
}

/* Whether the kills that wait are those of the last message, which waits for the end of the 24 hours. */
static bool is_last(const Digests *digests, const DigestReader *reader) {
        return !day_is_over(reader, reader->waiting[DIGEST_KILLS].since) &&
               reader->sent >= MAX(per_day(digests) - 1, 1U);
}

DigestReader *digests_find_reader(Digests *digests, uid_t uid) {
        if (uid == UID_INVALID)
                return &digests->admin;
        for (size_t i = 0; i < digests->n_users; i++)
                if (digests->users[i].uid == uid)
                        return &digests->users[i];
        return NULL;
}

static void remove_user(Digests *digests, DigestReader *user) {
        clear_reader(user);
        *user = digests->users[--digests->n_users];
}

/* Of those for whom nothing waits the one whose 24 hours began first. False: there is none. */
static bool make_room(Digests *digests) {
        DigestReader *oldest = NULL;

        for (DigestReader *user = digests->users; user < digests->users + digests->n_users; user++)
                if (!digest_reader_waits(user) && (!oldest || user->day < oldest->day))
                        oldest = user;
        if (!oldest)
                return false;
        remove_user(digests, oldest);
        digests->generation++;
        return true;
}

DigestReader *digests_new_user(Digests *digests, uid_t uid) {
        DigestReader *users = reallocarray(digests->users, digests->n_users + 1, sizeof *users);

        if (!users)
                return NULL;
        digests->users = users;
        init_reader(&users[digests->n_users], uid);
        return &users[digests->n_users++];
}

/* 1; 0: there is no more room; -ENOMEM. */
static int get_user(Digests *digests, uid_t uid, DigestReader **ret) {
        DigestReader *user = digests_find_reader(digests, uid);

        if (!user) {
                if (digests->n_users >= DIGEST_READERS_MAX && !make_room(digests))
                        return 0;
                user = digests_new_user(digests, uid);
        }
        if (!user)
                return -ENOMEM;
        *ret = user;
        return 1;
}

/* ---- the whole ---- */

int digests_new(uint64_t instance, Digests **ret) {
        Digests *digests = calloc(1, sizeof *digests);

        if (!digests)
                return -ENOMEM;
        digests->instance = instance;
        digests->next = 1;
        init_reader(&digests->admin, UID_INVALID);
        *ret = digests;
        return 0;
}

Digests *digests_free(Digests *digests) {
        if (!digests)
                return NULL;
        while (digests->n_users > 0)
                remove_user(digests, digests->users);
        clear_reader(&digests->admin);
        for (size_t i = 0; i < digests->n_sealed; i++)
                digest_message_clear(&digests->sealed[i]);
        free(digests->users);
        free(digests);
        return NULL;
}

void digests_set_rules(Digests *digests, const DigestRules *rules) {
        digests->rules = *rules;
        if (!rules->users && digests->n_users > 0) {
                while (digests->n_users > 0)
                        remove_user(digests, digests->users);
                digests->generation++;
        }
        if (!rules->admin && digest_reader_waits(&digests->admin)) {
                clear_reader(&digests->admin);
                digests->generation++;
        }
}

uint64_t digests_generation(const Digests *digests) {
        return digests->generation;
}

/* ---- events come ---- */

uint64_t digests_taken(const Digests *digests, const char *boot) {
        return strcmp(digests->boot, boot) == 0 ? digests->taken : 0;
}

static void set_taken(Digests *digests, const char *boot, uint64_t id) {
        snprintf(digests->boot, sizeof digests->boot, "%s", boot);
        digests->taken = id;
        digests->generation++;
}

/* Where an event goes, and all that is needed for it. */
typedef struct Delivery {
        DigestReader *reader; /* NULL: nowhere */
        DigestWaiting *waiting;
        char *name;
} Delivery;

static void delivery_done(Delivery *delivery) {
        free(delivery->name);
}

static int prepare(const Digests *digests, DigestReader *reader, const Event *event, const char *user_name,
                   usec_t now, Delivery *ret) {
        bool warning = event->kind == EVENT_MEMORY_WARNING;
        DigestWaiting *waiting = &reader->waiting[warning ? DIGEST_WARNINGS : DIGEST_KILLS];
        int r;

        if (warning && !may_warn(digests, reader, now))
                return 0;
        r = digest_message_reserve(&waiting->message, event->slice);
        if (r >= 0 && user_name && strlen(user_name) <= DIGEST_USER_NAME_MAX) {
                ret->name = strdup(user_name);
                r = ret->name ? 0 : -ENOMEM;
        }
        if (r < 0)
                return r;
        ret->reader = reader;
        ret->waiting = waiting;
        return 0;
}

static void drop_warnings(DigestReader *reader, const char *slice) {
        DigestMessage *warnings = &reader->waiting[DIGEST_WARNINGS].message;
        size_t i = digest_message_find(warnings, slice);

        if (i < warnings->n_events)
                digest_message_drop(warnings, i);
}

static void deliver(Digests *digests, Delivery *delivery, const Event *event, usec_t now) {
        if (event->kind == EVENT_OUT_OF_MEMORY)
                drop_warnings(delivery->reader, event->slice);
        if (delivery->waiting->message.n_events == 0)
                delivery->waiting->since = now;
        digest_message_add(&delivery->waiting->message, event, &delivery->name);
        digests->generation++;
}

static int prepare_user(Digests *digests, const Event *event, const char *user_name, usec_t now,
                        Delivery *ret) {
        DigestReader *user = NULL;
        int r;

        if (!digests->rules.users || event->uid == UID_INVALID)
                return 0;
        r = get_user(digests, event->uid, &user);
        if (r == 0)
                return event->kind == EVENT_MEMORY_WARNING || digests->rules.admin ? 0 : -ENOSPC;
        return r < 0 ? r : prepare(digests, user, event, user_name, now, ret);
}

/* To both or, if that fails, to neither. */
static int collect(Digests *digests, const Event *event, const char *user_name, usec_t now) {
        _cleanup_(delivery_done) Delivery user = {}, admin = {};
        int r = prepare_user(digests, event, user_name, now, &user);

        if (r >= 0 && digests->rules.admin)
                r = prepare(digests, &digests->admin, event, user_name, now, &admin);
        if (r < 0)
                return r;
        if (user.reader)
                deliver(digests, &user, event, now);
        if (admin.reader)
                deliver(digests, &admin, event, now);
        return user.reader || admin.reader;
}

int digests_add(Digests *digests, const Event *event, const char *user_name, const char *boot, usec_t now) {
        bool oom = event->kind == EVENT_OUT_OF_MEMORY;
        uint64_t id = oom ? event->oom.id : 0;
        int r = 0;

        if (id > 0 && id <= digests_taken(digests, boot))
                return 0;
        if (event->kind == EVENT_MEMORY_WARNING || (oom && event->oom.kills > 0))
                r = collect(digests, event, user_name, now);
        if (r >= 0 && id > 0)
                set_taken(digests, boot, id);
        return r;
}

/* ---- messages are sealed ---- */

/* USEC_INFINITY: nothing waits. */
static usec_t due(const Digests *digests, const DigestReader *reader, DigestKind kind) {
        const DigestWaiting *waiting = &reader->waiting[kind];
        usec_t time = waiting->since + digests->rules.coalesce_usec;

        if (waiting->message.n_events == 0)
                return USEC_INFINITY;
        return kind == DIGEST_KILLS && is_last(digests, reader) ? MAX(time, reader->day + DAY_USEC) : time;
}

static usec_t reader_due(const Digests *digests, const DigestReader *reader) {
        return MIN(due(digests, reader, DIGEST_KILLS), due(digests, reader, DIGEST_WARNINGS));
}

usec_t digests_due(const Digests *digests) {
        usec_t time = reader_due(digests, &digests->admin);

        if (digests->n_sealed == DIGEST_SEALED_MAX)
                return USEC_INFINITY;
        for (size_t i = 0; i < digests->n_users; i++)
                time = MIN(time, reader_due(digests, &digests->users[i]));
        return time;
}

static void count_message(const Digests *digests, DigestReader *reader, bool last, usec_t now) {
        if (last && per_day(digests) > 1) {
                reader->day = 0;
                reader->sent = 0;
                return;
        }
        if (last || day_is_over(reader, now)) {
                reader->day = now;
                reader->sent = 0;
        }
        reader->sent++;
}

static bool seal_one(Digests *digests, DigestReader *reader, DigestKind kind, usec_t now) {
        DigestMessage *waiting = &reader->waiting[kind].message, *message;
        bool last = kind == DIGEST_KILLS && is_last(digests, reader);

        if (now < due(digests, reader, kind) || waiting->n_events == 0 ||
            digests->n_sealed == DIGEST_SEALED_MAX)
                return false;
        message = &digests->sealed[digests->n_sealed++];
        *message = *waiting;
        message->id = digests->next++;
        message->last_of = last ? per_day(digests) : 0;
        digest_message_init(waiting, message->uid, message->kind);
        count_message(digests, reader, last, now);
        digests->generation++;
        return true;
}

/* What lies ahead was written down before the clock was set back. */
static void notice_clock(Digests *digests, DigestReader *reader, usec_t now) {
        if (reader->day > now) {
                reader->day = now;
                digests->generation++;
        }
        for (DigestKind kind = 0; kind < _DIGEST_KIND_COUNT; kind++)
                if (reader->waiting[kind].message.n_events > 0 && reader->waiting[kind].since > now) {
                        reader->waiting[kind].since = now;
                        digests->generation++;
                }
}

static int seal_reader(Digests *digests, DigestReader *reader, usec_t now) {
        DigestMessage *warnings = &reader->waiting[DIGEST_WARNINGS].message;
        int n;

        notice_clock(digests, reader, now);
        n = seal_one(digests, reader, DIGEST_KILLS, now);
        if (warnings->n_events > 0 && !may_warn(digests, reader, now)) {
                digest_message_clear(warnings);
                digests->generation++;
        }
        return n + seal_one(digests, reader, DIGEST_WARNINGS, now);
}

int digests_seal(Digests *digests, usec_t now) {
        int n = seal_reader(digests, &digests->admin, now);

        for (size_t i = digests->n_users; i-- > 0;) {
                DigestReader *user = &digests->users[i];

                n += seal_reader(digests, user, now);
                if (!digest_reader_waits(user) && day_is_over(user, now)) {
                        remove_user(digests, user);
                        digests->generation++;
                }
        }
        return n;
}

const DigestMessage *digests_sealed(const Digests *digests, size_t index) {
        return index < digests->n_sealed ? &digests->sealed[index] : NULL;
}

void digests_forget(Digests *digests, uint64_t id) {
        size_t i = 0;

        while (i < digests->n_sealed && digests->sealed[i].id != id)
                i++;
        if (i == digests->n_sealed)
                return;
        digest_message_clear(&digests->sealed[i]);
        digests->n_sealed--;
        memmove(digests->sealed + i, digests->sealed + i + 1,
                (digests->n_sealed - i) * sizeof *digests->sealed);
        digests->generation++;
}

const char *digest_name(const Digests *digests, const DigestMessage *message,
                        char buffer[static DIGEST_NAME_MAX]) {
        char whom[16] = "admin";

        if (message->uid != UID_INVALID)
                snprintf(whom, sizeof whom, "u%u", (unsigned) message->uid);
        snprintf(buffer, DIGEST_NAME_MAX, "%s-%016" PRIx64 "-%" PRIu64, whom, digests->instance,
                 message->id);
        return buffer;
}
