/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "watch/kmsg.h"

#include <string.h>
#include <time.h>

#include "basic/parse.h"

/* Records in one poll: some milliseconds at most. */
#define RECORDS_PER_POLL 1024

/* How far the clocks below may be apart at boot: they do not begin at the same instant. */
#define CLOCKS_APART_USEC (1 * USEC_PER_SEC)

struct Kmsg {
        int fd;
        KmsgRecord record;
};

/* The number up to the next comma, and moves *p behind that. */
static bool take_number(const char **p, const char *end, uint64_t *ret) {
        const char *comma = memchr(*p, ',', (size_t) (end - *p));

        if (!comma || parse_digits(*p, (size_t) (comma - *p), ret) < 0)
                return false;
        *p = comma + 1;
        return true;
}

/* The kernel writes what is not printable, and the backslash, as \xHH. */
static size_t unescape(const char *text, size_t length, char *ret) {
        size_t n = 0;

        for (size_t i = 0; i < length; i++) {
                uint64_t byte;

                if (length - i >= 4 && text[i] == '\\' && text[i + 1] == 'x' &&
                    parse_hex(text + i + 2, 2, &byte)) {
                        ret[n++] = (char) byte;
                        i += 3;
                } else
                        ret[n++] = text[i];
        }
        return n;
}

int kmsg_parse(const char *text, size_t length, KmsgRecord *ret) {
        const char *p = text, *end = text + length, *newline;
        uint64_t priority, sequence, at;

        if (length > KMSG_RECORD_MAX || !take_number(&p, end, &priority) ||
            !take_number(&p, end, &sequence) || !take_number(&p, end, &at) || priority > UINT32_MAX)
                return -EBADMSG;
        /* Flags, and fields that newer kernels add. */
        p = memchr(p, ';', (size_t) (end - p));
        if (!p)
                return -EBADMSG;
        p++;
        newline = memchr(p, '\n', (size_t) (end - p));
        if (!newline)
                return -EBADMSG;
        ret->facility = (unsigned) (priority >> 3);
        ret->at = at;
        ret->length = unescape(p, (size_t) (newline - p), ret->text);
        return 0;
}

int kmsg_new(int fd, Kmsg **ret) {
        Kmsg *kmsg = calloc(1, sizeof *kmsg);

        if (!kmsg)
                return -ENOMEM;
        kmsg->fd = fd;
        *ret = kmsg;
        return 0;
}

Kmsg *kmsg_free(Kmsg *kmsg) {
        if (!kmsg)
                return NULL;
        safe_close(kmsg->fd);
        free(kmsg);
        return NULL;
}

/* Records are stamped with the scheduler's clock. On most machines nobody corrects that one, and
 * CLOCK_MONOTONIC_RAW stays by it while CLOCK_MONOTONIC comes to be minutes apart in months of uptime; in
 * virtual machines it is often the other way round. So the earlier of the two counts: a record too many does
 * less harm than one too few. */
static usec_t to_record_clock(usec_t time, usec_t now) {
        usec_t ago = now - MIN(now, time), raw = time;
        struct timespec ts;

        if (clock_gettime(CLOCK_MONOTONIC_RAW, &ts) >= 0)
                raw = (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / NSEC_PER_USEC;
        time = MIN(time, raw - MIN(raw, ago));
        return time - MIN(time, CLOCKS_APART_USEC);
}

/* 1 if there was a record, 0 if there is no more. */
static int read_record(Kmsg *kmsg, usec_t since, usec_t now, OomVictims *victims) {
        char text[KMSG_RECORD_MAX];
        ssize_t n = read(kmsg->fd, text, sizeof text);

        if (n < 0)
                switch (errno) {
                case EAGAIN:
                        return 0;
                case EPIPE:  /* overwritten; the next one is the oldest that there is */
                case EINVAL: /* longer than any that is looked for, and passed over */
                case EINTR:
                        return 1;
                default:
                        return -errno;
                }
        if (n == 0)
                return 0;
        if (kmsg_parse(text, (size_t) n, &kmsg->record) >= 0 && kmsg->record.facility == 0 &&
            kmsg->record.at >= since)
                oom_victims_feed(victims, kmsg->record.text, kmsg->record.length, now);
        return 1;
}

static int poll_records(void *userdata, usec_t not_before, usec_t now, OomVictims *victims) {
        usec_t since = to_record_clock(not_before, now);
        int r = 1;

        for (unsigned n = 0; n < RECORDS_PER_POLL && r > 0; n++)
                r = read_record(userdata, since, now, victims);
        return r;
}

OomLineSource kmsg_source(Kmsg *kmsg) {
        return (OomLineSource){ .poll = poll_records, .userdata = kmsg };
}
