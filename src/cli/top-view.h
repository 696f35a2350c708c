/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/figures.h"

/* What `top` shows, as lines; where they go is verb-top.c's and screen.h's. */

typedef enum TopOrder {
        TOP_BY_CPU,
        TOP_BY_MEMORY,
        TOP_BY_USER,
        TOP_BY_SHARE, /* the smallest first, and who is held before who is not */
        _TOP_ORDER_COUNT,
} TopOrder;

typedef struct TopView {
        TopOrder order;
        bool reverse;
        bool slices; /* slices' names instead of users' */
        bool help;   /* the keys instead of the users */
        usec_t delay;
        const char *notice; /* what is wrong, escaped; NULL: nothing */
        usec_t now;         /* CLOCK_REALTIME */

        unsigned columns; /* 0: lines may be as long as they are */
        unsigned rows;    /* 0: any number */
} TopView;

/* Takes a key that changes what is shown, or how often. Returns whether it is one. */
bool top_key(TopView *view, char key);

/* Sorts by the view's order; equals by name. */
void top_sort(const TopView *view, SliceInfos *slices);

/* Writes at most `rows` lines of at most `columns` columns (and 30 at least), each ended by a newline.
 * 0 or -ENOMEM. */
int top_write(const Terminal *terminal, const TopView *view, const HostInfo *host, const SliceInfos *slices,
              bool legend, FILE *out);
