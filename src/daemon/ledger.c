/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/ledger.h"

#include <inttypes.h>
#include <search.h>
#include <string.h>

#include "basic/fs.h"
#include "basic/parse.h"
#include "basic/text.h"

#define LEDGER_FILE     "limits"
#define LEDGER_SIZE_MAX (64 << 20)

#define QUOTA_BIT  ((LimitMask) 1U << LIMIT_CPU_QUOTA)
#define WEIGHT_BIT ((LimitMask) 1U << LIMIT_CPU_WEIGHT)

struct Ledger {
        int dirfd;
        void *root; /* tsearch(3), by UID */
        bool dirty;
};

static int compare(const void *a, const void *b) {
        uid_t x = ((const LedgerEntry *) a)->uid, y = ((const LedgerEntry *) b)->uid;

        return (x > y) - (x < y);
}

LedgerEntry *ledger_get(Ledger *ledger, uid_t uid) {
        LedgerEntry *entry, *const *node = tfind(&(LedgerEntry){ .uid = uid }, &ledger->root, compare);

        if (node)
                return *node;
        entry = malloc(sizeof *entry);
        if (!entry)
                return NULL;
        *entry = (LedgerEntry){
                .uid = uid,
                .standing_quota = LIMIT_UNSET,
                .standing_weight = LIMIT_UNSET,
        };
        if (tsearch(entry, &ledger->root, compare))
                return entry;
        free(entry);
        return NULL;
}

LimitMask ledger_entry_standing(const LedgerEntry *entry, Limits *ret) {
        *ret = LIMITS_UNSET;
        ret->value[LIMIT_CPU_QUOTA] = entry->standing_quota;
        ret->value[LIMIT_CPU_WEIGHT] = entry->standing_weight;
        return QUOTA_BIT | (entry->standing_weight == LIMIT_UNSET ? 0 : entry->ours & WEIGHT_BIT);
}

void ledger_changed(Ledger *ledger) {
        ledger->dirty = true;
}

/* "infinity" or a number, as in the file. */
static int parse_value(const char *s, uint64_t *ret) {
        if (strcmp(s, "infinity") == 0) {
                *ret = LIMIT_UNSET;
                return 0;
        }
        return parse_u64(s, ret);
}

static bool may_be(int limit, uint64_t value) {
        if (limit == LIMIT_CPU_QUOTA)
                return value > 0;
        if (limit == LIMIT_CPU_WEIGHT)
                return value == LIMIT_UNSET || (value >= CPU_WEIGHT_MIN && value <= CPU_WEIGHT_MAX);
        return true;
}

static int parse_limit(char *word, LedgerEntry *entry) {
        char *value = strchr(word, '=');
        uint64_t number;
        int limit;

        if (!value)
                return -EBADMSG;
        *value++ = '\0';
        limit = limit_from_string(word);
        if (limit < 0 || parse_value(value, &number) < 0 || !may_be(limit, number))
                return -EBADMSG;
        entry->ours |= 1U << limit;
        if (limit == LIMIT_CPU_QUOTA)
                entry->standing_quota = number;
        else if (limit == LIMIT_CPU_WEIGHT)
                entry->standing_weight = number;
        return 0;
}

static int parse_word(char *word, LedgerEntry *entry) {
        if (strcmp(word, "fair") == 0)
                entry->fair = true;
        else if (strcmp(word, "found") == 0)
                entry->found |= QUOTA_BIT;
        else if (strcmp(word, "found-weight") == 0)
                entry->found |= WEIGHT_BIT;
        else
                return parse_limit(word, entry);
        return 0;
}

static int read_line(Ledger *ledger, char *line) {
        LedgerEntry read = { .standing_quota = LIMIT_UNSET, .standing_weight = LIMIT_UNSET }, *entry;
        char *rest = line, *name = strsep(&rest, " "), *word;
        uid_t uid;

        if (slice_name_to_uid(name, &uid) < 0)
                return -EBADMSG;
        while ((word = strsep(&rest, " ")))
                if (parse_word(word, &read) < 0)
                        return -EBADMSG;
        entry = ledger_get(ledger, uid);
        if (!entry)
                return -ENOMEM;
        read.uid = uid;
        *entry = read;
        return 0;
}

