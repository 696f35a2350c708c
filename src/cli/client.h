/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/bus-peer.h"
#include "cli/verb.h"
#include "model/names.h"

/* The connection to the service: over the system bus; if there is none, or the service is not on it and
 * cannot be started by it, over the private socket; with --host= over the other host's bus alone. Every
 * Status other than STATUS_OK that a function here returns was told on standard error, with what to do. */

/* What a call is for, for the message if it fails. */
typedef struct Purpose {
        const char *what; /* "set limits": what follows "Cannot" */
        const char *who;  /* the user that it is about, as it is to be shown, or NULL */
        bool may_be_none; /* that there is no such slice is STATUS_NO_SUCH, and not said */
} Purpose;

/* Connects; does nothing if that was done. */
Status client_connect(Cli *cli);
void client_disconnect(Cli *cli);
/* Connects once more, the same way as it was connected before and without a word. Negative errno. */
int client_reconnect(Cli *cli);

/* From now on polkit may ask for a password, for which an agent is started, unless --no-ask-password. To be
 * called before what only an administrator may. Connects. */
Status client_authorize(Cli *cli);

/* A call to the service, connecting if need be; arguments can be appended. It is to be unreferenced also on
 * failure. */
Status client_new_call(Cli *cli, const char *path, const char *interface, const char *member,
                       sd_bus_message **ret);
/* Sends it and waits. `ret` may be NULL; else it is the answer. */
Status client_send(Cli *cli, const Purpose *purpose, sd_bus_message *call, sd_bus_message **ret);

/* Both for a method of the Manager, with the arguments that `types` names (NULL: none). */
Status client_call(Cli *cli, const Purpose *purpose, const char *member, sd_bus_message **ret,
                   const char *types, ...);

/* All properties of one interface of the object: the answer's only argument is an a{sv}. */
Status client_get_all(Cli *cli, const Purpose *purpose, const char *path, const char *interface,
                      sd_bus_message **ret);

/* Says what the error means for the person who called, and returns how to end. */
Status client_failed(const Cli *cli, const Purpose *purpose, const sd_bus_error *error);

/* What the error says, escaped, and without the full stop that the sentence around it has. NULL if there is
 * no memory. */
char *client_error_text(const Cli *cli, const sd_bus_error *error);

/* Says that the answer is not of the documented form: the service is of another version. -ENOMEM is what it
 * always is. */
Status client_bad_answer(const Purpose *purpose, int error);
