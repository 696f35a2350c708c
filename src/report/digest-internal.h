/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "report/digest.h"

/* What the files of digest.h share. */

#define DIGEST_BOOT_LENGTH 32U

/* A user's name that is longer is none. */
#define DIGEST_USER_NAME_MAX 255U

typedef enum DigestKind {
        DIGEST_KILLS,
        DIGEST_WARNINGS,
        _DIGEST_KIND_COUNT,
} DigestKind;

typedef struct DigestWaiting {
        usec_t since;          /* when the first event was collected */
        DigestMessage message; /* without an id; of no events: nothing waits */
} DigestWaiting;

typedef struct DigestReader {
        uid_t uid;     /* UID_INVALID: the administrators */
        usec_t day;    /* when the first message of 24 hours was sealed; 0: none was */
        unsigned sent; /* how many were since */
        DigestWaiting waiting[_DIGEST_KIND_COUNT];
} DigestReader;

struct Digests {
        uint64_t instance;
        uint64_t next;                     /* the id of the next message */
        char boot[DIGEST_BOOT_LENGTH + 1]; /* of `taken`; "": none */
        uint64_t taken;
        uint64_t generation;
        DigestRules rules;
        DigestReader admin;
        DigestReader *users; /* in no order */
        size_t n_users;
        DigestMessage sealed[DIGEST_SEALED_MAX]; /* in the order of their ids */
        size_t n_sealed;
};

/* Whether anything was collected for it. */
bool digest_reader_waits(const DigestReader *reader);

/* UID_INVALID: that of the administrators; NULL: there is none. */
DigestReader *digests_find_reader(Digests *digests, uid_t uid);

/* A new, empty one of a user, good until the next call; NULL: no memory. To be asked for only if there is
 * room. */
DigestReader *digests_new_user(Digests *digests, uid_t uid);

/* Of no events. */
void digest_message_init(DigestMessage *message, uid_t uid, EventKind kind);

/* Makes room for an event of this slice, so that digest_message_add() cannot fail. 0 or -ENOMEM. */
int digest_message_reserve(DigestMessage *message, const char *slice);

/* Adds it, or merges it with the one of its slice. Takes *name, which may be NULL, and leaves NULL, or what
 * is not needed. */
void digest_message_add(DigestMessage *message, const Event *event, char **name);

/* The index of the slice's event; n_events if there is none. */
size_t digest_message_find(const DigestMessage *message, const char *slice);

/* Removes the event. */
void digest_message_drop(DigestMessage *message, size_t index);

/* Frees the events. For whom and of which kind it is stays. */
void digest_message_clear(DigestMessage *message);
