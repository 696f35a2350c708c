/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"
#include "basic/time-util.h"

/* Numbers for people. Each writes into the caller's buffer, which FORMAT_MAX bytes always suffice for, and
 * returns it, so that a call can stand among printf's arguments. */
#define FORMAT_MAX 32

typedef char FormatBuffer[FORMAT_MAX];

/* "512M", "1.5G", "infinity"; the parser above reads it back (rounded down to a tenth of the unit). */
const char *format_size(FormatBuffer buffer, uint64_t bytes);

/* The same to the last byte: "1536M", and "1234567" where no suffix leaves a whole number. */
const char *format_size_exact(FormatBuffer buffer, uint64_t bytes);

/* 1/10000 as a percentage, exactly: 2500 is "25%", 1250 is "12.5%", 1 is "0.01%". */
const char *format_permyriad(FormatBuffer buffer, uint64_t permyriad);

/* µs of CPU a second as systemd's CPUQuota= is written: 1500000 is "150%"; UINT64_MAX is "infinity". */
const char *format_cpu(FormatBuffer buffer, uint64_t usec_per_sec);

/* "250ms", "1.5s", "1min 30s", "2h 5min", "3d 4h": what is below the second unit is left out. */
const char *format_timespan(FormatBuffer buffer, usec_t usec);
