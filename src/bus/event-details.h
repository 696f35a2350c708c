/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "model/event.h"

/* Appends what else there is to know of an event, as a{sv}: the last part of an entry of ListEvents(). */
int event_details_append(sd_bus_message *m, const Event *event);
