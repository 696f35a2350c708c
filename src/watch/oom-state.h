/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/time-util.h"
#include "watch/oom-kept.h"
#include "watch/oom-ledger.h"
#include "watch/oom-victims.h"

/* The ledger, and the events that are held, as text, so that they outlive the process:
 *
 *     fairslice-oom 2
 *     boot 5f0c4e7b5c1d4b3a8d0f6d6f3f0c9a11
 *     since 73500000000
 *     root 21 7
 *     id 12
 *     told 4711 4712
 *     event user-1000.slice 12 1763800000000000 1 2 slice 0 268435456 266338304 -
 *     victim 4711 1000 tar\x20xf
 *     slice 4711 2 3 1 user-1000.slice
 *     group 4720 2
 *     end
 *
 * `since` is CLOCK_MONOTONIC in µs: the kernel's lines before it have been dealt with. Then user.slice's
 * inode and recorded kills, then the slices that had any, with inode, kills, hits and hits of their own
 * limit. In a legacy tree inode 0 and the host's recorded kills, and behind each slice its groups that had
 * any, with inode and kills. Counters mean something within one boot only.
 *
 * `told` are the PIDs of those whose lines from `since` on have been dealt with all the same; the line is
 * not there if there are none. `id` is the last one that was given. An event that is held has its slice, its
 * id, its time (CLOCK_REALTIME in µs), its kills and hits, its cause, whether it was late, and the bytes of
 * memory_max, memory_current and memory_peak;
 * "-" is what is not known. A victim has PID, UID ("-": not known) and comm, with \xHH for each byte that is
 * not a printable character of ASCII, a blank or a backslash.
 *
 * Version 1 had no ids and no events, and is still read. */

#define OOM_STATE_SLICES_MAX 100000
#define OOM_BOOT_ID_MAX      32

typedef struct OomState {
        OomLedger *ledger;
        OomKept *kept;
        usec_t since;
        OomTold told;
        size_t n_unreadable; /* lines about events, victims and who was told of that were read and made no
                                sense */
} OomState;

/* Frees both, and leaves NULL. */
void oom_state_done(OomState *state);

/* Writes the text; the caller frees it. `boot` is 32 hexadecimal digits. */
int oom_state_format(const OomState *state, const char *boot, char **ret, size_t *ret_length);

/* Reads text that may be anything. 1 if it is of this boot; 0 if it is of another one, and then the ledger
 * is empty: all counters have begun at 0 since; what is held has the ids that it had in that boot. -EBADMSG
 * if it is not what the function above writes, but for single events: one that makes no sense is left out,
 * and does not take along what else is known. */
int oom_state_parse(const char *text, size_t length, const char *boot, OomState *ret);

/* The same from and to the file `name` in the directory, replaced at once. -ENOENT if there is none; -EFBIG
 * if it is too large. */
int oom_state_load(int dirfd, const char *name, const char *boot, OomState *ret);
int oom_state_save(int dirfd, const char *name, const char *boot, const OomState *state);
