/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "report/address-map.h"

#include <string.h>

#define BLANKS " \t\r"

typedef struct Entry {
        const char *user, *address; /* "": no mail */
        unsigned line;
} Entry;

struct AddressMap {
        char *text; /* owned; the entries point into it */
        Entry *entry;
        size_t count;
};

AddressMap *address_map_free(AddressMap *map) {
        if (!map)
                return NULL;
        free(map->text);
        free(map->entry);
        free(map);
        return NULL;
}

static int compare(const void *a, const void *b) {
        return strcmp(((const Entry *) a)->user, ((const Entry *) b)->user);
}

/* The earlier line first. */
static int compare_with_line(const void *a, const void *b) {
        const Entry *x = a, *y = b;

        return compare(a, b) ?: (x->line > y->line) - (x->line < y->line);
}

static char *strip(char *s) {
        s += strspn(s, BLANKS);
        for (size_t n = strlen(s); n > 0 && strchr(BLANKS, s[n - 1]); n--)
                s[n - 1] = '\0';
        return s;
}

/* Returns why the line is wrong, or NULL; an entry without a user if it is empty or a comment. */
static const char *parse_line(char *line, Entry *ret) {
        char *colon, *user = strip(line), *address;

        *ret = (Entry){};
        if (*user == '\0' || *user == '#')
                return NULL;
        colon = strchr(user, ':');
        if (!colon)
                return "There is no colon; allowed is USER: ADDRESS.";
        *colon = '\0';
        user = strip(user);
        address = strip(colon + 1);
        if (*user == '\0')
                return "There is no user before the colon.";
        if (*address != '\0' && !mail_address_is_valid(address))
                return "Not an address; allowed is " MAIL_ADDRESS_ALLOWED ", or nothing for no mail.";
        *ret = (Entry){ .user = user, .address = address };
        return NULL;
}

static void parse_lines(AddressMap *map, AddressMapVisitor visitor, void *userdata) {
        char *rest = map->text;
        unsigned number = 0;

        for (char *line; (line = strsep(&rest, "\n"));) {
                Entry *entry = &map->entry[map->count];
                const char *why = parse_line(line, entry);

                entry->line = ++number;
                if (why)
                        visitor(number, why, userdata);
                else if (entry->user)
                        map->count++;
        }
}

/* Sorted, equal names stand together, the first one to keep. */
static void drop_repeated(AddressMap *map, AddressMapVisitor visitor, void *userdata) {
        size_t kept = 0;

        for (size_t i = 0; i < map->count; i++)
                if (kept > 0 && compare(&map->entry[kept - 1], &map->entry[i]) == 0)
                        visitor(map->entry[i].line, "This user is there already, further up.", userdata);
                else
                        map->entry[kept++] = map->entry[i];
        map->count = kept;
}

static size_t count_lines(const char *text) {
        size_t lines = 1;

        for (; (text = strchr(text, '\n')); text++)
                lines++;
        return lines;
}

int address_map_parse(const char *text, size_t length, AddressMapVisitor visitor, void *userdata,
                      AddressMap **ret) {
        _cleanup_(address_map_freep) AddressMap *map = NULL;

        if (length > ADDRESS_MAP_SIZE_MAX)
                return -EFBIG;
        if (memchr(text, '\0', length))
                return -EINVAL;
        map = calloc(1, sizeof *map);
        if (!map)
                return -ENOMEM;
        map->text = strndup(text, length);
        map->entry = map->text ? calloc(count_lines(map->text), sizeof *map->entry) : NULL;
        if (!map->entry)
                return -ENOMEM;
        parse_lines(map, visitor, userdata);
        qsort(map->entry, map->count, sizeof *map->entry, compare_with_line);
        drop_repeated(map, visitor, userdata);
        *ret = TAKE_PTR(map);
        return 0;
}

int address_of_user(const AddressMap *map, const char *pattern, const char *user_name,
                    char ret[MAIL_ADDRESS_MAX + 1]) {
        const Entry key = { .user = user_name };
        const Entry *entry = map ? bsearch(&key, map->entry, map->count, sizeof key, compare) : NULL;

        if (entry && *entry->address == '\0')
                return -ENOENT;
        if (entry) {
                memcpy(ret, entry->address, strlen(entry->address) + 1);
                return 0;
        }
        return pattern ? mail_address_from_pattern(pattern, user_name, ret) : -ENOKEY;
}
