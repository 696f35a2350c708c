/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/stray-user.h"

#include <string.h>

StrayUser *stray_user_new(uid_t uid) {
        StrayUser *u = calloc(1, sizeof *u);

        if (u)
                u->uid = uid;
        return u;
}

StrayUser *stray_user_free(StrayUser *u) {
        if (!u)
                return NULL;
        for (size_t i = 0; i < STRAY_PLACES_MAX; i++)
                free(u->place[i]);
        sd_bus_slot_unref(u->call);
        free(u);
        return NULL;
}

bool stray_user_is_news(StrayUser *u, const char *group) {
        char *copy;

        for (size_t i = 0; i < STRAY_PLACES_MAX; i++)
                if (u->place[i] && strcmp(u->place[i], group) == 0)
                        return false;
        copy = strdup(group);
        if (!copy)
                return false; /* rather than saying it again and again */
        free(u->place[u->next_place]);
        u->place[u->next_place] = copy;
        u->next_place = (u->next_place + 1) % STRAY_PLACES_MAX;
        return true;
}

bool stray_user_ask(StrayUser *u, const Stray *stray, size_t n, usec_t now) {
        uint64_t newest = 0;
        bool fresh;

        for (size_t i = 0; i < n; i++)
                newest = MAX(newest, stray[i].process.start);
        fresh = !u->asked || newest > u->newest;
        if (u->call || (u->asked && now < u->asked_at + (fresh ? STRAY_ASK_MIN_USEC : u->delay)))
                return false;
        u->delay = fresh ? STRAY_ASK_MIN_USEC : MIN(2 * u->delay, STRAY_ASK_MAX_USEC);
        u->asked = true;
        u->asked_at = now;
        u->newest = newest;
        return true;
}
