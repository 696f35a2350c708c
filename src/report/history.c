/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "report/history.h"

#include <string.h>

#define CPU_UNIT    UINT64_C(10)         /* µs a second */
#define MEMORY_UNIT (UINT64_C(64) << 10) /* bytes */
#define GRANT_NONE  UINT32_MAX

/* `throttled` is a floating-point number: five bits of exponent above eleven of mantissa. */
#define MANTISSA_BITS 11
#define MANTISSA_MAX  ((UINT64_C(1) << MANTISSA_BITS) - 1)
#define EXPONENT_MAX  31U

typedef struct Entry {
        uint32_t use, grant; /* in CPU_UNIT */
        uint32_t memory;     /* in MEMORY_UNIT */
        uint16_t throttled;
        uint16_t number; /* of the look; two neighbours are never further apart than HISTORY_LOOKS_MAX */
} Entry;

_Static_assert(sizeof(Entry) == 16, "a look takes 16 bytes");
_Static_assert(HISTORY_LOOKS_MAX < UINT16_MAX, "neighbours are told apart");

/* As small as can be, since there is one for each slice: the room that there is follows from the count, and
 * entries lie in order from the first on until there are as many as are kept. Then the oldest is replaced.
 */
struct History {
        uint32_t last;  /* number of the newest entry; at a look a second it comes again in 136 years */
        uint16_t begin; /* the oldest entry */
        uint16_t count; /* at least 1 */
        Entry entry[];
};

struct HistoryClock {
        unsigned looks;
        uint64_t next; /* number of the look that is not ended yet */
        usec_t time[]; /* by number modulo looks */
};

/* ---- one look ---- */

static uint32_t in_units(uint64_t value, uint64_t unit, uint32_t most) {
        uint64_t units = value / unit + (value % unit >= unit / 2);

        return (uint32_t) MIN(units, most);
}

static uint16_t throttled_encode(uint64_t value) {
        unsigned exponent = 0;

        while (value > MANTISSA_MAX && exponent < EXPONENT_MAX) {
                value >>= 1;
                exponent++;
        }
        return (uint16_t) (exponent << MANTISSA_BITS | MIN(value, MANTISSA_MAX));
}

static uint64_t throttled_decode(uint16_t value) {
        return (value & MANTISSA_MAX) << (value >> MANTISSA_BITS);
}

static Entry encode(const Look *look, uint64_t number) {
        return (Entry){
                .use = in_units(look->use, CPU_UNIT, UINT32_MAX),
                .grant = look->grant == LIMIT_UNSET ? GRANT_NONE
                                                    : in_units(look->grant, CPU_UNIT, GRANT_NONE - 1),
                .memory = in_units(look->memory, MEMORY_UNIT, UINT32_MAX),
                .throttled = throttled_encode(look->throttled),
                .number = (uint16_t) number,
        };
}

static Look decode(const Entry *entry, usec_t time) {
        return (Look){
                .time = time,
                .use = entry->use * CPU_UNIT,
                .grant = entry->grant == GRANT_NONE ? LIMIT_UNSET : entry->grant * CPU_UNIT,
                .throttled = throttled_decode(entry->throttled),
                .memory = entry->memory * MEMORY_UNIT,
        };
}

/* What a look that took no room was, after this one. */
static Entry idle_after(const Entry *entry) {
        return (Entry){ .grant = entry->grant, .memory = entry->memory };
}

static bool is_idle_after(const Entry *entry, const Entry *before) {
        return entry->use == 0 && entry->throttled == 0 && entry->grant == before->grant &&
               entry->memory == before->memory;
}

/* ---- the clock ---- */

HistoryClock *history_clock_new(unsigned looks) {
        HistoryClock *clock = calloc(1, sizeof *clock + looks * sizeof *clock->time);

        if (clock)
                clock->looks = looks;
        return clock;
}

HistoryClock *history_clock_free(HistoryClock *clock) {
        free(clock);
        return NULL;
}

void history_clock_add(HistoryClock *clock, usec_t realtime) {
        clock->time[clock->next++ % clock->looks] = realtime;
}

/* ---- the ring ---- */

History *history_free(History *history) {
        free(history);
        return NULL;
}

static unsigned room_for(unsigned count, unsigned looks) {
        unsigned room = 4;

        if (count <= 1)
                return 1;
        while (room < count)
                room *= 2;
        return MIN(room, looks);
}

static const Entry *entry_at(const History *history, unsigned i) {
        return &history->entry[(history->begin + i) % history->count];
}

/* How many looks ago the newest entry was, seen from the look that is being made. */
static uint32_t age_of_last(const History *history, const HistoryClock *clock) {
        return (uint32_t) clock->next - history->last;
}

