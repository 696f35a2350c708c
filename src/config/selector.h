/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"
#include "config/problem.h"

/* Of users, groups and plans, in bytes. */
#define NAME_LENGTH_MAX 255

/* Whom something is about: the "User alice" of a section, or one word of ExemptUsers=. */
typedef enum SelectorKind {
        SELECT_USER_NAME,
        SELECT_USER_RANGE, /* first - last; a single UID is a range of one */
        SELECT_GROUP_NAME,
        SELECT_GROUP_ID, /* first */
        SELECT_PLAN,
} SelectorKind;

typedef struct Selector {
        SelectorKind kind;
        char *name; /* NULL for numbers; owned by whoever made it */
        uint32_t first, last;
} Selector;

#define SELECTOR_NAME(k, n)  ((Selector){ .kind = (k), .name = (char *) (n) })
#define SELECTOR_ID(k, f, l) ((Selector){ .kind = (k), .first = (f), .last = (l) })

void selector_done(Selector *selector);

/* "User alice", "Group 100": as in a section header, for messages. In the caller's buffer. */
typedef char SelectorBuffer[sizeof "Group " + sizeof(QuoteBuffer)];
const char *selector_format(SelectorBuffer buffer, const Selector *selector);

/* A total order, for tsearch(3). */
int selector_compare(const Selector *a, const Selector *b);

/* What stands behind "User", "Group" or "Plan" in a section header. On success *ret owns its name. Returns
 * -EINVAL with what is wrong in *ret_why (a constant), or -ENOMEM. */
int selector_parse_user(const char *s, Selector *ret, const char **ret_why);
int selector_parse_group(const char *s, Selector *ret, const char **ret_why);
int selector_parse_plan(const char *s, Selector *ret, const char **ret_why);

/* Values found by selector. Each begins with its Selector and belongs to the caller. */
typedef struct SelectorMap {
        void *tree; /* of tsearch(3) */
} SelectorMap;

/* NULL if there is none. */
void *selector_map_get(const SelectorMap *map, const Selector *selector);

/* Returns 0, -EEXIST or -ENOMEM. */
int selector_map_add(SelectorMap *map, void *item);

/* Forgets the items, after giving each to `free_item`, which may be NULL. */
void selector_map_clear(SelectorMap *map, void (*free_item)(void *item));
