/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <ctype.h>
#include <string.h>

#include "config/keys.h"

#define WORD_MAX 32U

/* How many letters must be put in, left out or changed to make one word of the other, regardless of case;
 * UINT32_MAX for what is too long to be meant. */
static unsigned distance(const char *a, size_t a_length, const char *b) {
        unsigned row[WORD_MAX + 1];
        size_t b_length = strlen(b);

        if (a_length > WORD_MAX || b_length > WORD_MAX)
                return UINT32_MAX;
        for (unsigned j = 0; j <= b_length; j++)
                row[j] = j;
        for (unsigned i = 1; i <= a_length; i++) {
                unsigned diagonal = row[0];

                row[0] = i;
                for (unsigned j = 1; j <= b_length; j++) {
                        bool same = tolower((unsigned char) a[i - 1]) == tolower((unsigned char) b[j - 1]);
                        unsigned changed = diagonal + !same, other = MIN(row[j], row[j - 1]) + 1;

                        diagonal = row[j];
                        row[j] = MIN(changed, other);
                }
        }
        return row[b_length];
}

/* Whether it is nearer than the best so far, and near enough: a third of the letters may be wrong. */
static bool is_nearer(const char *word, size_t length, const char *candidate, unsigned *best) {
        unsigned d = distance(word, length, candidate);

        if (d >= *best || d > strlen(candidate) / 3)
                return false;
        *best = d;
        return true;
}

const char *key_nearest(const char *name, SectionKind section) {
        const char *nearest = NULL;
        unsigned best = UINT32_MAX;

        for (unsigned i = 0; i < _KEY_COUNT; i++)
                if (key_is_in(i, section) && is_nearer(name, strlen(name), keys[i].name, &best))
                        nearest = keys[i].name;
        return nearest;
}

int section_nearest(const char *name, size_t length) {
        unsigned best = UINT32_MAX;
        int nearest = -ENOENT;

        for (int i = 0; i < _SECTION_COUNT; i++)
                if (is_nearer(name, length, section_to_string((SectionKind) i), &best))
                        nearest = i;
        return nearest;
}