static uint16_t distance(const Entry *from, const Entry *to) {
        return (uint16_t) (to->number - from->number);
}

/* The history is as it was on failure. */
static int set_room(History **history, unsigned room) {
        History *h = realloc(*history, sizeof *h + room * sizeof *h->entry);

        if (!h)
                return -ENOMEM;
        *history = h;
        return 0;
}

/* Nothing was used for longer than is kept: what is left is one idle entry, just too old to be visited. */
static void collapse(History **history, const HistoryClock *clock) {
        History *h = *history;
        Entry carry = idle_after(entry_at(h, h->count - 1U));

        h->last = (uint32_t) (clock->next - clock->looks);
        h->begin = 0;
        if (h->count > 1) {
                h->count = 1;
                (void) set_room(history, 1); /* too much room does no harm */
                h = *history;
        }
        carry.number = (uint16_t) h->last;
        h->entry[0] = carry;
}

/* Drops what is too old, but for the last of it, which tells what the idle looks behind it were. Only for a
 * ring that was never full. */
static void drop_expired(History *h, const HistoryClock *clock) {
        uint32_t age = age_of_last(h, clock);
        unsigned i = h->count - 1U;

        for (; i > 0 && age + 1 < clock->looks; i--)
                age += distance(&h->entry[i - 1], &h->entry[i]);
        h->count = (uint16_t) (h->count - i);
        memmove(h->entry, &h->entry[i], h->count * sizeof *h->entry);
}

static int append_growing(History **history, const HistoryClock *clock, const Entry *entry) {
        unsigned count = *history ? (*history)->count : 0;
        unsigned room = count > 0 ? room_for(count, clock->looks) : 0, wanted;
        int r;

        if (count > 1 && count == room) {
                drop_expired(*history, clock);
                count = (*history)->count;
        }
        wanted = room_for(count + 1, clock->looks);
        if (wanted != room) {
                r = set_room(history, wanted);
                if (r < 0 && wanted > room)
                        return r;
        }
        if (count == 0)
                (*history)->begin = 0;
        (*history)->entry[count] = *entry;
        (*history)->count = (uint16_t) (count + 1);
        return 0;
}

static int append(History **history, const HistoryClock *clock, const Entry *entry) {
        History *h = *history;

        if (!h || h->count < clock->looks)
                return append_growing(history, clock, entry);
        h->entry[h->begin] = *entry;
        h->begin = (uint16_t) ((h->begin + 1U) % h->count);
        return 0;
}

int history_add(History **history, const HistoryClock *clock, const Look *look) {
        Entry entry = encode(look, clock->next);
        int r;

        if (*history && age_of_last(*history, clock) > clock->looks)
                collapse(history, clock);
        if (*history && is_idle_after(&entry, entry_at(*history, (*history)->count - 1U)))
                return 0;
        r = append(history, clock, &entry);
        if (r >= 0)
                (*history)->last = (uint32_t) clock->next;
        return r;
}

/* ---- out again ---- */

static uint64_t number_of_first(const History *history, const HistoryClock *clock) {
        uint64_t number = clock->next - age_of_last(history, clock);

        for (unsigned i = 1; i < history->count; i++)
                number -= distance(entry_at(history, i - 1), entry_at(history, i));
        return number;
}

/* Goes through a ring from its oldest entry on. */
typedef struct Cursor {
        const History *history;
        unsigned i;      /* the next entry, */
        uint64_t number; /* and its number */
} Cursor;

static bool cursor_is_before(const Cursor *c, uint64_t number) {
        return c->i < c->history->count && c->number < number;
}

static Entry cursor_take(Cursor *c) {
        const Entry *entry = entry_at(c->history, c->i++);

        if (c->i < c->history->count)
                c->number += distance(entry, entry_at(c->history, c->i));
        return *entry;
}

int history_foreach(const History *history, const HistoryClock *clock, usec_t since, LookVisitor visitor,
                    void *userdata) {
        uint64_t first = clock->next - MIN(clock->next, clock->looks);
        Entry entry = {};
        bool begun = false;
        Cursor c;
        int r = 0;

        if (!history)
                return 0;
        c = (Cursor){ .history = history, .number = number_of_first(history, clock) };
        for (; cursor_is_before(&c, first); begun = true)
                entry = cursor_take(&c);
        for (uint64_t number = first; number < clock->next; number++) {
                usec_t time = clock->time[number % clock->looks];
                Look look;

                entry = idle_after(&entry);
                for (; cursor_is_before(&c, number + 1); begun = true)
                        entry = cursor_take(&c);
                if (!begun || time < since)
                        continue;
                look = decode(&entry, time);
                r = visitor(&look, userdata);
                if (r < 0)
                        return r;
        }
        return r;
}
