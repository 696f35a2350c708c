/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/client.h"

/* The connection of a verb that goes on until it is stopped: it outlives restarts of the service and of the
 * bus. Ends when nobody reads standard output any more. */
typedef struct Live Live;

typedef struct LiveCallbacks {
        /* The service is there: at first, and each time that it has come back. Or it is gone. Said once each
         * time. May be NULL. */
        void (*present)(bool present, void *userdata);
        /* A signal of org.fairslice1, and nobody else's. May be NULL. */
        void (*signal)(sd_bus_message *m, void *userdata);
} LiveCallbacks;

/* `cli` is connected, and like the callbacks has to stay. A negative errno. */
int live_new(Cli *cli, const LiveCallbacks *callbacks, void *userdata, Live **ret);
Live *live_free(Live *live);
DEFINE_CLEANUP(Live *, live_free)

/* For more sources; belongs to the live. */
sd_event *live_event(Live *live);

/* Calls the service, for the answer later. The answer is an error if there is no connection at the moment.
 * `types` may be NULL. A service that is gone is not started. */
int live_call(Live *live, sd_bus_slot **slot, sd_bus_message_handler_t callback, void *userdata,
              const char *interface, const char *member, const char *types, ...);

/* Hands standard output to its reader. If that cannot be done the loop ends: with 0 if the reader is gone,
 * else with the negative errno, which is returned, too. */
int live_flush(Live *live);

/* Until somebody ends the event loop. Returns its exit code or a negative errno. */
int live_run(Live *live);
