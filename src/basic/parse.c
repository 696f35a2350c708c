/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/parse.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char *skip_blanks(const char *s) {
        return s + strspn(s, " \t\r\n");
}

static bool at_end(const char *s) {
        return *skip_blanks(s) == '\0';
}

/* Decimal digits at *s; moves *s behind them. No sign, no blanks, no other base. */
static int read_digits(const char **s, uint64_t *ret) {
        uint64_t n = 0;
        const char *p = *s;

        if (!isdigit((unsigned char) *p))
                return -EINVAL;
        for (; isdigit((unsigned char) *p); p++)
                if (__builtin_mul_overflow(n, 10, &n) ||
                    __builtin_add_overflow(n, (uint64_t) (*p - '0'), &n))
                        return -ERANGE;
        *s = p;
        *ret = n;
        return 0;
}

/* A decimal number at *s, times `unit`. What is left of a unit behind the point is rounded down. */
static int read_decimal(const char **s, uint64_t unit, uint64_t *ret) {
        uint64_t whole, scale = unit;
        unsigned __int128 fraction = 0;
        int r = read_digits(s, &whole);

        if (r < 0)
                return r;
        if (__builtin_mul_overflow(whole, unit, &whole))
                return -ERANGE;
        if (**s == '.') {
                const char *p = *s + 1;
                unsigned __int128 rest = scale;

                if (!isdigit((unsigned char) *p))
                        return -EINVAL;
                /* 18 digits are more than any unit here has; what follows cannot change the result. */
                rest *= 1000000000000000000ULL;
                for (int i = 0; isdigit((unsigned char) *p); p++, i++) {
                        rest /= 10;
                        if (i < 18)
                                fraction += rest * (unsigned) (*p - '0');
                }
                *s = p;
        }
        if (__builtin_add_overflow(whole, (uint64_t) (fraction / 1000000000000000000ULL), &whole))
                return -ERANGE;
        *ret = whole;
        return 0;
}

int parse_u64(const char *s, uint64_t *ret) {
        uint64_t n;
        int r;

        s = skip_blanks(s);
        r = read_digits(&s, &n);
        if (r < 0)
                return r;
        if (!at_end(s))
                return -EINVAL;
        *ret = n;
        return 0;
}

/* Whether the value, without the blanks around it, is `word` in any case. */
static bool is_word(const char *s, const char *word) {
        s = skip_blanks(s);
        return strncasecmp(s, word, strlen(word)) == 0 && at_end(s + strlen(word));
}

int parse_bool(const char *s, bool *ret) {
        static const char *const yes[] = { "1", "yes", "true", "on", "y", "t" };
        static const char *const no[] = { "0", "no", "false", "off", "n", "f" };

        for (size_t i = 0; i < ELEMENTSOF(yes); i++) {
                if (is_word(s, yes[i])) {
                        *ret = true;
                        return 0;
                }
                if (is_word(s, no[i])) {
                        *ret = false;
                        return 0;
                }
        }
        return -EINVAL;
}

int parse_uid(const char *s, uid_t *ret) {
        uint64_t n;
        int r = parse_u64(s, &n);

        if (r < 0)
                return r;
        if (n == 65535 || n >= UINT32_MAX)
                return -ERANGE;
        *ret = (uid_t) n;
        return 0;
}

int parse_uid_range(const char *s, uid_t *ret_first, uid_t *ret_last) {
        uid_t first, last;
        char copy[64];
        char *dash;
        int r;

        if (strlen(s) >= sizeof copy)
                return -EINVAL;
        strcpy(copy, s);
        dash = strchr(copy, '-');
        if (dash)
                *dash = '\0';
        r = parse_uid(copy, &first);
        if (r < 0)
                return r;
        last = first;
        if (dash) {
                r = parse_uid(dash + 1, &last);
                if (r < 0)
                        return r;
        }
        if (last < first)
                return -EINVAL;
        *ret_first = first;
        *ret_last = last;
        return 0;
}

int parse_permyriad(const char *s, uint64_t *ret) {
        uint64_t n;
        const char *point;
        int r;

        s = skip_blanks(s);
        point = strchr(s, '.');
        if (point && strspn(point + 1, "0123456789") > 2)
                return -EINVAL;
        r = read_decimal(&s, 100, &n);
        if (r < 0)
                return r;
        if (*s != '%' || !at_end(s + 1))
                return -EINVAL;
        *ret = n;
        return 0;
}

