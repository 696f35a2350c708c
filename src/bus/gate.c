/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/gate.h"

#include <endian.h>
#include <string.h>

static int read_u32(const Gate *gate, size_t offset, uint32_t *ret) {
        uint32_t value;

        memcpy(&value, gate->header + offset, sizeof value);
        switch (gate->header[0]) {
        case 'l':
                *ret = le32toh(value);
                return 0;
        case 'B':
                *ret = be32toh(value);
                return 0;
        default:
                return -EBADMSG;
        }
}

/* The header is complete. */
static int begin_message(Gate *gate) {
        uint32_t body, fields;
        uint64_t left;
        int r;

        r = read_u32(gate, 4, &body);
        if (r >= 0)
                r = read_u32(gate, 12, &fields);
        if (r < 0)
                return r;
        left = (((uint64_t) fields + 7) & ~UINT64_C(7)) + body;
        if (left > GATE_MESSAGE_MAX - sizeof gate->header)
                return -EMSGSIZE;
        gate->left = left;
        gate->have = 0;
        return 0;
}

/* Returns how many bytes of the message's header these are. */
static ssize_t take_header(Gate *gate, const uint8_t *data, size_t size) {
        size_t n = MIN(size, sizeof gate->header - gate->have);
        int r = 0;

        memcpy(gate->header + gate->have, data, n);
        gate->have += n;
        if (gate->have == sizeof gate->header)
                r = begin_message(gate);
        return r < 0 ? r : (ssize_t) n;
}

ssize_t gate_check(Gate *gate, const uint8_t *data, size_t size) {
        size_t rest, header = 0;

        if (gate->left == 0) {
                ssize_t n = take_header(gate, data, size);

                if (n < 0)
                        return n;
                header = (size_t) n;
        }
        rest = MIN(size - header, gate->left);
        gate->left -= rest;
        return (ssize_t) (header + rest);
}
