/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/known-users.h"

#include <string.h>

#include "daemon/identity.h"

static size_t position(const KnownUsers *known, uid_t uid) {
        size_t first = 0, end = known->count;

        while (first < end) {
                size_t middle = first + (end - first) / 2;

                if (known->user[middle].user.uid < uid)
                        first = middle + 1;
                else
                        end = middle;
        }
        return first;
}

static KnownUser *add(KnownUsers *known, uid_t uid) {
        size_t at;

        if (known->count == KNOWN_USERS_MAX)
                known_users_done(known);
        if (known->count == known->allocated) {
                size_t allocated = MAX(known->allocated * 2, (size_t) 32);
                KnownUser *more = reallocarray(known->user, allocated, sizeof *more);

                if (!more)
                        return NULL;
                known->user = more;
                known->allocated = allocated;
        }
        at = position(known, uid);
        memmove(known->user + at + 1, known->user + at, (known->count - at) * sizeof *known->user);
        known->count++;
        known->user[at] = (KnownUser){ .user = { .uid = uid } };
        return &known->user[at];
}

/* Who has had no name for long hardly gets one in the next minute. */
static usec_t time_to_keep(const KnownUser *u, int error) {
        if (u->nameless > 0)
                return MIN(KNOWN_USERS_AGAIN_USEC << MIN(u->nameless - 1, 10U), KNOWN_USERS_KEEP_USEC);
        return error < 0 ? KNOWN_USERS_AGAIN_USEC : KNOWN_USERS_KEEP_USEC;
}

static void ask(KnownUser *u, const Config *config, usec_t now) {
        int r = identity_refresh(&u->user);

        u->error = r == -ENOENT ? 0 : r;
        u->managed = !config_is_exempt(config, &u->user);
        u->nameless = r == -ENOENT || (r >= 0 && !u->user.name) ? u->nameless + 1 : 0;
        u->until = now + time_to_keep(u, r);
}

const KnownUser *known_users_get(KnownUsers *known, const Config *config, uid_t uid, usec_t now) {
        size_t at = position(known, uid);
        KnownUser *u =
                at < known->count && known->user[at].user.uid == uid ? &known->user[at] : add(known, uid);

        if (u && now >= u->until)
                ask(u, config, now);
        return u;
}

void known_users_expire(KnownUsers *known) {
        for (size_t i = 0; i < known->count; i++)
                known->user[i].until = known->user[i].nameless = 0;
}

void known_users_done(KnownUsers *known) {
        for (size_t i = 0; i < known->count; i++)
                user_done(&known->user[i].user);
        free(known->user);
        *known = (KnownUsers){};
}
