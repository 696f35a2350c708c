/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/time-util.h"
#include "model/event.h"

/* What is to be told by mail, to whom, and when. Pure: times are given, and are CLOCK_REALTIME, since what
 * waits may wait over a reboot; one that lies further ahead than a rule allows, because the clock was set
 * back, counts as now.
 *
 * Each event goes to two readers: the slice's user, and the administrators. For each reader (there is one of
 * the administrators, and one for each user) events are collected until the rules say that it is time; then
 * they are sealed: they become one message, with an id that no other message ever has, and nothing is added
 * to it any more. A sealed message stays until digests_forget(). So, whoever saves after each change
 * (digests_format()), and hands out a sealed message only when it was saved, has each kill in exactly one
 * message of each reader, whenever it dies.
 *
 * The rules:
 *  - From the first event on, it is waited for coalesce_usec for more.
 *  - A reader gets at most per_day messages in 24 hours, counted from the first one. The last of them is
 * sealed when the 24 hours are over, and has all that has come since the one before. With a per_day of 1
 * each is the first one and the last one: the next is sealed 24 hours later.
 *  - Kills and warnings are different messages, and count alike. What warns of what has happened since is of
 * no use: when a kill of the same slice comes, its warnings that wait are dropped. On the last message of a
 * day no warning is spent: they are dropped while it waits, and always if per_day is 1.
 *  - An event of no user's slice is for the administrators alone. What is neither a warning nor has kills is
 * for nobody.
 *
 * Events about one slice are merged into one (digest_merge()); of more than DIGEST_SLICES_MAX slices in one
 * message the rest is counted.
 *
 * What is held is bounded. Of more than DIGEST_READERS_MAX users those are forgotten first for whom nothing
 * waits, who may get more than per_day messages then. If something waits for all of them, what happens to
 * one more is told to the administrators alone, and not taken (-ENOSPC) if these get no mail; a warning is
 * dropped. While DIGEST_SEALED_MAX messages are sealed and not forgotten, no more are sealed, and what waits
 * goes on collecting. */

#define DIGEST_SLICES_MAX  32U
#define DIGEST_READERS_MAX 1024U
#define DIGEST_SEALED_MAX  256U

/* More than what digests_format() ever writes. */
#define DIGESTS_SIZE_MAX (UINT32_C(64) << 20)

typedef enum Reader {
        READER_USER,
        READER_ADMIN,
} Reader;

typedef struct DigestRules {
        usec_t coalesce_usec; /* CoalesceSec= */
        unsigned per_day;     /* MessagesPerDay=; at least 1 */
        bool users, admin;    /* who is to get mail; what waits for somebody else is forgotten */
} DigestRules;

typedef struct DigestMessage {
        uint64_t id;
        Reader reader;
        uid_t uid;         /* whom it is for; UID_INVALID: the administrators */
        EventKind kind;    /* EVENT_OUT_OF_MEMORY or EVENT_MEMORY_WARNING */
        usec_t first;      /* the times of the first event and of the last one */
        usec_t last;       /* at least `first` */
        uint64_t kills;    /* in all of them */
        Event *events;     /* one a slice, in the order in which they came; owned */
        char **user_names; /* of these; NULL: not known; owned */
        size_t n_events;   /* 1 - DIGEST_SLICES_MAX */
        uint64_t more;     /* events about further slices: their kills are in `kills` */
        unsigned last_of;  /* the last of so many messages in 24 hours, which sums up; 0: it is none */
} DigestMessage;

typedef struct Digests Digests;

/* Nothing waits. `instance` is a random number: what ids are told by from those of a file that was lost. */
int digests_new(uint64_t instance, Digests **ret);
Digests *digests_free(Digests *digests);
DEFINE_CLEANUP(Digests *, digests_free)

/* To be called before the first event. */
void digests_set_rules(Digests *digests, const DigestRules *rules);

/* Collects the event; a copy is kept, with Event.time as its time. 1; 0 if it is for nobody; -ENOMEM, or
 * -ENOSPC (see above), and it was not taken. Of `oom` the id and `boot` (32 hexadecimal digits) say whether
 * it was taken before: then 0 too. So ids have to come in their order, and one that was not taken has to be
 * tried again before any later one comes, or it counts as taken. */
int digests_add(Digests *digests, const Event *event, const char *user_name, const char *boot, usec_t now);

/* The newest id of this boot that was taken; 0: none. */
uint64_t digests_taken(const Digests *digests, const char *boot);

/* When digests_seal() has something to do, may be long ago; USEC_INFINITY: never, unless an event comes or a
 * message is forgotten. */
usec_t digests_due(const Digests *digests);

/* Seals what is due, and says how many messages that made. It is well to call it when nothing
 * is due, and to be done when the clock was set: only so it is seen that it was set back. */
int digests_seal(Digests *digests, usec_t now);

/* The sealed messages, in the order of their ids. NULL from the end on. Good until the next call that
 * changes something. */
const DigestMessage *digests_sealed(const Digests *digests, size_t index);

/* It was put into the spool, or will never be. It is well to say it of an id that is not there. */
void digests_forget(Digests *digests, uint64_t id);

/* Changes each time that what digests_format() writes does. */
uint64_t digests_generation(const Digests *digests);

/* As a text of lines, and back. digests_parse() returns -EBADMSG for what is not wholly of this form; the
 * file is ours alone, but what it says of processes was said by users. */
int digests_format(const Digests *digests, char **ret, size_t *ret_length);
int digests_parse(const char *text, size_t length, Digests **ret);

/* "u1000-INSTANCE-ID", "admin-INSTANCE-ID": of letters, digits and '-', for the message's name. */
#define DIGEST_NAME_MAX 56
const char *digest_name(const Digests *digests, const DigestMessage *message,
                        char buffer[static DIGEST_NAME_MAX]);

/* Merges what happened later in the same slice into the event, both of the same kind: the time stays, kills
 * and hits are added up, and the victims follow each other as far as there is room. Of sizes and processes
 * the latest that are known count, and of warnings the highest. Of the causes that counts which the user can
 * do most about: the slice's own limit, one inside of it, one above, the host. */
void digest_merge(Event *event, const Event *later);
