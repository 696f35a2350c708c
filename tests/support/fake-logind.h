/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "basic/macro.h"

/* org.freedesktop.login1 on the private bus: ListUsers, UserNew, UserRemoved. */
typedef struct FakeLogind FakeLogind;

/* Not on the bus yet. */
FakeLogind *fake_logind_new(sd_event *loop);
FakeLogind *fake_logind_free(FakeLogind *logind);
void fake_logind_connect(FakeLogind *logind);
void fake_logind_disconnect(FakeLogind *logind);
sd_bus *fake_logind_bus(const FakeLogind *logind);

/* In the list from now on, and told by signal if it is on the bus. */
void fake_logind_add(FakeLogind *logind, uid_t uid);
void fake_logind_remove(FakeLogind *logind, uid_t uid);

/* What ListUsers answers instead of the list. */
typedef enum FakeList {
        FAKE_LIST_RIGHT,
        FAKE_LIST_REFUSED,
        FAKE_LIST_OTHER_TYPE, /* an array of something else */
        FAKE_LIST_EMPTY_BODY, /* no array at all */
        FAKE_LIST_NEVER,
} FakeList;
void fake_logind_answer(FakeLogind *logind, FakeList list);

unsigned fake_logind_list_calls(const FakeLogind *logind);
