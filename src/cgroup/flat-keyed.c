/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cgroup/flat-keyed.h"

#include <string.h>

#include "basic/parse.h"

int parse_single_value(const char *text, size_t length, uint64_t *ret) {
        if (length < 2 || text[length - 1] != '\n')
                return -EBADMSG;
        if (length == 4 && memcmp(text, "max", 3) == 0) {
                *ret = UINT64_MAX;
                return 0;
        }
        return parse_digits(text, length - 1, ret);
}

/* The index of the key that the line "KEY VALUE" begins with, or -1. */
static int find_key(const char *line, size_t length, const FlatKey *keys, size_t n_keys) {
        const char *blank = memchr(line, ' ', length);
        size_t key_length = blank ? (size_t) (blank - line) : length;

        for (size_t i = 0; i < n_keys; i++)
                if (strlen(keys[i].key) == key_length && memcmp(line, keys[i].key, key_length) == 0)
                        return (int) i;
        return -1;
}

int flat_keyed_parse(const char *text, size_t length, const FlatKey *keys, size_t n_keys) {
        const char *end = text + length;
        unsigned found = 0;

        while (text < end) {
                const char *newline = memchr(text, '\n', (size_t) (end - text));
                size_t line_length, skip;
                int i;

                if (!newline)
                        return -EBADMSG;
                line_length = (size_t) (newline - text);
                i = find_key(text, line_length, keys, n_keys);
                if (i >= 0) {
                        skip = strlen(keys[i].key) + 1;
                        if (found & 1U << i || skip > line_length ||
                            parse_digits(text + skip, line_length - skip, keys[i].value) < 0)
                                return -EBADMSG;
                        found |= 1U << i;
                }
                text = newline + 1;
        }
        return (int) found;
}
