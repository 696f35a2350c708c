/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>

#include "basic/worker.h"
#include "daemon/address-command.h"
#include "daemon/mail-child.h"
#include "daemon/manager-private.h"
#include "report/address-map.h"
#include "report/digest.h"
#include "report/template-files.h"
#include "spool/spool.h"

/* What becomes mail, on its way from an event into the spool:
 *
 *   mail.c          which of it is done when; whether there is any, by the configuration
 *   mail-save.c     what waits is in a file; when it is there, the watch for kills may forget it
 *   mail-address.c  whom a message goes to
 *   mail-compose.c  a message is written
 *   mail-put.c      ... and goes into the spool
 *
 * Each step lasts before the next begins (see spool.h and digest.h): so whenever the service is killed, the
 * next one finds what to go on with. All is driven by mail_step(), which does what can be done now, however
 * often it is called. Pauses end at a glance. */

/* So many messages are on their way at once; the others wait in the file. */
#define MAIL_UNDER_WAY_MAX 16U

/* So many commands are asked for addresses at once. */
#define MAIL_COMMANDS_MAX 4U

/* A pause after a failure: the first, and the longest. */
#define MAIL_PAUSE_MIN_USEC USEC_PER_SEC
#define MAIL_PAUSE_MAX_USEC (60 * USEC_PER_SEC)

/* Who puts something else into the spool has it for a moment; after so many tries it is said that it is
 * held.
 */
#define MAIL_BUSY_MAX 30U

/* Somebody whose address could not be had is looked for again after so long. */
#define MAIL_ADDRESS_PAUSE_USEC (300 * USEC_PER_SEC)

/* One that was sealed, and saved like that. */
typedef struct MailDelivery {
        MailJob *job;
        uint64_t id;             /* of the DigestMessage; 0: nothing is here */
        uid_t uid;               /* whom it is for; UID_INVALID: the administrators */
        AddressCommand *command; /* is being asked */
        usec_t command_until;
        char to[MAIL_ADDRESS_MAX + 1]; /* "": not known yet */
        SpoolName name;
        char *text;   /* is to be put */
        bool putting; /* the worker has a copy */
} MailDelivery;

/* The map of addresses, while it is being read. */
typedef struct MapRead MapRead;

/* A user whose address could not be had. */
typedef struct MailPause {
        uid_t uid;
        usec_t until; /* CLOCK_MONOTONIC */
} MailPause;

struct MailJob {
        Manager *manager;
        Worker *worker;
        sd_event_source *step;
        char boot[SD_ID128_STRING_MAX];
        bool on;          /* somebody is to be told, and things are not only looked at */
        bool closing;     /* nothing new is begun */
        MailChild *child; /* NULL with systemd, and in a dry run */

        char host[HOST_NAME_MAX + 1];
        char from[MAIL_ADDRESS_MAX + 1]; /* "": there is none, and messages wait */
        const char *domain;              /* of Message-ID:, within one of these two */
        unsigned templates_said;         /* what is wrong with them: a bit each of template_names */

        Digests *digests; /* NULL: mail was off since the start */
        uint64_t handed;  /* the newest of the watch's events that came here */
        uint64_t acknowledged;
        uint64_t saved;    /* the generation that is in the file */
        uint64_t saved_id; /* the newest message that is sealed there */
        bool saving, save_failed;
        usec_t save_after, save_pause; /* CLOCK_MONOTONIC */

        AddressMap *map;
        struct timespec map_changed;
        ino_t map_inode;
        MapRead *map_read; /* under way, the worker's; NULL: none */
        int map_error;     /* of the last that was read; 0: none */
        usec_t map_after;  /* CLOCK_MONOTONIC: then it is tried again */
        bool map_failed;   /* said */
        MailPause *pause;
        size_t n_pauses;

        MailDelivery delivery[MAIL_UNDER_WAY_MAX];
        bool compose_failed, putting, put_failed, put_full;
        unsigned put_busy;             /* so many times in a row somebody else had the spool */
        usec_t begin_after, put_after; /* CLOCK_MONOTONIC */
};

/* mail.c */
static inline const MailConfig *mail_config(const MailJob *job) {
        return config_mail(job->manager->config);
}
void mail_schedule(MailJob *job);                /* mail_step() follows, from the loop */
void mail_forget(MailJob *job, uint64_t id);     /* it was put, or never will be */
void mail_delivery_done(MailDelivery *delivery); /* there is nothing in it any more */
const DigestMessage *mail_find(const MailJob *job, uint64_t id);

/* mail-save.c */
int mail_load(MailJob *job);       /* once, before anything else. 0 or -ENOMEM */
void mail_save(MailJob *job);      /* if there is something new, and it is time */
void mail_save_last(MailJob *job); /* before the worker ends */
void mail_acknowledge(MailJob *job, uint64_t id);

/* mail-address.c */
/* Finds out whom the message is for. 1: `to` is filled in; 0: it will be, and mail_step() follows;
 * -ENOENT: nobody is to get it; -EINPROGRESS: not now, and mail_step() follows; or another negative errno:
 * not now, and mail_is_paused(). */
int mail_address(MailDelivery *delivery, const DigestMessage *message);
bool mail_is_paused(const MailJob *job, uid_t uid);
void mail_forget_addresses(MailJob *job); /* the configuration may say something else now */

/* mail-compose.c */
/* Fills in name and text. 0 or a negative errno. */
int mail_compose(MailDelivery *delivery, const DigestMessage *message);
void mail_find_sender(MailJob *job); /* who mail is from; says what is wrong */

/* mail-put.c */
void mail_put(MailJob *job); /* all that was composed, if it is time */
