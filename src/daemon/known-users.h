/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/time-util.h"
#include "config/config.h"
#include "model/user.h"

/* Who is behind the UIDs of processes, for whom there need not be a slice: the name service may be slow, so
 * it is not asked for each process. All zero is empty. */
typedef struct KnownUser {
        User user;
        int error;         /* 0, or what the name service said instead of an answer */
        bool managed;      /* not exempt; groups count only as far as they are known */
        unsigned nameless; /* so often in a row the name service has said that there is no such user */
        usec_t until;      /* then the name service is asked again */
} KnownUser;

typedef struct KnownUsers {
        KnownUser *user; /* by UID */
        size_t count, allocated;
} KnownUsers;

/* After an answer, and after none or one without a name: it may be starting, or the user being made. After
 * one without a name it is asked again after twice as long each time, up to the former. */
#define KNOWN_USERS_KEEP_USEC  (3600 * USEC_PER_SEC)
#define KNOWN_USERS_AGAIN_USEC (60 * USEC_PER_SEC)

/* So many UIDs at once are not people's. Where there are more, all are forgotten and asked for anew. */
#define KNOWN_USERS_MAX 4096

/* NULL if there is no memory. What is returned stays until the next call. Where the name service gives no
 * answer, or no name, what it said before goes on to count. */
const KnownUser *known_users_get(KnownUsers *known, const Config *config, uid_t uid, usec_t now);

/* The configuration or the name service may say something else now: all are asked for anew. */
void known_users_expire(KnownUsers *known);

/* Frees what is in it, and leaves it empty. */
void known_users_done(KnownUsers *known);