int parse_size(const char *s, uint64_t *ret) {
        static const char suffixes[] = "BKMGTPE";
        uint64_t unit = 1, n;
        const char *p, *suffix;
        int r;

        if (is_word(s, "infinity")) {
                *ret = UINT64_MAX;
                return 0;
        }
        s = p = skip_blanks(s);
        p += strspn(p, "0123456789.");
        if (*p && !isspace((unsigned char) *p)) {
                suffix = strchr(suffixes, *p);
                if (!suffix || !at_end(p + 1))
                        return -EINVAL;
                unit <<= 10 * (suffix - suffixes);
        } else if (!at_end(p))
                return -EINVAL;
        r = read_decimal(&s, unit, &n);
        if (r < 0)
                return r;
        if (s != p)
                return -EINVAL; /* two points */
        if (n == UINT64_MAX)
                return -ERANGE; /* would mean infinity */
        *ret = n;
        return 0;
}

/* The unit at *s, in µs; moves *s behind it. No unit is a second. */
static int read_time_unit(const char **s, usec_t *ret) {
        static const struct {
                const char *name;
                usec_t usec;
        } units[] = {
                { "seconds", USEC_PER_SEC },
                { "second", USEC_PER_SEC },
                { "sec", USEC_PER_SEC },
                { "s", USEC_PER_SEC },
                { "minutes", 60 * USEC_PER_SEC },
                { "minute", 60 * USEC_PER_SEC },
                { "min", 60 * USEC_PER_SEC },
                { "m", 60 * USEC_PER_SEC },
                { "msec", USEC_PER_MSEC },
                { "ms", USEC_PER_MSEC },
                { "hours", 3600 * USEC_PER_SEC },
                { "hour", 3600 * USEC_PER_SEC },
                { "hr", 3600 * USEC_PER_SEC },
                { "h", 3600 * USEC_PER_SEC },
                { "days", 86400 * USEC_PER_SEC },
                { "day", 86400 * USEC_PER_SEC },
                { "d", 86400 * USEC_PER_SEC },
                { "weeks", 604800 * USEC_PER_SEC },
                { "week", 604800 * USEC_PER_SEC },
                { "w", 604800 * USEC_PER_SEC },
                { "usec", 1 },
                { "us", 1 },
                { "µs", 1 }, /* U+00B5 */
                { "μs", 1 }, /* U+03BC */
        };
        const char *p = skip_blanks(*s);
        size_t length = strcspn(p, " \t\r\n0123456789");

        if (length == 0) {
                *ret = USEC_PER_SEC;
                return 0;
        }
        for (size_t i = 0; i < ELEMENTSOF(units); i++)
                if (strlen(units[i].name) == length && strncmp(p, units[i].name, length) == 0) {
                        *s = p + length;
                        *ret = units[i].usec;
                        return 0;
                }
        return -EINVAL;
}

int parse_timespan(const char *s, usec_t *ret) {
        usec_t sum = 0;

        if (is_word(s, "infinity")) {
                *ret = USEC_INFINITY;
                return 0;
        }
        s = skip_blanks(s);
        if (*s == '\0')
                return -EINVAL;
        while (*s) {
                const char *number = s, *unit = s + strspn(s, "0123456789.");
                usec_t usec, part;
                int r = read_time_unit(&unit, &usec);

                if (r < 0)
                        return r;
                r = read_decimal(&number, usec, &part);
                if (r < 0)
                        return r;
                if (*number == '.')
                        return -EINVAL;
                if (__builtin_add_overflow(sum, part, &sum))
                        return -ERANGE;
                s = skip_blanks(unit > number ? unit : number);
        }
        if (sum == USEC_INFINITY)
                return -ERANGE;
        *ret = sum;
        return 0;
}

int parse_digits(const char *text, size_t length, uint64_t *ret) {
        uint64_t n = 0;

        if (length == 0)
                return -EBADMSG;
        for (size_t i = 0; i < length; i++)
                if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(n, 10, &n) ||
                    __builtin_add_overflow(n, (uint64_t) (text[i] - '0'), &n))
                        return -EBADMSG;
        *ret = n;
        return 0;
}

static int hex_digit(char c) {
        return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool parse_hex(const char *text, size_t digits, uint64_t *ret) {
        uint64_t n = 0;

        for (size_t i = 0; i < digits; i++) {
                int digit = hex_digit(text[i]);

                if (digit < 0)
                        return false;
                n = n << 4 | (uint64_t) digit;
        }
        *ret = n;
        return true;
}
