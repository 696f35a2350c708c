/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "backend/backend.h"
#include "support/script.h"

/* A backend under the contract test, and what stands behind it. A new backend is a new entry in the table;
 * it gets no test of its own for what backend.h promises. */
typedef struct Subject {
        const char *name;

        /* What is asked for goes to somebody else, each change in one call that the script records and can
         * hold back. Otherwise a change is under way until the loop runs. */
        bool calls_out;

        /* Makes the backend, which is offline. */
        void (*start)(const BackendHandlers *handlers, Script *script, Backend **ret);
        /* After the backend was freed. */
        void (*stop)(void);

        /* Makes a slice, where limits need one. NULL: they do not. */
        void (*add_slice)(const char *slice);
        /* The limits that the slice has now. */
        void (*standing)(const char *slice, Limits *ret);

        /* What it takes to be online, or not; the test drives the loop until it is. NULL: it is online when
         * the loop runs, and stays so. */
        void (*go_online)(void);
        void (*go_offline)(void);
        /* NULL: nobody else has a say. */
        void (*reload)(void);
        /* Ends script.hold. */
        void (*release)(void);
} Subject;

extern const Subject subject_fake, subject_systemd, subject_cgroup1_apart, subject_cgroup1_together,
        subject_cgroup1_systemd, subject_cgroup2;

/* The limits that all calls for the slice together have set. */
void script_standing(const Script *script, const char *slice, Limits *ret);
