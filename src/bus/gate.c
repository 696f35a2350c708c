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

int gate_check(Gate *gate, const uint8_t *data, size_t size) {
        while (size > 0) {
                size_t n;

                if (gate->left > 0) {
                        n = MIN(size, gate->left);
                        gate->left -= n;
                } else {
                        n = MIN(size, sizeof gate->header - gate->have);
                        memcpy(gate->header + gate->have, data, n);
                        gate->have += n;
                        if (gate->have == sizeof gate->header) {
                                int r = begin_message(gate);

                                if (r < 0)
                                        return r;
                        }
                }
                data += n;
                size -= n;
        }
        return 0;
}
