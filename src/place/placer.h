/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cgroup/process.h"
#include "place/groups.h"

/* Puts each process of a managed user into user.slice/user-UID.slice, by its real UID, where there is no
 * systemd that would. Takes it wherever it is, and back when its UID changes to one that is not managed.
 * Never touches threads of the kernel, nor containers: what is in a PID namespace of its own.
 *
 * Nobody may get out of their slice, or have more than one, by namespaces of their own: in a user namespace
 * that a managed user has made, everything is that user's, whatever its UID and PID namespace; in one that
 * anybody else has made, nothing is touched. And a UID that may be a subordinate one, since it has no name
 * and is as high as these are, gets no process out of another's slice: a user with subordinate UIDs has many
 * thousands of them, also outside of namespaces, by way of files with the set-user-ID bit.
 *
 * A process that is refused stays where it was, in all hierarchies. That a process goes away
 * meanwhile is normal and not told. */
typedef struct Placer Placer;

typedef enum PlacerRefusal {
        PLACER_REFUSED_REALTIME, /* by the cpu controller, without a real-time budget for the group */
        PLACER_REFUSED_UNSEEN,   /* not by the kernel: its group is not below what is mounted; -EXDEV */
        PLACER_REFUSED_OTHER,
        PLACER_REFUSED_NAMELESS, /* not by the kernel: PLACER_NAMELESS_SLICES; no hierarchy, -EUSERS */
        _PLACER_REFUSED_COUNT,
} PlacerRefusal;

typedef struct PlacerHandlers {
        /* Whether the user's processes are to be in a slice: its UID is not below MinUID= and not exempt. */
        bool (*is_managed)(uid_t uid, void *userdata);
        /* Whether the UID, which is managed, has a name. NULL: all have. */
        bool (*has_name)(uid_t uid, void *userdata);
        /* What was used of the CPUs in the slice until now, or in all of user.slice (NULL), in µs; a
         * negative errno if that is not known. Who ends has run before: a slice that had processes and in
         * which nobody has run since is not looked at again. May be NULL. */
        int (*read_use)(const char *slice, uint64_t *ret, void *userdata);
        /* The slice is empty and about to be removed: last chance to read its counters. May be NULL. */
        void (*before_remove)(const char *slice, void *userdata);
        /* A process was refused by the hierarchy; called once for each kind, with the first. */
        void (*refused)(PlacerRefusal kind, const Process *process, const char *hierarchy, int error,
                        void *userdata);
        /* Something of the tree or the record could not be done; called once until it works again. */
        void (*failed)(const PlaceFailure *failure, int error, void *userdata);
        void *userdata;
} PlacerHandlers;

/* SUB_UID_MIN of login.defs(5), where useradd(8) begins with subordinate UIDs. */
#define PLACER_SUBORDINATE_MIN ((uid_t) 100000)

/* Where there are so many slices already, UIDs that may be subordinate get none. */
#define PLACER_NAMELESS_SLICES 1024

/* Reads what a predecessor has left, and changes nothing yet. The tree and the runtime directory stay the
 * caller's and must outlive the placer; of `proc_fd`, an open "/proc", too. */
int placer_new(const CgroupTree *tree, int proc_fd, int runtime_fd, const PlacerHandlers *handlers,
               Placer **ret, unsigned *ret_skipped);

/* Frees it and nothing else: groups and processes stay as they are. */
Placer *placer_free(Placer *placer);
DEFINE_CLEANUP(Placer *, placer_free)

/* Makes user.slice, turns on controllers, and puts all processes where they belong. `events`: changes of
 * UIDs will be told to placer_look(), so that looking through all processes is but a safety net. Fails,
 * after `failed`, if there can be no groups. */
int placer_start(Placer *placer, bool events, usec_t now);

/* This process may have to be moved. */
void placer_look(Placer *placer, pid_t pid, usec_t now);

/* Events were lost, or who is managed has changed: everything is looked at anew by the next run that may. */
void placer_lost(Placer *placer);
void placer_rescan(Placer *placer);

/* Does what is due: looks for processes, removes slices that are empty. Returns when to be called again, at
 * the latest; calls of the above may bring that forward, so ask placer_due() after them. */
usec_t placer_run(Placer *placer, usec_t now);
usec_t placer_due(const Placer *placer);

/* Puts all processes back to where they came from, removes the groups and turns off the controllers; also
 * what a predecessor has left. 0, or a negative errno after which it may be tried again, and *ret_failure.
 * Nothing but placer_release() and placer_free() may be called then. */
int placer_release(Placer *placer, PlaceFailure *ret_failure);

/* Whether there is anything to release. */
bool placer_is_clean(const Placer *placer);
