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

static int compare_names(const void *a, const void *b) {
        const OomAccount *x = a, *y = b;

        return strcmp(x->name, y->name);
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
        const OomAccount key = { .name = (char *) name };
        OomAccount *const *node = tfind(&key, &ledger->by_name, compare_names);

        return node ? *node : NULL;
}

OomAccount *oom_ledger_open(OomLedger *ledger, const char *name, uint64_t inode) {
        OomAccount *account = oom_ledger_find(ledger, name);

        if (account && account->inode != inode) {
                oom_ledger_close(ledger, account);
                account = NULL;
        }
        if (!account) {
                account = calloc(1, sizeof *account);
                if (!account)
                        return NULL;
                account->name = strdup(name);
                account->inode = inode;
                if (!account->name || !tsearch(account, &ledger->by_name, compare_names)) {
                        free(account->name);
                        free(account);
                        return NULL;
                }
                LIST_INSERT_HEAD(&ledger->accounts, account, list);
        }
        account->opened = true;
        return account;
}

void oom_ledger_detach(OomLedger *ledger, OomAccount *account) {
        if (oom_ledger_find(ledger, account->name) == account)
                tdelete(account, &ledger->by_name, compare_names);
}

void oom_ledger_close(OomLedger *ledger, OomAccount *account) {
        oom_ledger_detach(ledger, account);
        ledger->pending -= oom_ledger_pending(account).kills;
        LIST_REMOVE(account, list);
        free(account->name);
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
