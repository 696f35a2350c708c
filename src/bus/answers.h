/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"
#include "basic/time-util.h"

/* What polkit has answered, for some seconds. A plain list without a bus or a clock. */
typedef struct Answers Answers;

#define ANSWERS_USEC (10 * USEC_PER_SEC)
/* The oldest makes room. */
#define ANSWERS_MAX 256U

/* NULL: no memory. */
Answers *answers_new(void);
Answers *answers_free(Answers *answers);
DEFINE_CLEANUP(Answers *, answers_free)

/* Remembers the answer about this sender (unique name) and question, instead of what was remembered. What
 * cannot be remembered for lack of memory is not. */
void answers_put(Answers *answers, const char *sender, const char *question, bool allowed, usec_t now);
/* 1: allowed, 0: not; -ENOENT: nothing is remembered that was heard within ANSWERS_USEC before `now`. */
int answers_find(Answers *answers, const char *sender, const char *question, usec_t now);

/* Forgets what was said about one sender, or (NULL) everybody. */
void answers_forget(Answers *answers, const char *sender);
