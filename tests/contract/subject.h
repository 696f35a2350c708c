/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "backend/backend.h"
#include "support/script.h"

/* A backend under the contract test, and what stands behind it. A new backend is a new entry in the table;
 * it gets no test of its own for what backend.h promises. */
typedef struct Subject {
        const char *name;

        /* Makes the backend, which is offline. */
        void (*start)(const BackendHandlers *handlers, Script *script, Backend **ret);
        /* After the backend was freed. */
        void (*stop)(void);

        /* What it takes to be online, or not; the test drives the loop until it is. */
        void (*go_online)(void);
        void (*go_offline)(void);
        void (*reload)(void);
        /* Ends script.hold. */
        void (*release)(void);
} Subject;

extern const Subject subject_fake, subject_systemd;
