/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>
#include <systemd/sd-bus.h>

#include "basic/macro.h"

/* The users that logind knows: those there are when a bus is attached, and those who come and go. logind
 * tells of a user before their slice's cgroup exists, which is the time to set limits. */
typedef struct LogindWatch LogindWatch;

typedef struct LogindHandlers {
        /* All users that there are. Who was known before and is not among them has left unseen. */
        void (*users)(const uid_t *uids, size_t n, void *userdata);
        /* Also called for users who are known already. */
        void (*user_new)(uid_t uid, void *userdata);
        void (*user_removed)(uid_t uid, void *userdata);
        /* The list of users could not be had, or not be understood. */
        void (*failed)(int error, const char *message, void *userdata);
        void *userdata;
} LogindHandlers;

int logind_watch_new(const LogindHandlers *handlers, LogindWatch **ret);
LogindWatch *logind_watch_free(LogindWatch *watch);
DEFINE_CLEANUP(LogindWatch *, logind_watch_free)

/* Takes a reference on the bus; asks for the list of users. */
int logind_watch_attach(LogindWatch *watch, sd_bus *bus);
void logind_watch_detach(LogindWatch *watch);
