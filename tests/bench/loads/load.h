/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* What the loads of scripts/bench have in common. Each is a program of its own that runs as a user; it ends
 * with an exit status and a line when it cannot go on. */

#define NSEC_IN_SEC  UINT64_C(1000000000)
#define NSEC_IN_MSEC UINT64_C(1000000)
#define NSEC_IN_USEC UINT64_C(1000)

/* A counter in a file that whoever measures reads while the load runs: 64 bits in the host's byte order. */
typedef _Atomic uint64_t WorkCounter;

/* Maps the file, which is there already. */
WorkCounter *work_counter_open(const char *path);

/* A number of the command line, from `low` to `high`; ends the program if it is none. */
double argument(const char *text, double low, double high);

uint64_t clock_nsec(clockid_t clock);

/* Sleeps until CLOCK_MONOTONIC shows that. */
void sleep_until(uint64_t nsec);

/* So many turns of a computation that nothing can be left out of. */
void spin(unsigned turns);
