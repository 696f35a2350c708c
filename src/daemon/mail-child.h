/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "basic/macro.h"
#include "basic/time-util.h"

/* Without systemd nobody but us starts fairslice-mail: whenever there is something in the spool's new/, and
 * none runs. */
typedef struct MailChild MailChild;

typedef struct MailChildArgs {
        sd_event *event;         /* a reference is taken; SIGCHLD has to be blocked */
        const char *program;     /* an absolute path; this and all below must stay */
        const char *spool_path;  /* as the next, NULL: the program's own */
        const char *config_file; /* --config= */
} MailChildArgs;

/* After a failure it is waited for so long, and twice as long after each further one. */
#define MAIL_CHILD_PAUSE_MIN_USEC USEC_PER_SEC
#define MAIL_CHILD_PAUSE_MAX_USEC (300 * USEC_PER_SEC)

/* Starts nothing yet. 0 or -ENOMEM. */
int mail_child_new(const MailChildArgs *args, MailChild **ret);

/* SIGTERM to what runs, which then may take some seconds to end. */
MailChild *mail_child_free(MailChild *child);
DEFINE_CLEANUP(MailChild *, mail_child_free)

/* Whether mail is to be sent at all. If not, what runs gets SIGTERM. Not at first. */
void mail_child_set_wanted(MailChild *child, bool wanted);

/* Starts the program if it is time; to be called now and then. CLOCK_MONOTONIC. */
void mail_child_look(MailChild *child, usec_t now);
