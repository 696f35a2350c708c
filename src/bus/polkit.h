/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>
#include <systemd/sd-bus.h>

#include "basic/macro.h"
#include "basic/time-util.h"

/* Asks polkit whether the sender of a message may do something; never waits. */
typedef struct Polkit Polkit;

/* Questions that are open at once, of all callers and of one UID. With one more the answer is -EBUSY. */
#define POLKIT_PENDING_MAX         64U
#define POLKIT_PENDING_PER_UID_MAX 8U

/* Somebody may have to type a password: then polkit has this long, else the other. */
#define POLKIT_INTERACTIVE_USEC (120 * USEC_PER_SEC)
#define POLKIT_TIMEOUT_USEC     (5 * USEC_PER_SEC)

/* `allowed` is 1, 0 (polkit says no, or would have to ask somebody and may not), or a negative errno:
 * polkit is not there, does not answer in time, or says something else than an answer. Not called if the
 * caller has left the bus before, nor after polkit_free(). `m` is the message that was asked about; it
 * may be answered. */
typedef void (*PolkitHandler)(sd_bus_message *m, int allowed, void *userdata);

/* The bus is the one on which the messages come and on which polkit is. */
int polkit_new(sd_bus *bus, Polkit **ret);
/* Open questions are forgotten, and polkit is told to. The bus may be dead. Not to be called by a
 * handler. */
Polkit *polkit_free(Polkit *polkit);
DEFINE_CLEANUP(Polkit *, polkit_free)

/* Asks about the sender of `m`, whose UID is `uid`. Whether somebody may be asked for a password is what the
 * message's header says. `details` are pairs of strings for rules and for the question, ended by NULL; NULL:
 * none. Polkit takes them from root and from the owner of the action alone
 * (org.freedesktop.policykit.owner in the action's description), and refuses whoever else gives some.
 *
 * With `remember`, which is for reading, the answer to the same question (sender, action, details) counts
 * for ANSWERS_USEC (answers.h), as long as the caller stays and polkit does not send Changed: who shows
 * figures each second does not keep polkit busy. A no does not keep
 * whoever may be asked for a password from being asked.
 *
 * `userdata` must stay until `done`, if any, is called with it, once it is not needed any more: after the
 * handler, when the caller has gone, when the polkit is freed.
 *
 * Returns 0 if the handler was or will be called; or a negative errno, -EBUSY, and neither it nor `done`
 * will be. */
int polkit_ask(Polkit *polkit, sd_bus_message *m, uid_t uid, const char *action, const char *const *details,
               bool remember, PolkitHandler handler, void (*done)(void *userdata), void *userdata);
