/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/budget.h"

#include <sys/queue.h>

typedef struct Account {
        uid_t uid;
        int64_t left;
        usec_t at; /* when that was */
        TAILQ_ENTRY(Account) next;
} Account;

struct Budget {
        TAILQ_HEAD(Accounts, Account) accounts; /* who called last is first */
        unsigned n;
};

static Account *find(const Budget *budget, uid_t uid) {
        Account *account;

        TAILQ_FOREACH(account, &budget->accounts, next)
                if (account->uid == uid)
                        return account;
        return NULL;
}

static Account *open_account(Budget *budget, uid_t uid, usec_t now) {
        Account *account;

        if (budget->n < BUDGET_USERS_MAX) {
                account = calloc(1, sizeof *account);
                if (!account)
                        return NULL;
                budget->n++;
        } else {
                account = TAILQ_LAST(&budget->accounts, Accounts);
                TAILQ_REMOVE(&budget->accounts, account, next);
        }
        *account = (Account){ .uid = uid, .left = BUDGET_VALUES, .at = now };
        TAILQ_INSERT_HEAD(&budget->accounts, account, next);
        return account;
}

/* With what has come in since. */
static Account *get(Budget *budget, uid_t uid, usec_t now) {
        Account *account = find(budget, uid);
        usec_t since;

        if (!account)
                return open_account(budget, uid, now);
        TAILQ_REMOVE(&budget->accounts, account, next);
        TAILQ_INSERT_HEAD(&budget->accounts, account, next);
        since = now - MIN(account->at, now);
        if (since >= USEC_PER_SEC * 3600)
                account->left = BUDGET_VALUES;
        else
                account->left = MIN(account->left + (int64_t) (since * BUDGET_VALUES_PER_SEC / USEC_PER_SEC),
                                    (int64_t) BUDGET_VALUES);
        account->at = MAX(account->at, now);
        return account;
}

bool budget_allows(Budget *budget, uid_t uid, usec_t now) {
        const Account *account = uid == 0 ? NULL : get(budget, uid, now);

        return !account || account->left > 0;
}

void budget_take(Budget *budget, uid_t uid, size_t values, usec_t now) {
        Account *account = uid == 0 ? NULL : get(budget, uid, now);

        if (account)
                account->left -= (int64_t) MIN(values, (size_t) 1 << 32);
}

Budget *budget_new(void) {
        Budget *budget = calloc(1, sizeof *budget);

        if (budget)
                TAILQ_INIT(&budget->accounts);
        return budget;
}

Budget *budget_free(Budget *budget) {
        Account *account;

        if (!budget)
                return NULL;
        while ((account = TAILQ_FIRST(&budget->accounts))) {
                TAILQ_REMOVE(&budget->accounts, account, next);
                free(account);
        }
        free(budget);
        return NULL;
}
