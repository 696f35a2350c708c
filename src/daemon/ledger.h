/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/limits.h"
#include "model/slice-name.h"

/* What this service has put into the drop-ins of which slice since boot: systemd keeps them, also when the
 * slice goes away and when this service does. Written down before the change is made, in the runtime
 * directory, which lasts as long as the drop-ins do. So whoever comes after a crash knows which quotas to
 * lift, and no limit that somebody else has set is ever touched.
 *
 * The file has a line a slice: NAME [fair] [found] [found-weight] LIMIT=VALUE…, where CPUQuotaPerSecUSec and
 * CPUWeight are what to go back to when the fair-share quota is lifted, and `found` and `found-weight` say
 * that they were there before us. */

/* Small, since there is one for each slice that there was since boot. */
typedef struct LedgerEntry {
        uid_t uid;                /* of the slice */
        LimitMask ours;           /* limits that we have set at some time */
        LimitMask found;          /* which of the two below are what we had found */
        bool fair;                /* a fair-share quota stands, perhaps with a lowered weight */
        bool lift_tried;          /* at the end of this process; not in the file */
        uint64_t standing_quota;  /* without it: CPUQuota=, or what we had found; LIMIT_UNSET */
        uint64_t standing_weight; /* likewise; LIMIT_UNSET where it is not known */
} LedgerEntry;

typedef struct Ledger Ledger;

/* Reads "limits" in the directory, which stays the caller's and must outlive the ledger. A directory of -1
 * is a ledger in memory. What is no line of ours is skipped; *ret_skipped counts these lines. */
int ledger_open(int dirfd, Ledger **ret, unsigned *ret_skipped);
Ledger *ledger_free(Ledger *ledger);
DEFINE_CLEANUP(Ledger *, ledger_free)

/* The entry of the user's slice; a new, empty one if there was none. It stays where it is until the ledger
 * is freed, and may be changed in place; say so with ledger_changed(). NULL if there is no memory. */
LedgerEntry *ledger_get(Ledger *ledger, uid_t uid);
void ledger_changed(Ledger *ledger);

/* What to set so that there is no fair share: the quota, and the weight where that may be lowered. Returns
 * which. */
LimitMask ledger_entry_standing(const LedgerEntry *entry, Limits *ret);

/* Whether no entry has a fair-share quota. */
bool ledger_is_clean(Ledger *ledger);

/* Calls back for each entry with a fair-share quota. */
void ledger_foreach_fair(Ledger *ledger, void (*callback)(LedgerEntry *entry, void *userdata),
                         void *userdata);

/* Writes the file if anything changed since the last time. */
int ledger_save(Ledger *ledger);
