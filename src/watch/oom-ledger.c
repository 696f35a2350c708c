/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "watch/oom-ledger.h"

#include <search.h>
#include <string.h>

OomLedger *oom_ledger_new(void) {
        OomLedger *ledger = calloc(1, sizeof *ledger);

        if (ledger)
                LIST_INIT(&ledger->accounts);
        return ledger;
}

/* The tree holds the names that are in the accounts. */
static OomAccount *account_of(const char *name) {
        return (OomAccount *) (name - offsetof(OomAccount, name));
}

static int compare_names(const void *a, const void *b) {
        return strcmp(a, b);
}

OomLedger *oom_ledger_free(OomLedger *ledger) {
        if (!ledger)
                return NULL;
        while (!LIST_EMPTY(&ledger->accounts))
                oom_ledger_close(ledger, LIST_FIRST(&ledger->accounts));
        free(ledger);
        return NULL;
}

OomAccount *oom_ledger_find(const OomLedger *ledger, const char *name) {
        const char *const *node = tfind(name, &ledger->by_name, compare_names);

        return node ? account_of(*node) : NULL;
}

static OomAccount *new_account(OomLedger *ledger, const char *name, uint64_t inode) {
        OomAccount *account = calloc(1, sizeof *account + strlen(name) + 1);

        if (!account)
                return NULL;
        account->inode = inode;
        strcpy(account->name, name);
        if (!tsearch(account->name, &ledger->by_name, compare_names)) {
                free(account);
                return NULL;
        }
        LIST_INSERT_HEAD(&ledger->accounts, account, list);
        return account;
}

OomAccount *oom_ledger_open(OomLedger *ledger, const char *name, uint64_t inode) {
        OomAccount *account = oom_ledger_find(ledger, name);

        if (account && account->inode != inode) {
                oom_ledger_close(ledger, account);
                account = NULL;
        }
        if (!account)
                account = new_account(ledger, name, inode);
        if (account)
                account->opened = true;
        return account;
}

void oom_ledger_detach(OomLedger *ledger, OomAccount *account) {
        if (oom_ledger_find(ledger, account->name) == account)
                tdelete(account->name, &ledger->by_name, compare_names);
}

void oom_ledger_close(OomLedger *ledger, OomAccount *account) {
        oom_ledger_detach(ledger, account);
        ledger->pending -= oom_ledger_pending(account).kills;
        LIST_REMOVE(account, list);
        free(account->groups);
        free(account);
}

void oom_ledger_close_unopened(OomLedger *ledger) {
        OomAccount *next;

        for (OomAccount *account = LIST_FIRST(&ledger->accounts); account; account = next) {
                next = LIST_NEXT(account, list);
                if (!account->opened)
                        oom_ledger_close(ledger, account);
        }
}

void oom_ledger_see(OomLedger *ledger, OomAccount *account, const OomCounters *counters) {
        ledger->pending -= oom_ledger_pending(account).kills;
        if (counters->kills < account->seen.kills || counters->hits < account->seen.hits ||
            counters->local_hits < account->seen.local_hits)
                account->recorded = (OomCounters){};
        account->seen = *counters;
        ledger->pending += oom_ledger_pending(account).kills;
}

void oom_ledger_baseline(OomLedger *ledger, OomAccount *account, const OomCounters *counters) {
        ledger->pending -= oom_ledger_pending(account).kills;
        account->recorded = account->seen = *counters;
}

static int compare_groups(const void *a, const void *b) {
        const OomGroup *x = a, *y = b;

        return (x->inode > y->inode) - (x->inode < y->inode);
}

/* What is known of a group, moving *at on to its place in the account: both lists are in order. */
static OomGroupCount known_group(const OomAccount *account, size_t *at, uint64_t inode) {
        while (*at < account->n_groups && account->groups[*at].inode < inode)
                (*at)++;
        if (*at < account->n_groups && account->groups[*at].inode == inode)
                return account->groups[*at];
        return (OomGroupCount){ .inode = inode };
}

static size_t count_with_kills(const OomGroup *groups, size_t count) {
        size_t n = 0;

        for (size_t i = 0; i < count; i++)
                n += groups[i].kills > 0;
        return n;
}

int oom_ledger_see_groups(OomLedger *ledger, OomAccount *account, OomGroup *groups, size_t count,
                          bool told) {
        size_t at = 0, n = 0, with_kills = count_with_kills(groups, count);
        OomGroupCount *counts = NULL;
        uint64_t news = 0;

        if (with_kills > 0) {
                counts = calloc(with_kills, sizeof *counts);
                if (!counts)
                        return -ENOMEM;
        }
        qsort(groups, count, sizeof *groups, compare_groups);
        for (size_t i = 0; i < count; i++) {
                uint64_t inode = groups[i].inode, more;
                OomGroupCount known;

                if (groups[i].kills == 0)
                        continue;
                known = n > 0 && counts[n - 1].inode == inode ? counts[--n]
                                                              : known_group(account, &at, inode);
                more = groups[i].kills - MIN(groups[i].kills, known.seen);
                known.seen += more;
                if (told)
                        known.recorded += more;
                counts[n++] = known;
                news += more;
        }
        free(account->groups);
        account->groups = counts;
        account->n_groups = n;
        account->seen.kills += news;
        if (told)
                account->recorded.kills += news;
        else
                ledger->pending += news;
        return 0;
}

int oom_ledger_add_group(OomAccount *account, uint64_t inode, uint64_t recorded) {
        OomGroupCount *groups;

        if (account->n_groups > 0 && account->groups[account->n_groups - 1].inode >= inode)
                return -EBADMSG;
        groups = reallocarray(account->groups, account->n_groups + 1, sizeof *groups);
        if (!groups)
                return -ENOMEM;
        account->groups = groups;
        groups[account->n_groups++] = (OomGroupCount){ inode, recorded, recorded };
        return 0;
}

OomCounters oom_ledger_pending(const OomAccount *account) {
        return (OomCounters){
                .kills = account->seen.kills - account->recorded.kills,
                .hits = account->seen.hits - account->recorded.hits,
                .local_hits = account->seen.local_hits - account->recorded.local_hits,
        };
}

void oom_ledger_settle(OomLedger *ledger, OomAccount *account) {
        uint64_t kills = oom_ledger_pending(account).kills;

        ledger->pending -= kills;
        ledger->root_recorded += kills;
        account->recorded = account->seen;
        for (size_t i = 0; i < account->n_groups; i++)
                account->groups[i].recorded = account->groups[i].seen;
}

void oom_ledger_settle_hits(OomAccount *account) {
        account->recorded.hits = account->seen.hits;
        account->recorded.local_hits = account->seen.local_hits;
}

void oom_ledger_see_root(OomLedger *ledger, uint64_t inode, uint64_t kills) {
        if (ledger->root_inode != 0 && ledger->root_inode != inode)
                ledger->root_recorded = 0;
        ledger->root_inode = inode;
        ledger->root_seen = kills;
        /* All that is settled has long been counted here. If more is, the sum has begun anew. */
        ledger->root_recorded = MIN(ledger->root_recorded, kills);
}

void oom_ledger_baseline_root(OomLedger *ledger, uint64_t inode, uint64_t kills) {
        ledger->root_inode = inode;
        ledger->root_seen = ledger->root_recorded = kills;
}

uint64_t oom_ledger_remainder(const OomLedger *ledger) {
        uint64_t known = ledger->root_recorded + ledger->pending;

        return ledger->root_seen > known ? ledger->root_seen - known : 0;
}

void oom_ledger_settle_remainder(OomLedger *ledger, uint64_t kills) {
        ledger->root_recorded += kills;
}
