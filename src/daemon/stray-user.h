/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/queue.h>
#include <systemd/sd-bus.h>

#include "watch/strays.h"

/* A user who had strays lately: what was said of them, and when systemd is to be asked again to have them
 * moved. */

#define STRAY_PLACES_MAX   8
#define STRAY_ASK_MIN_USEC (5 * USEC_PER_SEC)
#define STRAY_ASK_MAX_USEC (600 * USEC_PER_SEC)
#define STRAY_FORGET_USEC  (3600 * USEC_PER_SEC)

typedef struct StrayUser {
        LIST_ENTRY(StrayUser) entry;
        uid_t uid;
        usec_t forget_at;

        char *place[STRAY_PLACES_MAX]; /* said; the last ones */
        size_t next_place;

        bool asked;
        usec_t asked_at, delay; /* how long after that it is asked again for the same processes */
        uint64_t newest;        /* the last to begin of those that were there then */
        sd_bus_slot *call;      /* under way */
} StrayUser;

/* NULL if there is no memory. */
StrayUser *stray_user_new(uid_t uid);
StrayUser *stray_user_free(StrayUser *u);

/* Whether it is news that the user has strays in this group. It is none from then on, until STRAY_PLACES_MAX
 * others were. */
bool stray_user_is_news(StrayUser *u, const char *group);

/* Whether to ask now for these processes (at least one), and if so, that is written down. For new ones every
 * STRAY_ASK_MIN_USEC; for those that were asked for and are still there less and less often, since systemd
 * or the configuration on the disk says no. */
bool stray_user_ask(StrayUser *u, const Stray *stray, size_t n, usec_t now);
