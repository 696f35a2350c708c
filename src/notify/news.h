/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "basic/time-util.h"
#include "model/limits.h"
#include "model/oom-event.h"

/* What ListEvents() has for one user that they were not told yet, summed up. */

#define NEWS_NAME_MAX 63U

/* A process, by what it calls itself: printable UTF-8, cut off if it is long. */
typedef struct NewsProcess {
        char name[NEWS_NAME_MAX + 1]; /* "": not known */
        uint32_t pid;
        uint64_t rss; /* bytes; 0: not known */
} NewsProcess;

typedef struct News {
        usec_t newest; /* when the last of it happened; 0: there is none */

        /* Memory ran out: of all times together, but limit and cause of the last */
        uint64_t kills; /* 0: it did not */
        OomCause cause;
        uint64_t oom_max;   /* bytes; LIMIT_UNSET: no limit, or not known */
        NewsProcess victim; /* the first */

        /* It ran short: the last time */
        bool warned;
        uint64_t used, warning_max; /* bytes; 0: not known */
        NewsProcess largest;
} News;

/* Reads the answer to ListEvents(): what is about this user, from `since` on. What is of other types than
 * documented is left out. Returns 0, or a negative errno if it is not an answer to that at all. */
int news_read(sd_bus_message *m, uid_t uid, usec_t since, News *ret);
