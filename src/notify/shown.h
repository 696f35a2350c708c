/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/time-util.h"

/* Until when a user was told what happened: a file in a directory of theirs, so that anything at all may be
 * in it. */

/* From when on (CLOCK_REALTIME) things are news. If nobody knows, or what is known cannot be, that is a
 * minute ago; what happened more than an hour ago is never news. `dirfd` is -1 if there is no directory. */
usec_t shown_since(int dirfd, usec_t now);

/* All until then was told. A time in the future counts as now. */
int shown_save(int dirfd, usec_t until, usec_t now);
