/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/selector.h"

#include <search.h>
#include <string.h>

#include "basic/parse.h"

void selector_done(Selector *selector) {
        free(selector->name);
        *selector = (Selector){};
}

const char *selector_format(SelectorBuffer buffer, const Selector *s) {
        QuoteBuffer name;

        switch (s->kind) {
        case SELECT_USER_RANGE:
                snprintf(buffer, sizeof(SelectorBuffer), s->first == s->last ? "User %u" : "User %u-%u",
                         s->first, s->last);
                break;
        case SELECT_GROUP_ID:
                snprintf(buffer, sizeof(SelectorBuffer), "Group %u", s->first);
                break;
        default:
                snprintf(buffer, sizeof(SelectorBuffer), "%s %s",
                         s->kind == SELECT_PLAN         ? "Plan"
                         : s->kind == SELECT_GROUP_NAME ? "Group"
                                                        : "User",
                         quote(name, s->name));
        }
        return buffer;
}

int selector_compare(const Selector *a, const Selector *b) {
        if (a->kind != b->kind)
                return a->kind < b->kind ? -1 : 1;
        if (a->first != b->first)
                return a->first < b->first ? -1 : 1;
        if (a->last != b->last)
                return a->last < b->last ? -1 : 1;
        if (!a->name || !b->name)
                return (a->name != NULL) - (b->name != NULL);
        return strcmp(a->name, b->name);
}

/* As lenient as directories with Windows behind them need it, "EXAMPLE\alice" and "alice@example.org", but
 * nothing that is more likely a mistake: several names, a pattern, quotes. */
static const char *what_is_wrong_with_name(const char *s, const char *refused) {
        if (*s == '\0')
                return "a name is missing";
        if (strlen(s) > NAME_LENGTH_MAX)
                return "the name is too long";
        if (*s == '-')
                return "a name cannot begin with '-'";
        for (const char *p = s; *p; p++)
                if ((unsigned char) *p < 0x20 || *p == 0x7f || strchr(refused, *p))
                        return "a name cannot contain this character";
        return NULL;
}

static int take_name(const char *s, SelectorKind kind, const char *refused, Selector *ret,
                     const char **ret_why) {
        const char *why = what_is_wrong_with_name(s, refused);
        char *name;

        if (why) {
                *ret_why = why;
                return -EINVAL;
        }
        name = strdup(s);
        if (!name)
                return -ENOMEM;
        *ret = SELECTOR_NAME(kind, name);
        return 0;
}

static bool is_digits(const char *s) {
        return *s && s[strspn(s, "0123456789")] == '\0';
}

/* "1000-" and "1000-20O0" are ranges with a mistake, never names. */
static bool is_like_range(const char *s) {
        const char *p = s + strspn(s, "0123456789");

        return p > s && (*p == '\0' || p[strspn(p, " \t")] == '-');
}

int selector_parse_user(const char *s, Selector *ret, const char **ret_why) {
        uid_t first, last;

        if (!is_like_range(s))
                return take_name(s, SELECT_USER_NAME, " \t:/,;\"*?[]", ret, ret_why);
        if (parse_uid_range(s, &first, &last) < 0) {
                *ret_why = is_digits(s) ? "not a valid UID" : "not a valid range of UIDs";
                return -EINVAL;
        }
        *ret = SELECTOR_ID(SELECT_USER_RANGE, first, last);
        return 0;
}

int selector_parse_group(const char *s, Selector *ret, const char **ret_why) {
        uid_t gid;

        if (!is_digits(s)) /* "domain users" is a group */
                return take_name(s, SELECT_GROUP_NAME, "\t:/,;\"*?[]", ret, ret_why);
        if (parse_uid(s, &gid) < 0) {
                *ret_why = "not a valid GID";
                return -EINVAL;
        }
        *ret = SELECTOR_ID(SELECT_GROUP_ID, gid, gid);
        return 0;
}

int selector_parse_plan(const char *s, Selector *ret, const char **ret_why) {
        return take_name(s, SELECT_PLAN, " \t:/,;\"*?[]", ret, ret_why);
}

static int compare(const void *a, const void *b) {
        return selector_compare(a, b);
}

void *selector_map_get(const SelectorMap *map, const Selector *selector) {
        void *const *node = tfind(selector, &map->tree, compare);

        return node ? *node : NULL;
}

int selector_map_add(SelectorMap *map, void *item) {
        void *const *node = tsearch(item, &map->tree, compare);

        if (!node)
                return -ENOMEM;
        return *node == item ? 0 : -EEXIST;
}

static void leave_alone(_unused_ void *item) {
}

void selector_map_clear(SelectorMap *map, void (*free_item)(void *item)) {
        tdestroy(map->tree, free_item ?: leave_alone);
        map->tree = NULL;
}
