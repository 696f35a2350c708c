/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/client.h"
#include "model/slice-name.h"
#include "model/user.h"

#define USER_DISPLAY_MAX 256U

/* Whom a verb is about. */
typedef struct UserArgument {
        SliceName slice;
        uid_t uid;                      /* UID_INVALID: not the slice of one user */
        char display[USER_DISPLAY_MAX]; /* for messages: as it was given, escaped */
        bool self;                      /* none was given: who asks */
} UserArgument;

/* Understands the name of a user, a UID or the name of a slice, in this order of trial: UID, slice (what
 * ends in ".slice"), name. With --host= a name is looked for among who is logged in there, else it is the
 * name service's; nothing asks whether the user is logged in.
 *
 * NULL and "" are who asks; for root, who may be there by sudo, and over --host= whoever's slice the calling
 * process is in, if it is in one.
 *
 * For others than who asks, an administrator's password may be asked for from now on (client_authorize()).
 * Connects. */
Status user_argument(Cli *cli, const char *s, UserArgument *ret);

/* The same for what changes something, which only an administrator may. "" is nobody there: it is what a
 * variable that was never set leaves, and one's own limits would be changed. */
Status user_argument_to_change(Cli *cli, const char *s, UserArgument *ret);
