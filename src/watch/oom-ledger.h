/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/queue.h>

#include "cgroup/oom-control.h"
#include "model/slice-name.h"

/* The accounts of out-of-memory kills: what the kernel's counters say against what was recorded. Pure.
 *
 * Two things are known of the kernel. A kill counts in the slice of its victim first and in user.slice right
 * after; and user.slice's counter stays when a slice goes away. So with
 *
 *     user.slice's kills  =  recorded  +  pending in the slices that are there  +  remainder
 *
 * the remainder is what happened in slices that went away before they could be read. For that to be true the
 * reader has to read user.slice BEFORE the slices: then a kill in between is pending in a slice and not yet
 * in the sum, and the remainder is for a moment too small, never too large.
 *
 * In a legacy tree the same is done with other counters. Each group counts for itself and takes its counter
 * along when it is removed, so the account holds what was seen of each group, and their sum never falls. The
 * place of user.slice's counter is taken by that of the whole host (/proc/vmstat), the only one that stays;
 * the kernel raises it just before the group's, and reading it first is right here too. Its remainder is
 * what happened in groups that are gone, and what happened outside of user.slice: only the kernel's lines
 * can tell the two apart.
 *
 * Whoever records an event settles it afterwards, and then saves the ledger (oom-state.h). After a crash
 * between the two the event is recorded again: a record twice is better than none. */

typedef struct OomCounters {
        uint64_t kills;      /* oom_kill of memory.events: in the slice and below it */
        uint64_t hits;       /* oom of memory.events: limits hit in the slice and below it */
        uint64_t local_hits; /* oom of memory.events.local: the slice's own limit hit */
} OomCounters;

/* A group of a legacy tree. */
typedef struct OomGroupCount {
        uint64_t inode;
        uint64_t recorded;
        uint64_t seen;
} OomGroupCount;

typedef struct OomAccount {
        LIST_ENTRY(OomAccount) list;
        uint64_t inode;        /* of the slice's directory: tells it from others of the same name */
        OomCounters recorded;  /* what has been settled */
        OomCounters seen;      /* what was read last; in each field at least `recorded` */
        OomGroupCount *groups; /* of a legacy tree, those that had any, in the order of their inodes; those
                                * that are gone are in the sums above alone */
        void *owner;           /* the caller's */
        unsigned n_groups;
        bool opened; /* false: known from the saved ledger alone */
        char name[];
} OomAccount;

typedef struct OomLedger {
        LIST_HEAD(OomAccountList, OomAccount) accounts;
        void *by_name;          /* tsearch(3) tree of the accounts that are not detached */
        uint64_t root_inode;    /* of user.slice; 0: never read, or a legacy tree */
        uint64_t root_recorded; /* kills below it, or on the host, that were settled */
        uint64_t root_seen;     /* the counter when it was read last */
        uint64_t pending;       /* sum of all accounts' seen - recorded kills */
} OomLedger;

OomLedger *oom_ledger_new(void);
OomLedger *oom_ledger_free(OomLedger *ledger);
DEFINE_CLEANUP(OomLedger *, oom_ledger_free)

/* NULL if there is none of that name (detached ones have none any more). */
OomAccount *oom_ledger_find(const OomLedger *ledger, const char *name);

/* The account of the slice, made if need be. An account of the same name and another inode was that of a
 * slice that is gone, and is closed; it must not have an owner. NULL if there is no memory. */
OomAccount *oom_ledger_open(OomLedger *ledger, const char *name, uint64_t inode);

/* The slice is gone. What is pending falls to the remainder. Frees the account. */
void oom_ledger_close(OomLedger *ledger, OomAccount *account);

/* The slice is gone, and an event about what is pending is under way: the account leaves its name free for a
 * slice that is made again, and is not saved. It is closed like any other. */
void oom_ledger_detach(OomLedger *ledger, OomAccount *account);

/* Closes all accounts that were loaded and not opened since. */
void oom_ledger_close_unopened(OomLedger *ledger);

/* What was read. Counters lower than before begin anew (the controller was off in between): they are new as
 * they stand. */
void oom_ledger_see(OomLedger *ledger, OomAccount *account, const OomCounters *counters);

/* As if what was read had been recorded before. For the first start of all. */
void oom_ledger_baseline(OomLedger *ledger, OomAccount *account, const OomCounters *counters);

/* The same for a legacy tree: what was read of all groups of the slice, in any order; it is put in order.
 * One that is there twice, since it was renamed meanwhile, counts once. `told`: what is new in it has been
 * recorded, or is old. -ENOMEM: nothing was changed. */
int oom_ledger_see_groups(OomLedger *ledger, OomAccount *account, OomGroup *groups, size_t count, bool told);

/* A group as it was when the ledger was saved; in the order of their inodes. -EBADMSG if it is not. */
int oom_ledger_add_group(OomAccount *account, uint64_t inode, uint64_t recorded);

/* What happened and is not recorded. */
OomCounters oom_ledger_pending(const OomAccount *account);

/* All that is pending was recorded. */
void oom_ledger_settle(OomLedger *ledger, OomAccount *account);

/* The hits were recorded or need no record; pending kills stay. */
void oom_ledger_settle_hits(OomAccount *account);

/* What was read of user.slice. Another inode is another user.slice, whose sum begins at 0. Inode 0 and the
 * host's counter in a legacy tree. */
void oom_ledger_see_root(OomLedger *ledger, uint64_t inode, uint64_t kills);
void oom_ledger_baseline_root(OomLedger *ledger, uint64_t inode, uint64_t kills);

/* Kills that belong to no slice that is there. */
uint64_t oom_ledger_remainder(const OomLedger *ledger);
void oom_ledger_settle_remainder(OomLedger *ledger, uint64_t kills);
