/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/timestamp.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "basic/parse.h"

#define TEXT_MAX 128

/* 9999-12-31 23:59:59 UTC */
#define SECONDS_MAX INT64_C(253402300799)

static int from_seconds(int64_t seconds, usec_t *ret) {
        if (seconds < 0 || seconds > SECONDS_MAX)
                return -ERANGE;
        *ret = (usec_t) seconds * USEC_PER_SEC;
        return 0;
}

static bool local_time(usec_t usec, struct tm *ret) {
        time_t t = (time_t) (usec / USEC_PER_SEC);

        return usec / USEC_PER_SEC <= (usec_t) SECONDS_MAX && localtime_r(&t, ret);
}

/* Without the blanks around it, in the caller's buffer. */
static int trim(const char *s, char buffer[TEXT_MAX]) {
        size_t length;

        while (isspace((unsigned char) *s))
                s++;
        length = strlen(s);
        while (length > 0 && isspace((unsigned char) s[length - 1]))
                length--;
        if (length == 0 || length >= TEXT_MAX)
                return -EINVAL;
        memcpy(buffer, s, length);
        buffer[length] = '\0';
        return 0;
}

/* Takes `end` off the end of the text, if it is there. */
static bool cut_end(char *text, const char *end) {
        size_t length = strlen(text), n = strlen(end);

        if (length <= n || strcmp(text + length - n, end) != 0)
                return false;
        text[length - n] = '\0';
        return true;
}

/* So long ago. */
static int parse_ago(char *text, usec_t now, usec_t *ret) {
        bool minus = *text == '-', ago = cut_end(text, " ago");
        usec_t span;
        int r;

        if (minus && ago)
                return -EINVAL;
        text += minus;
        if (isspace((unsigned char) *text) || isdigit((unsigned char) text[strlen(text) - 1]))
                return -EINVAL;
        r = parse_timespan(text, &span);
        if (r < 0)
                return r;
        if (span == USEC_INFINITY || span > now)
                return -ERANGE;
        *ret = now - span;
        return 0;
}

/* Just `digits` digits at *s, moves behind them. */
static bool read_field(const char **s, unsigned digits, int *ret) {
        int n = 0;

        for (unsigned i = 0; i < digits; i++) {
                if (!isdigit((unsigned char) (*s)[i]))
                        return false;
                n = n * 10 + ((*s)[i] - '0');
        }
        *s += digits;
        *ret = n;
        return true;
}

static bool read_char(const char **s, char c) {
        if (**s != c)
                return false;
        (*s)++;
        return true;
}

static bool read_date(const char **s, struct tm *tm) {
        const char *p = *s;
        int year, month, day;

        if (!read_field(&p, 4, &year) || !read_char(&p, '-') || !read_field(&p, 2, &month) ||
            !read_char(&p, '-') || !read_field(&p, 2, &day) || month < 1 || month > 12 || day < 1 ||
            day > 31)
                return false;
        tm->tm_year = year - 1900;
        tm->tm_mon = month - 1;
        tm->tm_mday = day;
        *s = p;
        return true;
}

static bool read_clock(const char **s, struct tm *tm) {
        const char *p = *s;
        int hour, minute, second = 0;

        if (!read_field(&p, 2, &hour) || !read_char(&p, ':') || !read_field(&p, 2, &minute) || hour > 23 ||
            minute > 59)
                return false;
        if (read_char(&p, ':') && (!read_field(&p, 2, &second) || second > 59))
                return false;
        tm->tm_hour = hour;
        tm->tm_min = minute;
        tm->tm_sec = second;
        *s = p;
        return true;
}

static int from_calendar(struct tm *tm, bool utc, usec_t *ret) {
        struct tm copy = *tm;
        time_t t;

        copy.tm_isdst = -1;
        t = utc ? timegm(&copy) : mktime(&copy);
        /* The 31st of February becomes a day of March; an hour that is skipped in spring becomes another. */
        if (copy.tm_mday != tm->tm_mday || copy.tm_mon != tm->tm_mon)
                return -EINVAL;
        return from_seconds(t, ret);
}

static int parse_calendar(char *text, usec_t now, usec_t *ret) {
        bool utc = cut_end(text, " UTC"), dated, clocked;
        const char *p = text;
        time_t seconds = (time_t) (now / USEC_PER_SEC);
        struct tm tm;

        if (now / USEC_PER_SEC > (usec_t) SECONDS_MAX ||
            !(utc ? gmtime_r(&seconds, &tm) : localtime_r(&seconds, &tm)))
                return -ERANGE;
        tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
        dated = read_date(&p, &tm);
        clocked = !dated || read_char(&p, ' ') || read_char(&p, 'T');
        if ((clocked && !read_clock(&p, &tm)) || *p)
                return -EINVAL;
        return from_calendar(&tm, utc, ret);
}

static int parse_day(int days_ago, usec_t now, usec_t *ret) {
        struct tm tm;

        if (!local_time(now, &tm))
                return -ERANGE;
        tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
        tm.tm_mday -= days_ago;
        tm.tm_isdst = -1;
        return from_seconds(mktime(&tm), ret);
}

static int parse_seconds(const char *s, usec_t *ret) {
        uint64_t seconds;
        int r;

        if (!isdigit((unsigned char) *s))
                return -EINVAL;
        r = parse_u64(s, &seconds);
        if (r < 0)
                return r;
        if (seconds > (uint64_t) SECONDS_MAX)
                return -ERANGE;
        return from_seconds((int64_t) seconds, ret);
}

int parse_timestamp(const char *s, usec_t now, usec_t *ret) {
        char text[TEXT_MAX];
        int r = trim(s, text);

        if (r < 0)
                return r;
        if (strcasecmp(text, "now") == 0) {
                *ret = now;
                return 0;
        }
        if (strcasecmp(text, "today") == 0)
                return parse_day(0, now, ret);
        if (strcasecmp(text, "yesterday") == 0)
                return parse_day(1, now, ret);
        if (*text == '@')
                return parse_seconds(text + 1, ret);
        /* What has a colon, or a dash that is not the first, is no timespan. */
        if (strpbrk(text + 1, ":-"))
                return parse_calendar(text, now, ret);
        return parse_ago(text, now, ret);
}

const char *format_timestamp_short(TimestampBuffer buffer, usec_t usec) {
        static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
        struct tm tm;

        if (usec == 0 || !local_time(usec, &tm))
                return strcpy(buffer, "-");
        snprintf(buffer, TIMESTAMP_MAX, "%s %02d %02d:%02d:%02d", months[tm.tm_mon % 12], tm.tm_mday % 100,
                 tm.tm_hour % 100, tm.tm_min % 100, tm.tm_sec % 100);
        return buffer;
}

const char *format_timestamp_clock(TimestampBuffer buffer, usec_t usec) {
        struct tm tm;

        if (usec == 0 || !local_time(usec, &tm))
                return strcpy(buffer, "-");
        snprintf(buffer, TIMESTAMP_MAX, "%02d:%02d:%02d", tm.tm_hour % 100, tm.tm_min % 100,
                 tm.tm_sec % 100);
        return buffer;
}
