/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/time-util.h"
#include "watch/oom-ledger.h"

/* The ledger as text, so that it outlives the process:
 *
 *     fairslice-oom 1
 *     boot 5f0c4e7b5c1d4b3a8d0f6d6f3f0c9a11
 *     since 73500000000
 *     root 21 7
 *     slice 4711 2 3 1 user-1000.slice
 *     group 4720 2
 *     end
 *
 * `since` is CLOCK_MONOTONIC in µs: the kernel's lines before it have been dealt with. Then user.slice's
 * inode and recorded kills, then the slices that had any, with inode, kills, hits and hits of their own
 * limit. In a legacy tree inode 0 and the host's recorded kills, and behind each slice its groups that had
 * any, with inode and kills. Counters mean something within one boot only. */

#define OOM_STATE_SLICES_MAX 100000
#define OOM_BOOT_ID_MAX      32

/* Writes the text; the caller frees it. `boot` is 32 hexadecimal digits. */
int oom_state_format(const OomLedger *ledger, const char *boot, usec_t since, char **ret,
                     size_t *ret_length);

/* Reads text that may be anything. 1 if it is of this boot; 0 if it is of another one, and then the ledger
 * is empty: all counters have begun at 0 since. -EBADMSG if it is not what the function above writes. */
int oom_state_parse(const char *text, size_t length, const char *boot, OomLedger **ret, usec_t *ret_since);

/* The same from and to the file `name` in the directory, replaced at once. -ENOENT if there is none. */
int oom_state_load(int dirfd, const char *name, const char *boot, OomLedger **ret, usec_t *ret_since);
int oom_state_save(int dirfd, const char *name, const char *boot, const OomLedger *ledger, usec_t since);

/* Whether it is the name of a slice as systemd writes unit names. Other names (with blanks, say) are not for
 * this file, nor are they of anything that systemd made. */
bool oom_slice_name_is_valid(const char *name);
