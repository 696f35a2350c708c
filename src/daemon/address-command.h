/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "basic/mail-address.h"
#include "basic/time-util.h"

/* UserAddressCommand=: a program that is asked where a user's mail goes, and answers with one line. */
typedef struct AddressCommand AddressCommand;

#define ADDRESS_COMMAND_TIMEOUT_USEC (10 * USEC_PER_SEC)

/* `address` is a valid one, or "": the user is to get no mail; NULL: there was no answer, and `why` says
 * what was wrong, as in "… failed: WHY". Both are gone after the call. May free the command. */
typedef void (*AddressCommandDone)(const char *address, const char *why, void *userdata);

/* Starts `command`, an absolute path and words with blanks between them, with the user's name behind them.
 * 0; -EINVAL if the name is none to give to a program; or another negative errno. SIGCHLD has to be
 * blocked. */
int address_command_start(sd_event *event, const char *command, const char *user_name,
                          AddressCommandDone done, void *userdata, AddressCommand **ret);

/* It has taken too long: it is killed with all of its process group, and `done` follows. */
void address_command_expire(AddressCommand *command);

/* Kills it if it runs, then `done` is not called any more. */
AddressCommand *address_command_free(AddressCommand *command);
DEFINE_CLEANUP(AddressCommand *, address_command_free)
