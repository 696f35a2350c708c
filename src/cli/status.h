/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How fairslicectl ends. 3 and 4 are what the LSB has for "status"; 77 is EX_NOPERM of sysexits.h. */
typedef enum Status {
        STATUS_OK = 0,
        STATUS_FAILURE = 1,     /* what was asked for could not be done; `check` found errors */
        STATUS_USAGE = 2,       /* the command line is wrong */
        STATUS_NOT_RUNNING = 3, /* the service cannot be reached */
        STATUS_NO_SUCH = 4,     /* no such user, or nobody of that name is logged in */
        STATUS_DENIED = 77,     /* only an administrator may do that */
} Status;
