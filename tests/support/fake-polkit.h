/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "basic/macro.h"

/* org.freedesktop.PolicyKit1 on the private bus: CheckAuthorization, CancelCheckAuthorization, Changed. */
typedef enum FakeVerdict {
        FAKE_VERDICT_NO,
        FAKE_VERDICT_YES,
        FAKE_VERDICT_CHALLENGE, /* somebody would have to be asked */
        FAKE_VERDICT_HOLD,      /* says nothing until told to */
        FAKE_VERDICT_ERROR,
        FAKE_VERDICT_OTHER_TYPE,
        FAKE_VERDICT_EMPTY_BODY,
} FakeVerdict;

/* What was asked last. */
typedef struct FakeCheck {
        char kind[32], name[32], action[64], details[256]; /* "key=value;…" */
        uint32_t flags;
        char id[32];
} FakeCheck;

typedef struct FakePolkit {
        FakeVerdict verdict;
        unsigned n_checks, n_cancels;
        FakeCheck last;
        char cancelled[32]; /* the id in the last cancel */

        sd_event *loop;
        sd_bus *bus;
        sd_bus_message *held[128];
        unsigned n_held;
} FakePolkit;

/* Not on the bus yet. */
FakePolkit *fake_polkit_new(sd_event *loop);
FakePolkit *fake_polkit_free(FakePolkit *polkit);
void fake_polkit_connect(FakePolkit *polkit);
void fake_polkit_disconnect(FakePolkit *polkit);

/* Answers what is held with yes. */
void fake_polkit_release(FakePolkit *polkit);
void fake_polkit_changed(FakePolkit *polkit);
