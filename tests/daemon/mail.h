/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/host.h"
#include "daemon/mail-private.h"
#include "spool/spool.h"

/* A fixture host that sends mail, with users who have names; the templates say nothing but numbers. */

#define MAIL_SERVER "[Mail]\nServer=smtp://mail.example.org\nFrom=fairslice@example.org\n"
#define MAIL_ADMIN  "AdminAddress=root@example.org\n"
#define MAIL_USERS  "UserAddress=@USER@@example.org\n"
#define MAIL_ALL    MAIL_SERVER MAIL_ADMIN MAIL_USERS

#define MAIL_COALESCE (61 * USEC_PER_SEC) /* and a little more */

/* For cmocka: like host_setup(). */
int mail_setup(void **state);

/* So many more jobs of the worker are done, all others refused; -1: all are done. */
extern int mail_jobs_left;

/* How often the name service was asked who somebody is. */
extern unsigned mail_lookups;

/* Starts with users 1000, "alice", and 1001, "bob". */
void mail_start(const char *configuration);

/* So many processes of the user have been killed since the beginning. */
void mail_kill(uid_t uid, unsigned kills);

/* Everything that the worker has is done, and what follows from it. */
void mail_settle(void);

/* What is in the spool's new/, and how many of them have the text in them. */
size_t mail_count(void);
size_t mail_count_with(const char *text);

/* Removes all from it. */
void mail_clear(void);
