/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"
#include "basic/time-util.h"

#define SHOWN_NAME "fairslice-notify-shown"

/* Where it is kept until when a user was told what happened. At most one of the two is there; the other, or
 * both, are -1. The caller keeps them. */
typedef struct Shown {
        int dirfd; /* a directory of the user's, with a file SHOWN_NAME: anything at all may be in its place
                    */
        int fd;    /* a file that is open to read and write, and is written in place */
} Shown;

/* From when on (CLOCK_REALTIME) things are news: *ret. If nobody knows, or what is known cannot be, that is
 * a minute ago; what happened more than an hour ago is never news. Returns whether it is known. */
bool shown_since(const Shown *shown, usec_t now, usec_t *ret);

/* All until then was told. A time in the future counts as now. Returns 0, also if there is nowhere to keep
 * it, or a negative errno. */
int shown_save(const Shown *shown, usec_t until, usec_t now);
