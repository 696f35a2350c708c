/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "support/script.h"

/* org.freedesktop.systemd1 on the private bus: SetUnitProperties as the script says, Subscribe, Reloading.
 */
typedef struct FakeSystemd FakeSystemd;

/* Not on the bus yet. Runs in the loop; the script must outlive it. */
FakeSystemd *fake_systemd_new(sd_event *loop, Script *script);
FakeSystemd *fake_systemd_free(FakeSystemd *systemd);

/* Comes onto the bus, each time with another unique name, and takes the well-known one, or waits for it if
 * somebody has it. */
void fake_systemd_connect(FakeSystemd *systemd);
/* Drops off the bus, as at a re-execution. What was held is never answered. */
void fake_systemd_disconnect(FakeSystemd *systemd);
/* Gives the name back, and stays on the bus. */
void fake_systemd_release_name(FakeSystemd *systemd);

/* Its connection; NULL while it is not on the bus. */
sd_bus *fake_systemd_bus(const FakeSystemd *systemd);

/* Ends the hold: answers, from now on and all that was held. */
void fake_systemd_release(FakeSystemd *systemd);

/* What is answered to Subscribe: NULL is success, otherwise the name of an error. Static. */
void fake_systemd_refuse_subscribe(FakeSystemd *systemd, const char *error);

/* Subscribe is not answered at all. */
void fake_systemd_ignore_subscribe(FakeSystemd *systemd, bool ignore);

/* Who has subscribed is forgotten; nobody gets a signal until they subscribe again. */
void fake_systemd_forget_subscribers(FakeSystemd *systemd);

/* How often Subscribe was called. */
unsigned fake_systemd_subscribe_calls(const FakeSystemd *systemd);

/* Emits Reloading(active) if anybody has subscribed. */
void fake_systemd_reloading(FakeSystemd *systemd, bool active);
