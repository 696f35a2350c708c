/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "place/move.h"
#include "place/placer.h"
#include "place/refused.h"

struct Placer {
        PlacerHandlers handlers;
        int proc_fd;
        Groups groups;
        Refused refused;
        bool told_refused[_PLACER_REFUSED_COUNT], told_failed;

        bool events;
        bool thorough; /* the next scan takes nobody's place for granted */
        usec_t scan_at, sweep_at, empties_at;
        usec_t may_scan_at, may_sweep_at; /* not earlier than this, whatever happens */
        uint64_t use; /* in user.slice, when it was looked for empty slices; UINT64_MAX: not known */

        /* Groups, in the last hierarchy, that processes were found in; those forked meanwhile are there */
        char *source[8];
        size_t n_sources;
};

/* Who is in a slice in the last hierarchy, which is to say, in all. */
typedef struct Home {
        pid_t pid;
        uid_t uid;
} Home;

/* placer.c. `home` is where the process is known to be; NULL: it is in no slice; PLACER_UNKNOWN: find out. 1
 * if it was moved. */
extern const Home *const PLACER_UNKNOWN;
int placer_consider(Placer *p, pid_t pid, const Home *home, usec_t now);
void placer_tell_failed(Placer *p, const PlaceFailure *failure, int error);

/* placer-scan.c. Each returns how many processes it has looked at, a close look counted as many, and
 * *ret_moved how many were moved. */
size_t placer_scan(Placer *p, usec_t now, size_t *ret_moved);
size_t placer_sweep(Placer *p, usec_t now, size_t *ret_moved);
void placer_remove_empties(Placer *p, usec_t now);
