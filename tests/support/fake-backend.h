/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "backend/backend.h"
#include "support/script.h"

/* A backend that does what the script says, from the event loop. It begins offline. */

/* The script must outlive the backend. */
int fake_backend_new(const BackendHandlers *handlers, sd_event *event, Script *script, Backend **ret);

/* Going offline ends what is under way. */
void fake_backend_set_online(Backend *backend, bool online);

/* Ends the hold: answers, from now on and for all that is under way. */
void fake_backend_release(Backend *backend);

/* As if whoever owns the limits had read its configuration again. */
void fake_backend_reload(Backend *backend);
