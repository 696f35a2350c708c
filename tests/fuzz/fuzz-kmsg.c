/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A record of /dev/kmsg: its text is never longer than the record, and all of it is there. */

#include <assert.h>

#include "fuzz.h"
#include "watch/kmsg.h"

int fuzz_kmsg(const uint8_t *data, size_t size) {
        static KmsgRecord record;
        unsigned sum = 0;

        if (kmsg_parse((const char *) data, size, &record) < 0)
                return 0;
        assert(record.length < size);
        for (size_t i = 0; i < record.length; i++)
                sum += (unsigned char) record.text[i];
        (void) sum;
        return 0;
}
