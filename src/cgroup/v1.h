/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* Version 1's files hold other units than the model; this is what they mean. */

/* cpu.shares of a weight, as systemd translates it: 1024 is 100 (systemd.resource-control(5)); the kernel
 * takes 2 - 262144. Each weight comes back from its shares by the other function. */
uint64_t cpu_shares_from_weight(uint64_t weight);
uint64_t cpu_weight_from_shares(uint64_t shares);

/* Whether the text of cpu.cfs_quota_us is that of no quota; then the period says nothing and need not be
 * read. */
bool cpu_cfs_quota_is_none(const char *text, size_t length);

/* cpu.cfs_quota_us, "-1" being no quota, as µs of CPU a second for that period in µs; UINT64_MAX for no
 * quota. Rounded to the nearest. 0, or -EBADMSG. */
int cpu_cfs_quota_parse(const char *text, size_t length, uint64_t period, uint64_t *ret_usec_per_sec);

/* A limit in bytes as the kernel shows it: the largest multiple of the page size that a signed 64-bit number
 * holds (LONG_MAX before Linux 3.19), and all above it, is no limit, UINT64_MAX. */
uint64_t memory_limit_from_v1(uint64_t bytes, uint64_t page_size);
