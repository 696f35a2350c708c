/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/macro.h"

#define UID_INVALID ((uid_t) -1)

/* Who a user is, as the name service told it. Owns its strings. */
typedef struct User {
        uid_t uid;
        unsigned gid_count;
        char *name;    /* NULL if the UID has no name */
        char **groups; /* names of all groups, primary first, ended by NULL; NULL if there are none */
        gid_t *gids; /* the numbers of all groups, also of those that have no name; NULL if there are none */
} User;

/* Frees what the user holds, not the struct itself, and leaves it empty. */
void user_done(User *user);

/* For messages: the name, or the UID in decimal, in the caller's buffer. */
const char *user_display(const User *user, char *buffer, size_t size);
