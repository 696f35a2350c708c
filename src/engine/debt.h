/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"
#include "basic/time-util.h"

/* What a quota that is no longer right costs until it is moved. Moving it is a call to PID 1, so it is moved
 * when it has cost as much as a call is worth: at once if it is far off, later if it is off by little, and
 * not at all if it is too high and too low in turns, as where users come and go all the time. All zero:
 * nothing is owed. */
typedef struct Debt {
        double owed;     /* budgets × seconds; above 0: had more than its share */
        usec_t right_at; /* when the quota was last right, or off to the other side */
        bool above;      /* it is too high */
        bool called;     /* it is to be paid whatever it is */
} Debt;

/* For `elapsed` µs up to `now` the quota was off by this part of the budget: above 0 if it was too high, 0
 * if it was right. */
void debt_add(Debt *debt, double off, usec_t elapsed, usec_t now);

/* Whether the quota is to be moved now, where `capped` users have one. */
bool debt_is_due(const Debt *debt, size_t capped, usec_t now);

/* Whether so few users are capped that their calls cost nothing. */
bool debt_calls_are_few(size_t capped);

/* The quota was moved. */
void debt_paid(Debt *debt, usec_t now);
