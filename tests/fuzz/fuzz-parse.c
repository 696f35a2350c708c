/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The parsers of single values: nothing is written on failure, and what is understood can be written and
 * read again. */

#include <assert.h>
#include <string.h>

#include "basic/format.h"
#include "basic/parse.h"
#include "basic/timestamp.h"
#include "fuzz.h"
#include "model/slice-name.h"

#define UNTOUCHED UINT64_C(0xdeadbeefdeadbeef)

static void check_numbers(const char *text) {
        uint64_t n = UNTOUCHED, back;
        FormatBuffer b;

        assert(parse_u64(text, &n) >= 0 || n == UNTOUCHED);
        n = UNTOUCHED;
        assert(parse_permyriad(text, &n) >= 0 || n == UNTOUCHED);
        n = UNTOUCHED;
        if (parse_size(text, &n) < 0)
                assert(n == UNTOUCHED);
        else
                assert(parse_size(format_size(b, n), &back) >= 0 && back <= n);
        n = UNTOUCHED;
        if (parse_timespan(text, &n) < 0)
                assert(n == UNTOUCHED);
        else
                assert(parse_timespan(format_timespan(b, n), &back) >= 0 && back <= n);
}

static void check_ids(const char *text) {
        uid_t first = 7, last = 7, uid = 7;
        SliceName name;
        bool flag;

        if (parse_uid_range(text, &first, &last) < 0)
                assert(first == 7 && last == 7);
        else
                assert(first <= last && last != UINT32_MAX);
        if (slice_name_to_uid(text, &uid) < 0)
                assert(uid == 7);
        else
                assert(strcmp(slice_name_for_uid(name, uid), text) == 0);
        (void) parse_bool(text, &flag);
}

/* What is understood lies between 1970 and 9999, and nothing that goes back from now is later. */
static void check_timestamp(const char *text) {
        const usec_t now = UINT64_C(1795328655) * USEC_PER_SEC;
        usec_t t = UNTOUCHED, later;
        TimestampBuffer b;

        if (parse_timestamp(text, now, &t) < 0) {
                assert(t == UNTOUCHED);
                return;
        }
        assert(t <= UINT64_C(253402300799) * USEC_PER_SEC);
        (void) format_timestamp_short(b, t);
        assert(parse_timestamp(text, now + USEC_PER_SEC, &later) >= 0 && later >= t);
}

int fuzz_parse(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = malloc(size + 1);

        assert(text);
        memcpy(text, data, size);
        text[size] = '\0';
        check_numbers(text);
        check_ids(text);
        check_timestamp(text);
        return 0;
}
