/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "config/control.h"

/* The two directories control.d: found or made, held open, and watched. */
typedef struct ControlPlaces ControlPlaces;

typedef struct ControlPlacesArgs {
        const char *runtime_path; /* "/run/fairslice": control.d is in it */
        const char *state_path;   /* NULL: $STATE_DIRECTORY, which systemd sets, or "/var/lib/fairslice" */
        bool make;                /* what is not there; else nothing is written */
        sd_event *event;          /* NULL: not watched */

        /* Files were written or removed, a moment ago and by anybody. `removed` are the UIDs whose files
         * went; there may be more of them than are told (CONTROL_REMOVED_MAX). */
        void (*changed)(const uid_t *removed, size_t n_removed, void *userdata);
        void *userdata;
} ControlPlacesArgs;

/* Changes that come within this time are one. */
#define CONTROL_PAUSE_USEC  (50 * USEC_PER_MSEC)
#define CONTROL_REMOVED_MAX 64U

/* 0 or -ENOMEM. Directories that cannot be had are none. */
int control_places_new(const ControlPlacesArgs *args, ControlPlaces **ret);
ControlPlaces *control_places_free(ControlPlaces *places);
DEFINE_CLEANUP(ControlPlaces *, control_places_free)

/* Where the one for limits that last is in: `state_path`, or what stands for it. The struct's. */
const char *control_places_state_path(const ControlPlaces *places);

/* Looks for them again where they are not there or are others than before, so ask for each use. What is
 * returned stays the struct's, and is good until the next call. */
const ControlDirs *control_places_dirs(ControlPlaces *places);

/* Why the one for limits that last cannot be written to, as of the last look: a negative errno, or 0. */
int control_places_persistent_error(const ControlPlaces *places);

/* Why one of them is not watched, likewise. It can be used all the same, and watching is tried again with
 * each look. */
int control_places_watch_error(const ControlPlaces *places);
