/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>
#include <systemd/sd-bus.h>

#include "support/test.h"

/* Somebody on the private bus who calls what is tested, and never waits for it. */
typedef struct Caller {
        sd_bus *bus;
        const char *name; /* unique */
        unsigned answers, errors;
        char error[128], message[256]; /* the last */
} Caller;

/* Needs root if it is to be somebody else. The bus asks the kernel who it is. */
void caller_connect(Caller *caller, uid_t uid);
void caller_leave(Caller *caller);

/* A call of METHOD of the object that host.client has at /; the text is the argument. */
void caller_call(Caller *caller, const char *method, const char *text);
/* The same; a password may be asked for. */
void caller_call_interactive(Caller *caller, const char *method, const char *text);
