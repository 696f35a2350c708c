/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/macro.h"
#include "basic/time-util.h"

/* What each user may still ask for on the bus, where all callers stand in one queue: who makes the service
 * work more than that is refused, which costs next to nothing, and the others behind them do not wait long.
 * A plain table without a bus or a clock. Counted are values of answers, of some tenths of a microsecond and
 * some ten bytes each; a look of the history has five, a slice 25. Root has no bounds. */
typedef struct Budget Budget;

/* At once, and again each second. One answer with 1,000 slices takes 25,000, the longest history 43,000. */
#define BUDGET_VALUES         1000000
#define BUDGET_VALUES_PER_SEC 200000
/* What any call takes. */
#define BUDGET_CALL 20U
/* Users that are remembered; who has not called for longest is forgotten first. */
#define BUDGET_USERS_MAX 256U

/* NULL: no memory. */
Budget *budget_new(void);
/* Takes NULL, returns NULL. */
Budget *budget_free(Budget *budget);

/* Whether the user may call. Without memory everybody may. */
bool budget_allows(Budget *budget, uid_t uid, usec_t now);
/* Takes what an answer had off the user's; it may be more than there is. */
void budget_take(Budget *budget, uid_t uid, size_t values, usec_t now);
