/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cgroup/cpu-list.h"

#include <string.h>

#include "basic/parse.h"

/* "N" or "N-M" */
static int parse_range(const char *text, size_t length, CpuList *list) {
        const char *dash = memchr(text, '-', length);
        size_t first_length = dash ? (size_t) (dash - text) : length;
        uint64_t first, last;

        if (parse_digits(text, first_length, &first) < 0)
                return -EBADMSG;
        last = first;
        if (dash && parse_digits(dash + 1, length - first_length - 1, &last) < 0)
                return -EBADMSG;
        if (first > last || last >= CPU_LIST_MAX)
                return -EBADMSG;
        for (uint64_t i = first; i <= last; i++)
                list->bits[i / 64] |= UINT64_C(1) << i % 64;
        return 0;
}

int cpu_list_parse(const char *text, size_t length, CpuList *ret) {
        CpuList list = {};
        const char *end;

        if (length == 0 || text[length - 1] != '\n')
                return -EBADMSG;
        end = text + length - 1;
        while (text < end) {
                const char *comma = memchr(text, ',', (size_t) (end - text));
                const char *stop = comma ? comma : end;

                if (parse_range(text, (size_t) (stop - text), &list) < 0 || stop + 1 == end)
                        return -EBADMSG;
                text = stop + 1;
        }
        *ret = list;
        return 0;
}

unsigned cpu_list_count_common(const CpuList *a, const CpuList *b) {
        unsigned count = 0;

        for (size_t i = 0; i < ELEMENTSOF(a->bits); i++)
                count += (unsigned) __builtin_popcountll(a->bits[i] & b->bits[i]);
        return count;
}
