/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "spool/name.h"

#include <string.h>
#include <time.h>

#define LETTERS_AND_DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* The first second of the year 10000, which has a digit too many. */
#define SECONDS_END UINT64_C(253402300800)

#define TIME_FORM   "99999999T999999.999999Z-"
#define TIME_LENGTH (sizeof TIME_FORM - 1)

static const char *const kinds[_SPOOL_KIND_COUNT] = {
        [SPOOL_WARNING] = "warning",
        [SPOOL_KILL] = "kill",
};

const char *spool_kind_to_string(SpoolKind kind) {
        return kinds[kind];
}

bool spool_id_is_valid(const char *id) {
        size_t length = strspn(id, LETTERS_AND_DIGITS "-_");

        return length > 0 && length <= SPOOL_ID_MAX && id[length] == '\0' &&
               strspn(id, LETTERS_AND_DIGITS) > 0;
}

bool spool_name_is_valid(const SpoolName *name) {
        return (unsigned) name->kind < _SPOOL_KIND_COUNT && name->time / USEC_PER_SEC < SECONDS_END &&
               memchr(name->id, '\0', sizeof name->id) && spool_id_is_valid(name->id);
}

const char *spool_name_format(SpoolNameBuffer buffer, const SpoolName *name) {
        time_t seconds = (time_t) (name->time / USEC_PER_SEC);
        struct tm tm = {};

        (void) gmtime_r(&seconds, &tm);
        snprintf(buffer, sizeof(SpoolNameBuffer), "%04u%02u%02uT%02u%02u%02u.%06uZ-%s-%.*s",
                 (unsigned) tm.tm_year + 1900, (unsigned) tm.tm_mon + 1, (unsigned) tm.tm_mday,
                 (unsigned) tm.tm_hour, (unsigned) tm.tm_min, (unsigned) tm.tm_sec,
                 (unsigned) (name->time % USEC_PER_SEC), kinds[name->kind], SPOOL_ID_MAX, name->id);
        return buffer;
}

static bool has_form(const char *text) {
        for (size_t i = 0; i < TIME_LENGTH; i++)
                if (TIME_FORM[i] == '9' ? text[i] < '0' || text[i] > '9' : text[i] != TIME_FORM[i])
                        return false;
        return true;
}

static unsigned number(const char *digits, size_t length) {
        unsigned n = 0;

        for (size_t i = 0; i < length; i++)
                n = n * 10 + (unsigned) (digits[i] - '0');
        return n;
}

/* The text has the form, but may be no date at all: that it is one shows when it is written again. */
static usec_t parse_time(const char *text) {
        struct tm tm = {
                .tm_year = (int) number(text, 4) - 1900,
                .tm_mon = (int) number(text + 4, 2) - 1,
                .tm_mday = (int) number(text + 6, 2),
                .tm_hour = (int) number(text + 9, 2),
                .tm_min = (int) number(text + 11, 2),
                .tm_sec = (int) number(text + 13, 2),
        };
        time_t seconds = timegm(&tm);

        return seconds < 0 ? 0 : (usec_t) seconds * USEC_PER_SEC + number(text + 16, 6);
}

int spool_name_parse(const char *text, SpoolName *ret) {
        SpoolName name = {};
        SpoolNameBuffer again;
        const char *rest, *id = NULL;

        if (strnlen(text, SPOOL_NAME_MAX) == SPOOL_NAME_MAX || !has_form(text))
                return -EINVAL;
        rest = text + TIME_LENGTH;
        for (unsigned i = 0; i < _SPOOL_KIND_COUNT; i++) {
                size_t length = strlen(kinds[i]);

                if (strncmp(rest, kinds[i], length) == 0 && rest[length] == '-') {
                        name.kind = (SpoolKind) i;
                        id = rest + length + 1;
                }
        }
        if (!id || !spool_id_is_valid(id))
                return -EINVAL;
        memcpy(name.id, id, strlen(id) + 1);
        name.time = parse_time(text);
        if (!spool_name_is_valid(&name) || strcmp(spool_name_format(again, &name), text) != 0)
                return -EINVAL;
        *ret = name;
        return 0;
}

int spool_name_compare(const SpoolName *a, const SpoolName *b) {
        if (a->time != b->time)
                return a->time < b->time ? -1 : 1;
        return a->kind != b->kind ? (a->kind < b->kind ? -1 : 1) : strcmp(a->id, b->id);
}