static int read_lines(Ledger *ledger, char *text, size_t length, unsigned *ret_skipped) {
        char *end = text + length;
        unsigned skipped = 0;

        while (text < end) {
                char *line = text;
                int r;

                text = memchr(text, '\n', (size_t) (end - text)) ?: end;
                *text++ = '\0';
                r = read_line(ledger, line);
                if (r == -ENOMEM)
                        return r;
                skipped += r < 0;
        }
        *ret_skipped = skipped;
        return 0;
}

static int read_all(Ledger *ledger, unsigned *ret_skipped) {
        _cleanup_free_ char *text = NULL;
        ssize_t n = read_whole_file_at(ledger->dirfd, LEDGER_FILE, LEDGER_SIZE_MAX, &text);

        /* What is no file was never ours; the first save takes its place, or tells that it cannot. */
        if (n == -ENOENT || n == -EBADMSG)
                return 0;
        return n < 0 ? (int) n : read_lines(ledger, text, (size_t) n, ret_skipped);
}

int ledger_open(int dirfd, Ledger **ret, unsigned *ret_skipped) {
        _cleanup_(ledger_freep) Ledger *ledger = calloc(1, sizeof *ledger);
        unsigned skipped = 0;
        int r;

        if (!ledger)
                return -ENOMEM;
        ledger->dirfd = dirfd;
        if (dirfd >= 0) {
                r = read_all(ledger, &skipped);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(ledger);
        *ret_skipped = skipped;
        return 0;
}

Ledger *ledger_free(Ledger *ledger) {
        if (ledger)
                tdestroy(ledger->root, free);
        free(ledger);
        return NULL;
}

typedef struct Walk {
        void (*callback)(LedgerEntry *entry, void *userdata);
        void *userdata;
} Walk;

static void walk_fair(const void *node, VISIT visit, void *closure) {
        LedgerEntry *entry = *(LedgerEntry *const *) node;
        Walk *walk = closure;

        if ((visit == postorder || visit == leaf) && entry->fair)
                walk->callback(entry, walk->userdata);
}

void ledger_foreach_fair(Ledger *ledger, void (*callback)(LedgerEntry *entry, void *userdata),
                         void *userdata) {
        twalk_r(ledger->root, walk_fair, &(Walk){ .callback = callback, .userdata = userdata });
}

static void found_one(LedgerEntry *entry _unused_, void *userdata) {
        *(bool *) userdata = false;
}

bool ledger_is_clean(Ledger *ledger) {
        bool clean = true;

        ledger_foreach_fair(ledger, found_one, &clean);
        return clean;
}

/* Of the other limits it only counts that they are ours. */
static uint64_t value_of(const LedgerEntry *entry, unsigned limit) {
        if (limit == LIMIT_CPU_QUOTA)
                return entry->standing_quota;
        return limit == LIMIT_CPU_WEIGHT ? entry->standing_weight : LIMIT_UNSET;
}

static void write_entry(const void *node, VISIT visit, void *closure) {
        const LedgerEntry *entry = *(LedgerEntry *const *) node;
        FILE *file = closure;
        SliceName name;

        if ((visit != postorder && visit != leaf) || (!entry->ours && !entry->fair))
                return;
        fputs(slice_name_for_uid(name, entry->uid), file);
        if (entry->fair)
                fputs(" fair", file);
        if (entry->found & entry->ours & QUOTA_BIT)
                fputs(" found", file);
        if (entry->found & entry->ours & WEIGHT_BIT)
                fputs(" found-weight", file);
        for (unsigned i = 0; i < _LIMIT_COUNT; i++)
                if (entry->ours & 1U << i) {
                        uint64_t value = value_of(entry, i);

                        if (value == LIMIT_UNSET)
                                fprintf(file, " %s=infinity", limit_to_string(i));
                        else
                                fprintf(file, " %s=%" PRIu64, limit_to_string(i), value);
                }
        fputc('\n', file);
}

int ledger_save(Ledger *ledger) {
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        FILE *file;
        int r;

        if (!ledger->dirty)
                return 0;
        if (ledger->dirfd < 0) {
                ledger->dirty = false;
                return 0;
        }
        file = open_memstream(&text, &size);
        if (!file)
                return -errno;
        twalk_r(ledger->root, write_entry, file);
        if (memstream_close(file) < 0)
                return -ENOMEM;
        r = write_file_atomic(ledger->dirfd, LEDGER_FILE, text, size, 0600);
        if (r >= 0)
                ledger->dirty = false;
        return r;
}
