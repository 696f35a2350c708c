/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "engine/debt.h"

/* What a call is worth, in budgets × seconds: a user who has 20 % of the budget too much may for a second.
 * What is lacking is worth a quarter of it, since what is left unused is nobody's gain. */
#define PRICE         0.2
#define PRICE_LACKING (PRICE / 4)

/* The price where so many users are capped, each of whom a new level moves. Below it is lower, and where
 * there are just a few, calls are few as well and cost nothing. */
#define CAPPED_MANY 20
#define CAPPED_FEW  4

/* What is off to the same side for this long is moved, however little that is. */
#define PATIENCE_USEC (5 * USEC_PER_SEC)

/* What was owed is forgotten over this long. */
#define FORGET_USEC (5 * USEC_PER_SEC)

void debt_add(Debt *debt, double off, usec_t elapsed, usec_t now) {
        bool above = off > 0;

        if (off == 0) {
                debt->owed *= 1 - (double) MIN(elapsed, FORGET_USEC) / (double) FORGET_USEC;
                debt->called = false;
        } else
                debt->owed += off * (double) elapsed / (double) USEC_PER_SEC;
        if (off == 0 || above != debt->above)
                debt->right_at = now;
        debt->above = above;
}

static double price(bool above, size_t capped) {
        size_t many = CLAMP(capped, (size_t) CAPPED_FEW, (size_t) CAPPED_MANY) - CAPPED_FEW;

        return (above ? PRICE : PRICE_LACKING) * ((double) many / (CAPPED_MANY - CAPPED_FEW));
}

bool debt_is_due(const Debt *debt, size_t capped, usec_t now) {
        /* Where calls cost nothing, what was owed before puts none off either. */
        if (debt->called || debt_calls_are_few(capped) || now - debt->right_at >= PATIENCE_USEC)
                return true;
        return (debt->above ? debt->owed : -debt->owed) > price(debt->above, capped);
}

bool debt_calls_are_few(size_t capped) {
        return capped <= CAPPED_FEW;
}

void debt_paid(Debt *debt, usec_t now) {
        *debt = (Debt){ .right_at = now, .above = debt->above };
}
