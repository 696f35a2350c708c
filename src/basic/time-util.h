/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef uint64_t usec_t;
typedef uint64_t nsec_t;

#define USEC_INFINITY UINT64_MAX
#define USEC_PER_MSEC ((usec_t) 1000)
#define USEC_PER_SEC  ((usec_t) 1000000)
#define NSEC_PER_USEC ((nsec_t) 1000)

/* CLOCK_MONOTONIC in µs. Only the daemon reads clocks: everything below it is given the time. */
usec_t now_monotonic(void);

/* CLOCK_REALTIME in µs, which may be set back: for people, never for differences. */
usec_t now_realtime(void);
